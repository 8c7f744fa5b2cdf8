//! Charging by Stripe, against `localstripe`: the buyer's part, which Stripe's form does, is done by the test.

use crate::access_pass::create;
use crate::browser::Browser;
use crate::harness::{Hall, NOW_MS, config};
use crate::localstripe::{Bad, Front, KEY, LocalStripe};
use guildhall::config::Config;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::outbound::Reach;
use guildhall_app::processor::stripe::{ApiBase, Secret, Settings, parse_publishable_key};
use guildhall_app::processor::{
    self, Answer, Asked, Charge, GiveBack, GivenBack, KeptMethod, PaymentMethod, Processor, Silence,
};
use guildhall_app::user::NewUser;
use guildhall_app::{Guildhall, Location, founding, webhook};
use guildhall_core::ids::{Id, PaymentId, PaymentMethodId, UserId};
use guildhall_core::money::Currency;
use serde_json::json;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// Where a test's checkout would go on.
const BACK: &str = "http://localhost/checkout/return";
/// Charges, whatever it is asked.
const GOOD: &str = "4242424242424242";
/// Can be kept, and is declined afterwards.
const DECLINED: &str = "4000000000000341";
/// Its bank asks for a second step every time.
const SECOND_STEP: &str = "4000002760003184";

/// The secret that events are signed with.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_test";

/// A hall that is paid through the fake.
pub(crate) struct Scene {
    pub(crate) hall: Hall,
    pub(crate) local: LocalStripe,
    pub(crate) front: Front,
}

/// What a hall is configured with to be paid there.
pub(crate) fn configured(config: Config, origin: &str) -> Config {
    Config {
        stripe_secret_key: Some(Secret::parse_key(KEY).expect("a key")),
        stripe_publishable_key: Some(parse_publishable_key("pk_test_12345").expect("a key")),
        stripe_webhook_secret: Some(Secret::parse_webhook(WEBHOOK_SECRET).expect("a secret")),
        stripe_api_base: Some(ApiBase::parse(origin).expect("an origin")),
        ..config
    }
}

impl Scene {
    pub(crate) async fn set() -> Self {
        Self::set_with(|config| config).await
    }

    /// The same with a configuration that differs.
    pub(crate) async fn set_with(change: impl FnOnce(Config) -> Config) -> Self {
        let local = LocalStripe::start().await;
        let front = Front::before(&local).await;
        let origin = front.origin();
        let hall = Hall::open_with(|config| change(configured(config, &origin))).await;
        Self { hall, local, front }
    }

    /// A first attempt of the demo's customer, to be paid by a card that is typed.
    pub(crate) fn first(&self) -> Charge {
        first(&self.hall.world.customer)
    }

    /// The same by a card that the customer used before.
    async fn again(&self, number: &str, is_present: bool) -> Charge {
        let reference = self.local.saved_card(&self.customer().await, number).await;
        let charge = self.first();
        let method = PaymentMethod {
            id: PaymentMethodId::mint(NOW_MS, [1; 10]),
            user: charge.user.clone(),
            processor: Processor::Stripe,
            reference,
            brand: None,
            last4: None,
            expiry: None,
        };
        Charge { method: Some(method), is_present, ..charge }
    }

    /// What the fake calls the demo's customer, who has begun to pay before.
    async fn customer(&self) -> String {
        let begun = self.charge(&self.first()).await.expect("an answer");
        let intent = self.local.look(&format!("/v1/payment_intents/{}", reference(&begun))).await;
        self.front.asked("POST", "/v1/payment_intents");
        intent["customer"].as_str().expect("a customer").to_owned()
    }

    pub(crate) async fn charge(&self, charge: &Charge) -> Result<Answer, Silence> {
        processor::charge(&self.hall.running.hall, Processor::Stripe, charge).await
    }

    async fn look_up(&self, charge: &Charge, answer: &Answer) -> Answer {
        let asked = Asked { key: charge.key.clone(), reference: Some(reference(answer)) };
        let looked = processor::look_up(&self.hall.running.hall, Processor::Stripe, &asked);
        looked.await.expect("an answer")
    }

