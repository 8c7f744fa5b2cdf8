//! Lanes: who has room, whose turn it is, and what looking costs.

use super::Scene;
use crate::error::Result;
use crate::jobs::runner::Runner;
use crate::jobs::{Count, MOST_COUNTED, count};
use crate::store::job::{Taken, take};
use crate::store::{Tx, params};
use guildhall_core::job::{Failure, LANE_PLACES, MAIL_LANE, MAIL_PLACES, PLACES, Places};
use std::collections::BTreeMap;
use std::pin::Pin;
use tokio::sync::{mpsc, oneshot};

/// Says of each job that it began; those whose payload is "hang" never end.
fn hang_or_end(begun: &mpsc::UnboundedSender<Taken>) -> impl Fn(Taken) -> Outcome {
    let begun = begun.clone();
    move |job: Taken| {
        begun.send(job.clone()).expect("somebody listens");
        Box::pin(async move { if job.payload == "hang" { std::future::pending().await } else { Ok(()) } })
    }
}

type Outcome = Pin<Box<dyn Future<Output = std::result::Result<(), Failure>> + Send>>;

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_hangs_holds_a_few_places_and_all_together_none_of_mail() {
    let scene = Scene::open().await;
    // Each lane alone has more than all places could hold.
    for number in 0..PLACES + 8 {
        for lane in ["hook_a", "hook_b"] {
            scene.queue_in(lane, "hang", Some(&format!("{lane}:{number}"))).await;
        }
    }
    let (told, mut begun) = mpsc::unbounded_channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let runner = Runner::new(scene.hall(), hang_or_end(&told));
    let serving = runner.run(async {
        let _ = stopped.await;
    });
    let driving = async {
        let mut hanging = BTreeMap::<String, usize>::new();
        let mut next = async |payload: &str| {
            let job = begun.recv().await.expect("the runner lives");
            assert_eq!(job.payload, payload);
            *hanging.entry(job.lane).or_default() += 1;
            hanging.clone()
        };
        for _ in 0..2 * LANE_PLACES {
            next("hang").await;
        }
        for number in 0..20 {
            scene.queue_in("hook_c", &format!("prompt {number}"), None).await;
            next(&format!("prompt {number}")).await;
        }
        let lanes: Vec<String> = (0..PLACES).map(|number| format!("hook_d{number}")).collect();
        for lane in &lanes {
            scene.queue_in(lane, "hang", None).await;
        }
        for _ in 2 * LANE_PLACES..PLACES - MAIL_PLACES {
            next("hang").await;
        }
        // Everything is held by what hangs, except what is for mail.
        for number in 0..20 {
            scene.queue_in(MAIL_LANE, &format!("letter {number}"), None).await;
            next(&format!("letter {number}")).await;
        }
        for _ in 0..MAIL_PLACES {
            scene.queue_in(MAIL_LANE, "hang", None).await;
        }
        let mut held = BTreeMap::new();
        for _ in 0..MAIL_PLACES {
            held = next("hang").await;
        }
        assert_eq!((held["hook_a"], held["hook_b"]), (LANE_PLACES, LANE_PLACES));
        stop.send(()).expect("the runner listens");
    };
    tokio::join!(serving, driving);
    assert!(begun.try_recv().is_err(), "nothing else began");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_turn_goes_from_lane_to_lane_and_comes_round() {
    let scene = Scene::open().await;
    for lane in ["hook_a", "hook_b", "hook_c"] {
        for _ in 0..3 {
            scene.queue_in(lane, "", None).await;
        }
    }
    let mut last_lane = String::new();
    let mut turns = Vec::new();
    for _ in 0..9 {
        // One place is free each time.
        let mut places = Places::default();
        (0..PLACES - MAIL_PLACES - 1).for_each(|number| places.hold(&format!("hook_{number}")));
        let after = last_lane.clone();
        let take = scene.hall().store.write(move |tx| take(tx, places.clone(), &after, i64::MAX));
        let haul = take.await.expect("taken");
        turns.extend(haul.jobs.into_iter().map(|job| job.lane));
        last_lane = haul.last_lane.expect("a lane had its turn");
    }
    assert_eq!(turns, ["hook_a", "hook_b", "hook_c"].repeat(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_reads_no_more_for_all_that_waits() {
    const EACH: i64 = 20_000;
    let scene = Scene::open().await;
    scene.queue_in("hook_blocked", "one", None).await;
    // Of a lane without room, of what rests, of what stands behind: many.
    let fill = scene.hall().store.write(|tx| {
        for (state, due_at) in [("ready", 1), ("resting", i64::MAX), ("behind", 1)] {
            tx.execute(FILL, params![state, due_at, EACH])?;
        }
        Ok(())
    });
    fill.await.expect("filled");
    scene.queue_in("hook_free", "two", None).await;
    let write = scene.hall().store.write(|tx| {
        let mut places = Places::default();
        (0..LANE_PLACES).for_each(|_| places.hold("hook_blocked"));
        let before = rows_read(tx)?;
        let haul = take(tx, places, "hook_a", i64::MAX)?;
        Ok((haul.jobs, rows_read(tx)? - before))
    });
    let (taken, read) = write.await.expect("taken");
    assert_eq!(taken.into_iter().map(|job| job.payload).collect::<Vec<_>>(), ["two"]);
    assert!(read < 50, "{read} rows were read");
    let counted = count(scene.hall()).await.expect("a count");
    assert_eq!(counted, Count { waiting: MOST_COUNTED, dead: 0 }, "and counting ends early");
}

const FILL: &str = "insert into jobs (id, kind, payload, lane, place, state, due_at, attempts, created_at)
 with recursive many (number) as (
   select cast(1 as bigint)
   union all
   select number + 1
   from many
   where number < $3
 )
 select 'job_' || $1 || number, 'test', 'blocked', 'hook_blocked', 0, $1, $2, 0, 1
 from many";

/// How many rows of jobs this transaction read, as PostgreSQL counts them; SQLite does not, where a test in
/// `store/job.rs` asks for the plans.
fn rows_read(tx: &mut Tx<'_>) -> Result<i64> {
    if std::env::var_os("TEST_DATABASE_URL").is_none() {
        return Ok(0);
    }
    let row = tx.first(
        "select cast(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) as bigint)
         from pg_stat_xact_user_tables
         where relname = 'jobs' and schemaname = current_schema()",
        &[],
    )?;
    row.expect("the table is there").int(0)
}
