//! Bad input of every kind: it gets a clear refusal, never a 5xx, never a word about what is inside,
//! and the server goes on as before.

use crate::harness::{Hall, NOW_MS};
use crate::session::signed_in;
use guildhall_app::access_pass::{AccessPassKind, NewAccessPass, Visibility};
use guildhall_app::experience::NewExperience;
use guildhall_app::founding;
use guildhall_app::ledger::audit;
use guildhall_app::plan::NewPlan;
use guildhall_core::billing::Terms;
use guildhall_core::experience::ExperienceKind;
use guildhall_core::ids::Id;
use guildhall_core::money::Currency;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Every operation that was ever published.
const TABLE: &str = include_str!("../../../guildhall-graphql/operations/operations.json");
/// Our documents of those that are built, by group and name.
const DOCUMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../guildhall-graphql/operations");
/// How many operations are built.
const BUILT: usize = 70;
/// How many requests are under way at once.
const AT_ONCE: usize = 16;
/// What no sentence says: it would tell of the inside.
const INSIDES: &[&str] = &[
    "sqlite",
    "postgres",
    "constraint",
    "syntax error at",
    "select ",
    "insert into",
    "no such table",
    "no such column",
    "panicked",
    "unwrap",
    "backtrace",
    ".rs:",
    "src/",
    "error {",
    "internal(",
    "some(",
    "none)",
    "/tmp/",
    "os error",
    "poisoned",
    "tokio",
    "async_graphql",
    "serde",
];

/// A header and its value, whether the key goes with it, and the status, code and sentence of the refusal.
type Garbage<'a> = (&'a str, &'a [u8], bool, u16, &'a str, &'a str);

/// One published operation.
struct Operation {
    name: String,
    ids: Vec<String>,
    document: Option<String>,
}

fn operations() -> Vec<Operation> {
    let table: BTreeMap<String, Value> = serde_json::from_str(TABLE).expect("the committed table is JSON");
    let read = |(name, row): (String, Value)| {
        let file = format!("{DOCUMENTS}/{}/{name}.graphql", row["group"].as_str().expect("a group"));
        let ids = row["ids"].as_object().expect("ids").values();
        let ids = ids.flat_map(|ids| ids.as_object().expect("ids of a client").keys().cloned()).collect();
        Operation { name, ids, document: std::fs::read_to_string(file).ok() }
    };
    table.into_iter().map(read).collect()
}

/// An answer of which nothing is known but that it is one.
struct Raw {
    status: u16,
    body: Vec<u8>,
}

impl Raw {
    fn json(&self, what: &str) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{what}: {error}: {text}"))
    }

    /// Asserts that this is a decent answer; answers its first refusal, if it is one.
    fn check(&self, what: &str) -> Option<(String, String)> {
        assert!(self.status < 500, "{what}: {} {}", self.status, String::from_utf8_lossy(&self.body));
        let body = self.json(what);
        let replies = body.as_array().map_or(std::slice::from_ref(&body), Vec::as_slice);
        let errors = replies.iter().filter_map(|reply| reply["errors"].as_array()).flatten();
        let told: Vec<(String, String)> = errors
            .map(|error| {
                let message =
                    error["message"].as_str().unwrap_or_else(|| panic!("{what}: no message: {body}"));
                let code =
                    error["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{what}: no code: {body}"));
                assert!(!message.trim().is_empty() && message.chars().count() <= 1001, "{what}: {message}");
                assert_ne!(code, "INTERNAL", "{what}: {message}");
                let lower = message.to_lowercase();
                for inside in INSIDES {
                    assert!(!lower.contains(inside), "{what}: the refusal tells of the inside: {message}");
                }
                (code.to_owned(), message.to_owned())
            })
            .collect();
        assert!(self.status < 400 || !told.is_empty(), "{what}: {} without a sentence", self.status);
        told.into_iter().next()
    }

    /// Asserts that this is a refusal with this status, code and sentence.
    fn refused(&self, what: &str, status: u16, code: &str, sentence: &str) {
        let (found, message) = self.check(what).unwrap_or_else(|| panic!("{what}: not refused"));
        assert_eq!((self.status, found.as_str()), (status, code), "{what}: {message}");
        assert!(message.contains(sentence), "{what}: \"{message}\" does not say \"{sentence}\"");
    }
}

/// Sends anything anywhere.
struct Sender {
    http: Client,
    origin: String,
    bearer: String,
}

impl Sender {
    fn of(hall: &Hall) -> Self {
        Self {
            http: Client::new(),
            origin: hall.running.origin.clone(),
            bearer: format!("Bearer {}", hall.world.api_key),
        }
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &[u8])], body: Vec<u8>) -> Raw {
        let mut request = self.http.request(method, format!("{}{path}", self.origin)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        Raw { status, body: response.bytes().await.expect("a body").to_vec() }
    }

    /// Posts bytes as JSON with the demo app's key.
    async fn post(&self, body: impl Into<Vec<u8>>) -> Raw {
        let headers: [(&str, &[u8]); 2] =
            [("content-type", b"application/json"), ("authorization", self.bearer.as_bytes())];
        self.send(Method::POST, "/public-graphql", &headers, body.into()).await
    }

    async fn document(&self, query: impl Into<String>) -> Raw {
        self.post(json!({"query": query.into()}).to_string()).await
    }

    /// Asserts that the server answers as it always did, and that no money went astray.
    async fn still_answers(&self, hall: &Hall) {
        let answered = self.document("{ viewer { user { id } } }").await;
        let body = answered.json("afterwards");
        assert_eq!(body["data"]["viewer"]["user"]["id"], hall.world.agent.as_str(), "{body}");
        let report = audit(&hall.running.hall).await.expect("an audit");
        assert!(report.is_sound(), "{report:?}");
    }
}

