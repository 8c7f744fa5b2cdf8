//! Queueing, sharing, order, retries and the end of jobs, on the engine that the environment asks for.

mod failure;
mod lane;

use super::runner::{LEASE_MS, Runner};
use super::{Count, Standing, Work, count, drop_waiting, enqueue_as, list};
use crate::clock::{Clock, Random};
use crate::error::{Error, Result};
use crate::store::Tx;
use crate::store::job::{Taken, insert, take};
use crate::{Guildhall, Location, Settings};
use guildhall_core::ids::{Id, JobId, PaymentId};
use guildhall_core::job::{Failure, Places};
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
async fn a_job_that_is_not_needed_any_more_goes_unless_somebody_is_at_it() {
    let scene = Scene::open().await;
    let id = JobId::mint(NOW_MS, [7; 10]);
    let queue = async || {
        let (id, work) = (id.clone(), Work::Payment(PaymentId::from_stored("pay_1".into())));
        let write = scene.hall().store.write(move |tx| enqueue_as(tx, &id, &work, "lane", NOW_MS));
        write.await.expect("queued");
    };
    let drop_it = async || {
        let id = id.clone();
        scene.hall().store.write(move |tx| drop_waiting(tx, &id)).await.expect("nothing breaks");
    };
    queue().await;
    drop_it().await;
    assert_eq!(scene.standing(&id).await, None);
    // What is gone is gone.
    drop_it().await;
    queue().await;
    scene.hold_one(scene.other()).await;
    drop_it().await;
    assert_eq!(scene.standing(&id).await, Some(Standing::Running));
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
