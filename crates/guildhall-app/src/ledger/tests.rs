//! What is booked and refused, on the engine that the environment asks for; what is shown and audited of it is in
//! `tests/history.rs`.

mod history;

use super::*;
use crate::clock::{Clock, Random};
use crate::{Location, Settings};
use guildhall_core::ids::UserId;
use guildhall_core::posting::{Happening, Holder, Portion, Source};
use guildhall_core::sale::{Drawn, Sale};
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

const NOW_MS: i64 = 1_714_521_600_000;

/// A hall with nobody in it but a company, a person and an affiliate.
struct Scene {
    hall: Guildhall,
    clock: Clock,
    company: CompanyId,
    person: UserId,
    affiliate: UserId,
    usd: Currency,
    _directory: TempDir,
}

impl Scene {
    async fn open() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let directory = tempfile::tempdir().expect("a directory");
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let location = match std::env::var("TEST_DATABASE_URL").ok() {
            Some(url) => {
                Location::Postgres { url, schema: format!("test_ledger_{}_{number}", std::process::id()) }
            }
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
        let hall = Guildhall::open(settings, clock.clone(), Random::seeded(1)).await.expect("it opens");
        let company = CompanyId::from_stored("biz_1".into());
        let [person, affiliate] = ["user_1", "user_2"].map(|id| UserId::from_stored(id.into()));
        let usd = Currency::parse("usd").expect("a known currency");
        let scene = Self { hall, clock, company, person, affiliate, usd, _directory: directory };
        scene
            .write(|tx, scene| {
                open_account(tx, AccountKind::Company, scene.company.as_str())?;
                open_account(tx, AccountKind::User, scene.person.as_str())?;
                open_account(tx, AccountKind::User, scene.affiliate.as_str()).map(|_| ())
            })
            .await
            .expect("accounts");
        scene
    }

    /// A transaction that sees the ids of the scene.
    async fn write<T: Send + 'static>(
        &self,
        mut closure: impl FnMut(&mut Tx<'_>, &Named) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let named = Named {
            company: self.company.clone(),
            person: self.person.clone(),
            affiliate: self.affiliate.clone(),
        };
        self.hall.store.write(move |tx| closure(tx, &named)).await
    }

    /// Books something about `pay_1` of which everybody of the scene is a party.
    async fn book(&self, key: &'static str, happenings: &[Happening]) -> Result<Booked> {
        let (happenings, usd) = (happenings.to_vec(), self.usd);
        self.write(move |tx, named| {
            let parties = Parties {
                company: Some(&named.company),
                person: Some(&named.person),
                affiliate: Some(&named.affiliate),
                processor: "sandbox",
            };
            book(tx, key, "sale", "pay_1", usd, &happenings, &parties)
        })
        .await
    }

    async fn held(&self, kind: AccountKind, owner: &str) -> i64 {
        let (owner, usd) = (owner.to_owned(), self.usd);
        self.hall.store.read(move |read| free_minor(read, kind, &owner, usd)).await.expect("readable")
    }

    async fn owed(&self) -> i64 {
        let (company, usd) = (self.company.clone(), self.usd);
        self.hall.store.read(move |read| owed_minor(read, &company, usd)).await.expect("readable")
    }

    /// The balance and what is pending of each currency.
    async fn shown(&self, kind: AccountKind, owner: &str) -> Vec<(String, i64, i64)> {
        let owner = owner.to_owned();
        let found = self.hall.store.read(move |read| holdings(read, kind, &owner)).await.expect("readable");
        let balances = found.balances.into_iter();
        balances.map(|one| (one.currency.code().to_owned(), one.balance_minor, one.pending_minor)).collect()
    }
}

struct Named {
    company: CompanyId,
    person: UserId,
    affiliate: UserId,
}

/// 100.00 paid: 3.20 to the processor, 3.00 to the platform, 20.00 to the affiliate, 73.80 to the seller.
fn sale() -> Sale {
    use guildhall_core::affiliate::Commission;
    use guildhall_core::fee::{FeeRate, divide};
    let (card, platform) = (FeeRate::new(290, 30).expect("sound"), FeeRate::new(300, 0).expect("sound"));
    Sale::new(divide(10_000, card, platform, Some(Commission::Percentage(2000))).expect("sound"), 1000)
}

