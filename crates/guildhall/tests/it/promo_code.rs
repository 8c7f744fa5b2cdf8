//! Promo codes: what may be made, who may use it, and what a checkout and a renewal are told of it.

use crate::harness::{Answered, Hall, NOW_MS};
use guildhall_app::founding::{self, Founder};
use guildhall_app::plan::NewPlan;
use guildhall_app::promo_code::Applied;
use guildhall_core::billing::Terms;
use guildhall_core::ids::{AccessPassId, Id, PaymentId, PlanId, PromoCodeId, UserId};
use guildhall_core::membership::MembershipStatus;
use guildhall_core::money::Currency;
use guildhall_core::permission::Permission;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

const CREATE: &str = "mutation($input: CreatePromoCodeInput!) { createPromoCode(input: $input) {
  id code promoType duration createdAt expirationDatetime baseCurrency amountOff discountOff existingMembershipsOnly
  numberOfIntervals status stock unlimitedStock uses onePerCustomer churnedUsersOnly newUsersOnly
  accessPass { id title }
} }";
const DELETE: &str = "mutation($input: DeletePromoCodeInput!) { deletePromoCode(input: $input) }";
const GET: &str = "query($code: String!, $plan: ID!) { promoCode(code: $code, planId: $plan) {
  id code createdAt promoType baseCurrency duration amountOff discountOff existingMembershipsOnly numberOfIntervals
  isPopupPromo
} }";
const LIST: &str = "query($company: ID!, $after: String, $before: String, $first: Int, $last: Int, $filter: PromoCodeFilters) {
  company(id: $company) { promoCodes(after: $after, before: $before, first: $first, last: $last, filter: $filter) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { id code status uses accessPass { id } }
  } }
}";

fn usd() -> Currency {
    Currency::parse("usd").expect("a currency")
}

/// A code of twenty percent for all payments, changed by `changes`.
fn code(changes: &Value) -> Value {
    let mut input = json!({
        "code": "spring-24", "promoType": "percentage", "amountOff": 20, "baseCurrency": "usd", "newUsersOnly": false,
        "numberOfIntervals": 0,
    });
    for (name, value) in changes.as_object().expect("changes are an object") {
        input[name] = value.clone();
    }
    json!({"input": input})
}

impl Hall {
    async fn promo_code(&self, changes: Value) -> Answered {
        self.run(None, CREATE, code(&changes)).await
    }

    /// Makes a code and answers its id.
    async fn made_code(&self, changes: Value) -> PromoCodeId {
        let answered = self.promo_code(changes).await;
        let id = answered.data()["createPromoCode"]["id"].as_str().expect("an id").to_owned();
        PromoCodeId::parse(&id).expect("it is of a promo code")
    }

    async fn delete_code(&self, id: &PromoCodeId) -> Answered {
        self.run(None, DELETE, json!({"input": {"id": id.as_str()}})).await
    }

    async fn codes(&self, changes: Value) -> Value {
        let mut variables = json!({"company": self.world.company.as_str()});
        for (name, value) in changes.as_object().expect("an object") {
            variables[name] = value.clone();
        }
        self.run(None, LIST, variables).await.data()["company"]["promoCodes"].clone()
    }

    /// Another plan of a pass, in a currency.
    async fn plan_in(&self, pass: &AccessPassId, currency: &str) -> PlanId {
        let currency = Currency::parse(currency).expect("a currency");
        let terms = Terms::OneTime { price_minor: 1000, expiration_days: None };
        let plan = NewPlan::of_terms(self.world.company.clone(), pass.clone(), currency, terms);
        self.found(move |founder| founder.plan(&plan)).await
    }

    /// What founding something is answered, also when it is refused.
    async fn tried<T, F>(&self, closure: F) -> Result<T, String>
    where
        T: Send + 'static,
        F: FnMut(&mut Founder<'_, '_>) -> guildhall_app::Result<T> + Send + 'static,
    {
        founding::found(&self.running.hall, closure).await.map_err(|error| error.told())
    }

