//! Webhooks: who may make them, what receivers are told, and what becomes of it when they fail.

use crate::harness::{Hall, NOW_MS, config};
use crate::process::{Caller, Home, run};
use crate::receiver::{Answer, Received, Receiver};
use guildhall::config::Config;
use guildhall::serve::{self, open_hall};
use guildhall_app::clock::{Clock, Random};
use guildhall_app::outbound::{Reach, Resolver};
use guildhall_app::principal::Principal;
use guildhall_app::webhook::{self, Attempt, Delivery, Origin, Progress, Replay, Replayed};
use guildhall_app::{Guildhall, Location, Settings, install, jobs};
use guildhall_client::{StandardWebhookHeaders, WebhookValidator};
use guildhall_core::ids::{CompanyId, Id, UserId, WebhookDeliveryId, WebhookEventId, WebhookId};
use guildhall_core::job::RESTS_MS;
use guildhall_core::permission::{Permission, Role};
use guildhall_core::webhook::{Company, Event, KEPT_MS, Subject, sample};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const CREATE: &str = "mutation($input: CreateWebhookInput!) { createWebhook(input: $input) {
  id url apiVersion createdAt enabled events resourceId webhookSecret
} }";
const UPDATE: &str = "mutation($input: UpdateWebhookInput!) { updateWebhook(input: $input) {
  id url apiVersion createdAt enabled events resourceId webhookSecret
} }";
const DELETE: &str = "mutation($input: DeleteWebhookInput!) { deleteWebhook(input: $input) }";
const TEST: &str =
    "mutation($input: TestWebhookV2Input!) { testWebhookV2(input: $input) { body status success } }";
const GET: &str = "query($company: ID!, $id: ID!) { company(id: $company) { webhook(id: $id) {
  id url apiVersion createdAt enabled events resourceId webhookSecret
} } }";
const LIST: &str = "query($company: ID!) { company(id: $company) { webhooks { id } } }";

impl Hall {
    /// Makes a webhook as the demo app's agent.
    async fn webhook(&self, input: Value) -> Value {
        self.run(None, CREATE, json!({"input": input})).await.data()["createWebhook"].clone()
    }

    /// Does what is due.
    async fn settle(&self) {
        jobs::run_due(&self.running.hall).await.expect("it settles");
    }

    /// Writes down that something happened to a thing in the demo company.
    async fn happen(&self, event: Event, thing: &str) -> WebhookEventId {
        let company = self.world.company.clone();
        let subject = subject(&company, event, thing);
        self.found(move |founder| founder.event(&company, event, &subject)).await
    }

    async fn deliveries(&self) -> Vec<Delivery> {
        webhook::deliveries(&self.running.hall, None, false, 1000).await.expect("a list")
    }

    /// How each try of the only delivery went, first to last: the status, and why there was no whole answer.
    async fn story(&self, id: &WebhookDeliveryId) -> (Delivery, Vec<Attempt>) {
        webhook::story(&self.running.hall, id.clone()).await.expect("it is on record")
    }
}

/// A sample about one thing.
fn subject(company: &CompanyId, event: Event, thing: &str) -> Subject {
    let company = Company { id: company.to_string(), title: "Here".into(), route: "here".into() };
    sample(event, &company, NOW_MS, thing)
}

/// The webhook's own words for the ids of what it was told, in the order they came.
fn ids(received: &[Received]) -> Vec<&str> {
    received.iter().map(Received::id).collect()
}