/// Ids of a company that the demo app has nothing to do with, one of every kind that there is.
async fn foreign_ids(hall: &Hall) -> Vec<String> {
    let foreign = hall.foreign().await;
    let (company, app) = (foreign.company.clone(), foreign.app.clone());
    let founded = founding::found(&hall.running.hall, move |founder| {
        let pass = founder.access_pass(&NewAccessPass {
            company: company.clone(),
            kind: AccessPassKind::Regular,
            title: "Elsewhere".into(),
            route: "elsewhere".into(),
            headline: None,
            shortened_description: None,
            visibility: Visibility::Hidden,
        })?;
        let terms = Terms::OneTime { price_minor: 100, expiration_days: None };
        let usd = Currency::parse("usd")?;
        let plan = founder.plan(&NewPlan::of_terms(company.clone(), pass.clone(), usd, terms))?;
        let mut ids = vec![pass.to_string(), plan.to_string()];
        for (kind, name) in [(ExperienceKind::Chat, "Their chat"), (ExperienceKind::Forum, "Their forum")] {
            let (company, app) = (company.clone(), app.clone());
            let new =
                NewExperience { company, app, kind, name: name.into(), description: None, expires_at: None };
            ids.push(founder.experience(&new, &[&pass], None)?.to_string());
        }
        Ok(ids)
    });
    let mut ids = founded.await.expect("foreign things");
    let account = "{ viewer { user { ledgerAccount { id } } } }";
    let answered = hall.run_with(&foreign.key, None, account, json!({})).await;
    ids.push(answered.data()["viewer"]["user"]["ledgerAccount"]["id"].as_str().expect("an id").to_owned());
    let upload = "mutation { mediaDirectUpload(input: {byteSizeV2: 1, filename: \"a\", record: forum_post,
      checksum: \"1B2M2Y8AsgTpgAmY7PhCfg==\"}) { id } }";
    let answered = hall.run_with(&foreign.key, None, upload, json!({})).await;
    ids.push(answered.data()["mediaDirectUpload"]["id"].as_str().expect("an id").to_owned());
    ids.extend([
        foreign.company.to_string(),
        foreign.app.to_string(),
        foreign.agent.to_string(),
        foreign.owner.to_string(),
    ]);
    ids
}

