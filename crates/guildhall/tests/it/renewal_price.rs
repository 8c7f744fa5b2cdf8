//! What buyers and members are told of renewals ahead: to the cent what is charged then, tax and promo code included.

use crate::browser::Browser;
use crate::harness::Hall;
use crate::purchase::{GOOD_CARD, MONTHLY, ONCE, Sold, between, hidden, pay_by_card, sell, signed_in, sound};
use guildhall_app::company::{self, NewTax};
use guildhall_app::membership;
use guildhall_app::world_time;
use guildhall_core::billing::{DAY_MS, Terms};
use guildhall_core::payment::Stage;
use serde_json::json;

const TRIAL: Terms =
    Terms::Renewal { initial_price_minor: 0, renewal_price_minor: 1000, period_days: 30, trial_days: 14 };
const FREE: Terms = Terms::OneTime { price_minor: 0, expiration_days: None };
const FAILS_LATER: &str = "4000 0000 0000 0341";

/// Has the demo's company tax what it sells.
async fn tax(hall: &Hall, percent: f64, is_included: bool) {
    let tax = NewTax::Rate { label: "VAT".into(), percent, is_included };
    company::set_tax(&hall.running.hall, hall.world.company.clone(), tax).await.expect("it is set");
}

/// A code of the demo's company that takes a fifth off so many payments; zero for all.
async fn a_fifth_off(hall: &Hall, code: &str, payments: i64) {
    let create = "mutation($input: CreatePromoCodeInput!) { createPromoCode(input: $input) { id } }";
    let input = json!({"code": code, "promoType": "percentage", "amountOff": 20, "baseCurrency": "usd",
        "numberOfIntervals": payments, "newUsersOnly": false});
    hall.run(None, create, json!({"input": input})).await.data();
}

async fn advance(hall: &Hall, days: i64) {
    world_time::advance(&hall.running.hall, days * DAY_MS).await.expect("the clock is moved");
}

/// What Mira paid for a plan so far, first to last, in minor units.
async fn paid(hall: &Hall, sold: &Sold) -> Vec<i64> {
    let mira = hall.world.customer.clone();
    let told = membership::history(&hall.running.hall, mira, sold.plan.clone()).await.expect("a membership");
    let paid = told.payments.iter().rev().filter(|payment| payment.state.stage == Stage::Paid);
    paid.map(|payment| payment.state.amount_minor).filter(|minor| *minor > 0).collect()
}

