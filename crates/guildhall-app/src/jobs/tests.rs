//! Queueing, sharing, order, retries and the end of jobs, on the engine that the environment asks for.

use super::runner::{LEASE_MS, Runner};
use super::{Count, MOST_COUNTED, Standing, count, discard, list, retry, retry_all_dead};
use crate::clock::{Clock, Random};
use crate::error::{Error, Result};
use crate::store::job::{Taken, insert, take};
use crate::store::{Tx, params};
use crate::{Guildhall, Location, Settings};
use guildhall_core::ids::{Id, JobId};
use guildhall_core::job::{
    Failure, LANE_PLACES, MAIL_LANE, MAIL_PLACES, MOST_TRIES, PLACES, Places, RESTS_MS,
};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::sync::{Barrier, Semaphore, mpsc, oneshot};

const NOW_MS: i64 = 1_714_521_600_000;

/// One store, and the halls of the copies that share it: on SQLite one hall, since one server holds the file.
struct Scene {
    halls: Vec<Guildhall>,
    clock: Clock,
    _directory: TempDir,
}

impl Scene {
    async fn open() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let directory = tempfile::tempdir().expect("a directory");
        let url = std::env::var("TEST_DATABASE_URL").ok();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let schema = format!("test_jobs_{}_{number}", std::process::id());
        let copies = if url.is_some() { 2 } else { 1 };
        let location = match url {
            Some(url) => Location::Postgres { url, schema },
            None => Location::Sqlite(directory.path().join("store.sqlite3")),
        };
        let settings = Settings {
            location,
            files: directory.path().join("files"),
            origin: "http://localhost".into(),
            largest_upload_bytes: 1,
            mail: None,
            money: crate::money::Settings::default(),
            stripe: None,
            webhooks: crate::webhook::Settings::within(crate::outbound::Reach::PublicOnly),
        };
        let clock = Clock::frozen(NOW_MS);
        let mut halls = Vec::new();
        for seed in 0..copies {
            let hall = Guildhall::open(settings.clone(), clock.clone(), Random::seeded(seed)).await;
            halls.push(hall.expect("it opens"));
        }
        Self { halls, clock, _directory: directory }
    }

    fn hall(&self) -> &Guildhall {
        &self.halls[0]
    }

    /// The hall that another copy of the server has.
    fn other(&self) -> &Guildhall {
        self.halls.last().expect("there is one")
    }

    async fn queue(&self, payload: &str, key: Option<&str>) -> JobId {
        self.queue_in("lane", payload, key).await
    }

    async fn queue_in(&self, lane: &str, payload: &str, key: Option<&str>) -> JobId {
        let (lane, payload, key) = (lane.to_owned(), payload.to_owned(), key.map(str::to_owned));
        let write = move |tx: &mut Tx<'_>| insert(tx, "test", &payload, &lane, key.as_deref());
        self.hall().store.write(write).await.expect("it is queued")
    }

    /// Takes the one job that is due, and does nothing with it.
    async fn hold_one(&self, hall: &Guildhall) -> Taken {
        let until = self.clock.now_ms() + LEASE_MS;
        let take = hall.store.write(move |tx| take(tx, Places::default(), "", until));
        let mut taken = take.await.expect("taken").jobs;
        assert_eq!(taken.len(), 1);
        taken.remove(0)
    }

    async fn standing(&self, id: &JobId) -> Option<Standing> {
        let listed = list(self.hall(), false, 1000).await.expect("a list");
        listed.into_iter().find(|job| job.id == *id).map(|job| job.standing)
    }
}

/// Fails every time.
async fn refuse(_: Taken) -> std::result::Result<(), Failure> {
    Err(Failure::Temporary("the other side is busy".into()))
}