    async fn quoted(&self, text: &str, user: Option<&UserId>) -> Result<Applied, String> {
        let (plan, text, user) = (self.world.plan.clone(), text.to_owned(), user.cloned());
        self.tried(move |founder| founder.quote_promo_code(&plan, &text, user.as_ref())).await
    }

    async fn claimed(&self, code: &PromoCodeId, user: &UserId, payment: &str) -> Result<(), String> {
        let (code, user, payment) = (code.clone(), user.clone(), PaymentId::from_stored(payment.into()));
        self.tried(move |founder| founder.claim_promo_code(&code, &user, &payment)).await
    }

    async fn released(&self, payment: &str) {
        let payment = PaymentId::from_stored(payment.into());
        self.found(move |founder| founder.release_promo_code(&payment)).await;
    }

    /// How often a code was used, and how often it can be used still.
    async fn stock_of(&self, id: &PromoCodeId) -> (i64, i64) {
        let document =
            "query($company: ID!) { company(id: $company) { promoCodes { nodes { id uses stock } } } }";
        let answered = self.run(None, document, json!({"company": self.world.company.as_str()})).await;
        let nodes = answered.data()["company"]["promoCodes"]["nodes"].as_array().expect("nodes").clone();
        let found = nodes.iter().find(|node| node["id"] == id.as_str()).expect("it is listed");
        (found["uses"].as_i64().expect("a number"), found["stock"].as_i64().expect("a number"))
    }
}