/// What Mira's page of purchases says of her one membership after who sold it, signed in anew.
async fn purchased(hall: &Hall) -> String {
    let page = signed_in(hall, "mira").await.open("/account/purchases").await;
    let row = between(&page.text, "<strong>A lathe course</strong>", "</small>");
    row.split_once("The Open Workshop · ").expect("a seller").1.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tax_is_part_of_the_renewals_that_are_told() {
    let hall = Hall::open().await;
    let sold = sell(&hall, TRIAL, |plan| plan).await;
    let place = format!("/checkout/{sold}");
    let mut mira = signed_in(&hall, "mira").await;
    tax(&hall, 19.0, true).await;
    mira.open(&place).await.says(200, "14 days free; then $10.00 every month, until you cancel.");
    tax(&hall, 19.0, false).await;
    mira.open(&place).await.says(200, "14 days free; then $11.90 every month, until you cancel.");
    mira.open(&format!("{place}?quantity=2")).await.says(200, "then $23.80 every month");
    pay_by_card(&mut mira, &place, GOOD_CARD, &[]).await;
    assert_eq!(purchased(&hall).await, "free until 2024-05-15 · $11.90 every month");
    advance(&hall, 14).await;
    assert_eq!(paid(&hall, &sold).await, [1190]);
    // What a renewal will be taxed by is what its company is taxed by then.
    tax(&hall, 10.0, false).await;
    assert!(purchased(&hall).await.ends_with(" · $11.00 every month"));
    advance(&hall, 30).await;
    assert_eq!(paid(&hall, &sold).await, [1190, 1100]);
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_tells_its_renewals_with_tax_and_promises_no_money_back() {
    let hall = Hall::open().await;
    tax(&hall, 19.0, false).await;
    let plan = json!({"planType": "renewal", "initialPrice": "5", "renewalPrice": "10", "billingPeriod": 30});
    let invoice = hall.invoice(json!({"plan": plan})).await;
    let text = |name: &str| invoice[name].as_str().expect("text").to_owned();
    let mut reader = Browser::new(&hall.running.origin);
    let paper = reader.open(&format!("/invoices/{}/{}", text("id"), text("fetchInvoiceToken"))).await;
    let place = format!("/checkout/{}", between(&paper.text, "/checkout/", "\""));
    let page = reader.open(&place).await;
    page.says(200, "Pay $17.85");
    page.says(200, "Then $11.90 every month, until you cancel.");
    page.says(200, "What you buy belongs to the account of this address.");
    assert!(!page.text.contains("your money is given back"), "{}", page.text);
    assert!(!page.text.contains("I have a promo code"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_for_all_payments_is_part_of_the_renewals_that_are_told() {
    let hall = Hall::open().await;
    tax(&hall, 10.0, false).await;
    a_fifth_off(&hall, "ALWAYS", 0).await;
    let sold = sell(&hall, MONTHLY, |plan| plan).await;
    let place = format!("/checkout/{sold}");
    let mut mira = signed_in(&hall, "mira").await;
    mira.open(&place).await.says(200, "Then $11.00 every month, until you cancel.");
    let place = format!("{place}?promo=always");
    mira.open(&place).await.says(200, "Then $8.80 every month, until you cancel.");
    pay_by_card(&mut mira, &place, GOOD_CARD, &[("promo", "ALWAYS")]).await;
    assert!(purchased(&hall).await.ends_with(" · $8.80 every month"));
    advance(&hall, 60).await;
    assert_eq!(paid(&hall, &sold).await, [880; 3]);
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_for_some_payments_tells_both_prices_until_it_is_over() {
    let hall = Hall::open().await;
    a_fifth_off(&hall, "THRICE", 3).await;
    a_fifth_off(&hall, "ONCE", 1).await;
    let sold = sell(&hall, MONTHLY, |plan| plan).await;
    let place = format!("/checkout/{sold}");
    let mut mira = signed_in(&hall, "mira").await;
    mira.open(&format!("{place}?promo=once")).await.says(200, "Then $10.00 every month, until you cancel.");
    let place = format!("{place}?promo=thrice");
    let page = mira.open(&place).await;
    page.says(200, "Pay $8.00");
    let each = "$8.00 for each of the next 2 payments, after that $10.00 every month";
    page.says(200, &format!("Then {each}, until you cancel."));
    pay_by_card(&mut mira, &place, GOOD_CARD, &[("promo", "THRICE")]).await;
    assert!(purchased(&hall).await.ends_with(&format!(" · {each}")));
    advance(&hall, 30).await;
    let last = " · $8.00 for the next payment, after that $10.00 every month";
    assert!(purchased(&hall).await.ends_with(last));
    advance(&hall, 30).await;
    assert!(purchased(&hall).await.ends_with(" · $10.00 every month"));
    advance(&hall, 30).await;
    assert_eq!(paid(&hall, &sold).await, [800, 800, 800, 1000]);
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_failed_is_told_at_the_price_that_is_tried_again() {
    let hall = Hall::open().await;
    a_fifth_off(&hall, "TWICE", 2).await;
    let sold = sell(&hall, MONTHLY, |plan| plan).await;
    let mut mira = signed_in(&hall, "mira").await;
    let place = format!("/checkout/{sold}?promo=twice");
    pay_by_card(&mut mira, &place, FAILS_LATER, &[("promo", "TWICE")]).await;
    let each = " · $8.00 for the next payment, after that $10.00 every month";
    assert!(purchased(&hall).await.ends_with(each));
    advance(&hall, 30).await;
    let told = purchased(&hall).await;
    assert_eq!(told, format!("its renewal could not be charged, and is tried again{each}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_takes_a_promo_code_for_what_it_costs_later() {
    let hall = Hall::open().await;
    a_fifth_off(&hall, "ALWAYS", 0).await;
    let sold = sell(&hall, TRIAL, |plan| plan).await;
    let mut mira = signed_in(&hall, "mira").await;
    let place = format!("/checkout/{sold}");
    mira.open(&place).await.says(200, "I have a promo code");
    let place = format!("{place}?promo=always");
    let page = mira.open(&place).await;
    page.says(200, "Promo code ALWAYS (20% off)</th><td>$0.00");
    page.says(200, "14 days free; then $8.00 every month, until you cancel.");
    pay_by_card(&mut mira, &place, GOOD_CARD, &[("promo", "ALWAYS")]).await;
    advance(&hall, 14).await;
    assert_eq!(paid(&hall, &sold).await, [800]);
    // What costs nothing at any time has no use for one.
    let free = sell(&hall, FREE, |plan| plan).await;
    let page = signed_in(&hall, "mira").await.open(&format!("/checkout/{free}")).await;
    page.says(200, "Get it");
    assert!(!page.text.contains("I have a promo code"), "{}", page.text);
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_in_comes_back_to_the_same_checkout() {
    let hall = Hall::open().await;
    a_fifth_off(&hall, "ALWAYS", 0).await;
    let sold = sell(&hall, ONCE, |plan| plan).await;
    let mut mira = Browser::new(&hall.running.origin);
    let longer = "X".repeat(65);
    for (asked, kept) in [
        (String::new(), ""),
        ("?promo=always&quantity=2&a=theo".into(), "?a=theo&promo=always&quantity=2"),
        ("?quantity=1&promo=+".into(), ""),
        (format!("?quantity=3&promo={longer}"), "?quantity=3"),
        ("?promo=%26a%3Db".into(), "?promo=%26a%3Db"),
    ] {
        let page = mira.open(&format!("/checkout/{sold}{asked}")).await;
        let link = between(&page.text, "href=\"/sign-in?", "\">Sign in</a> instead");
        let (_, place) = url::form_urlencoded::parse(link.as_bytes()).next().expect("where it leads back to");
        assert_eq!(place, format!("/checkout/{sold}{kept}"), "{asked}");
    }
    let place = format!("/checkout/{sold}?promo=always&quantity=2");
    let link = format!(
        "/sign-in?{}",
        between(&mira.open(&place).await.text, "href=\"/sign-in?", "\">Sign in</a> instead")
    );
    mira.open(&link).await;
    let fields =
        [("name", "mira"), ("password", hall.world.password.as_str()), ("return_to", place.as_str())];
    mira.send("/sign-in", &fields).await.leads_to(&place);
    let page = mira.open(&place).await;
    page.says(200, "Pay $32.00");
    assert_eq!(hidden(&page).1, "3200");
}
