//! The server dies at each point of a payment, and comes up again: there is one charge and one membership.

use crate::browser::Browser;
use crate::process::{Home, Server, run};
use crate::purchase::{card_fields, hidden, send_card};
use guildhall::config::Config;
use guildhall::serve;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::{checkout, ledger, membership, processor, refund};
use guildhall_core::ids::{CheckoutSessionId, Id, PaymentId, PlanId, UserId};
use guildhall_core::membership::MembershipStatus;
use guildhall_core::payment::Stage;

/// The hall of a home, beside its server or after it.
async fn beside(home: &Home) -> guildhall_app::Guildhall {
    let (database_url, schema) = home.postgres().unzip();
    let usual = Config::default();
    let config = Config {
        data_dir: home.data_dir(),
        database_url,
        database_schema: schema.map_or(usual.database_schema.clone(), str::to_owned),
        ..usual
    };
    serve::open_hall(&config, "http://localhost", Clock::system(), Random::System).await.expect("it opens")
}

/// What is known of the customer's purchase: paid payments, live memberships, and what the sandbox took.
async fn found(home: &Home) -> (usize, usize, i64) {
    let hall = beside(home).await;
    let demo = home.demo();
    let user = UserId::parse(&demo["DEMO_CUSTOMER_USER_ID"]).expect("a user");
    let plan = PlanId::parse(&demo["DEMO_PLAN_ID"]).expect("a plan");
    let (paid, live) = match membership::history(&hall, user, plan).await {
        Ok(history) => {
            let paid = history.payments.iter().filter(|payment| payment.state.stage == Stage::Paid).count();
            (paid, usize::from(history.membership.state.status == MembershipStatus::Active))
        }
        Err(_) => (0, 0),
    };
    let report = ledger::audit(&hall).await.expect("an audit");
    assert!(report.is_sound(), "{report:?}");
    let books = processor::reconcile_sandbox(&hall).await.expect("the sandbox's books");
    (paid, live, books.first().map_or(0, |usd| usd.taken_minor))
}

/// Whether the sandbox's books and the ledger say the same.
async fn agrees(home: &Home) -> bool {
    let books = processor::reconcile_sandbox(&beside(home).await).await.expect("the sandbox's books");
    books.iter().all(|one| one.taken_minor == one.booked_minor)
}

async fn settle_down(home: &Home) {
    // Whoever is left behind is looked after a minute later; what fails then, some minutes after that.
    for _ in 0..3 {
        let output = run(&mut home.over_data(&["clock", "advance", "10m"])).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

async fn start(home: &Home, crash_at: Option<&str>) -> Server {
    let mut command = home.over_data(&["serve", "--demo", "--listen", "127.0.0.1:0"]);
    if let Some(point) = crash_at {
        command.env("CRASH_AT", point);
    }
    Server::start(&mut command).await
}

async fn sign_in(home: &Home, origin: &str) -> Browser {
    let mut mira = Browser::new(origin);
    mira.sign_in("mira", &home.demo()["DEMO_PASSWORD"]).await.leads_to("/account");
    mira
}

#[tokio::test(flavor = "multi_thread")]
async fn one_charge_and_one_membership_wherever_the_server_dies() {
    for (point, charged_at_once) in
        [("beginning", 0), ("begun", 0), ("asked", 2900), ("settling", 2900), ("settled", 2900)]
    {
        let home = Home::new();
        start(&home, None).await.kill().await;
        let server = start(&home, Some(point)).await;
        let mut mira = sign_in(&home, &server.origin).await;
        let place = format!("/checkout/{}", home.demo()["DEMO_PLAN_ID"]);
        let page = mira.open(&place).await;
        let (session, seen) = hidden(&page);
        let fields = card_fields(&session, &seen, "4242424242424242");
        assert!(!mira.is_answered(&place, &fields).await, "the server did not die at {point}");
        server.kill().await;
        assert_eq!(found(&home).await.2, charged_at_once, "{point}");
        let server = start(&home, None).await;
        // The buyer comes back through the history of their browser, and sends the form again.
        let mut mira = sign_in(&home, &server.origin).await;
        mira.open(&place).await;
        send_card(&mut mira, &place, &session, &seen, "4242424242424242", &[]).await;
        settle_down(&home).await;
        assert_eq!(found(&home).await, (1, 1, 2900), "{point}");
        assert!(agrees(&home).await, "{point}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refund_wherever_the_server_dies() {
    for point in ["refund begun", "refund asked"] {
        let home = Home::new();
        let server = start(&home, None).await;
        let mut mira = sign_in(&home, &server.origin).await;
        let place = format!("/checkout/{}", home.demo()["DEMO_PLAN_ID"]);
        let page = mira.open(&place).await;
        let (session, seen) = hidden(&page);
        send_card(&mut mira, &place, &session, &seen, "4242424242424242", &[]).await;
        let hall = beside(&home).await;
        let session = CheckoutSessionId::parse(&session).expect("a session");
        let paid = checkout::progress(&hall, session).await.expect("a payment");
        let payment = paid.payment.to_string();
        drop(hall);
        server.kill().await;
        let mut command = home.over_data(&["payments", "refund", &payment, "--key", "once"]);
        let died = run(command.env("CRASH_AT", point)).await;
        assert!(!died.status.success(), "the command did not die at {point}");
        let again = run(&mut home.over_data(&["payments", "refund", &payment, "--key", "once"])).await;
        assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
        settle_down(&home).await;
        let (_, live, taken) = found(&home).await;
        assert_eq!((live, taken), (0, 0), "{point}");
        assert!(agrees(&home).await, "{point}");
        let payment = PaymentId::parse(&payment).expect("a payment");
        let refunds = refund::list(&beside(&home).await, payment).await.expect("a list");
        assert_eq!(refunds.len(), 1, "{point}");
    }
}