/// The texts of a page's codes.
fn texts(page: &Value) -> Vec<&str> {
    page["nodes"].as_array().expect("nodes").iter().map(|node| node["code"].as_str().expect("text")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_made_found_by_anyone_and_deleted() {
    let hall = Hall::open().await;
    let (plan, pass) = (hall.world.plan.as_str(), hall.world.paid_access_pass.as_str());
    let wanted = json!({
        "code": " spring-24 ", "accessPassId": pass, "planIds": [plan, plan], "numberOfIntervals": 3, "stock": 5,
        "onePerCustomer": true, "expirationDatetime": NOW_MS / 1000 + 60, "newUsersOnly": true, "amountOff": "12.5",
    });
    let made = hall.promo_code(wanted).await.data()["createPromoCode"].clone();
    let id = made["id"].as_str().expect("an id");
    assert!(id.starts_with("promo_"), "{id}");
    let expected = json!({
        "id": id, "code": "SPRING-24", "promoType": "percentage", "duration": "repeating", "createdAt": NOW_MS / 1000,
        "expirationDatetime": NOW_MS / 1000 + 60, "baseCurrency": "usd", "amountOff": 12.5, "discountOff": "12.5%",
        "existingMembershipsOnly": false, "numberOfIntervals": 3, "status": "active", "stock": 5,
        "unlimitedStock": false, "uses": 0, "onePerCustomer": true, "churnedUsersOnly": false, "newUsersOnly": true,
        "accessPass": {"id": pass, "title": "Master class"},
    });
    assert_eq!(made, expected);
    hall.has_logged("create_promo_code", id, Some(&hall.world.agent)).await;

    for text in ["spring-24", "SPRING-24", " Spring-24"] {
        let asked = json!({"query": GET, "variables": {"code": text, "plan": plan}});
        let found = hall.post(&[], &asked).await.data()["promoCode"].clone();
        let public = json!({
            "id": id, "code": "SPRING-24", "createdAt": NOW_MS / 1000, "promoType": "percentage", "baseCurrency": "usd",
            "duration": "repeating", "amountOff": 12.5, "discountOff": "12.5%", "existingMembershipsOnly": false,
            "numberOfIntervals": 3, "isPopupPromo": false,
        });
        assert_eq!(found, public);
    }

    let again = hall.promo_code(json!({"code": "Spring-24"})).await;
    again.is_refused("CONFLICT", "The company has a promo code `SPRING-24` already.");
    let id = PromoCodeId::parse(id).expect("an id");
    for _ in 0..2 {
        assert_eq!(hall.delete_code(&id).await.data()["deletePromoCode"], true);
    }
    hall.has_logged("delete_promo_code", id.as_str(), Some(&hall.world.agent)).await;
    let gone = hall.run(None, GET, json!({"code": "spring-24", "plan": plan})).await;
    gone.is_refused("NOT_FOUND", "There is no promo code `spring-24` for this plan.");
    let anew = hall.made_code(json!({"code": "spring-24", "promoType": "flat_amount", "amountOff": 5})).await;
    assert_ne!(anew, id, "the text of a deleted code is free");
    let found = hall.run(None, GET, json!({"code": "spring-24", "plan": plan})).await;
    let found = &found.data()["promoCode"];
    assert_eq!((&found["discountOff"], &found["duration"]), (&json!("5.00 usd"), &json!("forever")));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_unsound_code_is_refused_with_its_own_sentence() {
    let hall = Hall::open().await;
    let eur = hall.plan_in(&hall.world.paid_access_pass, "eur").await;
    let (plan, free) = (hall.world.plan.as_str(), hall.world.access_pass.as_str());
    let many: Vec<&str> = vec![plan; 101];
    let flat = |amount: Value| json!({"promoType": "flat_amount", "amountOff": amount});
    let percent = |amount: Value| json!({"amountOff": amount});
    let range = "`amountOff` is a percentage from 0 to 100";
    let limits = "`newUsersOnly` goes with neither";
    let table = [
        (json!({"code": ""}), "A promo code is 1 to 64 letters, digits, `-` and `_`."),
        (json!({"code": "a b"}), "A promo code is 1 to 64"),
        (json!({"code": "x".repeat(65)}), "A promo code is 1 to 64"),
        (flat(json!("NaN")), "The amount is not a number."),
        (flat(json!("inf")), "The amount is not a number."),
        (flat(json!("-inf")), "The amount is not a number."),
        (flat(json!(-5)), "`amountOff` must be more than zero."),
        (flat(json!(0)), "`amountOff` must be more than zero."),
        (flat(json!("0.001")), "The amount is finer than usd knows"),
        (flat(json!(1e20)), "The amount is beyond what usd amounts can be here."),
        (percent(json!("NaN")), range),
        (percent(json!("infinity")), range),
        (percent(json!(101)), range),
        (percent(json!(-1)), range),
        (percent(json!("12.345")), range),
        (percent(json!(0)), "`amountOff` must be more than zero."),
        (json!({"numberOfIntervals": -1}), "`numberOfIntervals` must be 0 (for ever) to 1000."),
        (json!({"numberOfIntervals": 1001}), "`numberOfIntervals` must be 0 (for ever) to 1000."),
        (json!({"stock": 0}), "`stock` must be at least 1, or unlimited."),
        (json!({"stock": -1}), "`stock` must be at least 1, or unlimited."),
        (json!({"unlimitedStock": false}), "`stock` must be at least 1, or unlimited."),
        (json!({"expirationDatetime": NOW_MS / 1000}), "`expirationDatetime` must lie ahead."),
        (json!({"expirationDatetime": -1}), "`expirationDatetime` must lie ahead."),
        (json!({"newUsersOnly": true, "churnedUsersOnly": true}), limits),
        (json!({"newUsersOnly": true, "existingMembershipsOnly": true}), limits),
        (
            json!({"churnedUsersOnly": true, "existingMembershipsOnly": true}),
            "`churnedUsersOnly` does not go with",
        ),
        (json!({"planIds": many}), "`planIds` are 100 at most."),
        (json!({"planIds": [plan], "accessPassId": free}), "is of another pass than `accessPassId`."),
        (json!({"planIds": ["prod_1"]}), "is not a plan id"),
        (
            json!({"planIds": [eur.as_str()], "promoType": "flat_amount"}),
            "The promo code takes off usd, and the price is in eur.",
        ),
    ];
    for (changes, sentence) in table {
        hall.promo_code(changes).await.is_refused("INVALID_INPUT", sentence);
    }
    let unread = hall.promo_code(json!({"amountOff": "a lot"})).await;
    assert!(unread.refusal().1.contains("is not a StringFloat"), "{unread:?}");
    assert_eq!(hall.codes(json!({})).await["totalCount"], 0, "nothing was made");
    let unlimited = hall.promo_code(json!({"unlimitedStock": true, "stock": 0})).await;
    assert_eq!(unlimited.data()["createPromoCode"]["unlimitedStock"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_of_another_company_is_nobodys_business() {
    let hall = Hall::open().await;
    let foreign = hall.foreign().await;
    let own = hall.made_code(json!({})).await;
    let theirs = |changes: Value| {
        let mut input = code(&changes);
        input["input"]["companyId"] = json!(foreign.company.as_str());
        input
    };
    let ask = |input: Value| hall.run_with(&foreign.key, None, CREATE, input);
    let (plan, pass) = (hall.world.plan.as_str(), hall.world.paid_access_pass.as_str());
    let refused = ask(theirs(json!({"accessPassId": pass}))).await;
    refused
        .is_refused("NOT_FOUND", &format!("There is no access pass `{pass}`, or you have no access to it."));
    let refused = ask(theirs(json!({"planIds": [plan]}))).await;
    refused.is_refused("NOT_FOUND", &format!("There is no plan `{plan}`, or you have no access to it."));
    let refused = ask(code(&json!({"companyId": hall.world.company.as_str()}))).await;
    refused.is_refused("FORBIDDEN", "The permission `promo_code:create` is missing");
    // The same text in another company is another code.
    ask(theirs(json!({}))).await.data();
    let gone = json!({"input": {"id": own.as_str()}});
    let refused = hall.run_with(&foreign.key, None, DELETE, gone).await;
    refused.is_refused("NOT_FOUND", &format!("There is no promo code `{own}`, or you have no access to it."));
    let refused = hall.run(Some(&hall.world.moderator), DELETE, json!({"input": {"id": own.as_str()}})).await;
    refused.is_refused("FORBIDDEN", "The permission `promo_code:delete` is missing");
    assert_eq!(hall.codes(json!({})).await["totalCount"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_is_withheld_from_who_may_not_see_passes() {
    let hall = Hall::open().await;
    let foreign = hall.foreign().await;
    hall.install(&foreign, &[Permission::PromoCodeCreate, Permission::PromoCodeRead]).await;
    let (company, pass) = (hall.world.company.as_str(), hall.world.paid_access_pass.as_str());
    let wanted = code(&json!({"companyId": company, "accessPassId": pass}));
    let made = hall.run_with(&foreign.key, None, CREATE, wanted).await;
    assert_eq!(made.data()["createPromoCode"]["accessPass"], Value::Null);
    let ask = || hall.run_with(&foreign.key, None, LIST, json!({"company": company}));
    let node = ask().await.data()["company"]["promoCodes"]["nodes"][0].clone();
    assert_eq!((&node["code"], &node["accessPass"]), (&json!("SPRING-24"), &Value::Null));
    hall.install(&foreign, &[Permission::AccessPassRead]).await;
    let node = ask().await.data()["company"]["promoCodes"]["nodes"][0].clone();
    assert_eq!(node["accessPass"]["id"], pass);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_text_and_the_code_of_another_plan_are_told_alike() {
    let hall = Hall::open().await;
    let pass = hall.access_pass("side-door").await;
    let (usd, eur) = (hall.plan_in(&pass, "usd").await, hall.plan_in(&pass, "eur").await);
    hall.made_code(json!({"code": "of-plan", "planIds": [usd.as_str()]})).await;
    hall.made_code(json!({"code": "of-pass", "accessPassId": pass.as_str()})).await;
    hall.made_code(json!({"code": "of-all"})).await;
    let five = json!({"code": "five-usd", "promoType": "flat_amount", "amountOff": 5});
    hall.made_code(five).await;
    let (other, none) = (hall.world.plan.clone(), "plan_none".to_owned());
    let table = [
        ("of-plan", usd.as_str(), true),
        ("of-plan", eur.as_str(), false),
        ("of-plan", other.as_str(), false),
        ("of-pass", usd.as_str(), true),
        ("of-pass", eur.as_str(), true),
        ("of-pass", other.as_str(), false),
        ("of-all", other.as_str(), true),
        ("of-all", &none, false),
        ("five-usd", other.as_str(), true),
        ("five-usd", eur.as_str(), false),
        ("nothing", usd.as_str(), false),
        ("no code at all!", usd.as_str(), false),
        ("", usd.as_str(), false),
    ];
    for (text, plan, applies) in table {
        let answered = hall.run(None, GET, json!({"code": text, "plan": plan})).await;
        match applies {
            true => assert_eq!(answered.data()["promoCode"]["code"], text.to_uppercase()),
            false => {
                let told = format!("There is no promo code `{text}` for this plan.");
                assert_eq!(answered.refusal(), ("NOT_FOUND".into(), told), "{text} {plan}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_listed_by_what_is_asked_and_in_both_directions() {
    let hall = Hall::open().await;
    for (number, text) in ["delta", "alpha", "echo", "bravo", "charlie"].into_iter().enumerate() {
        hall.at(i64::try_from(number).expect("few") * 1000);
        let expires = (text == "bravo").then_some(NOW_MS / 1000 + 10);
        let id = hall.made_code(json!({"code": text, "expirationDatetime": expires})).await;
        if text == "echo" {
            hall.delete_code(&id).await.data();
        }
    }
    hall.at(10_000);
    let listed = |filter: Value| {
        let hall = &hall;
        async move {
            let page = hall.codes(json!({"filter": filter})).await;
            assert_eq!(page["totalCount"], texts(&page).len());
            texts(&page).join(" ")
        }
    };
    assert_eq!(listed(Value::Null).await, "CHARLIE BRAVO ALPHA DELTA");
    assert_eq!(listed(json!({"direction": "asc"})).await, "DELTA ALPHA BRAVO CHARLIE");
    assert_eq!(listed(json!({"order": "code"})).await, "DELTA CHARLIE BRAVO ALPHA");
    assert_eq!(listed(json!({"order": "code", "direction": "asc"})).await, "ALPHA BRAVO CHARLIE DELTA");
    assert_eq!(listed(json!({"status": "archived"})).await, "ECHO");
    assert_eq!(listed(json!({"status": "inactive"})).await, "");
    assert_eq!(listed(json!({"newStatus": "active"})).await, "CHARLIE ALPHA DELTA");
    assert_eq!(listed(json!({"newStatus": "expired"})).await, "BRAVO");
    assert_eq!(listed(json!({"query": "AL"})).await, "ALPHA");
    assert_eq!(listed(json!({"query": "%"})).await, "", "a query is text, not a pattern");

    let filter = json!({"order": "code", "direction": "asc"});
    let first = hall.codes(json!({"filter": filter, "first": 2})).await;
    assert_eq!((texts(&first), &first["totalCount"]), (vec!["ALPHA", "BRAVO"], &json!(4)));
    let info = &first["pageInfo"];
    assert_eq!((&info["hasNextPage"], &info["hasPreviousPage"]), (&json!(true), &json!(false)));
    let next = hall.codes(json!({"filter": filter, "first": 2, "after": info["endCursor"]})).await;
    assert_eq!(texts(&next), ["CHARLIE", "DELTA"]);
    assert_eq!(next["pageInfo"]["hasNextPage"], false);
    let back =
        hall.codes(json!({"filter": filter, "before": next["pageInfo"]["endCursor"], "last": 2})).await;
    assert_eq!(texts(&back), ["BRAVO", "CHARLIE"]);
    assert_eq!(back["pageInfo"]["hasPreviousPage"], true);
    let newest = hall.codes(json!({"last": 1})).await;
    assert_eq!(texts(&newest), ["DELTA"], "the last of a list whose newest comes first");
    let asked = json!({"company": hall.world.company.as_str(), "filter": {"query": "x".repeat(65)}});
    hall.run(None, LIST, asked).await.is_refused("INVALID_INPUT", "`query` is at most 64 characters long.");
    let asked = json!({"company": hall.world.company.as_str(), "after": "plan_1"});
    let not_a_cursor = "`after` is not a cursor of this list and order.";
    hall.run(None, LIST, asked).await.is_refused("INVALID_INPUT", not_a_cursor);
    let asked = json!({"company": hall.world.company.as_str(), "after": info["endCursor"]});
    hall.run(None, LIST, asked).await.is_refused("INVALID_INPUT", not_a_cursor);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_codes_goes_on_after_one_that_was_deleted_and_made_anew() {
    let hall = Hall::open().await;
    let mut ids = Vec::new();
    for (number, text) in ["a-1", "a_2", "b", "c", &"z".repeat(64)].into_iter().enumerate() {
        hall.at(i64::try_from(number).expect("few") * 1000);
        ids.push(hall.made_code(json!({"code": text})).await);
    }
    for filter in [json!({"order": "code"}), json!({"order": "code", "direction": "asc"})] {
        let (mut read, mut after): (Vec<String>, Value) = (Vec::new(), Value::Null);
        loop {
            let page = hall.codes(json!({"filter": filter, "first": 2, "after": after})).await;
            assert_eq!(page["totalCount"], 5);
            read.extend(texts(&page).into_iter().map(ToOwned::to_owned));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        let whole = hall.codes(json!({"filter": filter})).await;
        assert_eq!(read, texts(&whole));
    }
    let filter = json!({"order": "code", "direction": "asc"});
    let first = hall.codes(json!({"filter": filter, "first": 3})).await;
    assert_eq!(texts(&first)[2], "B");
    hall.at(10_000);
    hall.delete_code(&ids[2]).await.data();
    hall.made_code(json!({"code": "b"})).await;
    let rest = json!({"filter": filter, "after": first["pageInfo"]["endCursor"]});
    let rest = hall.codes(rest).await;
    // The new one lies behind the deleted one, whose text it has.
    assert_eq!(texts(&rest)[..2], ["B", "C"]);
    assert_eq!(texts(&rest).len(), 3);
    let after = hall.codes(json!({"filter": {"direction": "asc"}, "after": ids[2].as_str()})).await;
    assert_eq!(texts(&after)[0], "C", "the id is the cursor in the order of making, also a deleted one's");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_limit_is_told_to_the_buyer_whom_it_keeps_out() {
    let hall = Hall::open().await;
    let pass = hall.world.paid_access_pass.clone();
    let (fresh, former, member, upgrading) = (
        hall.person("fresh").await,
        hall.person("former").await,
        hall.customer("member").await,
        hall.person("upgrading").await,
    );
    hall.membership(&former, &pass, MembershipStatus::Expired, None).await;
    let drafted = hall.person("drafted").await;
    hall.membership(&drafted, &pass, MembershipStatus::Drafted, None).await;
    hall.membership(&upgrading, &pass, MembershipStatus::Active, None).await;
    hall.made_code(json!({"code": "new", "newUsersOnly": true})).await;
    hall.made_code(json!({"code": "back", "churnedUsersOnly": true})).await;
    hall.made_code(json!({"code": "loyal", "existingMembershipsOnly": true})).await;
    hall.made_code(json!({"code": "soon", "expirationDatetime": NOW_MS / 1000 + 1})).await;
    let new = "This promo code is for new customers only.";
    let back = "This promo code is for former customers who come back.";
    let sign_in = "Sign in to use this promo code: it depends on who uses it.";
    let loyal = "This promo code is for memberships that you have already.";
    let table = [
        // What is so of nobody for sure is not said of anybody.
        ("new", None, sign_in),
        ("new", Some(&fresh), ""),
        ("new", Some(&drafted), ""),
        ("new", Some(&former), new),
        ("new", Some(&member), new),
        ("back", None, sign_in),
        ("back", Some(&fresh), back),
        ("back", Some(&former), ""),
        ("back", Some(&member), back),
        ("loyal", Some(&former), loyal),
        ("loyal", Some(&member), loyal),
        ("loyal", Some(&upgrading), ""),
        ("soon", Some(&fresh), ""),
        ("never", Some(&fresh), "There is no promo code `never` for this plan."),
    ];
    for (text, user, sentence) in table {
        let told = hall.quoted(text, user).await.map(|applied| applied.code);
        let expected = if sentence.is_empty() { Ok(text.to_uppercase()) } else { Err(sentence.to_owned()) };
        assert_eq!(told, expected, "{text} {user:?}");
    }
    hall.at(1000);
    let expired = "This promo code has expired.";
    assert_eq!(hall.quoted("soon", Some(&fresh)).await, Err(expired.to_owned()));
    let public = hall.run(None, GET, json!({"code": "soon", "plan": hall.world.plan.as_str()})).await;
    public.is_refused("INVALID_INPUT", expired);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_is_one_buyers_and_comes_back_when_nothing_was_bought() {
    let hall = Arc::new(Hall::open().await);
    let code = hall.made_code(json!({"stock": 1})).await;
    let mut buying = JoinSet::new();
    for number in 0..8 {
        let buyer = hall.person(&format!("buyer-{number}")).await;
        let (hall, code) = (Arc::clone(&hall), code.clone());
        buying.spawn(async move {
            let payment = format!("pay_{number}");
            (buyer.clone(), payment.clone(), hall.claimed(&code, &buyer, &payment).await)
        });
    }
    let (won, lost): (Vec<_>, Vec<_>) =
        buying.join_all().await.into_iter().partition(|(_, _, told)| told.is_ok());
    assert_eq!(won.len(), 1, "one use, one buyer");
    let used_up = Err("This promo code is used up.".to_owned());
    assert!(lost.iter().all(|(_, _, told)| *told == used_up), "{lost:?}");
    assert_eq!(hall.stock_of(&code).await, (1, 0));
    assert_eq!(hall.quoted("spring-24", Some(&lost[0].0)).await.map(|_| ()), used_up);

    let (winner, payment, _) = &won[0];
    assert_eq!(hall.claimed(&code, winner, payment).await, Ok(()), "the same payment is one use");
    assert_eq!(hall.stock_of(&code).await, (1, 0));
    for _ in 0..2 {
        hall.released(payment).await;
        assert_eq!(hall.stock_of(&code).await, (0, 1), "given back once");
    }
    hall.released("pay_never").await;
    assert_eq!(hall.claimed(&code, &lost[0].0, &lost[0].1).await, Ok(()));
    assert_eq!(hall.stock_of(&code).await, (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_make_the_same_code_at_once_make_one() {
    let hall = Arc::new(Hall::open().await);
    let mut making = JoinSet::new();
    for text in ["spring", "Spring", "SPRING", "sprinG"] {
        let hall = Arc::clone(&hall);
        making.spawn(async move { hall.promo_code(json!({"code": text})).await });
    }
    let answers = making.join_all().await;
    let (made, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answered| answered.body.get("errors").is_none());
    assert_eq!((made.len(), refused.len()), (1, 3));
    for answered in refused {
        answered.is_refused("CONFLICT", "The company has a promo code `SPRING` already.");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_use_a_customer_holds_also_when_two_are_tried_at_once() {
    let hall = Arc::new(Hall::open().await);
    let code = hall.made_code(json!({"onePerCustomer": true})).await;
    let (buyer, other) = (hall.person("buyer").await, hall.person("other").await);
    let mut buying = JoinSet::new();
    for number in 0..6 {
        let (hall, code, buyer) = (Arc::clone(&hall), code.clone(), buyer.clone());
        buying.spawn(async move { hall.claimed(&code, &buyer, &format!("pay_{number}")).await });
    }
    let told = buying.join_all().await;
    let again = "You have used this promo code before.";
    assert_eq!(told.iter().filter(|told| told.is_ok()).count(), 1, "{told:?}");
    assert!(told.iter().all(|told| told.as_ref().err().is_none_or(|told| told == again)), "{told:?}");
    assert_eq!(hall.stock_of(&code).await.0, 1);
    assert_eq!(hall.quoted("spring-24", Some(&buyer)).await.map(|_| ()), Err(again.to_owned()));
    assert_eq!(hall.claimed(&code, &other, "pay_other").await, Ok(()));
    let second = hall.made_code(json!({"code": "second"})).await;
    let told = hall.claimed(&second, &other, "pay_other").await;
    assert_eq!(told, Err("This payment uses another promo code.".into()));
    assert_eq!(hall.stock_of(&second).await.0, 0, "a refused claim leaves nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_a_new_or_a_former_customer_uses_a_code_for_such_once_also_at_once() {
    let hall = Arc::new(Hall::open().await);
    let pass = hall.world.paid_access_pass.clone();
    for (text, limit, buyer) in [("new", "newUsersOnly", "fresh"), ("back", "churnedUsersOnly", "former")] {
        let mut changes = json!({"code": text});
        changes[limit] = json!(true);
        let code = hall.made_code(changes).await;
        let buyer = hall.person(buyer).await;
        if text == "back" {
            hall.membership(&buyer, &pass, MembershipStatus::Expired, None).await;
        }
        assert!(hall.quoted(text, Some(&buyer)).await.is_ok());
        let mut buying = JoinSet::new();
        for number in 0..4 {
            let (hall, code, buyer) = (Arc::clone(&hall), code.clone(), buyer.clone());
            buying.spawn(async move { hall.claimed(&code, &buyer, &format!("pay_{limit}_{number}")).await });
        }
        let told = buying.join_all().await;
        let again = "You have used this promo code before.";
        assert_eq!(told.iter().filter(|told| told.is_ok()).count(), 1, "{told:?}");
        assert!(told.iter().all(|told| told.as_ref().err().is_none_or(|told| told == again)), "{told:?}");
        assert_eq!(hall.quoted(text, Some(&buyer)).await.map(|_| ()), Err(again.to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_claimed_no_more_and_goes_on_where_it_is_held() {
    let hall = Hall::open().await;
    let buyer = hall.person("buyer").await;
    let soon = json!({"numberOfIntervals": 2, "expirationDatetime": NOW_MS / 1000 + 1});
    let code = hall.made_code(soon).await;
    let flat = hall.made_code(json!({"code": "flat", "promoType": "flat_amount", "amountOff": 5})).await;
    hall.at(1000);
    assert_eq!(hall.claimed(&code, &buyer, "pay_1").await, Err("This promo code has expired.".into()));
    hall.delete_code(&flat).await.data();
    assert_eq!(hall.claimed(&flat, &buyer, "pay_1").await, Err("This promo code is not in use.".into()));
    let eur = Currency::parse("eur").expect("a currency");
    let table = [
        (&code, 0, 999, usd(), Ok(199)),
        (&code, 1, 999, usd(), Ok(199)),
        (&code, 2, 999, usd(), Ok(0)),
        (&flat, 7, 999, usd(), Ok(500)),
        (&flat, 7, 300, usd(), Ok(300)),
        (&flat, 7, 300, eur, Err("The promo code takes off usd, and the price is in eur.".to_owned())),
    ];
    for (code, index, price, currency, off) in table {
        let (asked, code) = (code.clone(), code.clone());
        let found =
            hall.tried(move |founder| founder.promo_code_discount(&asked, index, price, currency)).await;
        assert_eq!(
            found.map(|(off, text)| (off, text.is_some())),
            off.map(|off| (off, true)),
            "{code} {index}"
        );
    }
}