#[tokio::test(flavor = "multi_thread")]
async fn runners_that_share_a_store_do_each_job_once_and_never_one_at_the_same_time() {
    let scene = Scene::open().await;
    for number in 0..120 {
        scene.queue(&number.to_string(), None).await;
    }
    let (under_way, done) = (Mutex::new(BTreeMap::<JobId, usize>::new()), Mutex::new(Vec::new()));
    // Each runner's first job waits for the other's, so that both have some at the same time.
    let both = Barrier::new(2);
    let perform = |job: Taken, is_first: bool| {
        let (under_way, done, both) = (&under_way, &done, &both);
        async move {
            let before = under_way.lock().expect("whole").insert(job.id.clone(), 1);
            assert_eq!(before, None, "{} runs twice", job.id);
            if is_first {
                both.wait().await;
            }
            tokio::task::yield_now().await;
            under_way.lock().expect("whole").remove(&job.id);
            done.lock().expect("whole").push(job.payload);
            Ok(())
        }
    };
    let begun = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let runner = |hall, number: usize| {
        let (perform, begun) = (&perform, &begun[number]);
        Runner::new(hall, move |job| perform(job, begun.fetch_add(1, Ordering::SeqCst) == 0))
    };
    let (one, two) = (runner(scene.hall(), 0), runner(scene.other(), 1));
    let (first, second) = tokio::join!(one.run_due(), two.run_due());
    first.and(second).expect("they ran");
    let mut done: Vec<u32> =
        done.into_inner().expect("whole").iter().map(|payload| payload.parse().expect("a number")).collect();
    done.sort_unstable();
    assert_eq!(done, (0..120).collect::<Vec<_>>());
    assert_eq!(count(scene.hall()).await.expect("a count"), Count { waiting: 0, dead: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_runner_died_is_taken_over_when_its_lease_ends() {
    let scene = Scene::open().await;
    let id = scene.queue("once more", Some("line")).await;
    let next = scene.queue("after it", Some("line")).await;
    let (begun, has_begun) = oneshot::channel();
    let begun = Mutex::new(Some(begun));
    let forever = Runner::new(scene.hall(), |_| {
        let told = begun.lock().expect("whole").take();
        async move {
            told.map(|told| told.send(()));
            std::future::pending().await
        }
    });
    tokio::select! {
        _ = forever.run_due() => panic!("it never ends"),
        told = has_begun => told.expect("told"),
    }
    // The runner is gone without a record, as when the process is killed.
    let done = Mutex::new(Vec::new());
    let heir = Runner::new(scene.other(), |job: Taken| {
        done.lock().expect("whole").push((job.payload, job.tries));
        async { Ok(()) }
    });
    scene.clock.advance_ms(LEASE_MS - 1);
    assert_eq!(heir.run_due().await.expect("it ran"), 0, "the lease holds");
    assert_eq!(scene.standing(&id).await, Some(Standing::Running));
    assert_eq!(scene.standing(&next).await, Some(Standing::Behind));
    scene.clock.advance_ms(1);
    assert_eq!(heir.run_due().await.expect("it ran"), 2);
    let done = done.lock().expect("whole").clone();
    assert_eq!(done, [("once more".to_owned(), 2), ("after it".to_owned(), 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lost_a_lease_changes_nothing() {
    let scene = Scene::open().await;
    scene.queue("contested", None).await;
    let lost = scene.hold_one(scene.hall()).await;
    scene.clock.advance_ms(LEASE_MS);
    let held = scene.hold_one(scene.other()).await;
    assert_eq!((&lost.id, lost.tries, held.tries), (&held.id, 1, 2));
    let late = lost.clone();
    let write = scene.hall().store.write(move |tx| {
        use crate::store::job::{bury, finish, give_back, renew, rest};
        let renewed = renew(tx, &late, 1)?;
        finish(tx, &late)?;
        rest(tx, &late, 1, "late")?;
        give_back(tx, &late)?;
        bury(tx, &late, "late")?;
        Ok(renewed)
    });
    assert!(!write.await.expect("nothing breaks"));
    let job = list(scene.hall(), false, 10).await.expect("a list").pop().expect("it is there");
    assert_eq!((job.standing, job.tries, job.last_error), (Standing::Running, 2, None));
    assert_eq!(job.due_at, scene.clock.now_ms() + LEASE_MS);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_one_key_run_in_order_one_at_a_time() {
    let scene = Scene::open().await;
    for number in 0..20 {
        for key in ["left", "right"] {
            scene.queue(&format!("{key} {number}"), Some(key)).await;
        }
    }
    let (done, at_once) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    let perform = |job: Taken| {
        let (done, at_once) = (&done, &at_once);
        async move {
            let key = job.ordering_key.expect("it has a key");
            if key == "left" {
                assert_eq!(at_once.fetch_add(1, Ordering::SeqCst), 0, "two of one key at once");
            }
            tokio::task::yield_now().await;
            done.lock().expect("whole").push(job.payload);
            if key == "left" {
                at_once.fetch_sub(1, Ordering::SeqCst);
            }
            Ok(())
        }
    };
    let (one, two) = (Runner::new(scene.hall(), perform), Runner::new(scene.other(), perform));
    while count(scene.hall()).await.expect("a count").waiting > 0 {
        let (first, second) = tokio::join!(one.run_due(), two.run_due());
        first.and(second).expect("they ran");
    }
    let done = done.into_inner().expect("whole");
    for key in ["left", "right"] {
        let of_key: Vec<&String> = done.iter().filter(|payload| payload.starts_with(key)).collect();
        let expected: Vec<String> = (0..20).map(|number| format!("{key} {number}")).collect();
        assert_eq!(of_key, expected.iter().collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_job_follows_the_schedule_then_dies_and_lets_the_next_pass() {
    let scene = Scene::open().await;
    let id = scene.queue("busy", Some("line")).await;
    let next = scene.queue("next", Some("line")).await;
    let failing = Runner::new(scene.hall(), refuse);
    for (index, rest_ms) in RESTS_MS.iter().enumerate() {
        assert_eq!(failing.run_due().await.expect("it ran"), 1, "try {}", index + 1);
        let job = list(scene.hall(), false, 1).await.expect("a list").remove(0);
        assert_eq!((job.id.as_str(), job.standing), (id.as_str(), Standing::Waiting));
        assert_eq!(job.last_error.as_deref(), Some("the other side is busy"));
        let wait = job.due_at - scene.clock.now_ms();
        assert!((rest_ms * 4 / 5..=rest_ms * 6 / 5).contains(&wait), "{wait} for {rest_ms}");
        assert_eq!(scene.standing(&next).await, Some(Standing::Behind));
        scene.clock.advance_ms(wait - 1);
        assert_eq!(failing.run_due().await.expect("it ran"), 0, "it rests");
        scene.clock.advance_ms(1);
    }
    assert_eq!(failing.run_due().await.expect("it ran"), 2, "the last try, and the first of the next");
    assert_eq!(scene.standing(&id).await, Some(Standing::Dead));
    assert_eq!(scene.standing(&next).await, Some(Standing::Waiting));
    let dead = list(scene.hall(), true, 10).await.expect("a list");
    assert_eq!(dead.iter().map(|job| (&job.id, job.tries)).collect::<Vec<_>>(), [(&id, MOST_TRIES)]);
    assert_eq!(count(scene.hall()).await.expect("a count"), Count { waiting: 1, dead: 1 });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_succeed_dies_at_once_and_a_panic_is_a_failed_try() {
    let scene = Scene::open().await;
    let hopeless = scene.queue("hopeless", None).await;
    let clumsy = scene.queue("clumsy", None).await;
    let runner = Runner::new(scene.hall(), |job: Taken| async move {
        assert_ne!(job.payload, "clumsy", "on purpose");
        Err(Failure::Permanent("nobody lives there".into()))
    });
    assert_eq!(runner.run_due().await.expect("it ran"), 2);
    let listed = list(scene.hall(), false, 10).await.expect("a list");
    let shown = |id| listed.iter().find(|job| job.id == id).expect("it is listed");
    assert_eq!(shown(hopeless.clone()).standing, Standing::Dead);
    assert_eq!(shown(hopeless).last_error.as_deref(), Some("nobody lives there"));
    assert_eq!(shown(clumsy.clone()).standing, Standing::Waiting);
    assert!(shown(clumsy).last_error.as_deref().is_some_and(|reason| reason.contains("panicked")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_kills_its_runner_every_time_dies_too() {
    let scene = Scene::open().await;
    let id = scene.queue("deadly", Some("line")).await;
    let next = scene.queue("next", Some("line")).await;
    for _ in 0..MOST_TRIES {
        scene.hold_one(scene.hall()).await;
        scene.clock.advance_ms(LEASE_MS);
    }
    let done = AtomicUsize::new(0);
    let runner = Runner::new(scene.other(), |job: Taken| {
        assert_eq!(job.payload, "next");
        done.fetch_add(1, Ordering::SeqCst);
        async { Ok(()) }
    });
    runner.run_due().await.expect("it ran");
    runner.run_due().await.expect("it ran");
    assert_eq!(scene.standing(&id).await, Some(Standing::Dead));
    assert_eq!((scene.standing(&next).await, done.load(Ordering::SeqCst)), (None, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_a_transaction_that_failed_never_runs() {
    let scene = Scene::open().await;
    let write = scene.hall().store.write(|tx| -> Result<()> {
        insert(tx, "test", "never", "lane", None)?;
        Err(Error::Invalid("on purpose".into()))
    });
    assert!(matches!(write.await, Err(Error::Invalid(_))));
    let runner = Runner::new(scene.hall(), |job: Taken| async move { panic!("{} ran", job.payload) });
    assert_eq!(runner.run_due().await.expect("it ran"), 0);
    assert_eq!(count(scene.hall()).await.expect("a count"), Count { waiting: 0, dead: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_hears_of_work_and_gives_back_what_it_cannot_end() {
    let scene = Scene::open().await;
    let (stop, stopped) = oneshot::channel::<()>();
    let begun = Arc::new(Semaphore::new(0));
    let told = Arc::clone(&begun);
    let runner = Runner::new(scene.hall(), |job: Taken| {
        told.add_permits(1);
        async move { if job.payload == "endless" { std::future::pending().await } else { Ok(()) } }
    });
    let serving = runner.run(async {
        let _ = stopped.await;
    });
    let driving = async {
        scene.queue("short", None).await;
        begun.acquire().await.expect("open").forget();
        let endless = scene.queue("endless", None).await;
        begun.acquire().await.expect("open").forget();
        stop.send(()).expect("the runner listens");
        endless
    };
    let ((), endless) = tokio::join!(serving, driving);
    let left = list(scene.hall(), false, 10).await.expect("a list");
    let left: Vec<_> = left.into_iter().map(|job| (job.id, job.standing, job.tries, job.due_at)).collect();
    assert_eq!(left, [(endless, Standing::Waiting, 0, NOW_MS)], "given back as if it had not been taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_retries_and_discards() {
    let scene = Scene::open().await;
    let first = scene.queue("1", Some("line")).await;
    let second = scene.queue("2", Some("line")).await;
    let alone = scene.queue("3", None).await;
    let hopeless = Runner::new(scene.hall(), |_| async { Err(Failure::Permanent("no".into())) });
    let behind = retry(scene.hall(), second.clone()).await.expect_err("it waits");
    assert!(behind.to_string().contains("waits for an earlier one of `line`"), "{behind}");
    hopeless.run_due().await.expect("it ran");
    assert_eq!(count(scene.hall()).await.expect("a count"), Count { waiting: 0, dead: 3 });

    // Whoever is revived stands at the end of the line.
    retry(scene.hall(), second.clone()).await.expect("revived");
    retry(scene.hall(), first.clone()).await.expect("revived");
    assert_eq!(scene.standing(&second).await, Some(Standing::Waiting));
    assert_eq!(scene.standing(&first).await, Some(Standing::Behind));
    discard(scene.hall(), second.clone()).await.expect("discarded");
    assert_eq!(scene.standing(&second).await, None);
    assert_eq!(scene.standing(&first).await, Some(Standing::Waiting), "the next came up");

    let failing = Runner::new(scene.hall(), refuse);
    assert_eq!(failing.run_due().await.expect("it ran"), 1);
    retry(scene.hall(), first.clone()).await.expect("hastened");
    assert_eq!(failing.run_due().await.expect("it ran"), 1, "without the rest");

    retry(scene.hall(), first.clone()).await.expect("hastened");
    scene.hold_one(scene.hall()).await;
    for refused in [retry(scene.hall(), first.clone()).await, discard(scene.hall(), first.clone()).await] {
        let refused = refused.expect_err("it is held");
        assert!(refused.to_string().contains("is being run right now"), "{refused}");
    }
    for gone in [retry(scene.hall(), second.clone()).await, discard(scene.hall(), second.clone()).await] {
        assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
    }
    assert_eq!(retry_all_dead(scene.hall()).await.expect("revived"), 1);
    assert_eq!(scene.standing(&alone).await, Some(Standing::Waiting));
    assert_eq!(retry_all_dead(scene.hall()).await.expect("none is left"), 0);
}

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