/// Variables that are sound for an operation, with as many fields as it has.
fn sound(hall: &Hall, name: &str) -> Value {
    let world = &hall.world;
    let (company, customer, pass) =
        (world.company.as_str(), world.customer.as_str(), world.access_pass.as_str());
    let (chat, forum) = (world.chat_experience.as_str(), world.forum_experience.as_str());
    let app = world.app.as_str();
    let file = json!([{"directUploadId": "file_1"}]);
    let price = json!({"baseCurrency": "usd", "expirationDays": 10, "initialPrice": 10, "releaseMethod": "buy_now",
        "customFields": [{"fieldType": "text", "id": "a", "name": "b", "order": 1, "placeholder": "c", "required": true}]});
    let later = NOW_MS / 1000 + 1000;
    match name {
        "checkIfUserHasAccessToAccessPass" => json!({"accessPassId": pass, "userId": customer}),
        "checkIfUserHasAccessToCompany" => json!({"companyId": company, "userId": customer}),
        "checkIfUserHasAccessToExperience" => json!({"experienceId": chat, "userId": customer}),
        "getAccessPass" => json!({"accessPassId": pass}),
        "createAccessPass" => {
            json!({"input": {"bannerImage": {"id": "file_1"}, "companyId": company, "creatorPitch": "a",
            "customCta": "join", "customCtaUrl": "https://a", "description": "a", "experienceIds": [chat],
            "globalAffiliatePercentage": 10, "globalAffiliateStatus": "enabled", "headline": "a",
            "licenseKeyPrefix": "A", "logo": {"id": "file_1"}, "memberAffiliatePercentage": 10,
            "memberAffiliateStatus": "enabled", "metadata": {}, "redirectPurchaseUrl": "https://a", "route": "a",
            "shortenedDescription": "a", "showMemberCount": true, "title": "a", "visibility": "visible",
            "productHighlights": [{"content": "a", "highlightType": "benefit"}],
            "socialLinks": [{"url": "https://a", "website": "x"}],
            "planOptions": {"baseCurrency": "usd", "billingPeriod": 30, "initialPrice": 5, "planType": "renewal",
                "releaseMethod": "waitlist", "renewalPrice": 5, "visibility": "visible",
                "customFields": [{"fieldType": "text", "id": "a", "name": "b", "order": 1}]}}})
        }
        "deleteAccessPass" => json!({"input": {"id": "prod_1"}}),
        "updateAccessPass" => {
            json!({"input": {"bannerImage": {"id": "file_1"}, "creatorPitch": "a", "customCta": "join",
            "customCtaUrl": "https://a", "description": "a", "globalAffiliatePercentage": 10,
            "globalAffiliateStatus": "enabled", "headline": "a", "id": pass, "licenseKeyPrefix": "A",
            "logo": {"id": "file_1"}, "memberAffiliatePercentage": 10, "memberAffiliateStatus": "enabled",
            "redirectPurchaseUrl": "https://a", "route": "a", "shortenedDescription": "a", "showMemberCount": true,
            "showOffers": true, "title": "a", "visibility": "visible"}})
        }
        "getWaitlistEntriesForCompany" => {
            json!({"companyId": company, "after": "entry_1", "before": "entry_1", "first": 2, "last": 2})
        }
        "listAccessPasses" => {
            json!({"companyId": company, "visibility": "all", "order": "usd_gmv", "last": 2,
            "first": 2, "direction": "asc", "conditions": ["has_plans"], "before": pass, "after": pass,
            "accessPassTypes": ["regular"]})
        }
        "listPlans" => {
            json!({"companyId": company, "after": "plan_1", "before": "plan_1", "first": 2, "last": 2,
            "filter": {"accessPassId": pass, "affiliates": true, "direction": "asc", "order": "created_at",
                "passholderAffiliate": true, "query": "a", "raffleEnded": true, "releaseMethod": "raffle",
                "visibility": "all"}})
        }
        "listWaitlistEntries" => json!({"companyId": company, "after": "entry_1", "before": "entry_1",
            "direction": "asc", "first": 2, "last": 2, "order": "id", "filters": {"accessPassIds": [pass],
                "endDate": later, "planIds": ["plan_1"], "startDate": 1, "statuses": ["any"]}}),
        "createAffiliate" => {
            json!({"input": {"username": "sam", "payoutType": "percentage", "fee": "12.5", "onlyOnePayout": true,
            "planId": world.plan.as_str(), "planIds": [world.plan.as_str()], "companyId": company}})
        }
        "getAffiliate" => json!({"affiliateId": "aff_1", "companyId": company}),
        "listAffiliates" => {
            json!({"companyId": company, "after": "aff_1", "before": "aff_1", "direction": "asc",
            "first": 2, "last": 2, "order": "cached_total_rewards"})
        }
        "updateAffiliate" => {
            json!({"input": {"id": "aff_1", "planId": world.plan.as_str(), "payoutType": "flat_fee", "fee": 5,
            "onlyOnePayout": false, "status": "archived"}})
        }
        "createApp" => json!({"input": {"baseUrl": "https://a", "companyId": company, "name": "a"}}),
        "createAppBuild" => {
            json!({"input": {"appId": app, "attachment": {"directUploadId": "file_1", "id": "file_1"},
            "checksum": "a", "platform": "web", "supportedAppViewTypes": ["hub"]}})
        }
        "createInvoice" => {
            json!({"input": {"chargeBuyerFee": false, "collectionMethod": "send_invoice", "companyId": company,
            "customerName": "a", "dueDate": later, "emailAddress": "a@example.com", "memberId": customer,
            "paymentTokenId": "payt_1", "product": {"title": "a", "productTaxCodeId": "b"}, "productId": pass,
            "plan": {"achPayments": false, "baseCurrency": "usd", "billingPeriod": 30, "cardPayments": true,
            "coinbaseCommerceAccepted": false, "customFields": price["customFields"], "description": "a",
            "expirationDays": 10, "initialPrice": "10", "internalNotes": "a", "offerCancelDiscount": false,
            "paypalAccepted": false, "planType": "one_time", "platformBalanceAccepted": true,
            "redirectUrl": "https://a", "releaseMethod": "buy_now", "renewalPrice": 10, "splititAccepted": false,
            "releaseMethodSettings": {"expiresAt": later, "maxEntries": 1, "nftWeightedEntries": false,
            "startsAt": later}, "splitPayRequiredPayments": 1, "stock": 1, "trialPeriodDays": 7,
            "unlimitedStock": false, "visibility": "hidden"}}})
        }
        "getInvoice" => json!({"invoiceId": "inv_1", "companyId": company}),
        "listInvoices" => {
            json!({"after": "inv_1", "before": "inv_2", "companyId": company, "first": 2, "last": 2})
        }
        "getApp" => json!({"appId": app, "companyId": company}),
        "listApps" => json!({"after": app, "before": app, "companyId": company, "first": 2, "last": 2}),
        "promoteAppBuild" => json!({"input": {"appBuildId": "apb_1"}}),
        "unassignAppBuild" => json!({"input": {"appId": app, "platform": "web"}}),
        "updateApp" => {
            json!({"input": {"appStoreDescription": "a", "baseDevUrl": "https://a", "basePreviewUrl": "https://a",
            "baseUrl": "https://a", "dashboardPath": "/a", "defaultAgentUserId": world.agent.as_str(),
            "description": "a", "discoverPath": "/a", "experiencePath": "/[experienceId]",
            "forceCheckoutIframe": true, "hubCta": "a", "icon": {"id": "file_1"}, "id": app, "image": "a",
            "name": "a", "productPage": "a", "requiredScopes": ["read_user"], "status": "hidden"}})
        }
        "updateAppPermissions" => {
            json!({"input": {"appId": app, "requestedPermissions": [
            {"action": "chat:read", "isRequired": true, "justification": "a"}]}})
        }
        "getAttachment" => json!({"id": "file_1"}),
        "processAttachment" => json!({"input": {"directUploadId": "file_1", "mediaType": "image",
            "multipartUploadId": "mpu_1", "multipartParts": [{"etag": "a", "partNumber": 1}]}}),
        "uploadMedia" => {
            json!({"input": {"byteSizeV2": 1, "byteSize": 1, "checksum": "1B2M2Y8AsgTpgAmY7PhCfg==",
            "contentType": "image/png", "filename": "a.png", "metadata": {}, "multipart": true, "record": "forum_post"}})
        }
        "getCompany" | "getCompanyAuthorizedUsers" | "getCompanyLedgerAccount" | "listAuthorizedUsers" => {
            json!({"companyId": company})
        }
        "getMember" => json!({"companyId": company, "companyMemberId": "mber_1"}),
        "listMembers" => {
            json!({"companyId": company, "after": "joined_at.1.mber_1", "before": "joined_at.9.mber_9",
            "direction": "asc", "first": 2, "last": 2, "order": "joined_at", "filters": {"accessPassIds": [pass],
            "endDate": later, "membershipStatus": "active", "mostRecentActions": ["joined"],
            "planIds": [world.plan.as_str()], "promoCodeIds": ["promo_1"], "query": "a", "startDate": 0,
            "statuses": ["joined"], "trackingLinkIds": ["link_1"]}})
        }
        "listMemberships" => {
            json!({"companyId": company, "after": "status.active.mem_1", "before": "status.expired.mem_9",
            "direction": "asc", "first": 2, "last": 2, "order": "status", "filters": {"accessPassIds": [pass],
            "accessPassTypes": ["regular"], "cancelationReasons": ["other"], "endDate": later,
            "hasCancelationReason": true, "headerFilter": "active", "membershipStatus": "active",
            "planIds": [world.plan.as_str()], "promoCodeIds": ["promo_1"], "startDate": 0, "statuses": ["active"],
            "trackingLinkIds": ["link_1"]}})
        }
        "listReceiptsForCompany" => {
            json!({"companyId": company, "after": "paid_at.1.pay_1", "first": 2, "filter": {"accessPassIds": [pass],
            "billingReasons": ["one_time"], "currencies": ["usd"], "direction": "asc", "endDate": later,
            "order": "paid_at", "paymentMethods": ["stripe"], "planIds": [world.plan.as_str()], "query": "a",
            "startDate": 0, "statuses": ["succeeded"]}})
        }
        "getExperience" | "listAccessPassesForExperience" | "listForumPostsFromForum" => {
            json!({"experienceId": forum})
        }
        "listExperiences" => {
            json!({"after": chat, "first": 2, "accessPassId": pass, "appId": world.app.as_str(),
            "onAccessPass": true, "companyId": company})
        }
        "listUsersForExperience" => json!({"experienceId": chat, "after": customer, "before": customer,
            "direction": "asc", "first": 2, "searchQuery": "mi"}),
        "createForumPost" => {
            json!({"input": {"forumExperienceId": forum, "content": "a", "title": "b", "parentId": "post_1",
            "isMention": true, "pinned": true, "paywallAmount": 5, "paywallCurrency": "usd", "attachments": file,
            "poll": {"options": [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}]}}})
        }
        "findOrCreateForum" => {
            json!({"input": {"accessPassId": pass, "experienceId": forum, "name": "New forum",
            "expiresAt": later, "whoCanPost": "admins", "price": price}})
        }
        "findOrCreateChat" => {
            json!({"input": {"accessPassId": pass, "experienceId": chat, "name": "New chat",
            "expiresAt": later, "whoCanPost": "admins", "price": price}})
        }
        "listDirectMessageConversations" => {
            json!({"beforeTimestamp": NOW_MS.to_string(), "limit": 2, "query": "a",
            "status": "accepted", "unread": true})
        }
        "listMessagesFromChat" => json!({"chatExperienceId": chat}),
        "sendDirectMessageToUser" => {
            json!({"toUserIdOrUsername": customer, "message": "a", "attachments": file})
        }
        "sendMessageToChat" => json!({"experienceId": chat, "message": "a", "attachments": file}),
        "sendPushNotification" => {
            json!({"input": {"experienceId": chat, "companyTeamId": company, "title": "a",
            "content": "b", "externalId": "c", "isMention": true, "link": "https://a", "restPath": "/a",
            "senderUserId": customer, "subtitle": "d", "userIds": [customer]}})
        }
        "chargeUser" => {
            json!({"input": {"amount": 5, "currency": "usd", "userId": customer, "description": "a",
            "metadata": {}, "redirectUrl": "https://a", "affiliateCode": "b"}})
        }
        "createCheckoutSession" => json!({"input": {"planId": world.plan.as_str(), "metadata": {},
            "redirectUrl": "https://a", "affiliateCode": "b"}}),
        "payUser" => {
            json!({"input": {"amount": 1, "currency": "usd", "destinationId": customer, "idempotenceKey": "a",
            "ledgerAccountId": "ldgr_1", "notes": "b", "reason": "creator_to_user", "transferFee": 0}})
        }
        "createPromoCode" => {
            json!({"input": {"code": "SPRING", "promoType": "flat_amount", "amountOff": "5.5", "baseCurrency": "usd",
            "newUsersOnly": false, "churnedUsersOnly": false, "existingMembershipsOnly": false, "numberOfIntervals": 2,
            "onePerCustomer": true, "stock": 3, "unlimitedStock": false, "expirationDatetime": later,
            "accessPassId": world.paid_access_pass.as_str(), "planIds": [world.plan.as_str()], "companyId": company}})
        }
        "deletePromoCode" => json!({"input": {"id": "promo_1"}}),
        "getPromoCode" => json!({"code": "SPRING", "planId": world.plan.as_str()}),
        "listPromoCodes" => {
            json!({"companyId": company, "after": "promo_1", "before": "promo_1", "first": 2, "last": 2,
            "filters": {"direction": "asc", "newStatus": "active", "order": "code", "query": "spring",
            "status": "active"}})
        }
        "banUser" => {
            json!({"input": {"userId": "user_1", "accessPassId": pass, "reason": "spam", "customReason": "a",
            "deleteMessagesInFeedId": "feed_1"}})
        }
        "muteUser" => json!({"input": {"userId": "user_1", "mutedUntil": later}}),
        "unbanUser" | "unmuteUser" => json!({"input": {"userId": "user_1"}}),
        "getUser" => json!({"userId": customer}),
        "createWebhook" => {
            json!({"input": {"url": "https://example.com/in", "apiVersion": "v1", "enabled": false,
            "events": ["payment_failed"], "resourceId": company}})
        }
        "deleteWebhook" => json!({"input": {"id": "hook_1"}}),
        "getWebhook" => json!({"companyId": company, "webhookId": "hook_1"}),
        "listWebhooks" => json!({"companyId": company}),
        "testWebhook" => json!({"input": {"id": "hook_1", "event": "payment_failed"}}),
        "updateWebhook" => {
            json!({"input": {"id": "hook_1", "url": "https://example.com/in", "apiVersion": "v1", "enabled": false,
            "events": ["payment_failed"]}})
        }
        "getCurrentUser" | "getUserLedgerAccount" => json!({}),
        other => panic!("{other} is built: say here what its variables are"),
    }
}

