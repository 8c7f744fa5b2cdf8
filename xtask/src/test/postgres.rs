//! A private PostgreSQL cluster: made in a temporary directory, gone when its handle is.

use crate::process::free_address;
use crate::{Fallible, Outcome};
use std::fmt::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const MISSING: &str = "PostgreSQL's initdb and pg_ctl are not on this machine: install them (Debian: `apt-get install postgresql`, \
     macOS: `brew install postgresql`), or pass --no-postgres";

/// Which letters are the same in capitals; `C` alone knows those of ASCII.
const LETTERS: &str = if cfg!(target_os = "macos") { "--lc-ctype=UTF-8" } else { "--lc-ctype=C.UTF-8" };

/// A test server opens some sixteen connections, and as many tests run at once as there are cores.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 400
fsync = off
synchronous_commit = off
full_page_writes = off
log_min_messages = warning
";

/// A cluster that runs. It belongs to a test run and forgets everything on a power loss.
#[derive(Debug)]
pub(crate) struct Cluster {
    programs: PathBuf,
    owner: Option<Owner>,
    directory: TempDir,
    port: u16,
}

/// Whom the cluster runs as when root asks for one: PostgreSQL refuses to be root.
#[derive(Debug, Clone, Copy)]
struct Owner {
    user: u32,
    group: u32,
}

impl Cluster {
    /// Makes a cluster and starts it on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When its programs are not there, or what they said when they failed.
    pub(crate) fn start() -> Fallible<Self> {
        Self::start_in(&std::env::temp_dir(), SETTINGS)
    }

    /// The same beneath a directory that its owner can reach, with settings of one's own: lines of postgresql.conf.
    ///
    /// # Errors
    /// The same.
    pub(crate) fn start_in(parent: &Path, settings: &str) -> Fallible<Self> {
        let programs = find_programs()?;
        let owner = Owner::for_this_process()?;
        let directory = tempfile::Builder::new().prefix("guildhall-postgres-").tempdir_in(parent)?;
        if let Some(Owner { user, group }) = owner {
            std::os::unix::fs::chown(directory.path(), Some(user), Some(group))?;
        }
        let port = free_address()?.port();
        let cluster = Self { programs, owner, directory, port };
        println!(
            "    starting a private PostgreSQL cluster on 127.0.0.1:{port} (programs of {})",
            cluster.programs.display()
        );
        let initdb =
            ["--auth=trust", "--username=guildhall", "--encoding=UTF8", "--locale=C", LETTERS, "--no-sync"];
        cluster.complete(cluster.command("initdb").args(initdb))?;
        let mut written = std::fs::read_to_string(cluster.data().join("postgresql.conf"))?;
        writeln!(written, "{settings}port = {port}")?;
        std::fs::write(cluster.data().join("postgresql.conf"), written)?;
        let log = cluster.directory.path().join("log");
        cluster
            .complete(
                cluster.command("pg_ctl").args(["--wait", "--timeout=60", "--log"]).arg(&log).arg("start"),
            )
            .map_err(|error| format!("{error}{}", std::fs::read_to_string(&log).unwrap_or_default()))?;
        Ok(cluster)
    }

    /// Where its database is reached.
    pub(crate) fn url(&self) -> String {
        format!("postgres://guildhall@127.0.0.1:{}/postgres", self.port)
    }

    /// Where another program of the same PostgreSQL lies, e.g. `psql`: beside `initdb`, or beside what that links to.
    ///
    /// # Errors
    /// When it is not there.
    pub(crate) fn program(&self, name: &str) -> Fallible<PathBuf> {
        let linked = std::fs::canonicalize(self.programs.join("initdb"))?;
        let folders = [Some(self.programs.as_path()), linked.parent()];
        let found = folders.into_iter().flatten().map(|folder| folder.join(name)).find(|path| path.is_file());
        found.ok_or_else(|| format!("PostgreSQL's {name} is not on this machine, but its initdb is").into())
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// One of the programs, upon this cluster, as its owner.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.directory.path()).arg("--pgdata").arg(self.data());
        if let Some(Owner { user, group }) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    /// Runs a program; its output goes to a file, since the server that pg_ctl starts would keep a pipe open.
    fn complete(&self, command: &mut Command) -> Outcome {
        let name = Path::new(command.get_program()).display().to_string();
        let path = self.directory.path().join("output");
        let output = std::fs::File::create(&path)?;
        let status = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .status()
            .map_err(|error| format!("cannot start {name}: {error}"))?;
        if status.success() {
            return Ok(());
        }
        let said = std::fs::read_to_string(&path).unwrap_or_default();
        Err(format!("{name} failed ({status}): {said}").into())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !self.data().join("postmaster.pid").exists() {
            return;
        }
        let mut stop = self.command("pg_ctl");
        stop.args(["--mode=immediate", "--wait", "--timeout=30", "stop"]);
        if let Err(error) = self.complete(&mut stop) {
            eprintln!("xtask: the PostgreSQL cluster may still run: {error}");
        }
    }
}

impl Owner {
    /// `None` when this process is not root and may own a cluster itself.
    fn for_this_process() -> Fallible<Option<Self>> {
        if id(&["-u"])? != 0 {
            return Ok(None);
        }
        for name in ["postgres", "nobody"] {
            if let (Ok(user), Ok(group)) = (id(&["-u", name]), id(&["-g", name])) {
                return Ok(Some(Self { user, group }));
            }
        }
        Err("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`".into())
    }
}

/// What `id` says, as a number.
fn id(arguments: &[&str]) -> Fallible<u32> {
    let output = Command::new("id").args(arguments).stderr(Stdio::null()).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// The folder of initdb and pg_ctl: in the PATH, or where Debian, Fedora and Homebrew put them, newest first.
///
/// # Errors
/// One sentence that says how to get them.
pub(crate) fn find_programs() -> Fallible<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(versions("/usr/lib/postgresql", ""));
    folders.extend(versions("/usr", "pgsql-"));
    folders.extend(versions("/opt/homebrew/opt", "postgresql"));
    folders.extend(versions("/usr/local/opt", "postgresql"));
    let has_programs = |folder: &PathBuf| ["initdb", "pg_ctl"].iter().all(|name| folder.join(name).is_file());
    folders.into_iter().find(has_programs).ok_or_else(|| MISSING.into())
}

/// `<parent>/<prefix><version>/bin`, the highest version first.
fn versions(parent: &str, prefix: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?.trim_start_matches('@');
            Some((version.parse().unwrap_or_default(), entry.path().join("bin")))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, path)| path).collect()
}
