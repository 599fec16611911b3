//! How much memory is left: the machine's, and what the container may still take of it.
//!
//! On Linux: `MemAvailable` of `/proc/meminfo`, and for each control group (version 2) from this process's own up to the
//! root its `memory.max` less `memory.current`; the least of them counts. Pages of files that nobody has used lately
//! (`inactive_file` of `memory.stat`) are given back by the kernel when they are wanted, so they count as free. Elsewhere
//! nothing is known, and memory is never short.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where it is read how much memory is left.
pub trait Memory: Send + Sync {
    /// Bytes; None where it is not known.
    fn available(&self) -> Option<u64>;
}

/// The machine's, as the kernel tells it.
#[derive(Debug, Clone)]
pub struct MachineMemory {
    /// Where `/proc` and `/sys` lie; a test has its own.
    root: PathBuf,
}

impl Default for MachineMemory {
    fn default() -> Self {
        Self { root: "/".into() }
    }
}

impl Memory for MachineMemory {
    fn available(&self) -> Option<u64> {
        let machine = self.machine();
        let groups = self.groups().into_iter().filter_map(|group| left_in(&group));
        machine.into_iter().chain(groups).min()
    }
}

impl MachineMemory {
    fn machine(&self) -> Option<u64> {
        let text = std::fs::read_to_string(self.root.join("proc/meminfo")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    }

    /// This process's control group and those that it lies in.
    fn groups(&self) -> Vec<PathBuf> {
        let mounted = self.root.join("sys/fs/cgroup");
        let own = std::fs::read_to_string(self.root.join("proc/self/cgroup")).unwrap_or_default();
        // `0::` is version 2. In a container the path may be one of the machine's that is not there: then the mount alone.
        let path = own.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/").trim_start_matches('/');
        let own = mounted.join(path);
        own.ancestors().take_while(|group| group.starts_with(&mounted)).map(Path::to_owned).collect()
    }
}

/// None where the group has no limit, or none that can be read.
fn left_in(group: &Path) -> Option<u64> {
    let number = |name: &str| std::fs::read_to_string(group.join(name)).ok()?.trim().parse::<u64>().ok();
    let (most, used) = (number("memory.max")?, number("memory.current")?);
    let told = std::fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
    let unused = told.lines().find_map(|line| line.strip_prefix("inactive_file ")?.trim().parse::<u64>().ok());
    Some(most.saturating_sub(used.saturating_sub(unused.unwrap_or(0))))
}

/// Below how much it is short.
#[derive(Clone)]
pub struct MemoryGuard {
    memory: Arc<dyn Memory>,
    /// Bytes; 0: never short.
    least: u64,
}

impl MemoryGuard {
    pub fn new(memory: Arc<dyn Memory>, least: u64) -> Self {
        Self { memory, least }
    }

    /// Memory is never short.
    pub fn off() -> Self {
        Self::new(Arc::new(MachineMemory::default()), 0)
    }

    /// Less is left than the least.
    pub fn is_short(&self) -> bool {
        self.least > 0 && self.memory.available().is_some_and(|left| left < self.least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempFolder;

    const MIB: u64 = 1 << 20;

    fn machine(files: &[(&str, &str)]) -> (TempFolder, MachineMemory) {
        let folder = TempFolder::new();
        for (name, text) in files {
            folder.write(name, text.as_bytes());
        }
        let memory = MachineMemory { root: folder.path().to_owned() };
        (folder, memory)
    }

    const MEMINFO: (&str, &str) =
        ("proc/meminfo", "MemTotal:       16384000 kB\nMemFree:          512000 kB\nMemAvailable:    2048000 kB\n");

    #[test]
    fn on_a_bare_machine_it_is_what_the_kernel_calls_available() {
        let (_folder, memory) = machine(&[MEMINFO]);
        assert_eq!(memory.available(), Some(2_048_000 * 1024));
    }

    #[test]
    fn a_containers_limit_counts_without_the_pages_that_nobody_uses() {
        let (max, used) = ((512 * MIB).to_string(), (500 * MIB).to_string());
        let stat = format!("anon 1\ninactive_file {}\nactive_file 7\n", 100 * MIB);
        let group = [("sys/fs/cgroup/memory.max", max.as_str()), ("sys/fs/cgroup/memory.current", &used)];
        let (_folder, memory) = machine(&[MEMINFO, ("proc/self/cgroup", "0::/\n"), group[0], group[1]]);
        assert_eq!(memory.available(), Some(12 * MIB));
        let (_folder, memory) =
            machine(&[MEMINFO, ("proc/self/cgroup", "0::/\n"), group[0], group[1], ("sys/fs/cgroup/memory.stat", &stat)]);
        assert_eq!(memory.available(), Some(112 * MIB));
    }

    #[test]
    fn the_tightest_of_all_the_groups_around_the_process_counts_and_one_without_a_limit_does_not() {
        let (max, used) = ((300 * MIB).to_string(), (290 * MIB).to_string());
        let (_folder, memory) = machine(&[
            MEMINFO,
            ("proc/self/cgroup", "1:name=systemd:/old\n0::/pod/box\n"),
            ("sys/fs/cgroup/pod/box/memory.max", "max\n"),
            ("sys/fs/cgroup/pod/box/memory.current", "1000\n"),
            ("sys/fs/cgroup/pod/memory.max", &max),
            ("sys/fs/cgroup/pod/memory.current", &used),
        ]);
        assert_eq!(memory.available(), Some(10 * MIB));
    }

    #[test]
    fn where_nothing_is_known_memory_is_not_short() {
        let (_folder, memory) = machine(&[("proc/meminfo", "nothing that is known\n")]);
        assert_eq!(memory.available(), None);
        assert!(!MemoryGuard::new(Arc::new(memory), u64::MAX).is_short());
    }

    #[test]
    fn memory_is_short_below_the_least_and_never_where_there_is_no_least() {
        let (_folder, memory) = machine(&[MEMINFO]);
        let memory = Arc::new(memory);
        let short = |least: u64| MemoryGuard::new(memory.clone(), least).is_short();
        assert_eq!([short(2000 * MIB), short(2001 * MIB), short(0)], [false, true, false]);
    }
}
