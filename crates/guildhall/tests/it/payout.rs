//! Payouts: what leaves a balance, lies in transit, arrives or comes back, and who may ask for it.

use crate::harness::{Hall, NOW_MS};
use crate::smtp::Smtp;
use guildhall::config::Config;
use guildhall_app::mail::{Sender, SmtpUrl};
use guildhall_app::payout::{self, MOST_REQUESTED, Owner, Payout, Wanted, operator};
use guildhall_app::principal::CallingApp;
use guildhall_app::{Error, Principal, jobs, ledger};
use guildhall_core::ids::{Id, PayoutId, UserId};
use guildhall_core::ledger::AccountKind;
use guildhall_core::money::Currency;
use guildhall_core::payout::PayoutStatus;
use guildhall_core::permission::{Permission, Role};
use std::sync::Arc;
use tokio::task::JoinSet;

fn usd() -> Currency {
    Currency::parse("usd").expect("a currency")
}

fn wanted(amount: f64, key: &str) -> Wanted {
    Wanted {
        amount,
        currency: "usd".into(),
        destination: "Hanna Aalto\nFI21 1234 5600 0007 85".into(),
        idempotence_key: key.into(),
    }
}

impl Hall {
    fn company(&self) -> Owner {
        Owner::Company(self.world.company.clone())
    }

    async fn asked_by(&self, user: &UserId, owner: Owner, wanted: Wanted) -> guildhall_app::Result<Payout> {
        payout::request(&self.running.hall, &self.in_person(user), owner, wanted).await
    }

    /// A payout of the company, which its owner asks for.
    async fn company_payout(&self, amount: f64, key: &str) -> Payout {
        let asked = self.asked_by(&self.world.owner, self.company(), wanted(amount, key)).await;
        asked.expect("it is asked for")
    }

    async fn holds(&self, kind: AccountKind, owner: &str) -> i64 {
        let owner = owner.to_owned();
        self.found(move |founder| founder.held(kind, &owner, usd())).await
    }

    /// What the company may spend, what lies in transit, and what the platform earned, in minor units.
    async fn money(&self) -> (i64, i64, i64) {
        let company = self.world.company.as_str();
        (
            self.holds(AccountKind::Company, company).await,
            self.holds(AccountKind::InTransit, "manual").await,
            self.holds(AccountKind::PlatformFees, "platform_fees").await,
        )
    }

    /// Makes the company owe so much more, beside whatever it has.
    async fn owe(&self, minor: i64) {
        let (company, key) = (self.world.company.clone(), format!("dispute of {minor}"));
        self.found(move |founder| founder.debt(&company, usd(), minor, &key)).await;
    }

    /// What the company owes, in minor units.
    async fn owed(&self) -> i64 {
        -self.holds(AccountKind::CompanyDebt, self.world.company.as_str()).await
    }

    async fn ledger_is_sound(&self) {
        let report = ledger::audit(&self.running.hall).await.expect("an audit");
        assert!(report.is_sound(), "{report:?}");
    }

    async fn shown(&self, id: &PayoutId) -> Payout {
        operator::show(&self.running.hall, id.clone()).await.expect("it is there").payout
    }
}

/// A hall that takes one percent of payouts and sends letters.
async fn open_with_mail() -> (Hall, Smtp) {
    let smtp = Smtp::start().await;
    let url = SmtpUrl::parse(&smtp.url()).expect("an address");
    let hall = Hall::open_with(|mut config| {
        config.money.payout_fee_basis_points = 100;
        let mail_from = Some(Sender::parse("hall@example.com").expect("a sender"));
        Config { smtp_url: Some(url), mail_from, ..config }
    });
    (hall.await, smtp)
}

#[track_caller]
fn refused(answered: guildhall_app::Result<Payout>, sentence: &str) {
    let error = answered.expect_err(sentence);
    assert!(error.told().contains(sentence), "{:?} does not say {sentence:?}", error.told());
}

