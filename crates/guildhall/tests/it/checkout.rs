//! Checkout sessions: what an app may ask for, and the page that a buyer is sent to.

use crate::browser::Browser;
use crate::harness::{Answered, Foreign, Hall};
use crate::invoice::invoice_input;
use crate::purchase::{GOOD_CARD, ONCE, between, pay_by_card, sell, signed_in, sound};
use guildhall_app::plan::NewPlan;
use guildhall_app::raffle::{self, NewRaffle};
use guildhall_core::billing::Terms;
use guildhall_core::ids::{AccessPassId, Id, UserId};
use guildhall_core::money::Currency;
use guildhall_core::plan::{CustomField, PlanRequest};
use guildhall_core::waitlist::EntryRules;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::JoinSet;

const CHARGE: &str = "mutation($input: ChargeUserInput!) {
  chargeUser(input: $input) { status checkoutSession { id planId purchaseUrl } }
}";
const CREATE: &str = "mutation($input: CreateCheckoutSessionInput!) {
  createCheckoutSession(input: $input) { id planId purchaseUrl }
}";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn charge_of(user: &UserId, changes: &Value) -> Value {
    let mut input = json!({"userId": user.as_str(), "amount": 12.5, "currency": "usd"});
    for (name, value) in changes.as_object().expect("changes are an object") {
        input[name] = value.clone();
    }
    json!({"input": input})
}

async fn charge(hall: &Hall, changes: Value) -> Answered {
    hall.run(None, CHARGE, charge_of(&hall.world.customer, &changes)).await
}

async fn create(hall: &Hall, user: Option<&UserId>, changes: Value) -> Answered {
    let mut input = json!({"planId": hall.world.plan.as_str()});
    for (name, value) in changes.as_object().expect("changes are an object") {
        input[name] = value.clone();
    }
    hall.run(user, CREATE, json!({"input": input})).await
}

/// The status and text of a page.
async fn page(address: &str) -> (u16, String) {
    let response = reqwest::get(address).await.expect("an answer");
    (response.status().as_u16(), response.text().await.expect("a page"))
}

