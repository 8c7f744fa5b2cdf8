//! A Prosody room beside our chat, when Prosody is installed: the same text, the same closed loop, archive on disk.
//! It is another protocol and another promise (its archive is written, not synced; each message also goes to every
//! occupant), so its figures are printed and nothing is judged by them.

use super::Fallible;
use super::load::{self, Measurement, Period};
use super::room::Room;
use super::send::SENDERS;
use super::table::{Table, fraction, whole};
use crate::process::{Process, complete, free_address};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::process::Command;

const HOST: &str = "bench.localhost";
const ROOM: &str = "hall@rooms.bench.localhost";
/// User `sender`, password `secret`: base64 of NUL, user, NUL, password.
const LOGIN: &str = "AHNlbmRlcgBzZWNyZXQ=";
const REGISTER_LIMIT: Duration = Duration::from_secs(30);
/// How long all senders together may take to enter the room; each entry is told to all who are in.
const ENTER_LIMIT: Duration = Duration::from_secs(120);

/// Measures the room at each number of senders and prints it, or one line when Prosody is not installed.
pub(super) async fn measure(directory: &Path, period: Period, rounds: u64) -> Fallible<()> {
    let (Some(server), Some(control)) = (installed("prosody"), installed("prosodyctl")) else {
        println!("Prosody room: not measured, the command prosody is not installed\n");
        return Ok(());
    };
    let address = free_address()?;
    let config = write_config(&directory.join("prosody"), address)?;
    let mut register = Command::new(control);
    register.arg("--config").arg(&config).args(["register", "sender", HOST, "secret"]);
    complete("prosodyctl register", &mut register, REGISTER_LIMIT).await?;
    let mut command = Command::new(server);
    command.arg("--config").arg(&config);
    let mut process = Process::start("prosody", &mut command, directory.join("prosody.log"))?;
    process.until_ready(async || TcpStream::connect(address).await.is_ok()).await?;

    let room = Room { server: address, host: HOST, address: ROOM, login: LOGIN };
    let mut table = Table::new(&["senders", "messages/s", "deliveries/s", "p50 ms", "p99 ms"]);
    for senders in SENDERS {
        eprintln!("measuring {senders} senders in a Prosody room");
        let mut measured = Vec::new();
        for _ in 0..rounds {
            measured.push(measure_room(&room, senders, period).await?);
        }
        let Measurement { per_second, p50_ms, p99_ms, .. } = Measurement::median(&measured);
        table.row(vec![
            senders.to_string(),
            whole(per_second),
            whole(per_second * senders as f64),
            fraction(p50_ms),
            fraction(p99_ms),
        ]);
    }
    process.stop().await?;
    println!("a Prosody room, archive on disk (not synced), each message delivered to every sender");
    table.print();
    Ok(())
}

async fn measure_room(room: &Room<'_>, senders: usize, period: Period) -> Fallible<Measurement> {
    let entering = async {
        let mut occupants = Vec::with_capacity(senders);
        for number in 0..senders {
            occupants.push(room.enter(number).await?);
        }
        Fallible::Ok(occupants)
    };
    let occupants = tokio::time::timeout(ENTER_LIMIT, entering)
        .await
        .map_err(|_| format!("{senders} senders did not enter the Prosody room within {ENTER_LIMIT:?}"))??;
    load::drive(occupants, period).await
}

/// Where a command lies on the search path.
fn installed(command: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(command)).find(|file| file.is_file())
}

/// Writes a configuration that listens on this machine only, and answers its path.
fn write_config(directory: &Path, address: SocketAddr) -> Fallible<PathBuf> {
    std::fs::create_dir_all(directory.join("data"))?;
    let (ip, port, place) = (address.ip(), address.port(), directory.display());
    let text = format!(
        r#"run_as_root = true
daemonize = false
pidfile = "{place}/prosody.pid"
data_path = "{place}/data"
certificates = "{place}"
log = {{ warn = "*console" }}
interfaces = {{ "{ip}" }}
c2s_ports = {{ {port} }}
s2s_ports = {{}}
c2s_direct_tls_ports = {{}}
modules_enabled = {{ "saslauth", "posix" }}
modules_disabled = {{ "s2s", "tls" }}
authentication = "internal_plain"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
storage = "internal"
storage_archive_item_limit = 1000000000

VirtualHost "{HOST}"

Component "rooms.{HOST}" "muc"
	modules_enabled = {{ "muc_mam" }}
	muc_room_locking = false
	muc_room_default_persistent = true
	muc_log_by_default = true
	muc_log_all_rooms = true
"#
    );
    let config = directory.join("prosody.cfg.lua");
    std::fs::write(&config, text)?;
    Ok(config)
}
