//! A real Postgres for one test process: its own cluster in a temporary folder, on a free port of 127.0.0.1, started when the
//! first test asks for a database. Each test has a database of its own.
//!
//! Only the programs of a Postgres package are needed; a cluster of the system's own is neither used nor disturbed. Where they
//! are missing, a test says `SKIPPED` and returns; with `CI` in the environment it fails, so that nobody takes the one for the
//! other.
//!
//! Whoever ends this process, well or ill, leaves nothing behind: a shell beside the server reads a pipe whose other end only
//! this process holds, and stops the server and deletes the folder when the pipe ends.
#![allow(dead_code)]

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::{
    env, fs, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Where Debian puts a version's programs: `/usr/lib/postgresql/17/bin`.
const DEBIANS: &str = "/usr/lib/postgresql";
const SUPERUSER: &str = "postgres";
/// A port may be taken between being found free and being used.
const STARTS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(120);

/// `$0` is the folder, the rest the server's command line.
const WATCH: &str = r#"
trap '' INT TERM HUP
"$@" >>"$0/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -QUIT "$server" && wait "$server"
rm -rf "$0"
"#;

/// An empty database that no other test knows.
#[derive(Debug, Clone)]
pub struct Database {
    pub name: String,
    /// Of the server.
    pub address: SocketAddr,
}

impl Database {
    pub fn url(&self) -> String {
        self.url_by(self.address)
    }

    /// The same database by way of another address, such as a gate before the server.
    pub fn url_by(&self, address: SocketAddr) -> String {
        format!("postgres://{SUPERUSER}@{address}/{}?sslmode=disable", self.name)
    }
}

/// A fresh database, or none where this machine has no Postgres: then the reason is printed, and the test returns.
pub async fn database() -> Option<Database> {
    let cluster = tokio::task::spawn_blocking(|| CLUSTER.get_or_init(Cluster::start).as_ref()).await.expect("Postgres starts")?;
    let database = Database { name: format!("test_{}", Uuid::new_v4().simple()), address: cluster.address };
    let of_all = Database { name: "postgres".into(), ..database.clone() };
    let mut connection = PgConnection::connect(&of_all.url()).await.expect("a connection to Postgres");
    // The name is hexadecimal.
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {}", database.name))).await.expect("a fresh database");
    connection.close().await.expect("the connection ends");
    Some(database)
}

static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();

struct Cluster {
    address: SocketAddr,
    /// Closed with this process.
    _alive: ChildStdin,
}

impl Cluster {
    fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            let needed = "this test needs PostgreSQL (Debian: apt-get install postgresql)";
            assert!(!in_ci(), "{needed}");
            println!("SKIPPED: {needed}");
            return None;
        };
        let mut reasons = String::new();
        for _ in 0..STARTS {
            match Self::try_start(&programs) {
                Ok(cluster) => return Some(cluster),
                Err(reason) => reasons += &format!("\n{reason}"),
            }
        }
        panic!("Postgres does not start:{reasons}");
    }

    fn try_start(programs: &Path) -> Result<Self, String> {
        let told = |what: &'static str| move |error: io::Error| format!("{what}: {error}");
        // Another user has to reach it where this one is root.
        let folder = tempfile::Builder::new().prefix("face-engine-postgres-").tempdir_in(if Path::new("/tmp").is_dir() {
            PathBuf::from("/tmp")
        } else {
            env::temp_dir()
        });
        let folder = folder.map_err(told("no folder"))?;
        let user = unprivileged(folder.path()).map_err(told("no user to run it as"))?;
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).map_err(told("the folder cannot be handed over"))?;
        }
        let as_user = |program: &Path| {
            let mut command = Command::new(program);
            command.current_dir(folder.path()).env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
            if let Some((uid, gid)) = user {
                command.uid(uid).gid(gid);
            }
            command
        };
        let data = folder.path().join("data");
        let mut initdb = as_user(&programs.join("initdb"));
        initdb.arg("-D").arg(&data).args(["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        let made = initdb.output().map_err(told("initdb"))?;
        if !made.status.success() {
            return Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr)));
        }

        let address = free_address().map_err(told("no free port"))?;
        let mut watch = as_user(Path::new("/bin/sh"));
        watch.args(["-c", WATCH]).arg(folder.path()).arg(programs.join("postgres")).arg("-D").arg(&data);
        watch.args(["-p", &address.port().to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "shared_buffers=32MB",
            "max_connections=300",
            "fsync=on",
            "log_min_messages=warning",
        ] {
            watch.args(["-c", setting]);
        }
        // A group of its own: ctrl-C at the terminal is for the tests, and the watch has to outlive them by a moment.
        watch.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let mut watch = watch.spawn().map_err(told("the shell that watches it"))?;
        let alive = watch.stdin.take().ok_or("no pipe")?;
        // From here on the watch deletes it.
        let folder = folder.keep();
        wait_until_ready(&folder)?;
        Ok(Self { address, _alive: alive })
    }
}

/// The eighth line of `postmaster.pid` says so.
fn wait_until_ready(folder: &Path) -> Result<(), String> {
    let patience = Instant::now() + PATIENCE;
    loop {
        let pid = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
        if pid.lines().nth(7).is_some_and(|status| status.trim() == "ready") {
            return Ok(());
        }
        let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
        if log.contains("FATAL") || Instant::now() > patience {
            return Err(format!("postgres: {log}"));
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// The folder with `initdb` and `postgres`: of Debian's newest version, else of the path.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIANS).into_iter().flatten().flatten();
    let newest = versions.filter_map(|version| {
        let number: u32 = version.file_name().to_str()?.parse().ok()?;
        Some((number, version.path().join("bin")))
    });
    let mut debians: Vec<_> = newest.collect();
    debians.sort();
    let path = env::var_os("PATH").unwrap_or_default();
    let others = env::split_paths(&path);
    debians.into_iter().rev().map(|(_, bin)| bin).chain(others).find(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file())
}

/// Set by whoever must not take a skipped test for a passed one.
fn in_ci() -> bool {
    env::var("CI").is_ok_and(|ci| !matches!(ci.as_str(), "" | "0" | "false"))
}

/// Postgres refuses to run as root. Where this process is root (the folder, just made, is root's), somebody else: user and group.
fn unprivileged(folder: &Path) -> io::Result<Option<(u32, u32)>> {
    if fs::metadata(folder)?.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let ids = |wanted: &str| {
        let mut fields = users.lines().find(|line| line.split(':').next() == Some(wanted))?.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    ids("postgres").or_else(|| ids("nobody")).map(Some).ok_or_else(|| io::Error::other("neither `postgres` nor `nobody` is a user here"))
}

fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