#[track_caller]
fn refused(answered: &Answered, code: &str, sentence: &str) {
    let refusal = answered.refusal();
    assert_eq!(refusal.0, code, "{}", refusal.1);
    assert!(refusal.1.contains(sentence), "\"{}\" does not say \"{sentence}\"", refusal.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_opens_a_session_whose_page_asks_for_what_is_due() {
    let hall = Hall::open().await;
    let description = "Half an hour <b>at</b> the lathe";
    let extras = json!({
        "description": description,
        "metadata": {"order": 7},
        "redirectUrl": "https://example.com/thanks",
        "affiliateCode": "mira",
    });
    let answered = charge(&hall, extras).await;
    let charged = &answered.data()["chargeUser"];
    assert_eq!(charged["status"], "needs_action");
    let session = &charged["checkoutSession"];
    let id = session["id"].as_str().expect("an id");
    assert!(id.starts_with("ch_"), "{id}");
    assert!(session["planId"].as_str().is_some_and(|plan| plan.starts_with("plan_")), "{session}");
    let address = session["purchaseUrl"].as_str().expect("an address");
    assert_eq!(address, format!("{}/checkout/{id}", hall.running.origin));

    let (status, text) = page(address).await;
    assert_eq!(status, 200);
    for shown in
        ["$12.50", "sign in as the one who was asked", "The Open Workshop", "at&#60;/b&#62; the lathe", id]
    {
        assert!(text.contains(shown), "the page does not show \"{shown}\":\n{text}");
    }
    assert!(!text.contains("<b>at</b>"), "a description is text, not HTML");

    hall.clock.advance_ms(DAY_MS - 1);
    assert!(page(address).await.1.contains("sign in as the one who was asked"));
    hall.clock.advance_ms(1);
    let (_, over) = page(address).await;
    assert!(over.contains("This checkout is over") && over.contains("Nothing was charged"), "{over}");
    assert!(!over.contains("sign in as the one who was asked"), "{over}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_no_session_says_so() {
    let hall = Hall::open().await;
    for id in ["ch_none", "plan_none", "%F0%9F%94%A8", "%00", "ch_%3Cscript%3E"] {
        let (status, text) = page(&format!("{}/checkout/{id}", hall.running.origin)).await;
        assert_eq!(status, 404, "{id}");
        assert!(text.contains("No such checkout") && !text.contains("<script>"), "{id}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_unsound_charge_is_refused_with_its_own_sentence() {
    let hall = Hall::open().await;
    let table: Vec<(Value, &str, &str)> = vec![
        (
            json!({"description": "é".repeat(201)}),
            "INVALID_INPUT",
            "`description` is at most 200 characters long.",
        ),
        (json!({"metadata": []}), "INVALID_INPUT", "`metadata` must be a JSON object."),
        (json!({"metadata": "text"}), "INVALID_INPUT", "`metadata` must be a JSON object."),
        (json!({"metadata": 1}), "INVALID_INPUT", "`metadata` must be a JSON object."),
        (
            json!({"metadata": {"a": "x".repeat(8192)}}),
            "INVALID_INPUT",
            "`metadata` is at most 8192 bytes of JSON.",
        ),
        (
            json!({"redirectUrl": "javascript:alert(1)"}),
            "INVALID_INPUT",
            "`redirectUrl` must start with `https://`",
        ),
        (
            json!({"redirectUrl": "data:text/html,x"}),
            "INVALID_INPUT",
            "`redirectUrl` must start with `https://`",
        ),
        (
            json!({"redirectUrl": "//example.com"}),
            "INVALID_INPUT",
            "`redirectUrl` must start with `https://`",
        ),
        (json!({"redirectUrl": ""}), "INVALID_INPUT", "`redirectUrl` must start with `https://`"),
        (
            json!({"redirectUrl": format!("https://{}", "x".repeat(2000))}),
            "INVALID_INPUT",
            "at most 2000 bytes long",
        ),
        (json!({"affiliateCode": "x".repeat(2001)}), "INVALID_INPUT", "at most 2000 bytes long"),
        (json!({"amount": 0}), "INVALID_INPUT", "`amount` must be at least 0.50 usd."),
        (json!({"amount": -5}), "INVALID_INPUT", "`amount` must be at least 0.50 usd."),
        (json!({"amount": 0.49}), "INVALID_INPUT", "`amount` must be at least 0.50 usd."),
        (json!({"amount": 49, "currency": "jpy"}), "INVALID_INPUT", "`amount` must be at least 50 jpy."),
        (json!({"amount": 1.234}), "INVALID_INPUT", "finer than usd knows"),
        (json!({"amount": 1e20}), "INVALID_INPUT", "beyond what usd amounts can be here"),
        (json!({"userId": hall.world.app.as_str()}), "INVALID_INPUT", "is not a user id"),
        (
            json!({"userId": "user_none"}),
            "NOT_FOUND",
            "There is no user `user_none`, or you have no access to it.",
        ),
        (json!({"userId": hall.world.stranger.as_str()}), "NOT_FOUND", "or you have no access to it."),
    ];
    for (changes, code, sentence) in table {
        refused(&charge(&hall, changes).await, code, sentence);
    }
    let largest = json!({"description": "é".repeat(200), "metadata": {}, "redirectUrl": "http://localhost:3000", "amount": 0.5});
    assert_eq!(charge(&hall, largest).await.data()["chargeUser"]["status"], "needs_action");
    let variables = charge_of(&hall.world.customer, &json!({}));
    let nobody = hall.post(&[], &json!({"query": CHARGE, "variables": variables})).await;
    refused(&nobody, "UNAUTHENTICATED", "This needs a calling app");
    let foreign = hall.foreign().await;
    let theirs = hall.run_with(&foreign.key, None, CHARGE, variables).await;
    refused(&theirs, "NOT_FOUND", "There is no user");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_for_a_plan_asks_what_the_plan_costs() {
    let hall = Hall::open().await;
    let plan = hall.world.plan.as_str();
    for user in [None, Some(&hall.world.owner)] {
        let answered =
            create(&hall, user, json!({"metadata": {"a": 1}, "redirectUrl": "https://example.com"})).await;
        let session = &answered.data()["createCheckoutSession"];
        assert_eq!(session["planId"], plan);
        let (_, text) = page(session["purchaseUrl"].as_str().expect("an address")).await;
        assert!(text.contains("$29.00") && text.contains("Master class"), "{text}");
        assert!(text.contains("Pay $29.00"), "{text}");
    }
    for (changes, code, sentence) in [
        (json!({"metadata": [1]}), "INVALID_INPUT", "`metadata` must be a JSON object."),
        (json!({"redirectUrl": "ftp://example.com"}), "INVALID_INPUT", "`redirectUrl` must start with"),
        (json!({"planId": "prod_x"}), "INVALID_INPUT", "is not a plan id"),
        (
            json!({"planId": "plan_none"}),
            "NOT_FOUND",
            "There is no plan `plan_none`, or you have no access to it.",
        ),
    ] {
        refused(&create(&hall, None, changes).await, code, sentence);
    }
    for user in [&hall.world.moderator, &hall.world.customer] {
        refused(
            &create(&hall, Some(user), json!({})).await,
            "FORBIDDEN",
            "The permission `access_pass:create` is missing",
        );
    }
    let foreign = hall.foreign().await;
    let ask = |plan: String| hall.run_with(&foreign.key, None, CREATE, json!({"input": {"planId": plan}}));
    refused(
        &ask(plan.to_owned()).await,
        "NOT_FOUND",
        &format!("There is no plan `{plan}`, or you have no access to it."),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn charges_of_one_price_share_a_plan_also_when_they_race() {
    let hall = Arc::new(Hall::open().await);
    let mut asking = JoinSet::new();
    for number in 0..20 {
        let hall = Arc::clone(&hall);
        let amount = if number % 2 == 0 { 3.0 } else { 4.0 };
        asking.spawn(async move { (amount, charge(&hall, json!({"amount": amount})).await) });
    }
    let mut sessions = BTreeSet::new();
    let mut plans = BTreeSet::new();
    for (amount, answered) in asking.join_all().await {
        let session = answered.data()["chargeUser"]["checkoutSession"].clone();
        sessions.insert(session["id"].to_string());
        plans.insert((amount.to_string(), session["planId"].to_string()));
    }
    assert_eq!(sessions.len(), 20, "every charge has a session of its own");
    assert_eq!(plans.len(), 2, "one plan a price: {plans:?}");
}

/// How an app's charge of the demo's customer ends, for the demo's company; its session's path.
async fn charge_for_company(hall: &Hall, key: &str) -> (String, String) {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("x-company-id", hall.world.company.as_str())];
    let variables = charge_of(&hall.world.customer, &json!({}));
    let answered = hall.post(&headers, &json!({"query": CHARGE, "variables": variables})).await;
    let charged = &answered.data()["chargeUser"];
    let said = |value: &Value| value.as_str().expect("text").to_owned();
    (said(&charged["status"]), format!("/checkout/{}", said(&charged["checkoutSession"]["id"])))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_from_elsewhere_charges_at_once_where_the_payer_agreed_to_it() {
    const AGREED: [(&str, &str); 1] = [("consent", "yes")];
    let hall = Hall::open().await;
    let (guest, other) = (hall.foreign().await, hall.foreign().await);
    for app in [&guest, &other] {
        hall.install(app, &[]).await;
    }
    let ends = async |app: &Foreign| charge_for_company(&hall, &app.key).await.0;
    let mut mira: Browser = signed_in(&hall, "mira").await;
    let place = format!("/checkout/{}", sell(&hall, ONCE, |plan| plan).await);
    mira.open(&place).await.says(200, "The Open Workshop may charge this again");
    let paid = pay_by_card(&mut mira, &place, GOOD_CARD, &AGREED).await;
    mira.open(paid.location.as_deref().expect("it leads on")).await.says(200, "What you bought is yours");

    // Who agreed to a company agreed to its own apps, and to no other's that it installed.
    assert_eq!(charge_for_company(&hall, &hall.world.api_key).await.0, "success");
    let (status, session) = charge_for_company(&hall, &guest.key).await;
    assert_eq!(status, "needs_action");

    // In the session of such an app the page names it, and then it may.
    mira.open(&session).await.says(200, "The Open Workshop, and the app Foreign app for it, may charge this");
    pay_by_card(&mut mira, &session, GOOD_CARD, &[]).await.leads_to(&session);
    assert_eq!(ends(&guest).await, "needs_action", "paying is not agreeing");
    let (_, session) = charge_for_company(&hall, &guest.key).await;
    pay_by_card(&mut mira, &session, GOOD_CARD, &AGREED).await.leads_to(&session);
    assert_eq!((ends(&guest).await, ends(&other).await), ("success".to_owned(), "needs_action".to_owned()));
    let page = mira.open("/account/purchases").await;
    page.says(200, "without asking by The Open Workshop, Foreign app for The Open Workshop.");

    // What is removed is charged by nobody, and agreeing to the company anew is not agreeing to that app.
    let method = between(&page.text, "/account/payment-methods/", "/remove").to_owned();
    mira.send(&format!("/account/payment-methods/{method}/remove"), &[]).await;
    assert_eq!(charge_for_company(&hall, &hall.world.api_key).await.0, "needs_action");
    assert_eq!(ends(&guest).await, "needs_action");
    let place = format!("/checkout/{}", sell(&hall, ONCE, |plan| plan).await);
    pay_by_card(&mut mira, &place, GOOD_CARD, &AGREED).await;
    assert_eq!(charge_for_company(&hall, &hall.world.api_key).await.0, "success");
    assert_eq!(ends(&guest).await, "needs_action");
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pass_of_an_app_s_charges_sells_nothing_else() {
    let hall = Hall::open().await;
    charge(&hall, json!({"amount": 3.0})).await.data();
    let passes =
        "query($company: ID!) { company(id: $company) { accessPassesV2(accessPassTypes: [api_only]) {
      nodes { id } } } }";
    let answered = hall.run(None, passes, json!({"company": hall.world.company.as_str()})).await;
    let pass =
        answered.data()["company"]["accessPassesV2"]["nodes"][0]["id"].as_str().expect("one").to_owned();
    let create = "mutation($input: CreateInvoiceInput!) { createInvoice(input: $input) { invoice { id } } }";
    let plan = json!({"planType": "renewal", "initialPrice": 4, "renewalPrice": 50});
    let changes = json!({"product": null, "productId": pass, "plan": plan});
    let input = invoice_input(&hall.world.company, &changes);
    let invoice = hall.run(None, create, json!({"input": input})).await;
    refused(&invoice, "NOT_FOUND", &format!("There is no access pass `{pass}`"));

    let (company, pass) = (hall.world.company.clone(), AccessPassId::parse(&pass).expect("a pass"));
    let raffle = NewRaffle {
        access_pass: pass.clone(),
        price: PlanRequest { stock: Some(1), ..PlanRequest::default() },
        name: None,
        rules: EntryRules { expires_at: Some(hall.clock.now_ms() + DAY_MS), ..EntryRules::default() },
    };
    let opened = raffle::open_as_operator(&hall.running.hall, raffle).await.expect_err("an app's");
    assert!(opened.to_string().contains("stands for an app: nothing is raffled off by it."), "{opened}");

    // Plans that such an invoice left behind before are not what an app asks for.
    let once = |expiration_days| Terms::OneTime { price_minor: 400, expiration_days };
    let monthly = Terms::Renewal {
        initial_price_minor: 400,
        renewal_price_minor: 5000,
        period_days: 30,
        trial_days: 0,
    };
    let field =
        CustomField { id: "f".into(), name: "Size".into(), placeholder: None, order: 1, required: true };
    let of_terms = |terms| {
        let usd = Currency::parse("usd").expect("a currency");
        NewPlan::of_terms(company.clone(), pass.clone(), usd, terms)
    };
    let others = [
        of_terms(monthly),
        of_terms(once(Some(30))),
        NewPlan { stock: Some(1), ..of_terms(once(None)) },
        NewPlan { custom_fields: vec![field], ..of_terms(once(None)) },
    ];
    let mut plans = Vec::new();
    for plan in others {
        plans.push(hall.found(move |founder| founder.plan(&plan)).await.to_string());
    }
    let charged = charge(&hall, json!({"amount": 4.0})).await;
    let sold = charged.data()["chargeUser"]["checkoutSession"]["planId"].as_str().expect("a plan").to_owned();
    assert!(!plans.contains(&sold), "{sold} is one of {plans:?}");
    let again = charge(&hall, json!({"amount": 4.0})).await;
    assert_eq!(again.data()["chargeUser"]["checkoutSession"]["planId"], sold, "its plan is found again");
}