/// The pointers of every value inside, the inner ones first.
fn places(value: &Value, place: &str, found: &mut Vec<String>) {
    let mut inside = |name: String, value: &Value| places(value, &format!("{place}/{name}"), found);
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| inside(name.clone(), value)),
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(index, value)| inside(index.to_string(), value));
        }
        _ => {}
    }
    if !place.is_empty() {
        found.push(place.to_owned());
    }
}

/// Values that hardly any place takes.
fn bad_values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(0),
        json!(2_147_483_648_i64),
        json!(u64::MAX),
        json!(-0.5),
        json!(1e308),
        json!(""),
        json!("\u{0}"),
        json!("\u{1F528}\u{10FFFF}\u{202e}"),
        json!("'; drop table users; --"),
        json!("x".repeat(20_000)),
        json!([]),
        json!([[[]]]),
        json!({"unknown": {"deep": [null]}}),
    ]
}

/// Every bad thing to ask of one operation, as `(what it is, variables)`.
fn bad_variables(sound: &Value, foreign: &[String]) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    places(sound, "", &mut found);
    let mut bad: Vec<(String, Value)> = vec![
        ("variables are a list".into(), json!([])),
        ("variables are text".into(), json!("x")),
        ("no variables".into(), json!({})),
        ("unknown variables".into(), json!({"unknown": 1, "": null, "\u{1F528}": []})),
    ];
    for place in found {
        let old = sound.pointer(&place).expect("the place was just found");
        let is_id = old.as_str().is_some_and(|text| text.contains('_'));
        let ids = foreign.iter().filter(|_| is_id).map(|id| json!(id));
        for value in bad_values().into_iter().chain(ids) {
            let mut variables = sound.clone();
            *variables.pointer_mut(&place).expect("the same place") = value.clone();
            let shown: String = value.to_string().chars().take(40).collect();
            bad.push((format!("{place} is {shown}"), variables));
        }
    }
    bad
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_refuses_bad_variables_clearly() {
    let hall = Hall::open().await;
    let sender = std::sync::Arc::new(Sender::of(&hall));
    let foreign = foreign_ids(&hall).await;
    let built: Vec<Operation> =
        operations().into_iter().filter(|operation| operation.document.is_some()).collect();
    assert_eq!(built.len(), BUILT);
    let (mut fed, mut refused) = (0, 0);
    let mut asking = JoinSet::new();
    for operation in &built {
        let document = operation.document.as_deref().expect("it is built");
        for (what, variables) in bad_variables(&sound(&hall, &operation.name), &foreign) {
            let what = format!("{}: {what}", operation.name);
            let body = match operation.ids.get(fed % 2) {
                Some(id) => {
                    json!({"operationId": format!("whop-sdk-ts-server/{id}"), "variables": variables})
                }
                None => json!({"query": document, "variables": variables}),
            };
            let sender = std::sync::Arc::clone(&sender);
            asking.spawn(async move { sender.post(body.to_string()).await.check(&what).is_some() });
            fed += 1;
            if asking.len() >= AT_ONCE {
                refused +=
                    usize::from(asking.join_next().await.expect("some are under way").expect("decent"));
            }
        }
    }
    while let Some(outcome) = asking.join_next().await {
        refused += usize::from(outcome.expect("decent"));
    }
    println!("{fed} bad requests, {refused} refused");
    assert!(fed >= 200 && refused >= 200, "{fed} fed, {refused} refused");
    sender.still_answers(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_request_are_refused() {
    let hall = Hall::open().await;
    let sender = Sender::of(&hall);
    let nested = |open: &str, middle: &str, close: &str, times: usize| {
        format!("{}{middle}{}", open.repeat(times), close.repeat(times))
    };
    let batch = |requests: usize| format!("[{}]", vec![r#"{"query":"{ __typename }"}"#; requests].join(","));
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xde, 0xad, 0xbe, 0xef];
    let table: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "not JSON"),
        (b"{".to_vec(), "not JSON"),
        (b"{\"query\":}".to_vec(), "not JSON"),
        (b"{'query':'{a}'}".to_vec(), "not JSON"),
        (b"{\"query\":\"{a}\"} trailing".to_vec(), "not JSON"),
        (b"{\"query\":\"\xff\xfe\"}".to_vec(), "not JSON"),
        (b"{\"query\":\"\\ud800\"}".to_vec(), "not JSON"),
        (b"\xef\xbb\xbf{}".to_vec(), "not JSON"),
        (b"{\"query\":\"{a}\",\"variables\":{\"a\":1e999}}".to_vec(), "not JSON"),
        (gzip.to_vec(), "not JSON"),
        (vec![0; 1000], "not JSON"),
        (nested("[", "", "]", 100_000).into(), "not JSON"),
        (nested("{\"a\":", "1", "}", 100_000).into(), "not JSON"),
        (b"null".to_vec(), "must be a JSON object"),
        (b"\"{a}\"".to_vec(), "must be a JSON object"),
        (b"[]".to_vec(), "1 to 10 requests"),
        (batch(11).into(), "1 to 10 requests"),
        (b"[[]]".to_vec(), "Every request of a batch is a JSON object"),
        (b"{}".to_vec(), "Give `query`"),
        (b"{\"query\":null}".to_vec(), "Give `query`"),
        (b"{\"query\":[]}".to_vec(), "`query` must be text"),
        (b"{\"operationId\":5}".to_vec(), "`operationId` must be text"),
        (b"{\"query\":\"{a}\",\"operationName\":{}}".to_vec(), "`operationName` must be text"),
        (b"{\"query\":\"{a}\",\"variables\":\"x\"}".to_vec(), "`variables` must be a JSON object"),
        (b"{\"query\":\"{a}\",\"extensions\":[]}".to_vec(), "`extensions` must be a JSON object"),
        (b"{\"query\":\"{a}\\u0000\"}".to_vec(), "NUL"),
    ];
    for (body, sentence) in table {
        let what: String = String::from_utf8_lossy(&body).chars().take(40).collect();
        sender.post(body).await.refused(&what, 400, "INVALID_INPUT", sentence);
    }
    let full = format!("{}{}", r#"{"query":"{ __typename }"}"#, " ".repeat(1024 * 1024));
    sender.post(&full[..1024 * 1024 + 1]).await.refused(
        "1 MiB and a byte",
        413,
        "INVALID_INPUT",
        "larger than 1 MiB",
    );
    assert_eq!(sender.post(&full[..1024 * 1024]).await.status, 200, "1 MiB");
    assert!(sender.post(batch(10)).await.check("a batch of ten").is_none());

    for content_type in
        ["", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "\u{ff}"]
    {
        let headers: [(&str, &[u8]); 1] = [("content-type", content_type.as_bytes())];
        let answered = sender.send(Method::POST, "/public-graphql", &headers, b"{}".to_vec()).await;
        answered.refused(content_type, 415, "INVALID_INPUT", "Send JSON, and say so");
    }
    for method in [
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::OPTIONS,
        Method::from_bytes(b"SPEAK").expect("a method"),
    ] {
        let answered = sender.send(method.clone(), "/public-graphql", &[], Vec::new()).await;
        answered.refused(method.as_str(), 405, "INVALID_INPUT", "GraphQL is spoken by GET and POST.");
    }
    let compressed: [(&str, &[u8]); 2] =
        [("content-type", b"application/json"), ("content-encoding", b"gzip")];
    let answered = sender.send(Method::POST, "/public-graphql", &compressed, gzip.to_vec()).await;
    answered.refused("gzip", 400, "INVALID_INPUT", "not JSON");
    sender.still_answers(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_ask_nothing_sound_are_refused() {
    let hall = Hall::open().await;
    let sender = Sender::of(&hall);
    for (path, status, sentence) in [
        ("/public-graphql", 400, "Give `query`"),
        ("/public-graphql?query=", 200, "1:1"),
        ("/public-graphql?query=%7B__typename", 200, "expected"),
        ("/public-graphql?query=%00", 400, "NUL"),
        ("/public-graphql?query=%FF", 200, "expected"),
        ("/public-graphql?query=%7Ba%7D&variables=%7B", 400, "`variables` is not JSON"),
        ("/public-graphql?query=%7Ba%7D&variables=1", 400, "`variables` must be a JSON object"),
        ("/public-graphql?query=%7Ba%7D&extensions=x", 400, "`extensions` is not JSON"),
        ("/public-graphql?query=mutation%7B__typename%7D", 405, "Only queries can be asked by GET."),
        (
            "/public-graphql?query=mutation%20A%7B__typename%7Dquery%20B%7B__typename%7D&operationName=A",
            405,
            "by GET",
        ),
        ("/public-graphql?id=sha256:0", 200, "Unknown operation id"),
    ] {
        let answered = sender.send(Method::GET, path, &[], Vec::new()).await;
        let (_, message) = answered.check(path).unwrap_or_else(|| panic!("{path}: not refused"));
        assert_eq!(answered.status, status, "{path}: {message}");
        assert!(message.contains(sentence), "{path}: \"{message}\" does not say \"{sentence}\"");
    }
    for path in [
        "/files/%FF",
        "/files/file_1?expires=99999999999999999999&signature=0",
        "/files/file_1?expires=1&signature=%C3%A9",
        "/files/file_1?%FF=%FF",
        "/files/file_1?expires=1&expires=2",
        "/files/..%2F..%2Fetc%2Fpasswd?expires=1&signature=0",
        "/files/file_1",
        "/checkout/%FF",
        "/checkout/..%2F",
        "/assets/..%2f..%2fCargo.toml",
        "/assets/%FF",
        "/uploads/file_1",
        "/nothing",
        "/%FF",
        "//",
        "/public-graphql/a/b",
    ] {
        let answered = sender.send(Method::GET, path, &[], Vec::new()).await;
        assert!((400..500).contains(&answered.status), "{path}: {}", answered.status);
    }
    let cookie = signed_in(&hall, &hall.world.customer).await;
    for path in [
        "/experiences/%FF",
        "/experiences/%FF/a",
        "/experiences/exp_1/%FF",
        "/experiences/exp_1/%00",
        "/dashboard/%FF/app_1",
        "/dashboard/biz_1/app_1/..%2F..",
    ] {
        let answered = sender.send(Method::GET, path, &[("cookie", cookie.as_bytes())], Vec::new()).await;
        assert!((400..500).contains(&answered.status), "{path}: {}", answered.status);
    }
    for path in [
        "/uploads/%FF?expires=1&signature=0",
        "/uploads/file_1/parts/99999999999999999999?expires=1&signature=0",
        "/uploads/file_1/parts/-1?expires=-1&signature=0",
        "/files/file_1",
        "/healthz",
    ] {
        let answered = sender.send(Method::PUT, path, &[], vec![0; 100]).await;
        assert!((400..500).contains(&answered.status), "{path}: {}", answered.status);
    }
    sender.still_answers(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_operations_that_are_not_held_are_refused() {
    let hall = Hall::open().await;
    let sender = Sender::of(&hall);
    let ask = |id: String| sender.post(json!({"operationId": id, "operationType": "query"}).to_string());
    let mut not_built = 0;
    for operation in operations().iter().filter(|operation| operation.document.is_none()) {
        for id in &operation.ids {
            let sentence = format!("`{}` is not implemented yet (NOT_IMPLEMENTED).", operation.name);
            ask(format!("whop-sdk-ts-server/{id}")).await.refused(
                &operation.name,
                200,
                "NOT_IMPLEMENTED",
                &sentence,
            );
            ask(id.clone()).await.refused(&operation.name, 200, "NOT_IMPLEMENTED", &sentence);
            not_built += 1;
        }
    }
    assert!(not_built > 0, "every operation is built: this test has done its work");
    let endless = "x".repeat(100_000);
    for id in ["", "sha256:0", "whop-sdk-ts-server/", "getUser", "\u{1F528}", "../../x", &endless] {
        ask(id.to_owned()).await.refused(id, 200, "NOT_FOUND", "no published client sends it");
    }
    sender.still_answers(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_searched_for_is_short() {
    let hall = Hall::open().await;
    let (company, endless) = (hall.world.company.as_str(), "x".repeat(100_000));
    let experience = hall.world.chat_experience.as_str();
    let of_company = |selection: &str| {
        format!("query($company: ID!, $query: String!) {{ company(id: $company) {{ {selection} }} }}")
    };
    for document in [
        of_company("plans(filter: {query: $query}) { totalCount }"),
        of_company("members(filters: {query: $query}) { totalCount }"),
        of_company("promoCodes(filter: {query: $query}) { totalCount }"),
        of_company("receiptsV2(filter: {query: $query}) { totalCount }"),
        of_company("experiencesV2(filter: {query: $query}) { totalCount }"),
        of_company("creatorDashboardTable(tableFilters: {query: $query}) { entries { totalCount } }"),
        format!(
            "query($query: String!) {{ publicExperience(id: \"{experience}\") {{ users(query: $query) {{ totalCount }} }} }}"
        ),
        "query($query: String!) { myDmsChannelsV2(query: $query) { id } }".into(),
    ] {
        let variables = json!({"company": company, "query": endless});
        let answered = hall.run(Some(&hall.world.customer), &document, variables.clone()).await;
        let answered = match answered.body["errors"][0]["extensions"]["code"].as_str() {
            // To the team.
            Some("FORBIDDEN") => hall.run(None, &document, variables).await,
            _ => answered,
        };
        answered.is_refused("INVALID_INPUT", "`query` is at most");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_are_none_or_ask_too_much_are_refused() {
    let hall = Hall::open().await;
    let sender = Sender::of(&hall);
    let id = hall.world.company.as_str();
    let nested = |open: &str, middle: &str, close: &str, times: usize| {
        format!("{}{middle}{}", open.repeat(times), close.repeat(times))
    };
    let aliases = |many: usize| -> String {
        (0..many).map(|n| format!("a{n}: hasAccessToCompany(companyId: \"{id}\") {{ hasAccess }} ")).collect()
    };
    let chain: String =
        (0..20_000).map(|n| format!("fragment F{n} on PublicQuery {{ ...F{} }} ", n + 1)).collect();
    let table: Vec<(String, &str)> = vec![
        (String::new(), ""),
        ("#".into(), ""),
        ("{".into(), ""),
        ("{}".into(), ""),
        ("}".into(), ""),
        ("{ a ".into(), ""),
        ("\u{1F528}".into(), ""),
        ("{ \u{1F528} }".into(), ""),
        ("query ($a: ) { a }".into(), ""),
        ("{ viewer { user { id } } } trailing".into(), ""),
        ("schema { query: A }".into(), ""),
        ("type A { a: Int }".into(), ""),
        ("{ nothing }".into(), "nothing"),
        ("{ viewer }".into(), "viewer"),
        ("{ viewer { user { id { id } } } }".into(), "id"),
        ("{ viewer { user { nothing } } }".into(), "nothing"),
        ("{ hasAccessToCompany { hasAccess } }".into(), "companyId"),
        ("{ hasAccessToCompany(companyId: 1.5) { hasAccess } }".into(), "companyId"),
        ("{ hasAccessToCompany(companyId: {}) { hasAccess } }".into(), "companyId"),
        ("{ hasAccessToCompany(companyId: null) { hasAccess } }".into(), "companyId"),
        ("{ hasAccessToCompany(companyId: \"biz_1\", unknown: 1) { hasAccess } }".into(), "unknown"),
        ("{ hasAccessToCompany(companyId: $a) { hasAccess } }".into(), "a"),
        ("query($a: Nothing) { __typename }".into(), "Nothing"),
        ("query($a: ID!) { hasAccessToCompany(companyId: $a) { hasAccess } }".into(), "$a is required"),
        ("query($a: PublicQuery) { __typename }".into(), ""),
        ("{ ...F }".into(), "F"),
        ("{ ...F } fragment F on PublicQuery { ...F }".into(), ""),
        ("{ ...F } fragment F on PublicQuery { ...G } fragment G on PublicQuery { ...F }".into(), ""),
        ("{ ...F } fragment F on Nothing { a }".into(), "Nothing"),
        ("{ viewer @nothing { user { id } } }".into(), "nothing"),
        ("{ viewer @include { user { id } } }".into(), "if"),
        ("query A { __typename } query A { __typename }".into(), "A"),
        ("query A { __typename } query B { __typename }".into(), ""),
        ("{ __typename } { __typename }".into(), ""),
        ("subscription { a }".into(), ""),
        ("{ a: __typename a: viewer { user { id } } }".into(), ""),
        ("mutation { transferFunds(input: {}) }".into(), ""),
        ("mutation { sendMessage(input: {message: 1}) }".into(), ""),
        ("mutation { sendMessage(input: {message: \"a\", unknown: 1}) }".into(), "unknown"),
        ("mutation { transferFunds(input: {amount: 1, currency: nothing, destinationId: \"a\", idempotenceKey: \"b\", ledgerAccountId: \"c\"}) }".into(), ""),
        ("mutation { transferFunds(input: {amount: 99999999999999999999999999999999, currency: usd, destinationId: \"a\", idempotenceKey: \"b\", ledgerAccountId: \"c\"}) }".into(), ""),
        (format!("{{ a(b: \"{}\") }}", "x".repeat(500_000)), ""),
        (format!("{{ {} }}", "x".repeat(500_000)), ""),
        (format!("{{ __schema {{ types {{ fields {{ type {} }} }} }} }}", nested("{ ofType ", "{ name }", " }", 12)), "deep"),
        (format!("{{ {} }}", aliases(600)), "complex"),
        (format!("{{ viewer {} {{ user {{ id }} }} }}", "@include(if: true) ".repeat(11)), "directive"),
        (format!("{{ {} }}", "__typename ".repeat(50_000)), "asks for too much"),
        (nested("{ a ", "", "}", 100_000), ""),
        (format!("{{ a(b: {}) }}", nested("[", "", "]", 200_000)), ""),
        (format!("{{ a(b: {}) }}", nested("{a: ", "1", "}", 100_000)), ""),
        (format!("query($a: {}) {{ a }}", nested("[", "Int", "]", 200_000)), ""),
        (nested("{ ... ", "{ __typename }", "}", 50_000), ""),
        (format!("{{ ...F0 }} {chain} fragment F20000 on PublicQuery {{ __typename }}"), ""),
    ];
    for (document, word) in table {
        let what: String = document.chars().take(60).collect();
        let answered = sender.document(document).await;
        let (code, message) = answered.check(&what).unwrap_or_else(|| panic!("{what}: not refused"));
        assert_eq!(code, "INVALID_INPUT", "{what}: {message}");
        assert!(message.contains(word), "{what}: \"{message}\" does not say \"{word}\"");
    }
    sender.still_answers(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_that_multiply_are_refused_at_once() {
    let hall = Hall::open().await;
    let sender = Sender::of(&hall);
    for times in [5, 14, 22, 200] {
        let bomb: String = (0..times)
            .map(|n| format!("fragment F{n} on PublicQuery {{ ...F{m} ...F{m} }} ", m = n + 1))
            .collect();
        let document = format!("{{ ...F0 }} {bomb} fragment F{times} on PublicQuery {{ __typename }}");
        let answered = sender.document(document).await;
        let refusal = answered.check(&format!("2^{times}"));
        assert_eq!(refusal.is_some(), times >= 14, "2^{times}: {refusal:?}");
    }
    sender.still_answers(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_in_headers_is_refused() {
    let hall = Hall::open().await;
    let sender = Sender::of(&hall);
    let long = "x".repeat(7000);
    let bearer = sender.bearer.as_bytes();
    let table: [Garbage; 17] = [
        ("authorization", b"", false, 401, "UNAUTHENTICATED", "unknown or revoked"),
        ("authorization", b"Bearer", false, 401, "UNAUTHENTICATED", "unknown or revoked"),
        ("authorization", b"Bearer ", false, 401, "UNAUTHENTICATED", "unknown or revoked"),
        ("authorization", b"Bearer \xff\xfe", false, 401, "UNAUTHENTICATED", "unknown or revoked"),
        ("authorization", b"Basic dXNlcjpwYXNz", false, 401, "UNAUTHENTICATED", "unknown or revoked"),
        ("authorization", long.as_bytes(), false, 401, "UNAUTHENTICATED", "unknown or revoked"),
        ("x-on-behalf-of", b"user_1", false, 401, "UNAUTHENTICATED", "need `Authorization"),
        ("x-company-id", b"biz_1", false, 401, "UNAUTHENTICATED", "need `Authorization"),
        ("x-on-behalf-of", b"", true, 400, "INVALID_INPUT", "is not a user id"),
        ("x-on-behalf-of", b"user_", true, 400, "INVALID_INPUT", "is not a user id"),
        ("x-on-behalf-of", b"\xff\xff", true, 400, "INVALID_INPUT", "is not a user id"),
        ("x-on-behalf-of", b"user_1' or '1'='1", true, 400, "INVALID_INPUT", "is not a user id"),
        ("x-on-behalf-of", long.as_bytes(), true, 400, "INVALID_INPUT", "is not a user id"),
        ("x-on-behalf-of", b"user_none", true, 200, "FORBIDDEN", "The app may not act for `user_none`"),
        ("x-company-id", b"user_1", true, 400, "INVALID_INPUT", "is not a company id"),
        ("x-company-id", b"\xf0\x9f\x94\xa8", true, 400, "INVALID_INPUT", "is not a company id"),
        ("x-company-id", b"biz_none", true, 200, "FORBIDDEN", "not installed in the company `biz_none`"),
    ];
    for (name, value, with_key, status, code, sentence) in table {
        let mut headers: Vec<(&str, &[u8])> = vec![("content-type", b"application/json"), (name, value)];
        if with_key {
            headers.push(("authorization", bearer));
        }
        let body = br#"{"query":"{ viewer { user { id } } }"}"#.to_vec();
        let answered = sender.send(Method::POST, "/public-graphql", &headers, body).await;
        answered.refused(&format!("{name}: {}", String::from_utf8_lossy(value)), status, code, sentence);
    }
    sender.still_answers(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_even_http_is_turned_away() {
    let hall = Hall::open().await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "a: b\r\n".repeat(1000));
    let table: [&[u8]; 9] = [
        b"\r\n\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /public-graphql HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /public-graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        b"GET / HTTP/1.1\r\nHost: a\r\nbad\x00name: b\r\n\r\n",
        long.as_bytes(),
        many.as_bytes(),
    ];
    for request in table {
        let what: String = String::from_utf8_lossy(request).chars().take(60).collect();
        let mut stream = TcpStream::connect(hall.running.address).await.expect("connected");
        // The server may hang up before it has read everything; what counts is what it answers.
        let _ = stream.write_all(request).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{what}: {answer}");
    }
    // A body that breaks off half way is nobody's fault but the caller's.
    let mut stream = TcpStream::connect(hall.running.address).await.expect("connected");
    let half = b"POST /public-graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"query\"";
    stream.write_all(half).await.expect("sent");
    stream.shutdown().await.expect("closed");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    Sender::of(&hall).still_answers(&hall).await;
}
