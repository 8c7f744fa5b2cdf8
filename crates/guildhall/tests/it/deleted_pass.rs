//! What was bought of a pass keeps its name and its checkout when the pass is deleted; and where a pass leads its buyers.

use crate::access_pass::DELETE;
use crate::harness::Hall;
use crate::mail::{unfolded, with_smtp};
use crate::purchase::{GOOD_CARD, ONCE, Sold, hidden, pay_by_card, sell, send_card, signed_in, sound};
use crate::receiver::Receiver;
use crate::smtp::Smtp;
use guildhall_app::jobs;
use guildhall_app::membership;
use guildhall_app::payment;
use guildhall_app::refund;
use guildhall_core::ids::Id;
use serde_json::{Value, json};

async fn delete(hall: &Hall, sold: &Sold) {
    let deleted = hall.run(None, DELETE, json!({"input": {"id": sold.pass.as_str()}})).await;
    assert_eq!(deleted.data()["deleteAccessPass"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_bought_of_a_deleted_pass_keeps_its_name() {
    let (hall, mut receiver) = (Hall::open().await, Receiver::start().await);
    let sold = sell(&hall, ONCE, |plan| plan).await;
    let mut mira = signed_in(&hall, "mira").await;
    let place = format!("/checkout/{sold}");
    let done = pay_by_card(&mut mira, &place, GOOD_CARD, &[]).await.location.expect("it leads on");
    let held = membership::history(&hall.running.hall, hall.world.customer.clone(), sold.plan.clone()).await;
    membership::end(&hall.running.hall, held.expect("it is held").membership.id).await.expect("it ends");
    delete(&hall, &sold).await;

    let page = mira.open(&done).await;
    page.says(200, "What you bought is yours");
    page.says(200, "A lathe course</th><td>$20.00");
    let page = mira.open("/account/purchases").await;
    page.says(200, "<strong>A lathe course</strong>");
    page.says(200, "The Open Workshop · ended");
    mira.open(&place).await.says(200, "Not for sale");

    let create = "mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { id } }";
    let input = json!({"url": receiver.url("/in"), "events": ["refund_created"]});
    hall.run(None, create, json!({"input": input})).await.data();
    let paid = payment::list(&hall.running.hall, hall.world.company.clone(), 1).await.expect("a list");
    let wanted = refund::Wanted::default();
    refund::create_by_operator(&hall.running.hall, paid[0].id.clone(), wanted)
        .await
        .expect("it is given back");
    jobs::run_due(&hall.running.hall).await.expect("it settles");
    let told: Value = receiver.next().await.json();
    assert_eq!(told["data"]["payment"]["product_id"], json!(sold.pass.as_str()), "{told}");
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_when_it_is_paid_is_named_on_its_checkout_and_in_its_letter() {
    let mut smtp = Smtp::start().await;
    let hall = Hall::open_with(|config| with_smtp(config, &smtp)).await;
    let sold = sell(&hall, ONCE, |plan| plan).await;
    let mut mira = signed_in(&hall, "mira").await;
    let place = format!("/checkout/{sold}");
    let (session, seen) = hidden(&mira.open(&place).await);
    let asked = send_card(&mut mira, &place, &session, &seen, "4000 0000 0000 3220", &[]).await;
    let step = asked.location.expect("it leads on");
    mira.open(&step).await;
    delete(&hall, &sold).await;
    let back = mira.send(&step, &[("answer", "yes")]).await.location.expect("it leads on");
    mira.open(&back).await;
    jobs::run_due(&hall.running.hall).await.expect("it settles");
    let page = mira.open(&format!("/checkout/{session}")).await;
    page.says(200, "Your money is given back, all of it.");
    page.says(200, "A lathe course</th><td>$20.00");
    let letter = unfolded(&smtp.next().await.text);
    assert!(letter.contains("A lathe course") && letter.contains("$20.00 USD"), "{letter}");
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_says_where_its_buyers_go_unless_the_plan_or_the_checkout_does() {
    let hall = Hall::open().await;
    let sold = sell(&hall, ONCE, |plan| plan).await;
    let update = "mutation($input: UpdateAccessPassInput!) { updateAccessPass(input: $input) { id } }";
    let input = json!({"id": sold.pass.as_str(), "redirectPurchaseUrl": "https://pass.example/welcome"});
    hall.run(None, update, json!({"input": input})).await.data();
    let create =
        "mutation($input: CreateCheckoutSessionInput!) { createCheckoutSession(input: $input) { id } }";
    let opened = async |extra: Value| {
        let mut input = extra;
        input["planId"] = json!(sold.plan.as_str());
        let made = hall.run(None, create, json!({"input": input})).await;
        format!("/checkout/{}", made.data()["createCheckoutSession"]["id"].as_str().expect("an id"))
    };
    let places = [
        (format!("/checkout/{sold}"), "https://pass.example/welcome\">Back to pass.example"),
        (opened(json!({})).await, "https://pass.example/welcome\">Back to pass.example"),
        (
            opened(json!({"redirectUrl": "https://app.example/a"})).await,
            "https://app.example/a\">Back to app.example",
        ),
    ];
    for ((place, link), name) in places.iter().zip(["one", "two", "three"]) {
        let mut buyer = crate::browser::Browser::new(&hall.running.origin);
        let email = format!("{name}@example.net");
        let done = pay_by_card(&mut buyer, place, GOOD_CARD, &[("email", &email)]).await;
        buyer.open(&done.location.expect("it leads on")).await.says(200, link);
    }
    let other = sell(&hall, ONCE, |plan| guildhall_app::plan::NewPlan {
        redirect_url: Some("https://plan.example/b".into()),
        ..plan
    });
    let other = other.await;
    let input = json!({"id": other.pass.as_str(), "redirectPurchaseUrl": "https://pass.example/welcome"});
    hall.run(None, update, json!({"input": input})).await.data();
    let mut mira = signed_in(&hall, "mira").await;
    let done = pay_by_card(&mut mira, &format!("/checkout/{other}"), GOOD_CARD, &[]).await;
    let done = mira.open(&done.location.expect("it leads on")).await;
    done.says(200, "https://plan.example/b\">Back to plan.example");
}
