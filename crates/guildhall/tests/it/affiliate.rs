//! Affiliates: who is one, what is agreed with them, what a sale earns them, and what they see of it.

use crate::browser::Browser;
use crate::harness::{Answered, Hall, NOW_MS};
use crate::purchase::{GOOD_CARD, ONCE, between, company_balance, pay_by_card, sell, signed_in};
use crate::scene::DAY_MS;
use guildhall_app::entry;
use guildhall_app::founding::Referral;
use guildhall_app::jobs;
use guildhall_app::plan::NewPlan;
use guildhall_app::webhook;
use guildhall_app::world_time;
use guildhall_core::affiliate::Commission;
use guildhall_core::billing::Terms;
use guildhall_core::ids::{AccessPassId, AffiliateId, Id, PlanId, UserId};
use guildhall_core::membership::MembershipStatus;
use guildhall_core::money::Currency;
use guildhall_core::permission::Role;
use guildhall_core::plan::{CustomField, ReleaseMethod};
use guildhall_core::waitlist::{EntryRules, EntryStatus};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

const CREATE: &str = "mutation($input: CreateAffiliateInput!) { createAffiliate(input: $input) {
  id status activeMembersCount affiliateType totalPlanCount totalReferralEarnings totalReferrals totalRevenue
  userAccount { id name username phoneVerified city country }
} }";
const UPDATE: &str = "mutation($input: UpdateAffiliateInput!) { updateAffiliate(input: $input) {
  id status totalPlanCount affiliateType
} }";
const GET: &str = "query($company: ID!, $id: ID!) { company(id: $company) { affiliate(id: $id) {
  id status activeMembersCount affiliateType totalPlanCount totalReferralEarnings totalReferrals totalRevenue
  userAccount { username }
} } }";
const LIST: &str = "query($company: ID!, $after: String, $before: String, $direction: Direction, $first: Int, $last: Int,
  $order: AffiliatesSortableColumns) { company(id: $company) {
  affiliates(after: $after, before: $before, direction: $direction, first: $first, last: $last, order: $order) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { id userAccount { username } }
  }
} }";

const HOUR_MS: i64 = 60 * 60 * 1000;

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

/// What a sale counts for: the affiliate, who it is, and what they earn.
type Sold = Option<(AffiliateId, UserId, Option<Commission>)>;

impl Hall {
    async fn affiliate(&self, input: Value) -> Answered {
        self.run(None, CREATE, json!({"input": input})).await
    }

    /// Makes somebody an affiliate who earns so many percent of everything; answers the id.
    async fn partner(&self, username: &str, percent: Option<f64>) -> AffiliateId {
        let input = json!({"username": username, "payoutType": "percentage", "fee": percent});
        let answered = self.affiliate(input).await;
        let id = answered.data()["createAffiliate"]["id"].as_str().expect("an id").to_owned();
        AffiliateId::parse(&id).expect("it is of an affiliate")
    }

    async fn change(&self, id: &AffiliateId, changes: Value) -> Answered {
        let mut input = json!({"id": id.as_str(), "planId": self.world.plan.as_str()});
        for (name, value) in changes.as_object().expect("an object") {
            input[name] = value.clone();
        }
        self.run(None, UPDATE, json!({"input": input})).await
    }

    async fn shown_affiliate(&self, id: &AffiliateId) -> Answered {
        self.run(None, GET, json!({"company": self.world.company.as_str(), "id": id.as_str()})).await
    }

    async fn affiliates(&self, changes: Value) -> Value {
        let mut variables = json!({"company": self.world.company.as_str()});
        for (name, value) in changes.as_object().expect("an object") {
            variables[name] = value.clone();
        }
        self.run(None, LIST, variables).await.data()["company"]["affiliates"].clone()
    }

    /// What the paid pass offers to who brings buyers, to everyone and to its members, in percent; `None` for nothing.
    async fn offer(&self, global: Option<f64>, member: Option<f64>) {
        let status = |offer: Option<f64>| if offer.is_some() { "enabled" } else { "disabled" };
        let document = "mutation($input: UpdateAccessPassInput!) { updateAccessPass(input: $input) { id } }";
        let mut input = json!({"id": self.world.paid_access_pass.as_str(), "globalAffiliateStatus": status(global),
            "memberAffiliateStatus": status(member)});
        for (field, offer) in [("globalAffiliatePercentage", global), ("memberAffiliatePercentage", member)] {
            if let Some(percent) = offer {
                input[field] = json!(percent);
            }
        }
        self.run(None, document, json!({"input": input})).await.data();
    }

    async fn sold(&self, plan: &PlanId, code: &str, buyer: &UserId) -> Sold {
        let (company, plan) = (self.world.company.clone(), plan.clone());
        let (code, buyer) = (code.to_owned(), buyer.clone());
        let sold = self.found(move |founder| founder.affiliate_of_sale(&company, &plan, &code, &buyer)).await;
        sold.map(|sold| (sold.affiliate, sold.user, sold.commission))
    }

    async fn renewed(&self, id: &AffiliateId, plan: &PlanId, index: i64) -> Option<Commission> {
        let (id, plan) = (id.clone(), plan.clone());
        let earned = self.found(move |founder| founder.affiliate_commission(&id, &plan, index)).await;
        earned.map(|(_, commission)| commission)
    }

