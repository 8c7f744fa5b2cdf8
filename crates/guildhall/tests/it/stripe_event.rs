//! What Stripe tells by itself: signed by `localstripe`, and by the test as Stripe documents it.

use crate::harness::{Hall, NOW_MS};
use crate::receiver::Receiver;
use crate::stripe::{Scene, WEBHOOK_SECRET, configured, reference};
use guildhall_app::clock::Clock;
use guildhall_app::{jobs, world_time};
use guildhall_core::billing::DAY_MS;
use reqwest::Client;
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// The signature that OpenSSL computes of a body at a time, in seconds.
async fn signed(secret: &str, seconds: i64, body: &str) -> String {
    let mut openssl = Command::new("openssl")
        .args(["dgst", "-sha256", "-hmac", secret])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl can be started");
    let mut told = openssl.stdin.take().expect("it was piped");
    told.write_all(format!("{seconds}.{body}").as_bytes()).await.expect("it listens");
    drop(told);
    let output = openssl.wait_with_output().await.expect("it ends");
    let said = String::from_utf8(output.stdout).expect("text");
    format!("t={seconds},v1={}", said.trim().rsplit(' ').next().expect("a signature"))
}

async fn tell(hall: &Hall, signature: Option<&str>, body: &str) -> (u16, Value) {
    let mut request =
        Client::new().post(format!("{}/api/stripe/webhook", hall.running.origin)).body(body.to_owned());
    if let Some(signature) = signature {
        request = request.header("stripe-signature", signature);
    }
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

/// Tells a hall an event that is signed as it should be.
pub(crate) async fn signed_event(hall: &Hall, event: &Value) {
    let body = event.to_string();
    let signature = signed(WEBHOOK_SECRET, hall.clock.outside_ms() / 1000, &body).await;
    let (status, answer) = tell(hall, Some(&signature), &body).await;
    assert_eq!(status, 200, "{answer}");
}

/// How many pieces of news are queued.
async fn queued(hall: &Hall) -> usize {
    let jobs = jobs::list(&hall.running.hall, false, jobs::MOST_LISTED).await.expect("a list");
    jobs.iter().filter(|job| job.kind == "processor_news").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_signed_is_heard_once() {
    let scene = Scene::set().await;
    let mut receiver = Receiver::start().await;
    scene.local.send_events(&receiver.url("/events"), WEBHOOK_SECRET).await;
    let begun = scene.charge(&scene.first()).await.expect("an answer");
    scene.local.type_card(&reference(&begun), "4242424242424242").await;
    let event = loop {
        let event = receiver.next().await;
        if event.json()["type"] == "payment_intent.succeeded" {
            break event;
        }
    };
    assert_eq!(event.json()["data"]["object"]["id"], reference(&begun));
    let signature = &event.headers["stripe-signature"];
    let seconds: i64 = signature.split(['=', ',']).nth(1).expect("a time").parse().expect("seconds");
    let (hall, clock) = (&scene.hall, &scene.hall.clock);
    clock.advance_ms(seconds * 1000 - clock.now_ms());

    for _ in 0..3 {
        let (status, answer) = tell(hall, Some(signature), &event.body).await;
        assert_eq!((status, answer), (200, json!({"received": true})));
        assert_eq!(queued(hall).await, 1);
    }
    let refused = |answer: &Value| answer["errors"][0]["message"].as_str().expect("a sentence").to_owned();
    let (status, answer) = tell(hall, None, &event.body).await;
    assert_eq!(
        (status, &*refused(&answer)),
        (400, "The event is not signed: it needs the header `Stripe-Signature`.")
    );
    let (status, answer) = tell(hall, Some(signature), &format!("{} ", event.body)).await;
    let sentence = "The signature is not one of this body by the secret of this endpoint.";
    assert_eq!((status, &*refused(&answer)), (400, sentence));
    let other = signed("whsec_other", seconds, &event.body).await;
    assert_eq!(tell(hall, Some(&other), &event.body).await.0, 400);
    clock.advance_ms(301_000);
    let (status, answer) = tell(hall, Some(signature), &event.body).await;
    assert_eq!((status, &*refused(&answer)), (400, "The event was signed more than 300 seconds from now."));
    assert_eq!(queued(hall).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_what_was_asked_here_is_queued_and_the_rest_is_not() {
    let scene = Scene::set().await;
    let begun = scene.charge(&scene.first()).await.expect("an answer");
    let intent = reference(&begun);
    let seconds = NOW_MS / 1000;
    let mut heard = 0;
    let refund = json!({"id": "re_1", "payment_intent": intent, "status": "pending"});
    let dispute = json!({"id": "dp_1", "payment_intent": intent, "status": "needs_response", "amount": 1999,
        "currency": "usd", "reason": "fraudulent"});
    let elsewhere = json!({"id": "pi_elsewhere", "metadata": {"guildhall_key": "elsewhere"}});
    for (kind, object, is_news) in [
        ("payment_intent.processing", json!({"id": intent}), true),
        ("refund.updated", refund.clone(), true),
        ("charge.dispute.created", dispute, true),
        ("payment_intent.succeeded", elsewhere, false),
        (
            "refund.updated",
            json!({"id": "re_2", "payment_intent": "pi_elsewhere", "status": "pending"}),
            false,
        ),
        ("customer.updated", json!({"id": "cus_1"}), false),
        ("payment_intent.succeeded", json!(null), false),
    ] {
        heard += usize::from(is_news);
        let event = json!({"id": format!("evt_{heard}_{is_news}"), "type": kind, "data": {"object": object}});
        let body = event.to_string();
        let (status, answer) =
            tell(&scene.hall, Some(&signed(WEBHOOK_SECRET, seconds, &body).await), &body).await;
        assert_eq!((status, queued(&scene.hall).await), (200, heard), "{kind}: {answer}");
    }
    for body in ["", "{}", "[]", "{\"id\": 5}", "nonsense"] {
        let (status, answer) =
            tell(&scene.hall, Some(&signed(WEBHOOK_SECRET, seconds, body).await), body).await;
        let sentence = answer["errors"][0]["message"].as_str().expect("a sentence").to_owned();
        assert_eq!(status, 400, "{sentence}");
        assert!(sentence.starts_with("The body is not an event of Stripe: "), "{sentence}");
    }
    let (status, _) = tell(&scene.hall, Some("t=1,v1=00"), &"x".repeat(1024 * 1024 + 1)).await;
    assert_eq!((status, queued(&scene.hall).await), (413, heard));
    let without = Hall::open().await;
    let (status, answer) = tell(&without, Some("t=1,v1=00"), "{}").await;
    let sentence = "This server does not take payments through Stripe.";
    assert_eq!((status, answer["errors"][0]["message"].as_str()), (404, Some(sentence)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_as_old_as_outside_also_where_the_clock_was_moved_on() {
    let hall = Hall::open_by(Clock::system(), |config| configured(config, "http://127.0.0.1:1")).await;
    world_time::advance(&hall.running.hall, 3 * DAY_MS).await.expect("the clock is moved");
    assert!(hall.clock.now_ms() > hall.clock.outside_ms());
    let event = json!({"id": "evt_1", "type": "customer.updated", "data": {"object": {"id": "cus_1"}}});
    signed_event(&hall, &event).await;
}
