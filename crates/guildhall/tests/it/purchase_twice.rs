//! One plan is bought once at a time, by whichever checkout; what an app charges, as often as it asks.

use crate::browser::Browser;
use crate::harness::Hall;
use crate::purchase::{
    GOOD_CARD, ONCE, Sold, company_balance, hidden, pay_by_card, sell, send_card, signed_in, sound,
};
use guildhall_core::ids::Id;
use serde_json::{Value, json};

const OWNER: &str = "mira@example.com";

/// The page of a checkout that the demo's app opens for a plan.
async fn opened(hall: &Hall, sold: &Sold) -> String {
    let create =
        "mutation($input: CreateCheckoutSessionInput!) { createCheckoutSession(input: $input) { id } }";
    let answered = hall.run(None, create, json!({"input": {"planId": sold.plan.as_str()}})).await;
    place_of(&answered.data()["createCheckoutSession"])
}

fn place_of(session: &Value) -> String {
    format!("/checkout/{}", session["id"].as_str().expect("an id"))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_checkouts_that_an_app_opened_buy_once() {
    let hall = Hall::open().await;
    let sold = sell(&hall, ONCE, |plan| plan).await;
    let places = [opened(&hall, &sold).await, opened(&hall, &sold).await, format!("/checkout/{sold}")];
    let mut mira = signed_in(&hall, "mira").await;
    let mut tabs = Vec::new();
    for place in &places {
        tabs.push(hidden(&mira.open(place).await));
    }
    let pay = async |mira: &mut Browser, tab: usize, card: &str| {
        let (session, seen) = &tabs[tab];
        send_card(mira, &places[tab], session, seen, card, &[]).await
    };
    // While one of them is under way, and when it is paid.
    let step = pay(&mut mira, 0, "4000 0000 0000 3220").await.location.expect("it leads on");
    for tab in [1, 2] {
        pay(&mut mira, tab, GOOD_CARD).await.says(409, "You are paying for this already, in another window.");
    }
    mira.open(&step).await;
    let back = mira.send(&step, &[("answer", "yes")]).await.location.expect("it leads on");
    mira.open(&back).await.leads_to(&places[0]);
    mira.open(&places[0]).await.says(200, "What you bought is yours");
    for tab in [1, 2] {
        pay(&mut mira, tab, GOOD_CARD).await.says(409, "You have this already. Nothing was charged.");
        mira.open(&places[tab]).await.says(200, "You have this already");
    }
    assert_eq!(company_balance(&hall).await.1, 19.12);
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_has_it_already_has_its_money_back_from_an_app_s_checkout_too() {
    let hall = Hall::open().await;
    let sold = sell(&hall, ONCE, |plan| plan).await;
    let (first, second) = (opened(&hall, &sold).await, opened(&hall, &sold).await);
    let mut stranger = Browser::new(&hall.running.origin);
    stranger.open(&first).await.says(200, "if it has this already, your money is given back");
    pay_by_card(&mut stranger, &first, GOOD_CARD, &[("email", OWNER)]).await.leads_to(&first);
    stranger.open(&first).await.says(200, "What you bought belongs to the account of your e-mail");
    let before = company_balance(&hall).await;
    pay_by_card(&mut stranger, &second, GOOD_CARD, &[("email", OWNER)]).await.leads_to(&second);
    stranger.open(&second).await.says(200, "Your money is given back, all of it");
    assert_eq!(company_balance(&hall).await, before);
    let page = signed_in(&hall, "mira").await.open("/account/purchases").await;
    assert_eq!(page.text.matches("<strong>A lathe course</strong>").count(), 1, "{}", page.text);
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_app_charges_is_paid_as_often_as_it_is_asked() {
    let hall = Hall::open().await;
    let charge =
        "mutation($input: ChargeUserInput!) { chargeUser(input: $input) { checkoutSession { id planId } } }";
    let input = json!({"userId": hall.world.customer.as_str(), "amount": 5.0, "currency": "usd"});
    let mut mira = signed_in(&hall, "mira").await;
    let mut plans = Vec::new();
    for _ in 0..2 {
        let asked = hall.run(None, charge, json!({"input": input})).await;
        let session = &asked.data()["chargeUser"]["checkoutSession"];
        plans.push(session["planId"].clone());
        let place = place_of(session);
        pay_by_card(&mut mira, &place, GOOD_CARD, &[]).await.leads_to(&place);
        mira.open(&place).await.says(200, "What you bought is yours");
    }
    assert_eq!(plans[0], plans[1], "charges of one price share a plan");
    assert_eq!(company_balance(&hall).await.1, 9.12);
    sound(&hall).await;
}