/// What came in one letter, without the line breaks of quoted-printable.
async fn next_letter(hall: &Hall, smtp: &mut Smtp) -> (Vec<String>, String) {
    jobs::run_due(&hall.running.hall).await.expect("jobs run");
    let mail = smtp.next().await;
    (mail.to, mail.text.replace("=\n", "").replace("=3D", "="))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_leaves_the_balance_lies_in_transit_and_arrives() {
    let (hall, mut smtp) = open_with_mail().await;
    assert_eq!(hall.money().await, (100_000, 0, 0));
    let asked = hall.company_payout(250.0, "one").await;
    assert_eq!((asked.amount_minor, asked.fee_minor), (25_000, 250));
    assert_eq!((asked.status, asked.created_at), (PayoutStatus::Requested, NOW_MS));
    assert_eq!(hall.money().await, (74_750, 25_250, 0));
    hall.ledger_is_sound().await;

    hall.clock.advance_ms(1000);
    let reference = Some(" SEPA 7 ".to_owned());
    let sent = operator::send(&hall.running.hall, asked.id.clone(), reference).await.expect("it is sent");
    assert_eq!((sent.status, sent.sent_at), (PayoutStatus::InTransit, Some(NOW_MS + 1000)));
    assert_eq!(hall.money().await, (74_750, 25_250, 0));

    hall.clock.advance_ms(1000);
    for _ in 0..2 {
        let done = operator::complete(&hall.running.hall, asked.id.clone(), None).await.expect("it arrived");
        assert_eq!((done.status, done.ended_at), (PayoutStatus::Completed, Some(NOW_MS + 2000)));
        assert_eq!(done.reference.as_deref(), Some("SEPA 7"));
        assert_eq!(hall.shown(&asked.id).await, done);
    }
    assert_eq!(hall.money().await, (74_750, 0, 250));
    hall.ledger_is_sound().await;
    for (action, actor) in
        [("request_payout", Some(&hall.world.owner)), ("send_payout", None), ("complete_payout", None)]
    {
        hall.has_logged(action, asked.id.as_str(), actor).await;
    }
    let (to, text) = next_letter(&hall, &mut smtp).await;
    assert_eq!(to, ["hanna@example.com"]);
    assert!(text.contains("The payout of 250.00 usd from the balance of"), "{text}");
    assert!(text.contains(&format!("/companies/{}/balance", hall.world.company)), "{text}");
    assert!(!text.contains("FI21"), "where it went is in no letter: {text}");
    assert!(smtp.is_empty(), "one letter");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_or_is_denied_comes_back_with_its_fee_and_the_reason() {
    let (hall, mut smtp) = open_with_mail().await;
    let place = &hall.running.hall;
    let one = hall.company_payout(100.0, "one").await.id;
    operator::send(place, one.clone(), None).await.expect("it is sent");
    let reason = "The account\r\nis closed. ";
    let failed = operator::fail(place, one.clone(), reason).await.expect("it failed");
    assert_eq!(failed.failure_message.as_deref(), Some("The account\nis closed."));
    assert_eq!(hall.money().await, (100_000, 0, 0));
    let (_, text) = next_letter(&hall, &mut smtp).await;
    assert!(text.contains("The payout of 100.00 usd") && text.contains("is closed."), "{text}");
    hall.has_logged("fail_payout", one.as_str(), None).await;

    // A person's own, denied before it was sent, and another that failed before it was.
    let mira = hall.world.customer.clone();
    for (key, next) in [("two", PayoutStatus::Denied), ("three", PayoutStatus::Failed)] {
        let asked = hall.asked_by(&mira, Owner::User(mira.clone()), wanted(10.0, key)).await.expect("asked");
        assert_eq!(hall.holds(AccountKind::User, mira.as_str()).await, 10_000 - 1010);
        let ended = match next {
            PayoutStatus::Denied => operator::deny(place, asked.id.clone(), "No such bank.").await,
            _ => operator::fail(place, asked.id.clone(), "No such bank.").await,
        };
        assert_eq!(ended.expect("it ended").status, next);
        assert_eq!(hall.holds(AccountKind::User, mira.as_str()).await, 10_000);
        let (to, text) = next_letter(&hall, &mut smtp).await;
        assert!(to == ["mira@example.com"] && text.contains("from your balance"), "{to:?} {text}");
        assert!(text.contains("No such bank.") && text.contains("/account/balance"), "{text}");
    }
    assert_eq!(hall.money().await, (100_000, 0, 0));
    hall.ledger_is_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_pays_a_debt_first_and_so_does_what_is_free() {
    let hall = Hall::open().await;
    let (place, owner) = (&hall.running.hall, hall.in_person(&hall.world.owner));
    let one = hall.company_payout(1000.0, "one").await.id;
    hall.owe(10_000).await;
    payout::cancel(place, &owner, hall.company(), one).await.expect("canceled");
    assert_eq!((hall.money().await, hall.owed().await), ((90_000, 0, 0), 0));
    hall.ledger_is_sound().await;

    hall.owe(5000).await;
    let two = hall.company_payout(850.0, "two").await.id;
    assert_eq!((hall.money().await, hall.owed().await), ((0, 85_000, 0), 0));
    operator::send(place, two.clone(), None).await.expect("it is sent");
    hall.owe(100_000).await;
    operator::fail(place, two, "No such bank.").await.expect("it failed");
    assert_eq!((hall.money().await, hall.owed().await), ((0, 0, 0), 15_000));
    hall.ledger_is_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_holder_takes_a_payout_back_until_it_is_sent() {
    let (hall, mut smtp) = open_with_mail().await;
    let (place, owner) = (&hall.running.hall, hall.in_person(&hall.world.owner));
    let one = hall.company_payout(100.0, "one").await.id;
    for _ in 0..2 {
        let back = payout::cancel(place, &owner, hall.company(), one.clone()).await.expect("canceled");
        assert_eq!((back.status, back.ended_at), (PayoutStatus::Canceled, Some(NOW_MS)));
    }
    assert_eq!(hall.money().await, (100_000, 0, 0));
    hall.has_logged("cancel_payout", one.as_str(), Some(&hall.world.owner)).await;
    let canceled = "A payout that is `canceled` cannot become";
    refused(operator::send(place, one.clone(), None).await, canceled);
    refused(operator::complete(place, one.clone(), None).await, canceled);
    refused(operator::fail(place, one.clone(), "late").await, canceled);
    refused(operator::deny(place, one, "late").await, canceled);

    let two = hall.company_payout(100.0, "two").await.id;
    refused(operator::complete(place, two.clone(), None).await, "`requested` cannot become `completed`");
    operator::send(place, two.clone(), None).await.expect("it is sent");
    refused(
        payout::cancel(place, &owner, hall.company(), two.clone()).await,
        "`in_transit` cannot become `canceled`",
    );
    refused(operator::deny(place, two.clone(), "no").await, "`in_transit` cannot become `denied`");
    assert_eq!(hall.money().await, (89_900, 10_100, 0));
    jobs::run_due(place).await.expect("jobs run");
    assert!(smtp.is_empty(), "nobody is written to about what they did");
    operator::complete(place, two, None).await.expect("it arrived");
    next_letter(&hall, &mut smtp).await;
    hall.ledger_is_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_has_its_sentence_and_moves_nothing() {
    let hall = Hall::open_with(|mut config| {
        config.money.payout_fee_basis_points = 100;
        config
    });
    let hall = hall.await;
    let with = |change: fn(&mut Wanted)| {
        let mut wanted = wanted(10.0, "key");
        change(&mut wanted);
        wanted
    };
    for (wanted, sentence) in [
        (with(|wanted| wanted.amount = 0.0), "A payout is at least 0.50 usd."),
        (with(|wanted| wanted.amount = -5.0), "A payout is at least 0.50 usd."),
        (with(|wanted| wanted.amount = f64::NAN), "The amount is not a number."),
        (with(|wanted| wanted.amount = f64::INFINITY), "The amount is not a number."),
        (with(|wanted| wanted.amount = 1.001), "finer than usd"),
        (with(|wanted| wanted.amount = 1e300), "The amount is"),
        (
            with(|wanted| wanted.amount = 1000.0),
            "The balance does not hold 1000.00 usd and the fee of 10.00 usd; nothing was moved.",
        ),
        (with(|wanted| wanted.currency = "eur".into()), "The balance does not hold 10.00 eur"),
        (with(|wanted| wanted.currency = "doubloon".into()), "doubloon"),
        (with(|wanted| wanted.destination = " ".into()), "The destination must be 1 to 500 characters long."),
        (with(|wanted| wanted.destination = "a\0".into()), "The destination must be plain text"),
        (with(|wanted| wanted.idempotence_key = String::new()), "The idempotence key must be 1 to 255 bytes"),
    ] {
        refused(hall.asked_by(&hall.world.owner, hall.company(), wanted).await, sentence);
    }
    hall.owe(150_000).await;
    let in_debt = "500.00 usd is owed, and has to be paid back before anything is paid out.";
    refused(hall.asked_by(&hall.world.owner, hall.company(), wanted(10.0, "key")).await, in_debt);
    assert_eq!(hall.money().await, (100_000, 0, 0));
    hall.ledger_is_sound().await;

    let place = &hall.running.hall;
    let none = || PayoutId::parse("wdrl_0123456789012345678901").expect("an id");
    refused(operator::send(place, none(), None).await, "There is no payout `wdrl_0123456789012345678901`");
    let mira = hall.world.customer.clone();
    let asked = hall.asked_by(&mira, Owner::User(mira.clone()), wanted(10.0, "key")).await.expect("asked").id;
    refused(operator::fail(place, asked.clone(), " ").await, "The reason must be 1 to 500 characters long.");
    refused(operator::deny(place, asked.clone(), "\u{1b}").await, "The reason must be plain text");
    let long = Some("a".repeat(201));
    refused(operator::send(place, asked.clone(), long).await, "The reference must be 1 to 200 characters");
    assert_eq!(hall.shown(&asked).await.status, PayoutStatus::Requested);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_sees_takes_out_or_takes_back() {
    let hall = Hall::open().await;
    let (place, world) = (&hall.running.hall, &hall.world);
    let mira = Owner::User(world.customer.clone());
    let own = hall.asked_by(&world.customer, mira.clone(), wanted(10.0, "key")).await.expect("asked").id;
    let ours = hall.company_payout(10.0, "key").await.id;
    let manager = hall.team_member("manager", Role::Manager).await;
    for user in [&world.stranger, &world.customer, &world.moderator, &manager] {
        let missing = "The permission `payout:transfer_funds` is missing in the company";
        refused(hall.asked_by(user, hall.company(), wanted(10.0, "other")).await, missing);
        let caller = hall.in_person(user);
        refused(payout::cancel(place, &caller, hall.company(), ours.clone()).await, missing);
        let seen = payout::overview(place, &caller, hall.company()).await.expect_err("it is not theirs");
        assert!(seen.told().contains("The permission `company:balance:read` is missing"), "{seen:?}");
    }
    let owner = hall.in_person(&world.owner);
    refused(hall.asked_by(&world.owner, mira.clone(), wanted(1.0, "other")).await, "is another person's");
    let none = format!("There is no payout `{own}`, or you have no access to it.");
    refused(payout::cancel(place, &owner, hall.company(), own.clone()).await, &none);
    refused(payout::cancel(place, &owner, Owner::User(world.owner.clone()), own.clone()).await, &none);
    let nobody = payout::request(place, &Principal::default(), hall.company(), wanted(1.0, "other")).await;
    assert!(matches!(nobody, Err(Error::Unauthenticated(_))), "{nobody:?}");

    // An app takes out of a company that let it, and never out of a person's balance.
    let app = CallingApp { id: world.app.clone(), company: world.company.clone() };
    let inside = Principal { app: Some(app), ..hall.in_person(&world.customer) };
    refused(
        payout::request(place, &inside, mira, wanted(1.0, "other")).await,
        "signed in to the hall, and not for an app",
    );
    let foreign = hall.foreign().await;
    let agent = Principal {
        app: Some(CallingApp { id: foreign.app.clone(), company: foreign.company.clone() }),
        user: Some(foreign.agent.clone()),
        is_agent: true,
        ..Principal::default()
    };
    hall.install(&foreign, &[Permission::CompanyBalanceRead]).await;
    let by_agent = payout::request(place, &agent, hall.company(), wanted(1.0, "other")).await;
    refused(by_agent, "The permission `payout:transfer_funds` is missing");
    hall.install(&foreign, &[Permission::TransferFunds]).await;
    let by_agent = payout::request(place, &agent, hall.company(), wanted(1.0, "other")).await;
    assert_eq!(by_agent.expect("it may").requested_by, foreign.agent);
    for (id, status) in [(own, PayoutStatus::Requested), (ours, PayoutStatus::Requested)] {
        assert_eq!(hall.shown(&id).await.status, status);
    }
    hall.ledger_is_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_asked_for_by_many_at_once_is_one_payout() {
    let hall = Arc::new(Hall::open().await);
    let mut asking = JoinSet::new();
    for _ in 0..16 {
        let hall = Arc::clone(&hall);
        asking.spawn(async move { hall.company_payout(600.0, "raced").await.id });
    }
    let ids = asking.join_all().await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(hall.money().await, (40_000, 60_000, 0));
    let other = hall.asked_by(&hall.world.owner, hall.company(), wanted(1.0, "raced")).await;
    refused(other, "Another payout was asked for under this idempotence key; nothing was moved.");
    // The key is the holder's own.
    let mira = hall.world.customer.clone();
    let own = hall.asked_by(&mira, Owner::User(mira.clone()), wanted(1.0, "raced")).await.expect("asked");
    assert_ne!(own.id, ids[0]);

    // Under keys of their own, of two that would take it all one has it.
    let mut asking = JoinSet::new();
    for key in ["first", "second"] {
        let hall = Arc::clone(&hall);
        let wanted = wanted(400.0, key);
        asking.spawn(async move { hall.asked_by(&hall.world.owner, hall.company(), wanted).await });
    }
    let asked = asking.join_all().await;
    let short = asked.iter().filter(|one| matches!(one, Err(Error::InsufficientFunds(_)))).count();
    assert_eq!((asked.iter().filter(|one| one.is_ok()).count(), short), (1, 1), "{asked:?}");
    assert_eq!(hall.holds(AccountKind::Company, hall.world.company.as_str()).await, 0);
    hall.ledger_is_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_and_taken_back_at_once_is_one_of_both() {
    let hall = Hall::open().await;
    let (place, owner) = (&hall.running.hall, hall.in_person(&hall.world.owner));
    for round in 0..8 {
        let id = hall.company_payout(10.0, &format!("round {round}")).await.id;
        let (sent, canceled) = tokio::join!(
            operator::send(place, id.clone(), None),
            payout::cancel(place, &owner, hall.company(), id.clone())
        );
        assert!(sent.is_ok() != canceled.is_ok(), "{sent:?} {canceled:?}");
        let status = hall.shown(&id).await.status;
        let expected = if sent.is_ok() { PayoutStatus::InTransit } else { PayoutStatus::Canceled };
        assert_eq!(status, expected);
        if sent.is_ok() {
            operator::fail(place, id, "a test").await.expect("it comes back");
        }
        assert_eq!(hall.money().await, (100_000, 0, 0));
    }
    hall.ledger_is_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_wait_to_be_sent() {
    let hall = Hall::open().await;
    let first = hall.company_payout(1.0, "0").await.id;
    for number in 1..MOST_REQUESTED {
        hall.company_payout(1.0, &number.to_string()).await;
    }
    let sentence = "20 payouts wait to be sent already; no more can be asked for.";
    refused(hall.asked_by(&hall.world.owner, hall.company(), wanted(1.0, "more")).await, sentence);
    operator::send(&hall.running.hall, first, None).await.expect("it is sent");
    hall.company_payout(1.0, "more").await;
    let listed = operator::list(&hall.running.hall, None, None, 1000).await.expect("a list");
    assert_eq!(listed.len(), 21);
    hall.ledger_is_sound().await;
}
