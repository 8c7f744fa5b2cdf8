//! Queueing, sharing, order, retries and the end of jobs, on the engine that the environment asks for.

use super::runner::{LEASE_MS, Runner};
use super::{Count, Standing, count, discard, list, retry, retry_all_dead};
use crate::clock::{Clock, Random};
use crate::error::{Error, Result};
use crate::store::job::{Taken, insert, take};
use crate::{Guildhall, Location, Settings};
use guildhall_core::ids::{Id, JobId};
use guildhall_core::job::{Failure, MOST_TRIES, RESTS_MS};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::sync::{Barrier, Semaphore, oneshot};

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
        let (payload, key) = (payload.to_owned(), key.map(str::to_owned));
        let queued = self.hall().store.write(move |tx| insert(tx, "test", &payload, key.as_deref())).await;
        queued.expect("it is queued")
    }

    /// Takes the one job that is due, and does nothing with it.
    async fn hold_one(&self, hall: &Guildhall) -> Taken {
        let until = self.clock.now_ms() + LEASE_MS;
        let mut taken = hall.store.write(move |tx| take(tx, 2, until)).await.expect("taken");
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
        insert(tx, "test", "never", None)?;
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