/// Checks the signature of a request by the Rust client, at the frozen clock's moment.
#[track_caller]
fn check(received: &Received, secret: &str, now_ms: i64) -> Value {
    let validator = WebhookValidator::new(secret);
    let (body, now) = (received.body.as_bytes(), now_ms / 1000);
    if let Some(signature) = received.headers.get("x-whop-signature") {
        validator.validate_v5_at(signature, body, now).expect("it is genuine");
    } else {
        let headers = StandardWebhookHeaders {
            id: received.id(),
            timestamp: &received.headers["webhook-timestamp"],
            signature: &received.headers["webhook-signature"],
        };
        validator.validate_standard_at(headers, body, now).expect("it is genuine");
    }
    received.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_made_shown_changed_and_deleted() {
    let hall = Hall::open().await;
    let company = hall.world.company.as_str();
    let made = hall.webhook(json!({"url": " https://example.com/in?a=b "})).await;
    assert_eq!((&made["url"], &made["apiVersion"]), (&json!("https://example.com/in?a=b"), &json!("v5")));
    assert_eq!((&made["resourceId"], &made["enabled"]), (&json!(company), &json!(true)));
    assert_eq!(made["createdAt"], json!(NOW_MS / 1000));
    let events = made["events"].as_array().expect("events");
    assert_eq!(events.len(), Event::ALL.iter().filter(|event| !event.is_for_apps()).count());
    let secret = made["webhookSecret"].as_str().expect("a secret");
    assert!(secret.starts_with("whsec_") && secret.len() > 40, "{secret}");

    let app = hall.world.app.as_str();
    let of_app = hall.webhook(json!({"url": "https://example.com/", "events": ["app_payment_failed"]})).await;
    assert_eq!(of_app["resourceId"], json!(app), "only what apps hear: the app's own");
    let named =
        hall.webhook(json!({"url": "https://example.com/", "resourceId": app, "apiVersion": "v1"})).await;
    assert_eq!((&named["apiVersion"], &named["resourceId"]), (&json!("v1"), &json!(app)));
    assert_eq!(named["events"].as_array().map(Vec::len), Some(6));

    let asked = json!({"company": company, "id": made["id"]});
    let shown =
        hall.run(Some(&hall.world.owner), GET, asked.clone()).await.data()["company"]["webhook"].clone();
    assert_eq!(shown, made, "the secret is shown each time");
    let answered = hall.run(None, LIST, json!({"company": company})).await;
    let listed = answered.data()["company"]["webhooks"].as_array().expect("webhooks").iter();
    let listed: BTreeSet<String> = listed.map(|one| one["id"].to_string()).collect();
    assert_eq!(listed, [&made, &of_app, &named].map(|one| one["id"].to_string()).into());

    let input = json!({"id": made["id"], "apiVersion": "v1", "enabled": false, "events": ["refund_created"],
        "url": "http://example.com/there"});
    let changed = hall.run(None, UPDATE, json!({"input": input})).await.data()["updateWebhook"].clone();
    assert_eq!((&changed["url"], &changed["enabled"]), (&json!("http://example.com/there"), &json!(false)));
    assert_eq!(
        (&changed["events"], &changed["webhookSecret"]),
        (&json!(["refund_created"]), &made["webhookSecret"])
    );
    let unchanged = hall.run(None, UPDATE, json!({"input": {"id": made["id"]}})).await;
    assert_eq!(unchanged.data()["updateWebhook"], changed);

    let gone = hall.run(None, DELETE, json!({"input": {"id": made["id"]}})).await;
    assert_eq!(gone.data()["deleteWebhook"], json!(true));
    hall.run(None, GET, asked).await.is_refused("NOT_FOUND", "There is no webhook `hook_");
    let again = hall.run(None, DELETE, json!({"input": {"id": made["id"]}})).await;
    again.is_refused("NOT_FOUND", "There is no webhook `hook_");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_by_its_sentence() {
    let hall = Hall::open().await;
    let foreign = hall.foreign().await;
    let refused = async |input: Value, code: &str, words: &str| {
        hall.run(None, CREATE, json!({"input": input})).await.is_refused(code, words);
    };
    let url = "https://example.com/in";
    let table = [
        (json!({"url": "example.com"}), "is a whole address such as https://example.com/webhooks"),
        (json!({"url": "ftp://example.com"}), "begins with https:// or http://"),
        (json!({"url": "https://me:secret@example.com"}), "holds no user and password"),
        (json!({"url": "https://example.com/#top"}), "holds no `#`"),
        (json!({"url": format!("https://example.com/{}", "x".repeat(2000))}), "at most 2000 characters"),
        (json!({"url": url, "apiVersion": "v2"}), "not sent in the version `v2`: choose `v5` or `v1`"),
        (json!({"url": url, "events": []}), "listens to at least one event"),
        (
            json!({"url": url, "events": ["app_payment_failed", "payment_failed"]}),
            "`app_payment_failed` is what a webhook of an app hears",
        ),
        (
            json!({"url": url, "events": ["payment_failed"], "resourceId": hall.world.app.as_str()}),
            "a webhook of an app listens to `app_payment_failed`",
        ),
        (
            json!({"url": url, "events": ["refund_created"], "resourceId": hall.world.app.as_str()}),
            "heard by webhooks of companies alone",
        ),
        (json!({"url": url, "resourceId": "user_1"}), "the id of a company (`biz_…`) or of an app (`app_…`)"),
        (json!({"url": url, "resourceId": "biz_a b"}), "is not a company id"),
    ];
    for (input, words) in table {
        refused(input, "INVALID_INPUT", words).await;
    }
    refused(json!({"url": url, "resourceId": "app_unknown"}), "NOT_FOUND", "There is no app `app_unknown`")
        .await;
    let theirs = json!({"url": url, "resourceId": foreign.app.as_str()});
    refused(theirs, "NOT_FOUND", "There is no app `").await;
    let theirs = json!({"url": url, "resourceId": foreign.company.as_str()});
    refused(theirs, "FORBIDDEN", "The permission `developer:manage_webhook` is missing").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_peoples_webhooks_are_not_there() {
    let hall = Hall::open().await;
    let foreign = hall.foreign().await;
    let made = hall.webhook(json!({"url": "https://example.com/in"})).await;
    let id = &made["id"];
    let tries = [
        (UPDATE, json!({"input": {"id": id, "url": "https://evil.example/"}})),
        (DELETE, json!({"input": {"id": id}})),
        (TEST, json!({"input": {"id": id, "event": "payment_failed"}})),
        (GET, json!({"company": foreign.company.as_str(), "id": id})),
    ];
    for (document, variables) in tries {
        let answered = hall.run_with(&foreign.key, None, document, variables).await;
        answered.is_refused("NOT_FOUND", "There is no webhook `hook_");
    }
    // One who may know of it, and may not look after it, is told what is missing.
    let moderator = hall.team_member("keeper", Role::Moderator).await;
    hall.install(&foreign, &[]).await;
    let delete = json!({"input": {"id": id}});
    for answered in [
        hall.run(Some(&moderator), DELETE, delete.clone()).await,
        hall.run_with(&foreign.key, None, DELETE, delete.clone()).await,
    ] {
        answered.is_refused("FORBIDDEN", "The permission `developer:manage_webhook` is missing");
    }
    hall.install(&foreign, &[Permission::DeveloperManageWebhook]).await;
    assert_eq!(hall.run_with(&foreign.key, None, DELETE, delete).await.data()["deleteWebhook"], json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_has_a_hundred_webhooks_at_most() {
    let hall = Hall::open().await;
    let input = json!({"url": "https://example.com/in"});
    for _ in 0..100 {
        hall.webhook(input.clone()).await;
    }
    let refused = hall.run(None, CREATE, json!({"input": input})).await;
    refused.is_refused("CONFLICT", "has 100 webhooks, which is the most");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_membership_is_told_in_every_form_to_all_who_listen() {
    let (hall, mut receiver) = (Hall::open().await, Receiver::start().await);
    let foreign = hall.foreign().await;
    let (v5, v1) = (receiver.url("/v5"), receiver.url("/v1"));
    let of_company = hall.webhook(json!({"url": v5, "events": ["membership_went_valid"]})).await;
    let standard = hall.webhook(json!({"url": v1, "apiVersion": "v1"})).await;
    hall.webhook(json!({"url": receiver.url("/deaf"), "events": ["payment_failed"]})).await;
    hall.webhook(json!({"url": receiver.url("/off"), "enabled": false})).await;
    let input = json!({"url": receiver.url("/app"), "resourceId": foreign.app.as_str()});
    let made = hall.run_with(&foreign.key, None, CREATE, json!({"input": input})).await;
    let of_app = made.data()["createWebhook"].clone();
    hall.customer("before-install").await;
    hall.settle().await;
    assert!(receiver.rest().iter().all(|one| one.path != "/app"), "not installed, so none of its business");
    hall.install(&foreign, &[]).await;

    let user = hall.customer("mira-new").await;
    hall.settle().await;
    let came: BTreeMap<String, Received> =
        receiver.rest().into_iter().map(|one| (one.path.clone(), one)).collect();
    assert_eq!(came.keys().collect::<Vec<_>>(), ["/app", "/v1", "/v5"]);
    assert_eq!(came["/v5"].id(), came["/v1"].id(), "one event has one id");
    let secret = |webhook: &Value| webhook["webhookSecret"].as_str().expect("a secret").to_owned();
    let told = check(&came["/v5"], &secret(&of_company), NOW_MS);
    assert_eq!((&told["api_version"], &told["action"]), (&json!("v5"), &json!("membership.went_valid")));
    assert_membership(&told["data"], &hall, &user);
    let told = check(&came["/app"], &secret(&of_app), NOW_MS);
    assert_eq!(told["action"], json!("app_membership.went_valid"));
    assert_membership(&told["data"], &hall, &user);
    let told = check(&came["/v1"], &secret(&standard), NOW_MS);
    assert_eq!((&told["type"], &told["api_version"]), (&json!("membership.activated"), &json!("v1")));
    assert_eq!(
        (&told["id"], &told["timestamp"]),
        (&json!(came["/v1"].id()), &json!("2024-05-01T00:00:00.000Z"))
    );
    assert_eq!(told["company_id"], json!(hall.world.company.as_str()));
    assert_eq!(told["data"]["user"]["username"], json!("mira-new"));
    assert_eq!(told["data"]["product"]["id"], json!(hall.world.access_pass.as_str()));
    assert!(came.values().all(|one| one.headers["content-type"] == "application/json"));
    assert_eq!(jobs::count(&hall.running.hall).await.expect("a count").waiting, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_reads_addresses_only_where_it_was_granted_them() {
    let (hall, mut receiver) = (Hall::open().await, Receiver::start().await);
    let foreign = hall.foreign().await;
    hall.install(&foreign, &[]).await;
    let input = json!({"url": receiver.url("/app"), "resourceId": foreign.app.as_str(), "apiVersion": "v1"});
    hall.run_with(&foreign.key, None, CREATE, json!({"input": input})).await.data();
    hall.webhook(json!({"url": receiver.url("/own"), "apiVersion": "v1"})).await;
    let mut told = BTreeMap::new();
    for granted in [&[][..], &[Permission::MemberEmailRead]] {
        hall.install(&foreign, granted).await;
        hall.happen(Event::MembershipWentValid, "A").await;
        hall.settle().await;
        for one in receiver.rest() {
            let email = one.json()["data"]["user"]["email"].clone();
            told.insert((one.path, granted.len()), email);
        }
    }
    let known = json!("mira@example.com");
    let expected = [
        (("/app".to_owned(), 0), Value::Null),
        (("/app".to_owned(), 1), known.clone()),
        (("/own".to_owned(), 0), known.clone()),
        (("/own".to_owned(), 1), known),
    ];
    assert_eq!(told, expected.into());
}

/// Lets something happen to somebody; answers by which path their address was told.
async fn addresses(hall: &Hall, receiver: &mut Receiver) -> BTreeMap<String, bool> {
    hall.happen(Event::MembershipWentValid, "A").await;
    hall.settle().await;
    let told = |one: &Received| one.json()["data"]["user"]["email"] == json!("mira@example.com");
    receiver.rest().iter().map(|one| (one.path.clone(), told(one))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_reads_addresses_where_whoever_says_where_it_is_sent_may() {
    let (hall, mut receiver) = (Hall::open().await, Receiver::start().await);
    let company = hall.world.company.as_str();
    let developer = hall.team_member("builder", Role::AppManager).await;
    let (plain, granted) = (hall.foreign().await, hall.foreign().await);
    hall.install(&plain, &[Permission::DeveloperManageWebhook]).await;
    hall.install(&granted, &[Permission::DeveloperManageWebhook, Permission::MemberEmailRead]).await;
    let own = &hall.world.api_key;
    let makers = [
        ("/owner", own, Some(&hall.world.owner)),
        ("/developer", own, Some(&developer)),
        ("/own-app", own, None),
        ("/other-app", &plain.key, None),
        ("/granted-app", &granted.key, None),
    ];
    let mut made = BTreeMap::new();
    for (path, key, user) in makers {
        let input = json!({"url": receiver.url(path), "resourceId": company, "apiVersion": "v1"});
        let answered = hall.run_with(key, user, CREATE, json!({"input": input})).await;
        made.insert(path, answered.data()["createWebhook"]["id"].clone());
    }
    // The webhook of an app hears of its own company what its maker may read there.
    let input =
        json!({"url": receiver.url("/app"), "resourceId": hall.world.app.as_str(), "apiVersion": "v1"});
    hall.run(Some(&developer), CREATE, json!({"input": input})).await.data();
    let mut expected: BTreeMap<String, bool> = [
        ("/owner", true),
        ("/developer", false),
        ("/own-app", true),
        ("/other-app", false),
        ("/granted-app", true),
        ("/app", false),
    ]
    .map(|(path, reads)| (path.to_owned(), reads))
    .into();
    assert_eq!(addresses(&hall, &mut receiver).await, expected);

    // Who changes something else changes nothing of that; who says where it is sent decides anew.
    let update = async |user: &UserId, input: Value| {
        hall.run(Some(user), UPDATE, json!({"input": input})).await.data();
    };
    update(&developer, json!({"id": made["/owner"], "apiVersion": "v1", "enabled": true})).await;
    update(&hall.world.owner, json!({"id": made["/developer"], "enabled": true})).await;
    assert_eq!(addresses(&hall, &mut receiver).await, expected);
    update(&developer, json!({"id": made["/own-app"], "url": receiver.url("/taken")})).await;
    update(&hall.world.owner, json!({"id": made["/developer"], "url": receiver.url("/developer")})).await;
    expected.remove("/own-app");
    expected.extend([("/taken".to_owned(), false), ("/developer".to_owned(), true)]);
    assert_eq!(addresses(&hall, &mut receiver).await, expected);

    // An app from elsewhere reads no more than it is granted.
    let owner = Principal::in_person(hall.world.owner.clone());
    let (app, from) = (granted.app.clone(), hall.world.company.clone());
    install::uninstall(&hall.running.hall, &owner, app, from).await.expect("it is sent away");
    expected.insert("/granted-app".to_owned(), false);
    assert_eq!(addresses(&hall, &mut receiver).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_behind_https_is_trusted_when_the_system_trusts_it() {
    let (secure, home) = (Home::new(), Home::new());
    let receiver = secure.serve(&["--tls", "--log", "error"]).await;
    let authority = secure.data_dir().join("tls/ca.pem");
    for (trusts, expected) in [(false, "cannot be trusted"), (true, "404")] {
        let mut command = home.over_data(&["serve", "--listen", "127.0.0.1:0", "--demo", "--log", "error"]);
        if trusts {
            command.env("SSL_CERT_FILE", &authority);
        }
        let server = crate::process::Server::start(&mut command).await;
        let caller = Caller::new(&home.demo()["WHOP_API_KEY"]);
        let url = format!("{}/nowhere", receiver.origin);
        let made = caller.data(&server.origin, None, CREATE, json!({"input": {"url": url}})).await;
        let input = json!({"input": {"id": made["createWebhook"]["id"], "event": "payment_failed"}});
        let tested = caller.data(&server.origin, None, TEST, input).await["testWebhookV2"].clone();
        assert!(tested.to_string().contains(expected), "{tested}");
        server.stop().await;
    }
    receiver.stop().await;
}

/// Every field that the contract names, with what a free membership has of it.
#[track_caller]
fn assert_membership(data: &Value, hall: &Hall, user: &UserId) {
    let id = data["id"].as_str().expect("an id");
    assert!(id.starts_with("mem_"), "{id}");
    let expected = json!({
        "id": id, "product_id": hall.world.access_pass.as_str(), "user_id": user.as_str(), "plan_id": null,
        "page_id": hall.world.company.as_str(), "created_at": NOW_MS / 1000, "expires_at": null,
        "renewal_period_start": null, "renewal_period_end": null, "quantity": 1, "status": "completed", "valid": true,
        "cancel_at_period_end": false, "license_key": null, "metadata": {}, "checkout_id": null,
        "affiliate_username": null, "manage_url": format!("{}/account/purchases", hall.running.origin),
        "company_buyer_id": null, "marketplace": false, "custom_field_responses": [],
    });
    assert_eq!(data, &expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_fails_in_every_way_gets_each_event_in_order_and_the_record_tells_it_all() {
    let (hall, mut receiver, mut elsewhere) =
        (Hall::open().await, Receiver::start().await, Receiver::start().await);
    hall.webhook(json!({"url": receiver.url("/in")})).await;
    let location = format!("location: {}\r\n", elsewhere.url("/secret"));
    receiver.answer_next(
        "/in",
        [
            Answer::with(500, "", "out of order"),
            Answer::Bytes("what is HTTP?\r\n\r\n".into()),
            Answer::Bytes(String::new()),
            Answer::with(302, &location, ""),
            Answer::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".into()),
            Answer::with(204, "", ""),
        ],
    );
    let first = hall.happen(Event::MembershipWentValid, "A").await;
    hall.settle().await;
    let second = hall.happen(Event::MembershipWentInvalid, "A").await;
    let other = hall.happen(Event::PaymentSucceeded, "B").await;
    // A thing of its own waits for nobody; it takes the next answer, though, which is none of HTTP.
    hall.settle().await;
    let mut came = receiver.rest();
    assert_eq!(ids(&came), [first.as_str(), other.as_str()]);
    for rest in &RESTS_MS[..6] {
        hall.clock.advance_ms(rest * 6 / 5);
        hall.settle().await;
        came.extend(receiver.rest());
    }
    assert_eq!(jobs::count(&hall.running.hall).await.expect("a count"), jobs::Count { waiting: 0, dead: 0 });
    let about_a: Vec<&str> = ids(&came).into_iter().filter(|id| *id != other.as_str()).collect();
    let begun_second = about_a.iter().position(|id| *id == second.as_str()).expect("it was told");
    assert!(about_a[..begun_second].iter().all(|id| *id == first.as_str()), "{about_a:?}");
    assert!(
        about_a[begun_second..].iter().all(|id| *id == second.as_str()),
        "nothing overtakes: {about_a:?}"
    );
    assert!(begun_second >= 2, "the first was tried again: {about_a:?}");
    let bodies: BTreeSet<&str> =
        came.iter().filter(|one| one.id() == first.as_str()).map(|one| one.body.as_str()).collect();
    assert_eq!(bodies.len(), 1, "each try says the same");
    assert!(elsewhere.rest().is_empty(), "a redirect is not followed");

    let mut outcomes = Vec::new();
    for delivery in hall.deliveries().await {
        assert_eq!(delivery.progress, Progress::Delivered);
        let (delivery, attempts) = hall.story(&delivery.id).await;
        assert_eq!(i64::try_from(attempts.len()), Ok(delivery.tries));
        assert!(attempts.iter().zip(1..).all(|(attempt, number)| attempt.number == number));
        assert!(
            attempts
                .iter()
                .all(|attempt| attempt.duration_ms.is_some() && attempt.url == receiver.url("/in"))
        );
        outcomes.extend(attempts.into_iter().map(|attempt| {
            let error = attempt.error.map(|error| error.split(':').next().unwrap_or_default().to_owned());
            (attempt.status, attempt.answer, error)
        }));
    }
    let said = |status, answer: &str| (Some(status), Some(answer.to_owned()), None);
    let broken = |status, error: &str| (status, None, Some(error.to_owned()));
    for outcome in [
        said(500, "out of order"),
        said(302, ""),
        said(204, ""),
        broken(None, "The answer is not one of HTTP"),
        broken(Some(200), "The answer broke off"),
    ] {
        assert!(outcomes.contains(&outcome), "{outcome:?} is not among {outcomes:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_is_honoured_and_gone_switches_the_webhook_off() {
    let (hall, mut receiver) = (Hall::open().await, Receiver::start().await);
    let made = hall.webhook(json!({"url": receiver.url("/in")})).await;
    let until = "retry-after: Wed, 01 May 2024 03:00:00 GMT\r\n";
    receiver.answer_next(
        "/in",
        [
            Answer::with(429, "retry-after: 7200\r\n", ""),
            Answer::with(503, until, ""),
            Answer::with(503, "retry-after: 99999999\r\n", ""),
            Answer::status(410),
        ],
    );
    let event = hall.happen(Event::MembershipWentValid, "A").await;
    let hour = 3_600_000;
    let day = 24 * hour;
    // Each: when it is asked, and when it is due again.
    for (now, due) in [(0, 2 * hour), (2 * hour, 3 * hour), (3 * hour, 3 * hour + day)] {
        hall.at(now);
        hall.settle().await;
        assert_eq!(receiver.rest().len(), 1);
        let delivery = hall.deliveries().await.remove(0);
        assert_eq!(delivery.progress, Progress::Waiting { due_at: NOW_MS + due });
    }
    let behind = hall.happen(Event::MembershipWentInvalid, "A").await;
    hall.at(3 * hour + day);
    hall.settle().await;
    assert_eq!(ids(&receiver.rest()), [event.as_str()], "what waits for one that is gone is not sent");
    let deliveries = hall.deliveries().await;
    let progress: Vec<_> = deliveries.iter().map(|one| (one.event_id.clone(), one.progress)).collect();
    assert_eq!(progress, [(behind.clone(), Progress::Dropped), (event.clone(), Progress::Failed)]);
    assert_eq!(jobs::count(&hall.running.hall).await.expect("a count"), jobs::Count { waiting: 0, dead: 0 });
    let listed = webhook::all(&hall.running.hall).await.expect("a list").remove(0);
    assert!(!listed.enabled);
    assert_eq!(listed.disabled_reason.as_deref(), Some("its receiver answered 410 Gone"));
    hall.happen(Event::PaymentFailed, "B").await;
    hall.settle().await;
    assert_eq!(hall.deliveries().await.len(), 2, "one that is off hears of nothing");

    let again = webhook::replay(&hall.running.hall, Replay::Delivery(deliveries[1].id.clone())).await;
    assert!(again.expect_err("it is off").to_string().contains("switch it on first"));
    hall.run(None, UPDATE, json!({"input": {"id": made["id"], "enabled": true}})).await.data();
    let done = webhook::replay(&hall.running.hall, Replay::Failed).await.expect("replayed");
    assert_eq!(done, Replayed { queued: 1, ..Replayed::default() });
    hall.settle().await;
    assert_eq!(ids(&receiver.rest()), [event.as_str()]);
}

/// A hall that is not served, with its own reach, patience and addresses.
async fn desk(reach: Reach, resolver: Resolver) -> (Guildhall, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let config = config(&directory);
    let location = match &config.database_url {
        Some(url) => Location::Postgres { url: url.clone(), schema: config.database_schema.clone() },
        None => Location::Sqlite(directory.path().join("guildhall.sqlite3")),
    };
    let settings = Settings {
        location,
        files: directory.path().join("files"),
        origin: "http://localhost".into(),
        largest_upload_bytes: 1,
        mail: None,
        money: guildhall_app::money::Settings::default(),
        stripe: None,
        webhooks: webhook::Settings { reach, longest_try: Duration::from_millis(300), resolver },
    };
    let hall = Guildhall::open(settings, Clock::frozen(NOW_MS), Random::seeded(7)).await.expect("it opens");
    (hall, directory)
}

/// A company with a webhook, founded in a hall that is not served.
async fn founded(hall: &Guildhall, url: &str) -> (CompanyId, guildhall_app::Result<webhook::Webhook>) {
    use guildhall_app::company::NewCompany;
    use guildhall_app::principal::{CallingApp, Principal};
    use guildhall_app::user::NewUser;
    let (company, app, agent) = guildhall_app::founding::found(hall, |founder| {
        let named = |name: &str| NewUser { username: name.into(), ..NewUser::default() };
        let owner = founder.user(&named("owner"))?;
        let company = founder.company(&NewCompany {
            owner,
            title: "Here".into(),
            route: "here".into(),
            industry_type: None,
            business_type: None,
        })?;
        let app = founder.app(&company, "App", None)?;
        let agent = founder.agent(&app, &named("agent"))?;
        Ok((company, app, agent))
    })
    .await
    .expect("it is founded");
    let agent = Principal {
        app: Some(CallingApp { id: app, company: company.clone() }),
        user: Some(agent),
        is_agent: true,
        is_person: false,
        company: None,
        scopes: None,
    };
    let wanted = webhook::Wanted { url: Some(url.to_owned()), ..webhook::Wanted::default() };
    (company, webhook::create(hall, &agent, None, wanted).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_keeps_silent_is_given_up_and_asked_again() {
    let mut receiver = Receiver::start().await;
    let (hall, _directory) = desk(Reach::Anywhere, Resolver::System).await;
    founded(&hall, &receiver.url("/in")).await.1.expect("made");
    receiver.answer_next(
        "/in",
        [Answer::Silence, Answer::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n".into())],
    );
    let (event, _) =
        webhook::trigger(&hall, Origin::OnlyCompany, Event::PaymentSucceeded).await.expect("it happens");
    jobs::run_due(&hall).await.expect("it ran");
    let delivery = webhook::deliveries(&hall, None, false, 1).await.expect("a list").remove(0);
    let (delivery, attempts) = webhook::story(&hall, delivery.id).await.expect("on record");
    assert!(matches!(delivery.progress, Progress::Waiting { due_at } if due_at > NOW_MS));
    assert_eq!(attempts[0].error.as_deref(), Some("There was no answer within 300ms."));
    let hastened = jobs::list(&hall, false, 1).await.expect("a list").remove(0);
    jobs::retry(&hall, hastened.id).await.expect("hastened");
    jobs::run_due(&hall).await.expect("it ran");
    assert_eq!(ids(&receiver.rest()), [event.as_str(), event.as_str()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_private_address_is_ever_connected_to_unless_allowed() {
    let mut receiver = Receiver::start().await;
    let list: Arc<Mutex<HashMap<String, Vec<std::net::SocketAddr>>>> = Arc::default();
    let (hall, _directory) = desk(Reach::PublicOnly, Resolver::Listed(Arc::clone(&list))).await;
    // The name was public when the webhook was made; by the time it is called it leads home.
    list.lock().expect("whole").insert("rebind.example".into(), vec![receiver.address]);
    let (_, made) = founded(&hall, "http://rebind.example/in").await;
    made.expect("a name is not looked up when a webhook is made");
    webhook::trigger(&hall, Origin::OnlyCompany, Event::PaymentSucceeded).await.expect("it happens");
    jobs::run_due(&hall).await.expect("it ran");
    let delivery = webhook::deliveries(&hall, None, false, 1).await.expect("a list").remove(0);
    let (_, attempts) = webhook::story(&hall, delivery.id).await.expect("on record");
    assert_eq!(
        attempts[0].error.as_deref(),
        Some("The host `rebind.example` is at 127.0.0.1, which is not an address of the public internet.")
    );
    assert!(receiver.rest().is_empty(), "nobody connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_served_hall_refuses_private_addresses_when_they_are_made_changed_and_called() {
    let mut receiver = Receiver::start().await;
    let hall = Hall::open_with(|config| Config { allow_private_webhooks: Some(false), ..config }).await;
    let port = receiver.address.port();
    let made = hall.webhook(json!({"url": "https://example.com/in"})).await;
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0",
        "localhost",
        "localhost.",
        "LocalHost",
        "a.localhost",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "[fd00:ec2::254]",
        "[fe80::1]",
    ] {
        let url = format!("http://{host}:{port}/in");
        let words = "which is not on the public internet";
        let created = hall.run(None, CREATE, json!({"input": {"url": url}})).await;
        created.is_refused("INVALID_INPUT", words);
        let updated = hall.run(None, UPDATE, json!({"input": {"id": made["id"], "url": url}})).await;
        updated.is_refused("INVALID_INPUT", words);
    }
    assert!(receiver.rest().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_that_was_allowed_once_is_not_called_when_it_no_longer_is() {
    let (home, mut receiver) = (Home::new(), Receiver::start().await);
    let server = home.serve(&["--demo"]).await;
    let demo = home.demo();
    let caller = Caller::new(&demo["WHOP_API_KEY"]);
    let input = json!({"input": {"url": receiver.url("/in")}});
    let made = caller.data(&server.origin, None, CREATE, input).await;
    server.stop().await;
    let server = home.serve(&["--demo", "--allow-private-webhooks", "false"]).await;
    let input = json!({"input": {"id": made["createWebhook"]["id"], "event": "payment_failed"}});
    let tested = caller.data(&server.origin, None, TEST, input).await["testWebhookV2"].clone();
    assert_eq!((&tested["status"], &tested["success"]), (&json!(0), &json!(false)));
    let body = tested["body"].as_str().expect("a sentence");
    assert!(body.contains("which is not on the public internet"), "{body}");
    assert!(receiver.rest().is_empty());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_sends_a_real_sample_of_every_event_and_tells_what_came_back() {
    let (hall, mut receiver) = (Hall::open().await, Receiver::start().await);
    for version in ["v5", "v1"] {
        let path = format!("/{version}");
        let made = hall.webhook(json!({"url": receiver.url(&path), "apiVersion": version})).await;
        let secret = made["webhookSecret"].as_str().expect("a secret");
        for event in Event::ALL {
            receiver.answer_next(&path, [Answer::with(200, "", "{\"fine\": [1]}")]);
            let input = json!({"input": {"id": made["id"], "event": event.as_str()}});
            let tested = hall.run(None, TEST, input).await.data()["testWebhookV2"].clone();
            assert_eq!(tested, json!({"status": 200, "success": true, "body": {"fine": [1]}}));
            let told = check(&receiver.next().await, secret, NOW_MS);
            match version {
                "v5" => assert_eq!(told["action"], json!(event.action())),
                _ => assert_eq!(told["type"], json!(event.standard_type())),
            }
            assert!(told["data"]["id"].is_string(), "{told}");
        }
        let table = [
            (
                Answer::with(500, "", "not today"),
                json!({"status": 500, "success": false, "body": "not today"}),
            ),
            (Answer::with(301, "location: /\r\n", ""), json!({"status": 301, "success": false, "body": ""})),
        ];
        for (answer, expected) in table {
            receiver.answer_next(&path, [answer]);
            let input = json!({"input": {"id": made["id"], "event": "payment_failed"}});
            assert_eq!(hall.run(None, TEST, input).await.data()["testWebhookV2"], expected);
            receiver.next().await;
        }
        receiver.answer_next(&path, [Answer::Bytes("nonsense".into())]);
        let input = json!({"input": {"id": made["id"], "event": "payment_failed"}});
        let tested = hall.run(None, TEST, input).await.data()["testWebhookV2"].clone();
        assert_eq!((&tested["status"], &tested["success"]), (&json!(0), &json!(false)));
        assert!(tested["body"].as_str().is_some_and(|why| why.starts_with("The answer is not one of HTTP")));
        receiver.next().await;
    }
    assert!(hall.deliveries().await.is_empty(), "a sample is nobody's news");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_sent_again_one_a_range_or_all_that_failed() {
    let (hall, mut receiver) = (Hall::open().await, Receiver::start().await);
    hall.webhook(json!({"url": receiver.url("/in")})).await;
    let mut events = Vec::new();
    for minute in 0..3 {
        hall.at(minute * 60_000);
        events.push(hall.happen(Event::PaymentSucceeded, &format!("P{minute}")).await);
        hall.settle().await;
    }
    assert_eq!(ids(&receiver.rest()), events.iter().map(Id::as_str).collect::<Vec<_>>());
    let replay = async |what| webhook::replay(&hall.running.hall, what).await;
    let queued = |queued| Replayed { queued, ..Replayed::default() };
    // One who came later hears of an earlier event when it is replayed.
    hall.webhook(json!({"url": receiver.url("/late")})).await;
    assert_eq!(replay(Replay::Event(events[1].clone())).await.expect("replayed"), queued(2));
    hall.settle().await;
    let came = receiver.rest();
    assert_eq!(ids(&came), [events[1].as_str(), events[1].as_str()]);
    assert_eq!(
        came.iter().map(|one| one.path.as_str()).collect::<BTreeSet<_>>(),
        BTreeSet::from(["/in", "/late"])
    );

    let range = Replay::Range { since: NOW_MS + 60_000, until: NOW_MS + 120_000 };
    assert_eq!(replay(range).await.expect("replayed"), queued(2));
    hall.settle().await;
    assert_eq!(receiver.rest().len(), 2);
    let everything = Replay::Range { since: 0, until: i64::MAX };
    assert!(replay(everything).await.expect("replayed").queued >= 6, "the demo's own events too");
    hall.settle().await;
    receiver.rest();

    // A job that is dead makes its delivery one that failed.
    receiver.answer_next("/in", (0..10).map(|_| Answer::status(500)));
    let event = hall.happen(Event::RefundCreated, "R").await;
    for rest in RESTS_MS {
        hall.settle().await;
        hall.clock.advance_ms(rest * 6 / 5);
    }
    hall.settle().await;
    let failed = webhook::deliveries(&hall.running.hall, None, true, 10).await.expect("a list");
    assert_eq!(failed.len(), 1);
    assert_eq!((&failed[0].event_id, failed[0].tries), (&event, 10));
    receiver.rest();
    let one = Replay::Delivery(failed[0].id.clone());
    receiver.answer_next("/in", [Answer::status(500)]);
    assert_eq!(replay(one.clone()).await.expect("replayed"), queued(1));
    hall.settle().await;
    let refused = replay(one).await.expect_err("it waits for its next try");
    assert_eq!(refused.to_string(), "The delivery is under way already.");
    assert_eq!(replay(Replay::Failed).await.expect("replayed"), queued(0), "it has tries left");
    hall.clock.advance_ms(RESTS_MS[0] * 2);
    hall.settle().await;
    assert_eq!(ids(&receiver.rest()), [event.as_str(), event.as_str()]);
    assert_eq!(hall.story(&failed[0].id).await.1.len(), 12, "every try is on record");
    let unknown = replay(Replay::Event(WebhookEventId::parse("evt_1").expect("an id"))).await;
    assert!(unknown.expect_err("unknown").to_string().starts_with("There is no event `evt_1`"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_kept_for_thirty_days() {
    let (hall, receiver) = (Hall::open().await, Receiver::start().await);
    hall.webhook(json!({"url": receiver.url("/in")})).await;
    for number in 0..30 {
        hall.happen(Event::PaymentSucceeded, &format!("P{number}")).await;
    }
    hall.settle().await;
    assert_eq!(hall.deliveries().await.len(), 30);
    hall.clock.advance_ms(KEPT_MS + 1);
    for number in 0..5 {
        hall.happen(Event::PaymentFailed, &format!("Q{number}")).await;
    }
    hall.settle().await;
    let kept = hall.deliveries().await;
    assert_eq!(kept.len(), 5);
    assert!(kept.iter().all(|delivery| delivery.event == "payment_failed"));
    let events = webhook::happened_since(&hall.running.hall, 0).await.expect("events");
    assert_eq!(events.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rolled_back_is_told_to_nobody() {
    let (hall, mut receiver) = (Hall::open().await, Receiver::start().await);
    hall.webhook(json!({"url": receiver.url("/in")})).await;
    let (company, before) = (hall.world.company.clone(), hall.deliveries().await.len());
    let failed = guildhall_app::founding::found(&hall.running.hall, move |founder| {
        let subject = subject(&company, Event::PaymentFailed, "P");
        founder.event(&company, Event::PaymentFailed, &subject)?;
        Err::<(), _>(guildhall_app::Error::Conflict("thought better of it".into()))
    });
    failed.await.expect_err("it thought better of it");
    hall.settle().await;
    assert_eq!((receiver.rest().len(), hall.deliveries().await.len()), (0, before));
}

/// The configuration of a home, as a command or another copy would have it.
fn beside(home: &Home) -> Config {
    let postgres = home.postgres();
    Config {
        data_dir: home.data_dir(),
        listen: "127.0.0.1:0".parse().expect("an address"),
        database_schema: postgres.as_ref().map_or_else(String::new, |(_, schema)| (*schema).to_owned()),
        database_url: postgres.map(|(url, _)| url),
        ..Config::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_while_it_delivers_delivers_all_the_same() {
    let (home, mut receiver) = (Home::new(), Receiver::start().await);
    let mut server = home.serve(&["--demo", "--log", "error"]).await;
    let demo = home.demo();
    let caller = Caller::new(&demo["WHOP_API_KEY"]);
    let input = json!({"input": {"url": receiver.url("/in")}});
    caller.data(&server.origin, None, CREATE, input).await;
    receiver.answer_next("/in", (0..4).map(|_| Answer::Silence));
    let company = CompanyId::parse(&demo["NEXT_PUBLIC_WHOP_COMPANY_ID"]).expect("an id");
    let hall =
        open_hall(&beside(&home), "http://localhost", Clock::system(), Random::System).await.expect("opens");
    let mut expected = BTreeSet::new();
    for number in 0..8 {
        // Two for each thing: the second waits for the first.
        let (company, thing) = (company.clone(), format!("T{}", number / 2));
        let event = if number % 2 == 0 { Event::MembershipWentValid } else { Event::MembershipWentInvalid };
        let subject = subject(&company, event, &thing);
        let made =
            guildhall_app::founding::found(&hall, move |founder| founder.event(&company, event, &subject));
        expected.insert(made.await.expect("it happened").to_string());
    }
    let mut came = Vec::new();
    for _ in 0..4 {
        came.push(receiver.next().await);
    }
    server.signal("KILL").await;
    server.ended().await;
    drop(hall);

    // Its leases have ended by then.
    let later = Clock::frozen(Clock::system().now_ms() + 120_000);
    let config = Config { allow_private_webhooks: Some(true), ..beside(&home) };
    let running = serve::start(&config, later, Random::System, false).await.expect("it starts again");
    jobs::run_due(&running.hall).await.expect("it settles");
    came.extend(receiver.rest());
    let arrived: BTreeSet<String> = came.iter().map(|one| one.id().to_owned()).collect();
    assert_eq!(arrived, expected, "each arrives at least once, under its id");
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    for one in &came {
        let told = one.json();
        let (thing, action) = (told["data"]["id"].to_string(), told["action"].to_string());
        let before = last.insert(thing, action.clone());
        let overtook =
            action.contains("went_valid") && before.is_some_and(|before| before.contains("went_invalid"));
        assert!(!overtook, "an event overtook the one before it");
    }
    let deliveries = webhook::deliveries(&running.hall, None, false, 100).await.expect("a list");
    assert!(deliveries.iter().all(|delivery| delivery.progress == Progress::Delivered));
    let cut_off = deliveries.iter().find(|delivery| delivery.tries == 2).expect("one was cut off");
    let (_, attempts) = webhook::story(&running.hall, cut_off.id.clone()).await.expect("on record");
    assert_eq!((attempts[0].duration_ms, attempts[0].status), (None, None), "its end is not known");
    assert_eq!(attempts[1].status, Some(200));
    running.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_trigger_show_and_replay() {
    let (home, mut receiver) = (Home::new(), Receiver::start().await);
    let server = home.serve(&["--demo", "--log", "error"]).await;
    let demo = home.demo();
    let caller = Caller::new(&demo["WHOP_API_KEY"]);
    let input = json!({"input": {"url": receiver.url("/in"), "events": ["payment_failed"]}});
    let made = caller.data(&server.origin, None, CREATE, input).await["createWebhook"].clone();
    let said = async |arguments: &[&str]| {
        let output = run(&mut home.over_data(&[&["webhooks"], arguments].concat())).await;
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (output.status.success(), text(output.stdout) + &text(output.stderr))
    };
    let id = made["id"].as_str().expect("an id");
    WebhookId::parse(id).expect("a webhook's");
    let (_, listed) = said(&["list"]).await;
    assert!(
        listed.starts_with(&format!("{id}  on\n  of      {}\n", demo["NEXT_PUBLIC_WHOP_COMPANY_ID"])),
        "{listed}"
    );
    assert!(!listed.contains("whsec_"), "a secret is shown: {listed}");

    receiver.answer_next("/in", [Answer::with(500, "", "\u{1b}[31mred")]);
    let (fine, told) = said(&["trigger", "payment.failed"]).await;
    let company = &demo["NEXT_PUBLIC_WHOP_COMPANY_ID"];
    assert!(fine && told.starts_with(&format!("payment.failed happened in {company} as evt_")), "{told}");
    let event = receiver.next().await.id().to_owned();
    assert!(told.trim_end().ends_with(&format!("{event}.")), "{told} {event}");
    assert!(said(&["trigger", "app_payment_succeeded", "--app", &demo["NEXT_PUBLIC_WHOP_APP_ID"]]).await.0);
    let (fine, told) = said(&["trigger", "payment_lost"]).await;
    assert!(
        !fine && told.contains("there is no event \"payment_lost\" (there are: app_membership_"),
        "{told}"
    );

    // The second try comes within seconds; until then or after it, the first is on record.
    receiver.next().await;
    let (_, listed) = said(&["deliveries"]).await;
    let delivery = listed.lines().nth(1).expect("a line").split(' ').next().expect("an id").to_owned();
    assert!(listed.contains("payment.failed") && listed.ends_with("1 delivery shown.\n"), "{listed}");
    let (_, story) = said(&["show", &delivery]).await;
    assert!(story.contains(&event) && story.contains("answered 500 after"), "{story}");
    assert!(story.contains("[31mred") && !story.contains('\u{1b}'), "{story}");

    let (fine, told) = said(&["replay", &event]).await;
    assert!(fine, "{told}");
    assert!(said(&["replay", "--since", "1h"]).await.0);
    assert!(said(&["replay", "--failed"]).await.1.starts_with("0 deliveries are due again."));
    let (fine, told) = said(&["replay", "--since", "soon"]).await;
    assert!(!fine && told.contains("is neither a span such as 90m"), "{told}");
    assert!(!said(&["replay"]).await.0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listening_forwards_what_happens_with_a_signature_and_leaves_nothing_behind() {
    use tokio::io::{AsyncBufReadExt, BufReader};
    let (home, mut receiver) = (Home::new(), Receiver::start().await);
    let server = home.serve(&["--demo", "--log", "error"]).await;
    let url = receiver.url("/local");
    let arguments = ["webhooks", "listen", &url, "--events", "payment_failed,membership.went_valid"];
    let mut command = home.over_data(&arguments);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().expect("it starts");
    let mut said = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut line = async || said.next_line().await.expect("text").expect("a line");
    assert_eq!(line().await, format!("Forwarding events to {url} (version v5)."));
    let told = line().await;
    let secret = told.strip_prefix("They are signed with the secret ").expect("a secret").to_owned();
    assert_eq!((line().await.as_str(), line().await.as_str()), ("Ctrl-C ends it.", ""));
    receiver.answer_next("/local", [Answer::with(200, "", ""), Answer::status(404)]);
    for event in ["payment_succeeded", "payment_failed", "membership_went_valid"] {
        assert!(run(&mut home.over_data(&["webhooks", "trigger", event])).await.status.success());
    }
    let came = [receiver.next().await, receiver.next().await];
    let actions = came.each_ref().map(|one| check(one, &secret, Clock::system().now_ms())["action"].clone());
    assert_eq!(actions, [json!("payment.failed"), json!("membership.went_valid")]);
    let (first, second) = (line().await, line().await);
    assert!(
        first.contains("payment.failed") && first.contains(came[0].id()) && first.contains("200 in "),
        "{first}"
    );
    assert!(second.contains("membership.went_valid") && second.contains("404 in "), "{second}");
    let id = child.id().expect("it runs").to_string();
    tokio::process::Command::new("kill").args(["-s", "INT", &id]).status().await.expect("kill is there");
    assert!(child.wait().await.expect("it ends").success(), "Ctrl-C is no failure");
    let hall =
        open_hall(&beside(&home), "http://localhost", Clock::system(), Random::System).await.expect("opens");
    assert!(webhook::all(&hall).await.expect("a list").is_empty());
    assert!(webhook::deliveries(&hall, None, false, 10).await.expect("a list").is_empty());
    assert!(receiver.rest().is_empty());
    server.stop().await;
}
