//! A raffle that is interrupted after each of its steps, and two copies of the server that meet at every one; on the
//! engine that the environment asks for.

use super::{LOOK_MS, Left, carry_on, find, published, step};
use crate::access_pass::{AccessPassKind, NewAccessPass, Visibility};
use crate::clock::{Clock, Random};
use crate::company::NewCompany;
use crate::founding;
use crate::jobs;
use crate::plan::NewPlan;
use crate::store::{self, params};
use crate::user::NewUser;
use crate::{Guildhall, Location, Settings};
use guildhall_core::billing::Terms;
use guildhall_core::ids::{Id, PlanId};
use guildhall_core::money::Currency;
use guildhall_core::plan::ReleaseMethod;
use guildhall_core::raffle::{Draw, Version, entries_digest, verify};
use guildhall_core::waitlist::EntryRules;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

const NOW_MS: i64 = 1_714_521_600_000;
const END_MS: i64 = NOW_MS + 60_000;
/// More than are told in one transaction.
const ENTRIES: usize = 205;
const PLACES: i64 = 7;

/// A raffle with its entries, and the halls of the copies that share its store: on SQLite one, twice.
struct Scene {
    halls: Vec<Guildhall>,
    clock: Clock,
    plan: PlanId,
    _directory: TempDir,
}

impl Scene {
    async fn open() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let directory = tempfile::tempdir().expect("a directory");
        let url = std::env::var("TEST_DATABASE_URL").ok();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let schema = format!("test_raffles_{}_{number}", std::process::id());
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
        let plan = founding::found(&halls[0], |founder| {
            let user = |name: String| NewUser {
                email: Some(format!("{name}@example.com")),
                username: name,
                ..NewUser::default()
            };
            let owner = founder.user(&user("owner".into()))?;
            let (title, route) = ("Workshop".to_owned(), "workshop".to_owned());
            let company = NewCompany { owner, title, route, industry_type: None, business_type: None };
            let company = founder.company(&company)?;
            let pass = founder.access_pass(&NewAccessPass {
                company: company.clone(),
                kind: AccessPassKind::Regular,
                title: "Bench".into(),
                route: "bench".into(),
                headline: None,
                shortened_description: None,
                visibility: Visibility::Visible,
            })?;
            let terms = Terms::OneTime { price_minor: 500, expiration_days: None };
            let plan = founder.plan(&NewPlan {
                release_method: ReleaseMethod::Raffle,
                stock: Some(PLACES),
                entry_rules: EntryRules { expires_at: Some(END_MS), ..EntryRules::default() },
                ..NewPlan::of_terms(company, pass, Currency::parse("usd")?, terms)
            })?;
            for number in 0..ENTRIES {
                let entrant = founder.user(&user(format!("entrant-{number}")))?;
                founder.entry(&plan, &entrant, &[])?;
            }
            Ok(plan)
        });
        let plan = plan.await.expect("it is founded");
        Self { halls, clock, plan, _directory: directory }
    }

    fn other(&self) -> &Guildhall {
        self.halls.last().expect("there is one")
    }

    /// One step, after which the copy dies.
    async fn step_and_die(&self) -> Left {
        let plan = self.plan.clone();
        let step = self.halls[0].store.write(move |tx| step(tx, "http://localhost", &plan));
        step.await.expect("it is done")
    }

    /// What a job's other try does on another copy.
    async fn take_over(&self) {
        carry_on(self.other(), &self.plan).await.expect("it is carried on");
    }

    /// Lets the raffle stand as a server closed it that published the former digest.
    async fn was_closed_earlier(&self) {
        let plan = self.plan.clone();
        let closed = self.halls[0].store.write(move |tx| {
            let entries = store::entry::pending_ids(tx, &plan)?;
            let places = usize::try_from(PLACES).expect("a few");
            let digest = entries_digest(Version::One, plan.as_str(), places, &entries);
            tx.execute("update raffles set entries_digest = $2 where plan_id = $1", params![&plan, &digest])
        });
        assert_eq!(closed.await.expect("it is closed"), 1);
    }

    /// Answers the version of the digest.
    async fn is_over_well(&self) -> Version {
        let found = find(self.other(), self.plan.clone()).await.expect("it is there");
        let text = published(self.other(), self.plan.clone()).await.expect("an answer");
        let draw: Draw = serde_json::from_str(&text.expect("it is drawn")).expect("JSON");
        let digest = found.entries_digest.expect("it was closed");
        let version = verify(&draw, Some(&found.commitment), Some(&digest)).expect("it holds");
        assert_eq!(draw.version, Some(version));
        let won = usize::try_from(PLACES).expect("a few");
        assert_eq!((draw.entries.len(), draw.winners.len()), (ENTRIES, won));
        let jobs = jobs::list(self.other(), false, 1000).await.expect("a list");
        let letters = jobs.iter().filter(|job| job.kind == "mail").count();
        assert_eq!(letters, ENTRIES, "everybody is written to once");
        let sessions = self.other().store.read(|read| {
            let row = read.first("select count(*) from checkout_sessions", &[])?;
            row.map_or(Ok(0), |mut row| row.int(0))
        });
        assert_eq!(sessions.await.expect("a number"), PLACES, "every winner has one checkout");
        version
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_dies_after_a_step_the_raffle_ends_the_same() {
    // The draw, and two transactions that tell; the last step finds nothing left.
    for steps in 0..=4 {
        let scene = Scene::open().await;
        scene.clock.advance_ms(60_000);
        assert_eq!(scene.step_and_die().await, Left::Nothing, "it is closed");
        scene.take_over().await;
        assert!(find(scene.other(), scene.plan.clone()).await.expect("it is there").drawn_at.is_none());
        scene.clock.advance_ms(LOOK_MS);
        for number in 0..steps {
            let left = scene.step_and_die().await;
            assert_eq!(left == Left::Nothing, number == 3, "step {number}");
        }
        scene.take_over().await;
        assert_eq!(scene.is_over_well().await, Version::Two);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_closed_before_an_upgrade_is_drawn_with_the_digest_that_was_published() {
    for steps in 0..=1 {
        let scene = Scene::open().await;
        scene.clock.advance_ms(60_000);
        assert_eq!(scene.step_and_die().await, Left::Nothing, "it is closed");
        scene.was_closed_earlier().await;
        scene.clock.advance_ms(LOOK_MS);
        for _ in 0..steps {
            assert_eq!(scene.step_and_die().await, Left::More);
        }
        scene.take_over().await;
        assert_eq!(scene.is_over_well().await, Version::One);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_copies_that_meet_at_every_step_draw_once() {
    let scene = Scene::open().await;
    for rest in [60_000, LOOK_MS] {
        scene.clock.advance_ms(rest);
        let (one, other) =
            tokio::join!(carry_on(&scene.halls[0], &scene.plan), carry_on(scene.other(), &scene.plan));
        one.expect("it is carried on");
        other.expect("it is carried on");
    }
    assert_eq!(scene.is_over_well().await, Version::Two);
}