/// A refund of released money that failed: the seller has it again, less what it pays back.
fn came_back(available_minor: i64, repaid_minor: i64) -> Happening {
    let drawn = Drawn { available_minor, ..Drawn::default() };
    Happening::RefundFailed { from: Source::Processor, drawn, repaid_minor }
}

fn charged_and_sold() -> [Happening; 2] {
    [Happening::Charged { from: Source::Processor, amount_minor: 10_000 }, Happening::Sold { sale: sale() }]
}

#[tokio::test]
async fn a_sale_is_booked_once_on_the_accounts_of_those_it_concerns() {
    let scene = Scene::open().await;
    let Booked::Now(_) = scene.book("pay_1", &charged_and_sold()).await.expect("it is booked") else {
        panic!("the first booking is new");
    };
    assert_eq!(scene.book("pay_1", &charged_and_sold()).await.expect("once"), Booked::Before);
    let (company, affiliate) = (scene.company.as_str(), scene.affiliate.as_str());
    for (kind, owner, expected) in [
        (AccountKind::Funding, "sandbox", -10_000),
        (AccountKind::ProcessorFees, "sandbox", 320),
        (AccountKind::PlatformFees, "platform_fees", 300),
        (AccountKind::UserPending, affiliate, 2000),
        (AccountKind::CompanyReserve, company, 738),
        (AccountKind::CompanyPending, company, 6642),
        (AccountKind::Company, company, 0),
        (AccountKind::Clearing, "sandbox", 0),
    ] {
        assert_eq!(scene.held(kind, owner).await, expected, "{kind:?}");
    }
    assert_eq!(scene.shown(AccountKind::Company, company).await, [("usd".into(), 0, 7380)]);
    assert_eq!(scene.shown(AccountKind::User, affiliate).await, [("usd".into(), 0, 2000)]);
    assert_eq!(scene.shown(AccountKind::User, scene.person.as_str()).await, []);

    let released = Happening::Released { portion: Portion::Pending, amount_minor: 6642, repaid_minor: 0 };
    scene.book("release", &[released]).await.expect("released");
    scene.book("reward", &[Happening::RewardReleased { amount_minor: 2000 }]).await.expect("released");
    assert_eq!(scene.shown(AccountKind::Company, company).await, [("usd".into(), 6642, 738)]);
    assert_eq!(scene.shown(AccountKind::User, affiliate).await, [("usd".into(), 2000, 0)]);
    assert!(audit(&scene.hall).await.expect("an audit").is_sound());
}

#[tokio::test]
async fn no_balance_leaves_its_bounds_and_a_refusal_leaves_nothing_behind() {
    let scene = Scene::open().await;
    let (person, company) = (scene.person.as_str(), scene.company.as_str());
    let taken = Happening::PayoutRequested { holder: Holder::Company, amount_minor: 1, fee_minor: 0 };
    let table = [
        (
            Happening::Charged { from: Source::Balance, amount_minor: 1 },
            format!("The user `{person}` does not hold enough usd."),
        ),
        (taken, format!("The company `{company}` does not hold enough usd.")),
        (
            Happening::Released { portion: Portion::Reserve, amount_minor: 1, repaid_minor: 0 },
            format!("Not enough usd of the company `{company}` wait to be released."),
        ),
        (
            Happening::RewardReleased { amount_minor: 1 },
            format!("Not enough usd of the user `{}` wait to be released.", scene.affiliate.as_str()),
        ),
        (
            Happening::DisputeLost { amount_minor: 1 },
            "The account `disputed` of `sandbox` does not hold enough usd.".to_owned(),
        ),
    ];
    for (happening, sentence) in table {
        let refused = scene.book("refused", &[happening]).await.expect_err(&sentence);
        assert!(matches!(&refused, Error::InsufficientFunds(said) if *said == sentence), "{refused:?}");
    }
    // The key stayed free, and nothing of what was refused is there.
    let report = audit(&scene.hall).await.expect("an audit");
    assert_eq!((report.transfers, report.entries), (0, 0));
    let funded = came_back(1, 0);
    assert!(matches!(scene.book("refused", &[funded]).await, Ok(Booked::Now(_))));
    scene.book("taken", &[taken]).await.expect("what is there can be taken");
    let again = scene.book("again", &[taken]).await.expect_err("nothing is left");
    assert!(matches!(again, Error::InsufficientFunds(_)), "{again:?}");
}

