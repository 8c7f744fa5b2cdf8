//! What becomes of jobs that fail, and what an operator may do with them.

use super::{Scene, refuse};
use crate::error::Error;
use crate::jobs::runner::{LEASE_MS, Runner};
use crate::jobs::{Count, Standing, count, discard, list, retry, retry_all_dead};
use crate::store::job::Taken;
use guildhall_core::ids::Id;
use guildhall_core::job::{Failure, MOST_TRIES, RESTS_MS};
use std::sync::atomic::{AtomicUsize, Ordering};

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
