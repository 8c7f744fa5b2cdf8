//! The limit on SQLite: one narrow row a client, made durable as the store makes its writes durable, in groups that share
//! a commit, with nothing read, decided or indexed.

use super::{Fallible, Options, load};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

/// As many as the store lets share a commit.
const BATCH: usize = 256;
const QUEUE: usize = 4096;

type Reply = oneshot::Sender<()>;

pub(super) async fn run(options: &Options) -> Fallible<()> {
    std::fs::create_dir_all(options.data_dir()?)?;
    let connection = Connection::open(options.data_dir()?.join("bare.sqlite3"))?;
    connection.execute_batch(
        "pragma journal_mode = wal;
         pragma synchronous = full;
         pragma wal_autocheckpoint = 4000;
         create table if not exists rows (id integer primary key, client integer not null, number integer not null);",
    )?;
    let (queue, rows) = mpsc::channel::<(usize, u64, Reply)>(QUEUE);
    let writer = std::thread::spawn(move || write(&connection, rows));
    let measured = load::drive(options.period()?, move |client, number| {
        let queue = queue.clone();
        async move {
            let (reply, answer) = oneshot::channel();
            queue.send((client, number, reply)).await.map_err(|_| "the writer stopped")?;
            Ok(answer.await?)
        }
    })
    .await;
    writer.join().map_err(|_| "the writer panicked")??;
    measured
}

fn write(connection: &Connection, mut rows: mpsc::Receiver<(usize, u64, Reply)>) -> Fallible<()> {
    let mut insert = connection.prepare("insert into rows (client, number) values (?1, ?2)")?;
    while let Some(first) = rows.blocking_recv() {
        connection.execute_batch("begin immediate")?;
        let mut waiting = Vec::with_capacity(BATCH);
        let mut next = Some(first);
        while let Some((client, number, reply)) = next {
            insert.execute((i64::try_from(client)?, i64::try_from(number)?))?;
            waiting.push(reply);
            next = if waiting.len() < BATCH { rows.try_recv().ok() } else { None };
        }
        connection.execute_batch("commit")?;
        for reply in waiting {
            // A client that ended no longer wants the answer.
            let _ = reply.send(());
        }
    }
    Ok(())
}