    async fn plan_for(&self, code: &str) -> PlanId {
        let terms = Terms::OneTime { price_minor: 1000, expiration_days: None };
        let (company, pass) = (self.world.company.clone(), self.world.paid_access_pass.clone());
        let plan = NewPlan::of_terms(company, pass, currency(code), terms);
        self.found(move |founder| founder.plan(&plan)).await
    }

    /// A sale of the demo plan that an affiliate brought, changed by `change`.
    async fn referral(&self, affiliate: &AffiliateId, buyer: &UserId, change: impl FnOnce(&mut Referral)) {
        let mut referral = Referral {
            affiliate: affiliate.clone(),
            plan: self.world.plan.clone(),
            buyer: buyer.clone(),
            status: MembershipStatus::Active,
            currency: currency("usd"),
            paid_minor: 2900,
            refunded_minor: 0,
            reward_minor: 870,
            reward_pending_minor: 870,
            reward_returned_minor: 0,
        };
        change(&mut referral);
        self.found(move |founder| founder.referral(&referral)).await;
    }
}

fn usernames(page: &Value) -> Vec<&str> {
    let nodes = page["nodes"].as_array().expect("nodes").iter();
    nodes.map(|node| node["userAccount"]["username"].as_str().expect("a name")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_affiliate_is_made_shown_changed_and_deleted() {
    let hall = Hall::open().await;
    let user = hall.person("ada").await;
    let plan = hall.world.plan.as_str();
    let input = json!({"username": " @Ada ", "payoutType": "percentage", "fee": "30", "planId": plan});
    let made = hall.affiliate(input.clone()).await.data()["createAffiliate"].clone();
    let id = AffiliateId::parse(made["id"].as_str().expect("an id")).expect("it is of an affiliate");
    let expected = json!({
        "id": id.as_str(), "status": "active", "activeMembersCount": 0, "affiliateType": "custom", "totalPlanCount": 1,
        "totalReferralEarnings": "0.00", "totalReferrals": 0, "totalRevenue": "0.00",
        "userAccount": {"id": user.as_str(), "name": null, "username": "ada", "phoneVerified": false, "city": null,
            "country": null},
    });
    assert_eq!(made, expected);
    hall.has_logged("create_affiliate", id.as_str(), Some(&hall.world.agent)).await;
    let found = hall.shown_affiliate(&id).await.data()["company"]["affiliate"].clone();
    assert_eq!((&found["id"], &found["userAccount"]["username"]), (&made["id"], &json!("ada")));
    assert_eq!(usernames(&hall.affiliates(json!({})).await), ["ada"]);
    hall.affiliate(input.clone())
        .await
        .is_refused("CONFLICT", "`ada` is an affiliate of the company already");

    let buyer = hall.person("buyer").await;
    let plan = hall.world.plan.clone();
    let earned = |points| Some((id.clone(), user.clone(), points));
    assert_eq!(hall.sold(&plan, "ada", &buyer).await, earned(Some(Commission::Percentage(3000))));
    hall.change(&id, json!({"fee": 40})).await.data();
    assert_eq!(hall.sold(&plan, "ada", &buyer).await, earned(Some(Commission::Percentage(4000))));
    hall.change(&id, json!({"fee": 5, "payoutType": "flat_fee", "onlyOnePayout": true})).await.data();
    assert_eq!(hall.sold(&plan, "ada", &buyer).await, earned(Some(Commission::Flat(500))));
    assert_eq!(hall.renewed(&id, &plan, 1).await, None, "by the first payment alone");
    hall.change(&id, json!({"onlyOnePayout": false})).await.data();
    assert_eq!(hall.renewed(&id, &plan, 1).await, Some(Commission::Flat(500)));

    let archived = hall.change(&id, json!({"status": "archived"})).await;
    assert_eq!(archived.data()["updateAffiliate"]["status"], "archived");
    assert_eq!(hall.sold(&plan, "ada", &buyer).await, None);
    assert_eq!(hall.renewed(&id, &plan, 1).await, None);
    assert_eq!(usernames(&hall.affiliates(json!({})).await), ["ada"]);
    let deleted = hall.change(&id, json!({"status": "deleted"})).await;
    assert_eq!(deleted.data()["updateAffiliate"]["status"], "deleted");
    assert_eq!(hall.affiliates(json!({})).await["totalCount"], 0);
    let gone = format!("There is no affiliate `{id}`, or you have no access to it.");
    hall.shown_affiliate(&id).await.is_refused("NOT_FOUND", &gone);
    hall.change(&id, json!({"status": "active"})).await.is_refused("NOT_FOUND", &gone);
    let again = hall.affiliate(input).await.data()["createAffiliate"].clone();
    assert_eq!((&again["id"], &again["status"]), (&json!(id.as_str()), &json!("active")));
    hall.change(&id, json!({"status": "deleted"})).await.data();
    hall.partner("ada", Some(10.0)).await;
    let of_all = earned(Some(Commission::Percentage(1000)));
    assert_eq!(hall.sold(&plan, "ada", &buyer).await, of_all, "what was agreed before is forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_tells_of_the_reward_and_the_receipt_leaves_it_out() {
    let hall = Hall::open().await;
    hall.person("ada").await;
    hall.partner("ada", Some(30.0)).await;
    let (led, straight) = (sell(&hall, ONCE, |plan| plan).await, sell(&hall, ONCE, |plan| plan).await);
    let mut mira = signed_in(&hall, "mira").await;
    for (plan, more) in [(&led, &[("a", "ada")][..]), (&straight, &[])] {
        let paid = pay_by_card(&mut mira, &format!("/checkout/{plan}"), GOOD_CARD, more).await;
        mira.open(paid.location.as_deref().expect("it leads on")).await.says(200, "Paid");
    }
    let happened = webhook::happened_since(&hall.running.hall, 0).await.expect("a list");
    let told = |word: &str| happened.iter().filter(|event| event.event().as_str() == word).count();
    assert_eq!((told("payment_succeeded"), told("payment_affiliate_reward_created")), (2, 1));
    let receipts =
        "query($id: ID!) { company(id: $id) { receiptsV2(first: 2) { nodes { amountAfterFees } } } }";
    let receipts = hall.run(None, receipts, json!({"id": hall.world.company.as_str()})).await;
    let nodes = receipts.data()["company"]["receiptsV2"]["nodes"].as_array().expect("nodes").clone();
    let mut after: Vec<f64> =
        nodes.iter().map(|node| node["amountAfterFees"].as_f64().expect("a number")).collect();
    after.sort_by(f64::total_cmp);
    assert_eq!(after, [13.12, 19.12], "30 % of 20 dollars are the affiliate's");
    let (_, pending) = company_balance(&hall).await;
    assert!((after[0] + after[1] - pending).abs() < 0.001, "what the company has: {pending}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_waitlist_or_a_raffle_lets_in_counts_for_who_sent_them() {
    let hall = Hall::open().await;
    let affiliate = hall.person("ada").await;
    let id = hall.partner("ada", Some(30.0)).await;
    let waitlist = hall.plan_of(|plan| NewPlan {
        terms: ONCE,
        release_method: ReleaseMethod::Waitlist,
        custom_fields: vec![CustomField {
            id: "f".into(),
            name: "Size".into(),
            placeholder: None,
            order: 1,
            required: true,
        }],
        ..plan
    });
    let waitlist = waitlist.await;
    let end = hall.clock.now_ms() + HOUR_MS;
    let raffle = hall.plan_of(move |plan| NewPlan {
        terms: ONCE,
        release_method: ReleaseMethod::Raffle,
        stock: Some(1),
        entry_rules: EntryRules { expires_at: Some(end), ..EntryRules::default() },
        ..plan
    });
    let raffle = raffle.await;
    let mut ada = hall.browser_of(&affiliate).await;
    for plan in [&waitlist, &raffle] {
        let link = format!("{}/checkout/{plan}?a=ada", hall.running.origin);
        ada.open("/account/affiliates").await.says(200, &link);
    }

    // The link leads to where one enters, also by way of signing in and of a form that was refused.
    let reader = hall.reader("rita").await;
    let (mut nobody, mut rita) = (Browser::new(&hall.running.origin), hall.browser_of(&reader).await);
    let place = format!("/waitlist/{waitlist}");
    rita.open(&format!("/checkout/{waitlist}?a=ada")).await.says(200, &format!("href=\"{place}?a=ada\""));
    let back = format!("/sign-in?return_to=%2Fwaitlist%2F{waitlist}%3Fa%3Dada\"");
    nobody.open(&format!("{place}?a=ada")).await.says(200, &back);
    let carried = "name=\"a\" value=\"ada\"";
    rita.open(&format!("{place}?a=ada")).await.says(200, carried);
    rita.send(&place, &[("a", "ada")]).await.says(400, carried);
    rita.send(&place, &[("a", "ada"), ("field:f", "L")]).await.leads_to(&place);
    let entry = hall.entered(&waitlist, &reader).await;
    entry::decide_as_operator(&hall.running.hall, entry.id, EntryStatus::Approved).await.expect("approved");
    let checkout = between(&rita.open(&place).await.text, "href=\"/checkout/", "\"").to_owned();
    pay_by_card(&mut rita, &format!("/checkout/{checkout}"), GOOD_CARD, &[("field:f", "L")]).await;
    let figures = async || hall.shown_affiliate(&id).await.data()["company"]["affiliate"].clone();
    let found = figures().await;
    assert_eq!((&found["totalReferrals"], &found["totalReferralEarnings"]), (&json!(1), &json!("6.00")));

    let place = format!("/waitlist/{raffle}");
    let explained = format!("/raffles/{raffle}?a=ada");
    rita.open(&format!("/checkout/{raffle}?a=ada")).await.says(200, &format!("href=\"{explained}\""));
    rita.open(&explained).await.says(200, &format!("href=\"{place}?a=ada\""));
    let page = rita.open(&format!("{place}?a=ada")).await;
    page.says(200, carried);
    page.says(200, &format!("href=\"{explained}\""));
    rita.send(&place, &[("a", "ada")]).await.leads_to(&place);
    for after_ms in [HOUR_MS, 2 * HOUR_MS] {
        hall.at(after_ms);
        jobs::run_due(&hall.running.hall).await.expect("it settles");
    }
    let checkout = between(&rita.open(&place).await.text, "href=\"/checkout/", "\"").to_owned();
    pay_by_card(&mut rita, &format!("/checkout/{checkout}"), GOOD_CARD, &[]).await;
    let found = figures().await;
    assert_eq!((&found["totalReferrals"], &found["totalReferralEarnings"]), (&json!(2), &json!("12.00")));
    let page = ada.open("/account/affiliates").await;
    assert!(!page.text.contains(raffle.as_str()), "nobody enters it any more: {}", page.text);

    // Codes that can name nobody are not kept.
    let other = hall.reader("otto").await;
    let mut otto = hall.browser_of(&other).await;
    otto.open(&format!("/waitlist/{waitlist}")).await;
    let answers = [("a", "a\0b"), ("field:f", "L")];
    otto.send(&format!("/waitlist/{waitlist}"), &answers).await.leads_to(&format!("/waitlist/{waitlist}"));
    assert_eq!(hall.entered(&waitlist, &other).await.affiliate_code, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_payment_alone_is_the_first_by_which_something_was_charged() {
    let hall = Hall::open().await;
    hall.person("ada").await;
    let id = hall.partner("ada", Some(30.0)).await;
    hall.change(&id, json!({"planId": "", "onlyOnePayout": true})).await.data();
    let terms =
        Terms::Renewal { initial_price_minor: 0, renewal_price_minor: 1000, period_days: 30, trial_days: 14 };
    let plan = sell(&hall, terms, |plan| plan).await;
    let mut mira = signed_in(&hall, "mira").await;
    pay_by_card(&mut mira, &format!("/checkout/{plan}"), GOOD_CARD, &[("a", "ada")]).await;
    for (days, earned) in [(1, "0.00"), (13, "3.00"), (30, "3.00")] {
        world_time::advance(&hall.running.hall, days * DAY_MS).await.expect("the clock is moved");
        let found = hall.shown_affiliate(&id).await.data()["company"]["affiliate"].clone();
        assert_eq!(found["totalReferralEarnings"], earned, "after {days} days more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_unsound_affiliate_is_refused_with_its_own_sentence() {
    let hall = Hall::open().await;
    hall.person("ada").await;
    let plan = hall.world.plan.as_str();
    let with = |changes: Value| {
        let mut input = json!({"username": "ada", "payoutType": "flat_fee", "fee": 5});
        for (name, value) in changes.as_object().expect("an object") {
            input[name] = value.clone();
        }
        input
    };
    let percent = |fee: Value| with(json!({"payoutType": "percentage", "fee": fee}));
    let range = "`amount` is a percentage from 0 to 100";
    let table = [
        (with(json!({"fee": "NaN"})), "INVALID_INPUT", "The amount is not a number."),
        (with(json!({"fee": "inf"})), "INVALID_INPUT", "The amount is not a number."),
        (with(json!({"fee": -1})), "INVALID_INPUT", "A commission is more than zero."),
        (with(json!({"fee": 0})), "INVALID_INPUT", "A commission is more than zero."),
        (with(json!({"fee": "0.001"})), "INVALID_INPUT", "The amount is finer than usd knows"),
        (percent(json!(101)), "INVALID_INPUT", range),
        (percent(json!("NaN")), "INVALID_INPUT", range),
        (percent(json!(-1)), "INVALID_INPUT", range),
        (percent(json!("0.001")), "INVALID_INPUT", range),
        (percent(json!(0)), "INVALID_INPUT", "A commission is more than zero."),
        (
            with(json!({"fee": null, "planId": plan})),
            "INVALID_INPUT",
            "`fee` says what they earn by these plans",
        ),
        (with(json!({"fee": null, "onlyOnePayout": true})), "INVALID_INPUT", "`fee` says what they earn"),
        (with(json!({"planIds": vec![plan; 101]})), "INVALID_INPUT", "`planIds` are 100 at most."),
        (with(json!({"planIds": ["plan_none"]})), "NOT_FOUND", "There is no plan `plan_none`"),
        (with(json!({"username": "nobody"})), "NOT_FOUND", "There is no user `nobody`"),
        (with(json!({"username": "no one"})), "INVALID_INPUT", "`no one` is neither a user id"),
        (
            with(json!({"username": "jun"})),
            "INVALID_INPUT",
            "`jun` is on the company's team, and nobody on it earns",
        ),
        (with(json!({"username": "bench-planner"})), "INVALID_INPUT", "is on the company's team"),
    ];
    for (input, code, sentence) in table {
        hall.affiliate(input).await.is_refused(code, sentence);
    }
    assert_eq!(hall.affiliates(json!({})).await["totalCount"], 0, "nothing was made");

    let id = hall.partner("ada", None).await;
    for (changes, sentence) in [
        (json!({"fee": 5}), "`payoutType` says what `fee` is measured by: name it too."),
        (json!({"payoutType": "percentage"}), "`fee` says what they earn: name it too."),
        (json!({"onlyOnePayout": true}), "`fee` says what they earn: name it too."),
        (json!({"fee": 101, "payoutType": "percentage"}), range),
    ] {
        hall.change(&id, changes).await.is_refused("INVALID_INPUT", sentence);
    }
    let foreign = hall.foreign().await;
    let theirs = json!({"input": with(json!({"companyId": foreign.company.as_str(), "planId": plan}))});
    let refused = hall.run_with(&foreign.key, None, CREATE, theirs).await;
    refused.is_refused("NOT_FOUND", &format!("There is no plan `{plan}`, or you have no access to it."));
    let theirs = json!({"input": {"id": id.as_str(), "planId": "", "status": "archived"}});
    let refused = hall.run_with(&foreign.key, None, UPDATE, theirs.clone()).await;
    refused.is_refused("NOT_FOUND", &format!("There is no affiliate `{id}`, or you have no access to it."));
    let refused = hall.run(Some(&hall.world.moderator), UPDATE, theirs).await;
    refused.is_refused("FORBIDDEN", "The permission `affiliate:update` is missing");
    let asked = json!({"company": foreign.company.as_str(), "id": id.as_str()});
    let refused = hall.run_with(&foreign.key, None, GET, asked).await;
    refused.is_refused("NOT_FOUND", "There is no affiliate");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_agreed_about_a_plan_goes_before_all_plans_and_those_before_offers() {
    let hall = Hall::open().await;
    hall.person("ada").await;
    let buyer = hall.person("buyer").await;
    let (plan, eur) = (hall.world.plan.clone(), hall.plan_for("eur").await);
    let id = hall.partner("ada", None).await;
    let earned = |plan: PlanId| {
        let (hall, buyer) = (&hall, &buyer);
        async move { hall.sold(&plan, "ada", buyer).await.expect("it counts").2 }
    };
    assert_eq!(earned(plan.clone()).await, None, "it counts, and earns nothing");
    hall.offer(Some(10.0), None).await;
    assert_eq!(earned(plan.clone()).await, Some(Commission::Percentage(1000)));
    let all = json!({"planId": "", "fee": 5, "payoutType": "flat_fee"});
    hall.change(&id, all).await.data();
    assert_eq!(earned(plan.clone()).await, Some(Commission::Flat(500)));
    assert_eq!(earned(eur.clone()).await, None, "five dollars are earned by dollars");
    hall.change(&id, json!({"planId": eur.as_str(), "fee": 7})).await.data();
    assert_eq!(earned(eur).await, Some(Commission::Flat(700)), "seven euros");
    assert_eq!(earned(plan).await, Some(Commission::Flat(500)));
    let shown = hall.shown_affiliate(&id).await;
    assert!(
        shown.data()["company"]["affiliate"]["totalPlanCount"].as_i64() >= Some(3),
        "all of the company's"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_counts_for_who_may_earn_and_says_nothing_otherwise() {
    let hall = Hall::open().await;
    let (ada, buyer) = (hall.person("ada").await, hall.person("buyer").await);
    let plan = hall.world.plan.clone();
    let id = hall.partner("ada", Some(30.0)).await;
    let earned = Some((id.clone(), ada.clone(), Some(Commission::Percentage(3000))));
    for code in ["ada", "@ADA", " ada ", id.as_str()] {
        assert_eq!(hall.sold(&plan, code, &buyer).await, earned, "{code}");
    }
    let foreign = hall.foreign().await;
    let (company, theirs) = (foreign.company.clone(), hall.person("bob").await);
    let elsewhere = json!({"input": {"username": "bob", "payoutType": "percentage", "fee": 10,
        "companyId": company.as_str()}});
    let made = hall.run_with(&foreign.key, None, CREATE, elsewhere).await;
    let other = made.data()["createAffiliate"]["id"].as_str().expect("an id").to_owned();
    let long = "x".repeat(3000);
    for code in
        ["", "@", "nobody", "aff_none", "no one", "\u{1F528}", &long, &other, "bob", "jun", "bench-planner"]
    {
        assert_eq!(hall.sold(&plan, code, &buyer).await, None, "{code}");
    }
    assert_eq!(hall.sold(&plan, "ada", &ada).await, None, "not by their own purchase");
    assert_eq!(hall.sold(&plan, id.as_str(), &ada).await, None);
    let company = hall.world.company.clone();
    hall.found(move |founder| founder.team_member(&company, &ada, Role::Moderator)).await;
    assert_eq!(hall.sold(&plan, "ada", &buyer).await, None, "not by the team");
    assert_eq!(hall.renewed(&id, &plan, 1).await, None);
    assert_eq!(hall.renewed(&AffiliateId::from_stored(other), &plan, 1).await, None, "another company's");
    let listed = hall.affiliates(json!({})).await;
    assert_eq!(usernames(&listed), ["ada"], "{theirs} became none");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_makes_affiliates_of_everyone_or_of_members() {
    let hall = Hall::open().await;
    let (ada, member, buyer) =
        (hall.person("ada").await, hall.person("member").await, hall.person("buyer").await);
    let pass = hall.world.paid_access_pass.clone();
    hall.membership(&member, &pass, MembershipStatus::Active, None).await;
    let plan = hall.world.plan.clone();
    let types = || async {
        let document = "query($company: ID!) { company(id: $company) { affiliates(direction: asc) {
          nodes { affiliateType totalPlanCount userAccount { username } } } } }";
        let listed = hall.run(None, document, json!({"company": hall.world.company.as_str()})).await;
        listed.data()["company"]["affiliates"]["nodes"].clone()
    };
    assert_eq!(hall.sold(&plan, "ada", &buyer).await, None, "nothing is offered");
    hall.offer(None, Some(15.0)).await;
    assert_eq!(hall.sold(&plan, "ada", &buyer).await, None, "she holds no membership");
    let sold = hall.sold(&plan, "member", &buyer).await.expect("it counts");
    assert_eq!((sold.1, sold.2), (member, Some(Commission::Percentage(1500))));
    hall.at(1000);
    hall.offer(Some(10.0), Some(15.0)).await;
    let first = hall.sold(&plan, "ada", &buyer).await.expect("it counts");
    assert_eq!((&first.1, first.2), (&ada, Some(Commission::Percentage(1000))));
    assert_eq!(hall.sold(&plan, "ada", &buyer).await, Some(first.clone()), "she is one now");
    let expected = json!([
        {"affiliateType": "passholder", "totalPlanCount": 1, "userAccount": {"username": "member"}},
        {"affiliateType": "global", "totalPlanCount": 1, "userAccount": {"username": "ada"}},
    ]);
    assert_eq!(types().await, expected);
    assert_eq!(hall.renewed(&first.0, &plan, 5).await, Some(Commission::Percentage(1000)));
    hall.offer(None, None).await;
    assert_eq!(hall.renewed(&first.0, &plan, 5).await, None, "the offer is over");
    let made = hall.affiliate(json!({"username": "ada", "payoutType": "percentage", "fee": 25})).await;
    let made = &made.data()["createAffiliate"];
    assert_eq!((&made["id"], &made["affiliateType"]), (&json!(first.0.as_str()), &json!("custom")));
    assert_eq!(hall.renewed(&first.0, &plan, 5).await, Some(Commission::Percentage(2500)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_offer_to_members_is_for_who_holds_the_pass_now_however_they_became_an_affiliate() {
    let hall = Hall::open().await;
    let (ada, bob, buyer) = (hall.person("ada").await, hall.person("bob").await, hall.person("buyer").await);
    let (pass, plan) = (hall.world.paid_access_pass.clone(), hall.world.plan.clone());
    let other = sell(&hall, ONCE, |plan| plan).await;
    let offer = |pass: &AccessPassId, global: Option<i64>, member: Option<i64>| {
        let (hall, pass) = (&hall, pass.clone());
        async move { hall.found(move |founder| founder.affiliate_offers(&pass, global, member)).await }
    };
    let plans = async |id: &AffiliateId| {
        hall.shown_affiliate(id).await.data()["company"]["affiliate"]["totalPlanCount"].clone()
    };
    let percent = |points| Some(Commission::Percentage(points));

    // Who became one by the offer of one pass to everyone holds another, which makes an offer to its members.
    offer(&pass, Some(1000), None).await;
    offer(&other.pass, None, Some(1500)).await;
    let id = hall.sold(&plan, "ada", &buyer).await.expect("everyone's").0;
    assert_eq!(hall.sold(&other.plan, "ada", &buyer).await.expect("it counts").2, None);
    assert_eq!(plans(&id).await, 1);
    hall.membership(&ada, &other.pass, MembershipStatus::Active, None).await;
    assert_eq!(hall.sold(&other.plan, "ada", &buyer).await.expect("it counts").2, percent(1500));
    assert_eq!(hall.renewed(&id, &other.plan, 3).await, percent(1500));
    assert_eq!(plans(&id).await, 2);

    // Who became one as a member of one pass is no member of the other, and of neither once they left.
    offer(&pass, None, Some(1200)).await;
    let until = hall.clock.now_ms() + 60_000;
    hall.membership(&bob, &pass, MembershipStatus::Canceled, Some(until)).await;
    let id = hall.sold(&plan, "bob", &buyer).await.expect("a member's").0;
    assert_eq!(hall.sold(&other.plan, "bob", &buyer).await.expect("it counts").2, None);
    assert_eq!((hall.renewed(&id, &plan, 1).await, plans(&id).await), (percent(1200), json!(1)));
    // To be named without a fee takes nothing away.
    assert_eq!(hall.partner("bob", None).await, id);
    assert_eq!((hall.renewed(&id, &plan, 1).await, plans(&id).await), (percent(1200), json!(1)));
    let ban = json!({"input": {"userId": bob.as_str()}});
    hall.run(None, "mutation($input: BanUserInput!) { banUser(input: $input) }", ban.clone()).await.data();
    assert_eq!((hall.renewed(&id, &plan, 1).await, plans(&id).await), (None, json!(0)), "banned");
    hall.run(None, "mutation($input: UnbanUserInput!) { unbanUser(input: $input) }", ban).await.data();
    assert_eq!((hall.renewed(&id, &plan, 1).await, plans(&id).await), (percent(1200), json!(1)));
    hall.at(60_000);
    assert_eq!((hall.renewed(&id, &plan, 1).await, plans(&id).await), (None, json!(0)), "they left");

    // An amount is earned by plans of its currency alone.
    let eur = hall.plan_for("eur").await;
    hall.change(&id, json!({"planId": eur.as_str(), "fee": 5, "payoutType": "flat_fee"})).await.data();
    assert_eq!(plans(&id).await, 1);
    let all = plans_of(&hall).await;
    hall.change(&id, json!({"planId": "", "fee": 5, "payoutType": "flat_fee"})).await.data();
    assert_eq!((plans(&id).await, all), (json!(4), 4));
    hall.plan_for("chf").await;
    assert_eq!((plans(&id).await, plans_of(&hall).await), (json!(4), 5));
}

/// How many plans the demo company has.
async fn plans_of(hall: &Hall) -> i64 {
    let plans = "query($id: ID!) { company(id: $id) { plans { totalCount } } }";
    let answered = hall.run(None, plans, json!({"id": hall.world.company.as_str()})).await;
    answered.data()["company"]["plans"]["totalCount"].as_i64().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_make_the_same_affiliate_at_once_make_one() {
    let hall = Arc::new(Hall::open().await);
    hall.person("ada").await;
    let buyer = hall.person("buyer").await;
    let mut making = JoinSet::new();
    for _ in 0..4 {
        let hall = Arc::clone(&hall);
        making.spawn(async move {
            hall.affiliate(json!({"username": "ada", "payoutType": "percentage", "fee": 30})).await
        });
    }
    let answers = making.join_all().await;
    let (made, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answered| answered.body.get("errors").is_none());
    assert_eq!((made.len(), refused.len()), (1, 3));
    for answered in refused {
        answered.is_refused("CONFLICT", "`ada` is an affiliate of the company already");
    }
    let id = answers.iter().find(|answered| answered.body.get("errors").is_none()).expect("one")
        .data()["createAffiliate"]["id"].as_str().expect("an id").to_owned();
    let id = AffiliateId::parse(&id).expect("it is of an affiliate");
    hall.change(&id, json!({"status": "deleted"})).await.data();
    let mut taking_back = JoinSet::new();
    for fee in [10, 20, 30, 40] {
        let hall = Arc::clone(&hall);
        taking_back.spawn(async move {
            hall.affiliate(json!({"username": "ada", "payoutType": "percentage", "fee": fee})).await
        });
    }
    let answers = taking_back.join_all().await;
    let taken_back = answers.iter().filter(|answered| answered.body.get("errors").is_none()).count();
    assert_eq!(taken_back, 1, "who was deleted is taken back once");
    hall.offer(Some(10.0), None).await;
    hall.person("bob").await;
    let mut selling = JoinSet::new();
    for _ in 0..4 {
        let (hall, buyer) = (Arc::clone(&hall), buyer.clone());
        selling.spawn(async move { hall.sold(&hall.world.plan, "bob", &buyer).await });
    }
    let sold = selling.join_all().await;
    assert!(sold[0].is_some() && sold.iter().all(|one| *one == sold[0]), "one affiliate: {sold:?}");
    assert_eq!(hall.affiliates(json!({})).await["totalCount"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_those_of_what_was_brought_and_lists_go_by_them() {
    let hall = Hall::open().await;
    let mut ids = Vec::new();
    for (number, username) in ["ada", "bob", "cy"].into_iter().enumerate() {
        hall.at(i64::try_from(number).expect("few") * 1000);
        hall.person(username).await;
        ids.push(hall.partner(username, Some(30.0)).await);
    }
    let mut buyers = Vec::new();
    for number in 0..3 {
        buyers.push(hall.person(&format!("buyer-{number}")).await);
    }
    let (ada, bob) = (&ids[0], &ids[1]);
    hall.referral(ada, &buyers[0], |_| {}).await;
    hall.referral(ada, &buyers[0], |referral| {
        referral.refunded_minor = 1000;
        referral.reward_returned_minor = 300;
    })
    .await;
    hall.referral(ada, &buyers[1], |referral| referral.status = MembershipStatus::Expired).await;
    hall.referral(ada, &buyers[2], |referral| {
        referral.status = MembershipStatus::Drafted;
        referral.paid_minor = 0;
        referral.reward_minor = 0;
    })
    .await;
    hall.referral(bob, &buyers[2], |referral| referral.reward_minor = 9000).await;
    hall.referral(bob, &buyers[2], |referral| referral.currency = currency("eur")).await;
    let found = hall.shown_affiliate(ada).await.data()["company"]["affiliate"].clone();
    assert_eq!((&found["totalReferrals"], &found["activeMembersCount"]), (&json!(3), &json!(1)));
    assert_eq!((&found["totalRevenue"], &found["totalReferralEarnings"]), (&json!("77.00"), &json!("23.10")));
    let found = hall.shown_affiliate(bob).await.data()["company"]["affiliate"].clone();
    assert_eq!(found["totalReferralEarnings"], "90.00", "euros are not counted as dollars");

    let listed = |order: &'static str, direction: &'static str| {
        let hall = &hall;
        async move {
            let page = hall.affiliates(json!({"order": order, "direction": direction})).await;
            usernames(&page).join(" ")
        }
    };
    assert_eq!(listed("created_at", "desc").await, "cy bob ada");
    assert_eq!(listed("id", "asc").await, "ada bob cy");
    assert_eq!(listed("cached_total_referrals", "desc").await, "ada bob cy");
    assert_eq!(listed("cached_total_referrals", "asc").await, "cy bob ada");
    assert_eq!(listed("cached_total_rewards", "desc").await, "bob ada cy");
    assert_eq!(listed("cached_total_rewards", "asc").await, "cy ada bob");
    for order in ["created_at", "cached_total_referrals", "cached_total_rewards"] {
        let whole = hall.affiliates(json!({"order": order})).await;
        let first = hall.affiliates(json!({"order": order, "first": 1})).await;
        let rest = json!({"order": order, "first": 5, "after": first["pageInfo"]["endCursor"]});
        let rest = hall.affiliates(rest).await;
        assert_eq!([usernames(&first), usernames(&rest)].concat(), usernames(&whole), "{order}");
        let before = json!({"order": order, "last": 1, "before": rest["pageInfo"]["endCursor"]});
        let before = hall.affiliates(before).await;
        assert_eq!(usernames(&before), usernames(&whole)[1..2], "{order}");
        assert_eq!(
            (&before["totalCount"], &before["pageInfo"]["hasPreviousPage"]),
            (&json!(3), &json!(true))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_on_where_the_one_before_ended_whatever_became_of_that_affiliate() {
    let hall = Hall::open().await;
    let buyer = hall.person("buyer").await;
    let mut ids = Vec::new();
    for (number, username) in ["ada", "bob", "cy", "dia", "eve"].into_iter().enumerate() {
        hall.at(i64::try_from(number).expect("few") * 1000);
        hall.person(username).await;
        let id = hall.partner(username, Some(30.0)).await;
        // The first ones brought most, and the last two as much.
        for _ in 0..[4, 3, 2, 1, 1][number] {
            hall.referral(&id, &buyer, |_| {}).await;
        }
        ids.push(id);
    }
    for order in ["cached_total_referrals", "cached_total_rewards"] {
        let whole = hall.affiliates(json!({"order": order})).await;
        let first = hall.affiliates(json!({"order": order, "first": 2})).await;
        assert_eq!(usernames(&first), usernames(&whole)[..2], "{order}");
        let cursor = first["pageInfo"]["endCursor"].clone();
        let moved = ids.iter().find(|id| first["nodes"][1]["id"] == id.as_str()).expect("one of them");
        for _ in 0..9 {
            hall.referral(moved, &buyer, |_| {}).await;
        }
        let newest = hall.affiliates(json!({"order": order, "first": 1})).await;
        assert_eq!(newest["nodes"][0]["id"], moved.as_str(), "it rose to the top");
        let after = hall.affiliates(json!({"order": order, "after": cursor})).await;
        assert_eq!(usernames(&after), usernames(&whole)[2..], "{order}");
        let before = hall.affiliates(json!({"order": order, "before": cursor, "last": 5})).await;
        assert_eq!(
            usernames(&before),
            [usernames(&newest)[0], usernames(&whole)[0]],
            "{order}: it went before"
        );
        if order == "cached_total_rewards" {
            hall.change(moved, json!({"status": "deleted"})).await.data();
            let after = hall.affiliates(json!({"order": order, "after": cursor})).await;
            assert_eq!(usernames(&after), usernames(&whole)[2..], "{order}");
        }
        let other = json!({"company": hall.world.company.as_str(), "order": "created_at", "after": cursor});
        let refused = hall.run(None, LIST, other).await;
        refused.is_refused("INVALID_INPUT", "`after` is not a cursor of this list and order.");
    }
    let after = hall.affiliates(json!({"order": "id", "direction": "asc", "after": ids[1].as_str()})).await;
    assert_eq!(usernames(&after), ["cy", "dia", "eve"], "the id is the cursor in the order of making");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_their_links_and_what_these_earned() {
    let hall = Hall::open().await;
    let mut browser = Browser::new(&hall.running.origin);
    browser.open("/account/affiliates").await.leads_to("/sign-in?return_to=%2Faccount%2Faffiliates");
    browser.sign_in("mira", &hall.world.password).await;
    browser.open("/account").await.says(200, "/account/affiliates");
    browser.open("/account/affiliates").await.says(200, "add <code>?a=mira</code>");

    let id = hall.partner("mira", Some(30.0)).await;
    let page = browser.open("/account/affiliates").await;
    page.says(200, "Nothing earned yet.");
    page.says(200, "A sale earns you 30%");
    page.says(200, &format!("{}/checkout/{}?a=mira", hall.running.origin, hall.world.plan));
    assert!(!page.text.contains("Workshop floor"), "what is free earns nothing");
    let buyer = hall.person("buyer").await;
    hall.referral(&id, &buyer, |referral| {
        referral.reward_returned_minor = 100;
        referral.reward_pending_minor = 250;
    })
    .await;
    hall.referral(&id, &buyer, |referral| {
        referral.currency = currency("eur");
        referral.reward_pending_minor = 0;
    })
    .await;
    let page = browser.open("/account/affiliates").await;
    for shown in [
        "<strong>7.70 usd</strong>",
        "2.50 usd of it is pending",
        "<strong>8.70 eur</strong>",
        "All of it is",
    ] {
        page.says(200, shown);
    }
    let (company, mira) = (hall.world.company.clone(), hall.world.customer.clone());
    hall.found(move |founder| founder.team_member(&company, &mira, Role::Moderator)).await;
    let page = browser.open("/account/affiliates").await;
    page.says(200, "Your links for it do not count any more.");
    assert!(!page.text.contains("A sale earns you"), "nobody on the team earns: {}", page.text);
    hall.change(&id, json!({"status": "archived"})).await.data();
    let page = browser.open("/account/affiliates").await;
    page.says(200, "Your links for it do not count any more.");
    assert!(!page.text.contains("?a=mira"), "{}", page.text);
    hall.change(&id, json!({"status": "deleted"})).await.data();
    browser.open("/account/affiliates").await.says(200, "You are no company");
    assert_eq!(hall.clock.now_ms(), NOW_MS);
}
