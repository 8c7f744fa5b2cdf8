//! What nobody sees coming: processors that stay silent, money that comes back late, disputes that change.

mod dispute;
mod invoice;
mod refund;
mod renewal;
mod reward;

use super::*;
use crate::access_pass::{AccessPassKind, NewAccessPass, Visibility};
use crate::checkout::{self, Buyer, Card, Method, Order, Target};
use crate::clock::{Clock, Random};
use crate::company::NewCompany;
use crate::membership::Membership;
use crate::plan::NewPlan;
use crate::user::NewUser;
use crate::{Location, Settings, founding, ledger, outbound, webhook, world_time};
use guildhall_core::billing::Terms;
use guildhall_core::ledger::AccountKind;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use tempfile::TempDir;

const NOW_MS: i64 = 1_714_521_600_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const GOOD: &str = "4242424242424242";
const MONTHLY: Terms =
    Terms::Renewal { initial_price_minor: 0, renewal_price_minor: 1000, period_days: 30, trial_days: 0 };
const ONCE: Terms = Terms::OneTime { price_minor: 2000, expiration_days: None };

fn usd() -> Currency {
    Currency::parse("usd").expect("a known currency")
}

/// A hall that sells one plan, with a buyer and somebody who brings one.
struct Scene {
    hall: Guildhall,
    company: CompanyId,
    plan: PlanId,
    owner: UserId,
    buyer: UserId,
    bringer: UserId,
    _directory: TempDir,
}

impl Scene {
    async fn selling(terms: Terms) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let directory = tempfile::tempdir().expect("a directory");
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let location = match std::env::var("TEST_DATABASE_URL").ok() {
            Some(url) => {
                Location::Postgres { url, schema: format!("test_payment_{}_{number}", std::process::id()) }
            }
            None => Location::Sqlite(directory.path().join("store.sqlite3")),
        };
        let money =
            crate::money::Settings { sandbox: true, reserve_basis_points: 1000, ..Default::default() };
        let settings = Settings {
            location,
            files: directory.path().join("files"),
            origin: "http://localhost".into(),
            largest_upload_bytes: 1,
            mail: None,
            money,
            stripe: None,
            webhooks: webhook::Settings::within(outbound::Reach::PublicOnly),
        };
        let hall =
            Guildhall::open(settings, Clock::frozen(NOW_MS), Random::seeded(1)).await.expect("it opens");
        let founded = founding::found(&hall, move |founder| {
            founder.mark_development()?;
            let mut user =
                |name: &str| founder.user(&NewUser { username: name.into(), ..NewUser::default() });
            let (owner, buyer, bringer) = (user("owner")?, user("buyer")?, user("bringer")?);
            let company = founder.company(&NewCompany {
                owner: owner.clone(),
                title: "A company".into(),
                route: "company".into(),
                industry_type: None,
                business_type: None,
            })?;
            let pass = founder.access_pass(&NewAccessPass {
                company: company.clone(),
                kind: AccessPassKind::Regular,
                title: "A course".into(),
                route: "course".into(),
                headline: None,
                shortened_description: None,
                visibility: Visibility::Visible,
            })?;
            founder.affiliate_offers(&pass, Some(2000), None)?;
            let plan = founder.plan(&NewPlan::of_terms(company.clone(), pass, usd(), terms))?;
            Ok((company, plan, owner, buyer, bringer))
        });
        let (company, plan, owner, buyer, bringer) = founded.await.expect("it is founded");
        Self { hall, company, plan, owner, buyer, bringer, _directory: directory }
    }

    /// Buys the plan, brought by the other one.
    async fn buy(&self, card: &str, seen_minor: i64) -> PaymentId {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let mut random = [0; 10];
        random[2..].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        let order = Order {
            target: Target::Plan(self.plan.clone()),
            session: CheckoutSessionId::mint(NOW_MS, random),
            buyer: Buyer::SignedIn(self.buyer.clone()),
            method: Method::Card(Card { number: card.into(), expiry: "12/40".into(), code: "123".into() }),
            consents: false,
            promo: None,
            quantity: 1,
            seen_minor,
            answers: Vec::new(),
            affiliate_code: Some("bringer".into()),
        };
        let placed = checkout::place(&self.hall, order).await.expect("it is placed");
        assert_eq!(placed.outcome, Outcome::Paid);
        placed.payment
    }

    async fn advance(&self, by_ms: i64) {
        world_time::advance(&self.hall, by_ms).await.expect("the clock is moved");
    }

    async fn payment(&self, id: &PaymentId) -> Payment {
        let id = id.clone();
        self.hall.store.read(move |read| require(read, &id)).await.expect("a payment")
    }

    /// The buyer's newest membership, and its newest payment.
    async fn bought(&self) -> (Membership, Payment) {
        let (plan, buyer) = (self.plan.clone(), self.buyer.clone());
        let found = self.hall.store.read(move |read| {
            let held = store::membership::of_plan(read, &plan, &buyer)?;
            let membership = held.into_iter().next().expect("a membership");
            let paid = store::payment::of_membership(read, &membership.id, 1)?;
            Ok((membership, paid.into_iter().next().expect("a payment")))
        });
        found.await.expect("it is there")
    }

    async fn held(&self, kind: AccountKind, owner: &str) -> i64 {
        let owner = owner.to_owned();
        let read = self.hall.store.read(move |read| ledger::free_minor(read, kind, &owner, usd()));
        read.await.expect("readable")
    }

    /// The ledger sums up, and no job was given up.
    async fn sound(&self) {
        let report = ledger::audit(&self.hall).await.expect("an audit");
        assert!(report.is_sound(), "{report:?}");
        let dead = jobs::list(&self.hall, true, 10).await.expect("a list");
        assert!(dead.is_empty(), "{dead:?}");
    }
}
