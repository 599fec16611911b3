//! Threads that compute give way to threads that answer: where all cores are busy, the system lets those run first that have only a
//! moment's work to do.

/// The niceness of a thread that computes: 0 is usual, 19 the least. At 5 a thread gets a third of what one at 0 gets, where both
/// want the same core (`sched(7)`), and all of it where nobody else wants it.
#[cfg(target_os = "linux")]
const NICENESS: libc::c_int = 5;

/// From now on the calling thread gives way, for good. Call it where long computing begins; more often does nothing more. It is a
/// courtesy, so a system that will not have it is not an error, and systems other than Linux, where it would be the whole process
/// that gives way, do without.
pub fn give_way() {
    #[cfg(target_os = "linux")]
    {
        thread_local!(static GIVES_WAY: std::cell::Cell<bool> = const { std::cell::Cell::new(false) });
        if !GIVES_WAY.replace(true) {
            // SAFETY: three numbers go in. Process 0 is the caller, which on Linux is the calling thread alone (`setpriority(2)`).
            unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS) };
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// The 19th field of `/proc/self/task/<thread>/stat`, the 17th behind the name in brackets (`proc(5)`).
    fn niceness() -> i32 {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").expect("procfs");
        let (_, fields) = stat.rsplit_once(')').expect("a name");
        fields.split_whitespace().nth(16).and_then(|field| field.parse().ok()).expect("a number")
    }

    #[test]
    fn the_thread_that_asks_gives_way_and_no_other_does() {
        let before = niceness();
        let within = std::thread::spawn(|| {
            give_way();
            give_way();
            niceness()
        });
        assert_eq!(within.join().expect("no panic"), NICENESS.max(before));
        assert_eq!(niceness(), before);
    }
}
