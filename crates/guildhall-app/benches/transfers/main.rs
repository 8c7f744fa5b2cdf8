//! What `cargo xtask bench ledger` measures in a process of its own: the transfer that callers ask for, without HTTP
//! around it, and the bare inserts of SQLite. Each round is a run of this program, which prints one line of JSON.

mod bare_sqlite;
mod hall;
mod load;

use guildhall_app::Location;
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

type Fallible<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const USE: &str = "usage: transfers prepare|run|fund|bare-sqlite --data-dir DIRECTORY [--database-url URL] \
    [--database-schema NAME] [--company ID] [--clients NUMBER] [--warm-up-ms NUMBER] [--measured-ms NUMBER]";

/// The options by their names.
struct Options(HashMap<String, String>);

impl Options {
    /// Reads `--name value` pairs.
    fn read(mut arguments: impl Iterator<Item = String>) -> Fallible<Self> {
        let mut options = HashMap::new();
        while let Some(name) = arguments.next() {
            let (Some(name), Some(value)) = (name.strip_prefix("--"), arguments.next()) else {
                return Err(USE.into());
            };
            options.insert(name.to_owned(), value);
        }
        Ok(Self(options))
    }

    fn text(&self, name: &str) -> Fallible<&str> {
        self.0.get(name).map(String::as_str).ok_or_else(|| format!("--{name} is missing; {USE}").into())
    }

    fn data_dir(&self) -> Fallible<PathBuf> {
        Ok(PathBuf::from(self.text("data-dir")?))
    }

    /// Where the hall's tables are.
    fn location(&self) -> Fallible<Location> {
        Ok(match self.0.get("database-url") {
            Some(url) => {
                Location::Postgres { url: url.clone(), schema: self.text("database-schema")?.to_owned() }
            }
            None => Location::Sqlite(self.data_dir()?.join("guildhall.sqlite3")),
        })
    }

    fn period(&self) -> Fallible<load::Period> {
        let length = |name| Fallible::Ok(Duration::from_millis(self.text(name)?.parse()?));
        Ok(load::Period {
            clients: self.text("clients")?.parse()?,
            warm_up: length("warm-up-ms")?,
            measured: length("measured-ms")?,
        })
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("transfers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Fallible<()> {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    if command == "--bench" {
        println!("`cargo xtask bench ledger` runs this");
        return Ok(());
    }
    let options = Options::read(arguments)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        match command.as_str() {
            "prepare" => hall::prepare(&options).await,
            "fund" => hall::fund(&options).await,
            "run" => hall::run(&options).await,
            "bare-sqlite" => bare_sqlite::run(&options).await,
            _ => Err(USE.into()),
        }
    })
}
