//! Postgres clusters that a test may stop, freeze and promote.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dateline::config::DatabaseConfig;
use dateline::db::Id;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

/// A cluster of its own; it is stopped and deleted when it is dropped.
pub struct Cluster {
    data: PathBuf,
    /// Where locales are that the machine does not have.
    locales: Option<PathBuf>,
    pub port: u16,
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("no {name}: run scripts/test, or scripts/with-postgres cargo test, which set it")
    })
}

/// A command that the user may run to whom clusters belong.
fn as_owner(program: &Path) -> Command {
    let owner = variable("DATELINE_TEST_POSTGRES_OWNER");
    let mut command = if owner.is_empty() {
        Command::new(program)
    } else {
        let group = Command::new("id").args(["-g", &owner]).output().unwrap();
        let group = String::from_utf8(group.stdout).unwrap();
        let mut command = Command::new("setpriv");
        command
            .args([
                "--reuid",
                &owner,
                "--regid",
                group.trim(),
                "--clear-groups",
                "--",
            ])
            .arg(program);
        command
    };
    command.current_dir("/").stdin(Stdio::null());
    command
}

fn program(name: &str) -> PathBuf {
    Path::new(&variable("DATELINE_TEST_POSTGRES_BIN")).join(name)
}

fn run(command: &mut Command) {
    // Not through a pipe: the server that pg_ctl starts would keep it open.
    let status = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

fn new_directory() -> PathBuf {
    let name = format!("cluster-{}", Id::generate().0.simple());
    Path::new(&variable("DATELINE_TEST_POSTGRES_DIR")).join(name)
}

impl Cluster {
    /// A new cluster that has started.
    pub fn start() -> Self {
        // As servers do before they connect.
        openssl_sys::init();
        let mut cluster = Self::new();
        cluster.start_somewhere();
        cluster
    }

    /// One whose messages are in German, where that locale can be made (Debian's package `locales`).
    pub fn start_in_german() -> Option<Self> {
        let locales = new_directory();
        run(as_owner(Path::new("mkdir")).arg(&locales));
        let made = as_owner(Path::new("localedef"))
            .args(["-i", "de_DE", "-f", "UTF-8"])
            .arg(locales.join("de_DE.UTF-8"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !made.is_ok_and(|made| made.success()) {
            return None;
        }
        let mut cluster = Self::new();
        cluster.locales = Some(locales);
        cluster.configure("lc_messages = 'de_DE.UTF-8'\n");
        cluster.start_somewhere();
        Some(cluster)
    }

    fn new() -> Self {
        let data = new_directory();
        run(as_owner(&program("initdb"))
            .args([
                "--username",
                "postgres",
                "--auth",
                "trust",
                "--encoding",
                "UTF8",
            ])
            .args(["--locale", "C", "--no-sync", "--pgdata"])
            .arg(&data));
        let cluster = Self {
            data,
            locales: None,
            port: 0,
        };
        cluster.configure(
            "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\n\
             full_page_writes = off\nmax_connections = 60\nwal_keep_size = 64MB\n",
        );
        cluster
    }

    /// A streaming standby, under a name by which the primary can wait for it.
    pub fn standby(&self, name: &str) -> Self {
        let data = new_directory();
        run(as_owner(&program("pg_basebackup"))
            .args(["-X", "stream", "-R", "-c", "fast", "--no-sync", "-D"])
            .arg(&data)
            .arg("-d")
            .arg(format!(
                "host=127.0.0.1 port={} user=postgres application_name={name}",
                self.port
            )));
        let mut standby = Self {
            data,
            locales: None,
            port: 0,
        };
        standby.start_somewhere();
        standby
    }

    /// Adds lines to its configuration.
    pub fn configure(&self, lines: &str) {
        use std::io::Write;
        let file = self.data.join("postgresql.auto.conf");
        let mut file = std::fs::OpenOptions::new().append(true).open(file).unwrap();
        file.write_all(lines.as_bytes()).unwrap();
    }

    fn start_somewhere(&mut self) {
        // Below the ports that the kernel hands out.
        for _ in 0..50 {
            self.port = rand::random_range(20_000..32_000);
            if std::net::TcpListener::bind(("127.0.0.1", self.port)).is_ok()
                && self.tries_to_start()
            {
                return;
            }
        }
        panic!("no port for a cluster");
    }

    fn tries_to_start(&self) -> bool {
        let log = self.data.with_extension("log");
        as_owner(&program("pg_ctl"))
            .envs(self.locales.iter().map(|place| ("LOCPATH", place)))
            .args(["start", "-w", "-t", "60", "-D"])
            .arg(&self.data)
            .arg("-l")
            .arg(log)
            .args(["-o", &format!("-p {}", self.port)])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    }

    /// Starts it again where it was.
    pub fn start_again(&self) {
        assert!(self.tries_to_start(), "the cluster does not start again");
    }

    /// Ends it as the loss of its machine would.
    pub fn crash(&self) {
        self.stop("immediate");
    }

    /// Ends it as its package does.
    pub fn stop_fast(&self) {
        self.stop("fast");
    }

    fn stop(&self, mode: &str) {
        run(as_owner(&program("pg_ctl"))
            .args(["stop", "-w", "-t", "60", "-m", mode, "-D"])
            .arg(&self.data));
    }

    /// A primary becomes a standby of nobody: it can only be read until it is promoted.
    pub fn demote(&self) {
        self.stop_fast();
        run(as_owner(Path::new("touch")).arg(self.data.join("standby.signal")));
        self.start_again();
    }

    /// A standby becomes a primary.
    pub fn promote(&self) {
        run(as_owner(&program("pg_ctl"))
            .args(["promote", "-w", "-t", "60", "-D"])
            .arg(&self.data));
    }

    /// All of its processes hang, and go on again.
    pub fn freeze(&self, frozen: bool) {
        let signal = if frozen { "-STOP" } else { "-CONT" };
        // Some may have ended meanwhile.
        let _ = Command::new("kill")
            .arg(signal)
            .args(self.pids())
            .stderr(Stdio::null())
            .status();
    }

    fn pids(&self) -> Vec<String> {
        let file = std::fs::read_to_string(self.data.join("postmaster.pid")).unwrap();
        let postmaster = file.lines().next().unwrap().to_owned();
        let children = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let pid = entry.ok()?.file_name().into_string().ok()?;
            let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // After the name, which may have spaces: state and parent.
            let parent = status.rsplit_once(") ")?.1.split(' ').nth(1)?.to_owned();
            (parent == postmaster).then_some(pid)
        });
        let mut pids: Vec<String> = children.collect();
        pids.push(postmaster);
        pids
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs statements on one of its databases.
    pub fn execute(&self, database: &str, sql: &str) {
        let mut connection = PgConnection::establish(&self.url(database)).unwrap();
        connection.batch_execute(sql).unwrap();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.data.join("postmaster.pid").exists() {
            self.freeze(false);
            let _ = as_owner(&program("pg_ctl"))
                .args(["stop", "-m", "immediate", "-D"])
                .arg(&self.data)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
        }
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

/// Settings for tests that take a database away: patient, but for what makes an outage known.
pub fn config(url: &str) -> DatabaseConfig {
    DatabaseConfig {
        database_connections: 4,
        database_wait: 60,
        read_timeout: 5,
        statement_timeout: 60,
        lock_timeout: 60,
        ..DatabaseConfig::at(url.parse().unwrap())
    }
}

/// The pooler's program.
pub struct PgBouncer(PathBuf);

/// One that runs.
pub struct Pooler {
    child: std::process::Child,
    folder: PathBuf,
    port: u16,
}

impl PgBouncer {
    /// Where Debian's package puts it.
    pub fn find() -> Option<Self> {
        let path = PathBuf::from("/usr/sbin/pgbouncer");
        path.exists().then_some(Self(path))
    }

    /// Starts one in a mode before a cluster.
    pub fn start(&self, cluster: &Cluster, mode: &str) -> Pooler {
        let folder = new_directory();
        run(as_owner(Path::new("mkdir")).arg(&folder));
        for _ in 0..50 {
            let port = rand::random_range(20_000..32_000);
            let settings = folder.join("pgbouncer.ini");
            let text = format!(
                "[databases]\n* = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\n\
                 listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
                 pool_mode = {mode}\nmax_client_conn = 200\ndefault_pool_size = 40\n",
                cluster.port
            );
            std::fs::write(&settings, text).unwrap();
            let mut child = as_owner(&self.0)
                .arg("-q")
                .arg(&settings)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            for _ in 0..500 {
                if child.try_wait().unwrap().is_some() {
                    break;
                }
                if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Pooler {
                        child,
                        folder,
                        port,
                    };
                }
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("pgbouncer does not start");
    }
}

impl Pooler {
    /// The URL of a database behind it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