    async fn give_back(&self, wanted: &GiveBack) -> Result<GivenBack, Silence> {
        processor::give_back(&self.hall.running.hall, Processor::Stripe, wanted).await
    }

    async fn intents(&self) -> usize {
        self.local.count("/v1/payment_intents").await
    }
}

fn first(user: &UserId) -> Charge {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let payment = PaymentId::mint(NOW_MS, [NEXT.fetch_add(1, Ordering::Relaxed); 10]);
    Charge {
        key: format!("{payment}:1"),
        payment,
        user: user.clone(),
        email: Some("customer@example.com".into()),
        amount_minor: 1999,
        currency: Currency::parse("usd").expect("a currency"),
        method: None,
        is_present: true,
        is_kept: true,
        description: "Demo: everything".into(),
        return_url: BACK.into(),
    }
}

/// What Stripe calls the charge of an answer.
pub(crate) fn reference(answer: &Answer) -> String {
    match answer {
        Answer::Charged { reference, .. }
        | Answer::NeedsAction { reference, .. }
        | Answer::Pending { reference }
        | Answer::Declined { reference: Some(reference), .. } => reference.clone(),
        Answer::Declined { reference: None, .. } => panic!("no reference in {answer:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_typed_on_the_card_page_and_kept() {
    let scene = Scene::set().await;
    let charge = scene.first();
    let begun = scene.charge(&charge).await.expect("an answer");
    let page = format!("/checkout/card/{}", charge.payment);
    let intent = reference(&begun);
    assert_eq!(begun, Answer::NeedsAction { reference: intent.clone(), url: page.clone() });

    let asked = scene.front.asked("POST", "/v1/payment_intents");
    let [asked] = &asked[..] else { panic!("asked {} times", asked.len()) };
    assert_eq!(asked.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(asked.headers["idempotency-key"], charge.key);
    assert_eq!(asked.headers["stripe-version"], "2024-06-20");
    let form = |name: &str| asked.form.get(name).map(String::as_str);
    for (name, value) in [
        ("amount", Some("1999")),
        ("capture_method", Some("automatic")),
        ("currency", Some("usd")),
        ("description", Some("Demo: everything")),
        ("metadata[guildhall_payment]", Some(charge.payment.as_str())),
        ("metadata[guildhall_key]", Some(charge.key.as_str())),
        ("setup_future_usage", Some("off_session")),
        ("confirm", None),
        ("payment_method", None),
    ] {
        assert_eq!(form(name), value, "{name}");
    }

    let mut browser = Browser::new(&scene.hall.running.origin);
    let shown = browser.open(&page).await;
    shown.says(200, "Pay $19.99 by card");
    shown.says(200, "Stripe's card form needs scripts");
    shown.says(200, &format!("{}/js.stripe.com/v3/", scene.front.origin()));
    shown.says(200, "data-needs-card=\"true\"");
    shown.says(200, &format!("{intent}_secret_"));
    assert!(!shown.text.contains(KEY), "the secret key is shown");
    let policy = shown.policy.expect("a policy");
    let origin = scene.front.origin();
    for part in [
        "default-src 'self'",
        &format!("script-src 'self' {origin};"),
        &format!("frame-src {origin};"),
        &format!("connect-src {origin}"),
    ] {
        assert!(policy.contains(part), "no {part} in {policy}");
    }

    // A card that was declined there can be tried again, or another.
    assert_eq!(scene.local.type_card(&intent, DECLINED).await, 402);
    assert_eq!(scene.look_up(&charge, &begun).await, begun);
    let charge_again = scene.charge(&charge).await.expect("an answer");
    assert_eq!(charge_again, begun, "the same intent");

    let charge = scene.first();
    let begun = scene.charge(&charge).await.expect("an answer");
    let intent = reference(&begun);
    assert_eq!(scene.local.type_card(&intent, GOOD).await, 200);
    let method = match scene.look_up(&charge, &begun).await {
        Answer::Charged { reference, method: Some(method) } if reference == intent => method,
        other => panic!("{other:?}"),
    };
    let KeptMethod { reference, brand, last4, expiry } = method;
    assert!(reference.starts_with("pm_"), "{reference}");
    assert_eq!((brand.as_deref(), last4.as_deref(), expiry), (Some("visa"), Some("4242"), Some((12, 2030))));
    browser.open(&format!("/checkout/card/{}", charge.payment)).await.leads_to(BACK);

    let unkept = Charge { is_kept: false, ..scene.first() };
    let begun = scene.charge(&unkept).await.expect("an answer");
    let asked = scene.front.asked("POST", "/v1/payment_intents").pop().expect("it was asked");
    assert!(!asked.form.contains_key("setup_future_usage"), "{asked:?}");
    scene.local.type_card(&self::reference(&begun), GOOD).await;
    let charged = scene.look_up(&unkept, &begun).await;
    assert_eq!(charged, Answer::Charged { reference: self::reference(&begun), method: None });
    assert_eq!(scene.local.count("/v1/customers").await, 1, "the buyer is one customer");

    let unknown = PaymentId::mint(NOW_MS, [0; 10]);
    browser.open(&format!("/checkout/card/{unknown}")).await.says(404, "There is no card to be asked for by");
    scene.front.answer_badly([Bad::Bytes("nonsense\r\n\r\n".into())]);
    let page = browser.open(&page).await;
    page.says(503, "Stripe does not answer right now. Nothing was charged by this page");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_card_is_charged_without_the_buyer_or_declined() {
    let scene = Scene::set().await;
    let charge = scene.again(GOOD, false).await;
    let charged = scene.charge(&charge).await.expect("an answer");
    assert!(matches!(charged, Answer::Charged { method: None, .. }), "{charged:?}");
    let asked = scene.front.asked("POST", "/v1/payment_intents").pop().expect("it was asked");
    let form = |name: &str| asked.form.get(name).map(String::as_str);
    assert_eq!((form("off_session"), form("confirm")), (Some("true"), Some("true")));
    assert_eq!((form("return_url"), form("setup_future_usage")), (None, None));
    assert_eq!(scene.look_up(&charge, &charged).await, charged);

    let charge = scene.again(DECLINED, false).await;
    match scene.charge(&charge).await.expect("an answer") {
        Answer::Declined { code, message, .. } => {
            assert_eq!((&*code, &*message), ("card_declined", "Your card was declined."));
        }
        other => panic!("{other:?}"),
    }
    // The same, however often it is asked.
    let count = scene.intents().await;
    for _ in 0..2 {
        let again = scene.charge(&charge).await.expect("an answer");
        assert!(matches!(&again, Answer::Declined { code, .. } if code == "card_declined"), "{again:?}");
    }
    assert_eq!(scene.intents().await, count);

    let gone = PaymentMethod { reference: "pm_gone".into(), ..charge.method.clone().expect("one") };
    let charge = Charge { method: Some(gone), ..scene.first() };
    let error = json!({"type": "invalid_request_error", "code": "resource_missing", "param": "payment_method",
        "message": "No such PaymentMethod: 'pm_gone'"});
    scene.front.answer_badly([Bad::error(400, &error)]);
    let declined = scene.charge(&charge).await.expect("an answer");
    assert!(matches!(&declined, Answer::Declined { code, .. } if code == "resource_missing"), "{declined:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_step_is_taken_on_the_card_page_and_only_by_a_buyer_who_is_there() {
    let scene = Scene::set().await;
    for succeeds in [true, false] {
        let charge = scene.again(SECOND_STEP, true).await;
        let begun = scene.charge(&charge).await.expect("an answer");
        let url = format!("/checkout/card/{}", charge.payment);
        assert_eq!(begun, Answer::NeedsAction { reference: reference(&begun), url: url.clone() });
        let asked = scene.front.asked("POST", "/v1/payment_intents").pop().expect("it was asked");
        assert_eq!(asked.form.get("return_url").map(String::as_str), Some(BACK));
        assert!(!asked.form.contains_key("setup_future_usage") && !asked.form.contains_key("off_session"));
        let mut browser = Browser::new(&scene.hall.running.origin);
        browser.open(&url).await.says(200, "Your bank asks you to confirm this payment.");
        scene.local.take_step(&reference(&begun), succeeds).await;
        match (succeeds, scene.look_up(&charge, &begun).await) {
            (true, Answer::Charged { method: None, .. }) => browser.open(&url).await.leads_to(BACK),
            (false, Answer::Declined { code, .. }) => {
                assert_eq!(code, "payment_intent_authentication_failure");
            }
            (_, other) => panic!("{other:?}"),
        }
    }

    let charge = scene.again(SECOND_STEP, false).await;
    let declined = scene.charge(&charge).await.expect("an answer");
    assert!(
        matches!(&declined, Answer::Declined { code, .. } if code == "authentication_required"),
        "{declined:?}"
    );
    // Nobody can take the step any more.
    let intent = scene.local.look(&format!("/v1/payment_intents/{}", reference(&declined))).await;
    assert_eq!(intent["status"], "canceled");
    assert_eq!(scene.look_up(&charge, &declined).await, declined);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_charges_once_however_it_is_asked() {
    let scene = Scene::set().await;
    let charge = scene.again(GOOD, false).await;
    let before = scene.intents().await;
    let (one, other) = tokio::join!(scene.charge(&charge), scene.charge(&charge));
    let charged = scene.charge(&charge).await.expect("an answer");
    assert!(matches!(charged, Answer::Charged { .. }), "{charged:?}");
    for answer in [one, other] {
        // Whoever came second may have found that it was being asked already.
        match answer {
            Ok(answer) => assert_eq!(answer, charged),
            Err(Silence(what)) => assert!(what.contains("409"), "{what}"),
        }
    }
    assert_eq!(scene.intents().await, before + 1);

    // What was done and never answered is found, also by a title that has changed meanwhile.
    let charge = scene.again(GOOD, false).await;
    let before = scene.intents().await;
    scene.front.answer_badly([Bad::Lost]);
    scene.charge(&charge).await.expect_err("nobody answers");
    let renamed = Charge { description: "Demo: more".into(), ..charge.clone() };
    let charged = scene.charge(&renamed).await.expect("an answer");
    assert!(matches!(charged, Answer::Charged { .. }), "{charged:?}");
    let asked = Asked { key: charge.key.clone(), reference: None };
    let looked = processor::look_up(&scene.hall.running.hall, Processor::Stripe, &asked).await;
    assert_eq!(looked.expect("an answer"), charged);
    assert_eq!(scene.intents().await, before + 1);

    // What was not even asked is asked under the same key, by whoever looks.
    let charge = scene.again(GOOD, false).await;
    let before = scene.intents().await;
    scene.front.answer_badly([Bad::error(503, &json!({}))]);
    scene.charge(&charge).await.expect_err("nobody answers");
    scene.front.asked("POST", "/v1/payment_intents");
    let asked = Asked { key: charge.key.clone(), reference: None };
    let looked = processor::look_up(&scene.hall.running.hall, Processor::Stripe, &asked).await;
    assert!(matches!(looked, Ok(Answer::Charged { .. })), "{looked:?}");
    let asked = scene.front.asked("POST", "/v1/payment_intents").pop().expect("it was asked");
    assert_eq!(asked.headers["idempotency-key"], charge.key);
    assert_eq!(scene.intents().await, before + 1);
    let unknown = Asked { key: "unknown".into(), reference: Some("pi_unknown".into()) };
    let looked = processor::look_up(&scene.hall.running.hall, Processor::Stripe, &unknown).await;
    assert_eq!(looked.expect_err("unknown").0, "Stripe was not asked this");
}

#[tokio::test(flavor = "multi_thread")]
async fn money_goes_back_once_a_key() {
    let scene = Scene::set().await;
    let charge = scene.again(GOOD, false).await;
    let charged = scene.charge(&charge).await.expect("an answer");
    let wanted = |key: &str, amount_minor: i64| GiveBack {
        key: key.into(),
        charge: reference(&charged),
        amount_minor,
        currency: charge.currency,
    };
    let refunds = || scene.local.count("/v1/refunds");
    let done = scene.give_back(&wanted("refund:1", 500)).await.expect("an answer");
    assert!(matches!(done, GivenBack::Done { .. }), "{done:?}");
    let asked = scene.front.asked("POST", "/v1/refunds").pop().expect("it was asked");
    assert_eq!(
        (asked.headers["idempotency-key"].as_str(), asked.form["amount"].as_str()),
        ("refund:1", "500")
    );
    assert_eq!(scene.give_back(&wanted("refund:1", 500)).await.expect("an answer"), done);
    assert_eq!(refunds().await, 1);
    // First the list of what was given back, then the refund.
    let good_list = scene.local.look("/v1/refunds").await.to_string();
    let good_list = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{good_list}", good_list.len());
    scene.front.answer_badly([Bad::Bytes(good_list), Bad::Lost]);
    scene.give_back(&wanted("refund:2", 700)).await.expect_err("nobody answers");
    let done = scene.give_back(&wanted("refund:2", 700)).await.expect("an answer");
    assert!(matches!(done, GivenBack::Done { .. }), "{done:?}");
    assert_eq!(refunds().await, 2);

    let open = scene.charge(&scene.first()).await.expect("an answer");
    scene.local.type_card(&reference(&open), DECLINED).await;
    let failed = GiveBack { charge: reference(&open), ..wanted("refund:3", 1) };
    let message = "Cannot refund a failed payment.".to_owned();
    let expected = GivenBack::Failed { reference: None, message };
    assert_eq!(scene.give_back(&failed).await.expect("an answer"), expected);
    let unknown = GiveBack { charge: "pi_unknown".into(), ..wanted("refund:4", 1) };
    scene.give_back(&unknown).await.expect_err("Stripe knows no such charge");
    assert_eq!(refunds().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_is_silence_and_charges_nothing() {
    let scene = Scene::set().await;
    let usual = scene.again(GOOD, false).await;
    let before = scene.intents().await;
    let bad = [
        Bad::error(400, &json!({"type": "idempotency_error", "message": "other parameters"})),
        Bad::error(400, &json!({"type": "invalid_request_error", "param": "currency"})),
        Bad::error(401, &json!({"type": "invalid_request_error", "message": "no such key"})),
        Bad::error(409, &json!({"code": "idempotency_key_in_use"})),
        Bad::error(429, &json!({"code": "rate_limit"})),
        Bad::error(500, &json!({"type": "api_error"})),
        Bad::error(200, &json!({"type": "card_error"})),
        Bad::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n<html>".into()),
        Bad::Bytes("HTTP/1.1 402 No\r\ncontent-length: 2\r\n\r\n{}".into()),
        Bad::Bytes("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".into()),
        Bad::Bytes("SMTP ready\r\n\r\n".into()),
        Bad::Bytes(String::new()),
    ];
    let mut charges = Vec::new();
    for bad in bad {
        let charge = Charge { method: usual.method.clone(), is_present: false, ..scene.first() };
        scene.front.answer_badly([bad.clone()]);
        match scene.charge(&charge).await {
            Err(Silence(what)) => assert!(!what.contains(KEY), "{what}"),
            Ok(answer) => panic!("{bad:?}: {answer:?}"),
        }
        // Nor is it any other answer when it is looked up.
        scene.front.answer_badly([bad.clone()]);
        let asked = Asked { key: charge.key.clone(), reference: None };
        let looked = processor::look_up(&scene.hall.running.hall, Processor::Stripe, &asked).await;
        assert!(looked.is_err(), "{bad:?}: {looked:?}");
        charges.push(charge);
    }
    assert_eq!(scene.intents().await, before);
    for charge in &charges {
        let charged = scene.charge(charge).await.expect("an answer");
        assert!(matches!(charged, Answer::Charged { .. }), "{charged:?}");
    }
    assert_eq!(scene.intents().await, before + charges.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_called_off_is_charged_no_more_unless_it_was_before() {
    let scene = Scene::set().await;
    let call_off = |asked: Asked| {
        let hall = &scene.hall.running.hall;
        async move { processor::call_off(hall, Processor::Stripe, &asked).await }
    };
    let of = |charge: &Charge, reference: Option<String>| Asked { key: charge.key.clone(), reference };
    let charge = scene.first();
    let begun = scene.charge(&charge).await.expect("an answer");
    for _ in 0..2 {
        let answer = call_off(of(&charge, Some(reference(&begun)))).await.expect("an answer");
        assert!(matches!(&answer, Answer::Declined { code, .. } if code == "canceled"), "{answer:?}");
    }
    let intent = scene.local.look(&format!("/v1/payment_intents/{}", reference(&begun))).await;
    assert_eq!(intent["status"], "canceled");
    let mut browser = Browser::new(&scene.hall.running.origin);
    browser.open(&format!("/checkout/card/{}", charge.payment)).await.leads_to(BACK);

    let charge = scene.first();
    let begun = scene.charge(&charge).await.expect("an answer");
    scene.local.type_card(&reference(&begun), GOOD).await;
    let answer = call_off(of(&charge, Some(reference(&begun)))).await.expect("an answer");
    assert!(matches!(answer, Answer::Charged { .. }), "{answer:?}");

    // Also when Stripe's name for it was lost.
    let charge = scene.first();
    scene.front.answer_badly([Bad::Lost]);
    scene.charge(&charge).await.expect_err("nobody answers");
    let answer = call_off(of(&charge, None)).await.expect("an answer");
    assert!(matches!(&answer, Answer::Declined { code, .. } if code == "canceled"), "{answer:?}");
    let charge = scene.first();
    scene.front.answer_badly([Bad::error(500, &json!({}))]);
    scene.charge(&charge).await.expect_err("nobody answers");
    let silence = call_off(of(&charge, None)).await.expect_err("there is nothing");
    assert_eq!(silence.0, "Stripe has not got what was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_that_hangs_is_waited_for_so_long_and_no_longer() {
    let local = LocalStripe::start().await;
    let front = Front::before(&local).await;
    let directory = tempfile::tempdir().expect("a directory");
    let config = configured(config(&directory), &front.origin());
    let location = match &config.database_url {
        Some(url) => Location::Postgres { url: url.clone(), schema: config.database_schema.clone() },
        None => Location::Sqlite(directory.path().join("guildhall.sqlite3")),
    };
    let usual = config.stripe().expect("it is configured");
    assert_eq!(usual.longest_ask, Duration::from_secs(20));
    let settings = guildhall_app::Settings {
        location,
        files: directory.path().join("files"),
        origin: "http://localhost".into(),
        largest_upload_bytes: 1,
        mail: None,
        money: guildhall_app::money::Settings::default(),
        stripe: Some(Settings { longest_ask: Duration::from_millis(300), ..usual }),
        webhooks: webhook::Settings::within(Reach::PublicOnly),
    };
    let hall = Guildhall::open(settings, Clock::frozen(NOW_MS), Random::seeded(7)).await.expect("it opens");
    let user = NewUser { username: "buyer".into(), ..NewUser::default() };
    let user = founding::found(&hall, move |founder| founder.user(&user)).await.expect("a user");
    let charge = first(&user);
    front.answer_badly([Bad::Silence]);
    let Silence(what) = processor::charge(&hall, Processor::Stripe, &charge).await.expect_err("it hangs");
    assert_eq!(what, "There was no answer within 300ms.");
    let begun = processor::charge(&hall, Processor::Stripe, &charge).await.expect("an answer");
    assert!(matches!(begun, Answer::NeedsAction { .. }), "{begun:?}");
    assert_eq!(processor::available(&hall), [Processor::Stripe, Processor::PlatformBalance]);
}

#[tokio::test(flavor = "multi_thread")]
async fn test_cards_stand_beside_real_ones_only_where_somebody_says_so() {
    use Processor::{PlatformBalance, Sandbox, Stripe};
    let nowhere = "http://127.0.0.1:1";
    let table: [(bool, Option<bool>, &[Processor]); 4] = [
        (false, None, &[Sandbox, PlatformBalance]),
        (false, Some(false), &[PlatformBalance]),
        (true, None, &[Stripe, PlatformBalance]),
        (true, Some(true), &[Stripe, Sandbox, PlatformBalance]),
    ];
    for (with_stripe, sandbox, expected) in table {
        let hall = Hall::open_with(|config| {
            let config = Config { sandbox, ..config };
            if with_stripe { configured(config, nowhere) } else { config }
        });
        let hall = hall.await;
        assert_eq!(processor::available(&hall.running.hall), expected, "{with_stripe} {sandbox:?}");
        if !with_stripe {
            let charge = first(&hall.world.customer);
            let silence = processor::charge(&hall.running.hall, Stripe, &charge).await.expect_err("not here");
            assert_eq!(silence.0, "Stripe is not configured");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stripe_cannot_charge_is_declined_before_it_is_asked() {
    let hall = Hall::open_with(|config| configured(config, "http://127.0.0.1:1")).await;
    for (code, amount_minor) in [("btc", 1000), ("kwd", 1234), ("mga", 150)] {
        let currency = Currency::parse(code).expect("a currency");
        let charge = Charge { currency, amount_minor, ..first(&hall.world.customer) };
        match processor::charge(&hall.running.hall, Processor::Stripe, &charge).await.expect("an answer") {
            Answer::Declined { reference: None, code: word, message } => {
                assert_eq!(word, "amount_not_supported");
                assert_eq!(message, format!("A card cannot be charged this amount of {code}."));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_no_card_could_be_charged_is_refused_where_stripe_takes_payments() {
    let with_stripe = Hall::open_with(|config| configured(config, "http://127.0.0.1:1")).await;
    let without = Hall::open().await;
    let pass = |code: &str, price: f64| json!({"title": "A pass", "planOptions": {"baseCurrency": code, "initialPrice": price}});
    for (code, price, words) in [
        ("kwd", 5.125, Some("Cards are charged in steps of 0.010 kwd, and 5.125 kwd is finer than that.")),
        ("mga", 5000.5, Some("Cards are charged in steps of 1.00 mga, and 5000.50 mga is finer than that.")),
        ("kwd", 5.12, None),
        ("mga", 5000.0, None),
        ("usd", 19.99, None),
    ] {
        let asked = create(&with_stripe, None, pass(code, price)).await;
        match words {
            Some(words) => asked.is_refused("INVALID_INPUT", words),
            None => assert!(asked.data()["createAccessPass"]["id"].is_string(), "{code} {price}"),
        }
        create(&without, None, pass(code, price)).await.data();
    }
    let charge = "mutation($input: ChargeUserInput!) { chargeUser(input: $input) { status } }";
    let input = json!({"userId": with_stripe.world.customer.as_str(), "amount": 5.125, "currency": "kwd"});
    let refused = with_stripe.run(None, charge, json!({"input": input})).await;
    refused.is_refused("INVALID_INPUT", "Cards are charged in steps of 0.010 kwd");
    let upsell = "mutation($input: CreateChatInput!) { createChat(input: $input) { id } }";
    let price = json!({"baseCurrency": "kwd", "initialPrice": 5.125});
    let input =
        json!({"name": "Talk", "accessPassId": with_stripe.world.access_pass.as_str(), "price": price});
    let refused = with_stripe.run(None, upsell, json!({"input": input})).await;
    refused.is_refused("INVALID_INPUT", "Cards are charged in steps of 0.010 kwd");
}