#[tokio::test]
async fn a_debt_grows_without_bound_and_is_paid_back_to_nothing_and_no_further() {
    let scene = Scene::open().await;
    let company = scene.company.as_str();
    let drawn = Drawn { debt_minor: 500, ..Drawn::default() };
    let disputed = Happening::DisputeOpened { drawn, fee: Drawn { debt_minor: 15, ..Drawn::default() } };

    assert_eq!(scene.owed().await, 0);
    let unowed = scene.book("unowed", &[came_back(600, 1)]).await.expect_err("nothing is owed");
    assert!(matches!(unowed, Error::Internal(_)), "{unowed:?}");
    scene.book("dispute", &[disputed]).await.expect("a debt may grow");
    assert_eq!(scene.owed().await, 515);
    assert_eq!(scene.shown(AccountKind::Company, company).await, [("usd".into(), -515, 0)]);
    let too_much = scene.book("too much", &[came_back(600, 516)]).await.expect_err("less is owed");
    assert!(matches!(too_much, Error::Internal(_)), "{too_much:?}");
    scene.book("enough", &[came_back(600, 515)]).await.expect("what is owed is paid back");
    assert_eq!(scene.owed().await, 0);
    assert_eq!(scene.held(AccountKind::Company, company).await, 85);
    assert_eq!(scene.shown(AccountKind::Company, company).await, [("usd".into(), 85, 0)]);
    assert!(audit(&scene.hall).await.expect("an audit").is_sound());
}

#[tokio::test]
async fn what_cannot_be_booked_is_our_own_mistake() {
    let scene = Scene::open().await;
    scene.book("key", &charged_and_sold()).await.expect("booked");
    let other = came_back(1, 0);
    let reused = scene.book("key", &[other]).await.expect_err("the key is taken");
    assert!(matches!(reused, Error::Internal(_)), "{reused:?}");
    let nothing = scene.book("nothing", &[]).await.expect_err("nothing is moved");
    assert!(matches!(nothing, Error::Internal(_)), "{nothing:?}");

    let usd = scene.usd;
    for (happening, noun) in [
        (other, "a company"),
        (Happening::Charged { from: Source::Balance, amount_minor: 1 }, "a person"),
        (Happening::RewardReleased { amount_minor: 1 }, "an affiliate"),
    ] {
        let parties = Parties { company: None, person: None, affiliate: None, processor: "sandbox" };
        let booking = move |tx: &mut Tx<'_>| book(tx, noun, "sale", "pay_1", usd, &[happening], &parties);
        let refused = scene.hall.store.write(booking).await.expect_err(noun);
        let Error::Internal(cause) = refused else { panic!("{refused:?}") };
        assert!(cause.to_string().contains(noun), "{cause}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_booked_by_many_at_once_is_booked_once() {
    let scene = std::sync::Arc::new(Scene::open().await);
    let mut booking = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let scene = std::sync::Arc::clone(&scene);
        booking.spawn(async move { scene.book("raced", &charged_and_sold()).await });
    }
    let booked = booking.join_all().await;
    let new = booked.iter().filter(|one| matches!(one, Ok(Booked::Now(_)))).count();
    let before = booked.iter().filter(|one| matches!(one, Ok(Booked::Before))).count();
    assert_eq!((new, before), (1, 15), "{booked:?}");
    assert_eq!(scene.held(AccountKind::Funding, "sandbox").await, -10_000);
}
