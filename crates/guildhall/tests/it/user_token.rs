//! User tokens: who they let in and as whom, what is refused, and keys that rotate under them.

use crate::harness::{Answered, Hall, NOW_MS, config};
use crate::process::{Home, one_sentence, run};
use crate::scene::{CREATE_CHAT, MINUTE_MS, SEND, made};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guildhall::serve;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::company::NewCompany;
use guildhall_app::principal::{self, Credentials};
use guildhall_app::user::NewUser;
use guildhall_app::{Guildhall, founding, signing_key, user_token};
use guildhall_client::{UserTokenError, UserTokenOptions, verify_user_token_at};
use guildhall_core::ids::{AppId, CompanyId, Id, UserId};
use guildhall_core::permission::{Permission, Role};
use guildhall_core::signing_key::{Phase, Rotation};
use serde_json::{Value, json};

const VIEWER: &str = "{ viewer { user { id } } }";
const HOUR_MS: i64 = 60 * MINUTE_MS;

impl Hall {
    /// A fresh token of a person inside an app.
    async fn token_in(&self, app: &AppId, user: &UserId) -> String {
        user_token::mint(&self.running.hall, app.clone(), user.clone()).await.expect("both are there")
    }

    /// A fresh token of a person inside the demo app.
    async fn token(&self, user: &UserId) -> String {
        self.token_in(&self.world.app, user).await
    }

    /// Runs a document as the person of a token.
    async fn run_as(&self, token: &str, query: &str, variables: Value) -> Answered {
        self.post(&[("x-whop-user-token", token)], &json!({"query": query, "variables": variables})).await
    }

    /// Asks who the viewer is, which must be refused.
    async fn turned_away(&self, headers: &[(&str, &str)], status: u16, sentence: &str) {
        let refused = self.post(headers, &json!({"query": VIEWER})).await;
        assert_eq!((refused.status, refused.refusal().1.as_str()), (status, sentence));
    }

    /// The public keys, as anyone reads them.
    async fn jwks(&self) -> Vec<Value> {
        let address = format!("{}/.well-known/jwks.json", self.running.origin);
        let response = reqwest::get(address).await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["cache-control"], "public, max-age=300");
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        let set: Value = response.json().await.expect("JSON");
        set["keys"].as_array().expect("keys").clone()
    }

    /// The names of the public keys.
    async fn kids(&self) -> Vec<String> {
        self.jwks().await.iter().map(|key| key["kid"].as_str().expect("a name").to_owned()).collect()
    }

    async fn rotate(&self, rotation: Rotation) {
        signing_key::rotate(&self.running.hall, rotation).await.expect("rotated");
    }
}

/// One part of a token, read.
fn part(token: &str, place: usize) -> Value {
    let text = token.split('.').nth(place).expect("the part");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).expect("base64")).expect("JSON")
}

/// The token with its header, claims or signature exchanged.
fn with_part(token: &str, place: usize, text: &str) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[place] = text;
    parts.join(".")
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn kid(token: &str) -> String {
    part(token, 0)["kid"].as_str().expect("a name").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_lets_a_person_in_and_any_verifier_reads_it() {
    let hall = Hall::open().await;
    let customer = &hall.world.customer;
    let token = hall.token(customer).await;
    let answered = hall.run_as(&token, VIEWER, json!({})).await;
    assert_eq!(answered.data()["viewer"]["user"]["id"], customer.as_str());

    let keys = hall.jwks().await;
    assert_eq!(keys.len(), 1);
    let mut names: Vec<&str> = keys[0].as_object().expect("a key").keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"], "the public half alone");
    let public_key = keys[0].to_string();
    let app_id = hall.world.app.as_str();
    let read =
        |app_id, at| verify_user_token_at(&token, UserTokenOptions { app_id, public_key: &public_key }, at);
    let genuine = read(app_id, NOW_MS / 1000).expect("genuine");
    assert_eq!((genuine.user_id.as_str(), genuine.app_id.as_str()), (customer.as_str(), app_id));
    assert_eq!(genuine.expires_at, (NOW_MS + HOUR_MS) / 1000);
    assert_eq!(read(app_id, genuine.expires_at), Err(UserTokenError::Expired));
    assert_eq!(read("app_other", NOW_MS / 1000), Err(UserTokenError::Audience));
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_ask_on_the_apps_own_origin() {
    let hall = Hall::open().await;
    let token = hall.token(&hall.world.customer).await;
    for path in ["/_whop/public-graphql", "/_whop/public-graphql/", "/_whop/public-graphql/getCurrentUser"] {
        let request = reqwest::Client::new().post(format!("{}{path}", hall.running.origin));
        let request = request.header("x-whop-user-token", &token).json(&json!({"query": VIEWER}));
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer["data"]["viewer"]["user"]["id"], hall.world.customer.as_str(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_does_not_count_is_refused_by_its_sentence() {
    let hall = Hall::open().await;
    let token = hall.token(&hall.world.customer).await;
    let owners = hall.token(&hall.world.owner).await;
    let signature = |token: &str| token.rsplit('.').next().expect("a signature").to_owned();
    let header = |alg: &str| encoded(&json!({"alg": alg, "typ": "JWT", "kid": kid(&token)}));
    let altered = "The user token was not signed by this server, or was altered.";
    let malformed = "The user token is malformed.";
    let algorithm = "The user token is not signed with ES256.";
    let claims_of_the_owner = owners.split('.').nth(1).expect("claims");
    let table = [
        (with_part(&token, 1, claims_of_the_owner), altered),
        (with_part(&token, 2, &signature(&owners)), altered),
        (with_part(&token, 2, ""), altered),
        (with_part(&token, 0, &encoded(&json!({"alg": "ES256"}))), altered),
        (with_part(&token, 0, &encoded(&json!({"alg": "ES256", "kid": "nothing"}))), altered),
        (with_part(&with_part(&token, 0, &header("none")), 2, ""), algorithm),
        (with_part(&token, 0, &header("none")), algorithm),
        (with_part(&token, 0, &header("HS256")), algorithm),
        (with_part(&token, 0, "e30"), malformed),
        (with_part(&token, 0, "%%%"), malformed),
        (format!("{token}.more"), malformed),
        ("nonsense".into(), malformed),
        (String::new(), malformed),
    ];
    for (token, sentence) in &table {
        hall.turned_away(&[("x-whop-user-token", token)], 401, sentence).await;
    }
    // A genuine token is remembered, yet not for longer than it lives.
    hall.run_as(&token, VIEWER, json!({})).await.data();
    hall.clock.advance_ms(HOUR_MS - 1);
    hall.run_as(&token, VIEWER, json!({})).await.data();
    hall.clock.advance_ms(1);
    let expired = "The user token has expired: get a fresh one.";
    hall.turned_away(&[("x-whop-user-token", &token)], 401, expired).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_halls_token_is_a_strangers() {
    let hall = Hall::open().await;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let elsewhere = open(&directory, &hall.clock, 8).await;
    let (_, app, user) = settle(&elsewhere).await;
    let token = user_token::mint(&elsewhere, app, user).await.expect("both are there");
    let sentence = "The user token was not signed by this server, or was altered.";
    hall.turned_away(&[("x-whop-user-token", &token)], 401, sentence).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_go_with_a_token_is_said() {
    let hall = Hall::open().await;
    let (world, foreign) = (&hall.world, hall.foreign().await);
    let token = hall.token(&world.customer).await;
    let with_token = ("x-whop-user-token", token.as_str());
    let behalf = "`x-on-behalf-of` does not go with a user token, which says itself who acts: leave it out.";
    hall.turned_away(&[with_token, ("x-on-behalf-of", world.owner.as_str())], 400, behalf).await;
    // The same text is no API key.
    let bearer = format!("Bearer {token}");
    hall.turned_away(&[("authorization", &bearer)], 401, "The API key is unknown or revoked.").await;
    hall.turned_away(&[("authorization", &bearer), with_token], 401, "The API key is unknown or revoked.")
        .await;

    // A key and a token: the key counts, and the token must be of the same app and sound.
    let key = format!("Bearer {}", world.api_key);
    let ask = json!({"query": VIEWER});
    let answered = hall.post(&[("authorization", &key), with_token], &ask).await;
    assert_eq!(answered.data()["viewer"]["user"]["id"], world.agent.as_str());
    let for_owner = [("authorization", key.as_str()), with_token, ("x-on-behalf-of", world.owner.as_str())];
    let answered = hall.post(&for_owner, &ask).await;
    assert_eq!(answered.data()["viewer"]["user"]["id"], world.owner.as_str());
    let foreign_key = format!("Bearer {}", foreign.key);
    let other_app = "The user token is for another app than the API key.";
    hall.turned_away(&[("authorization", &foreign_key), with_token], 401, other_app).await;
    let broken = [("authorization", key.as_str()), ("x-whop-user-token", "nonsense")];
    hall.turned_away(&broken, 401, "The user token is malformed.").await;

    // A company is named only where the app is installed.
    let answered = hall.post(&[with_token, ("x-company-id", world.company.as_str())], &ask).await;
    assert_eq!(answered.data()["viewer"]["user"]["id"], world.customer.as_str());
    let refused = hall.post(&[with_token, ("x-company-id", foreign.company.as_str())], &ask).await;
    refused.is_refused("FORBIDDEN", "is not installed in the company");
    let refused = hall.post(&[with_token, ("x-company-id", "acme")], &ask).await;
    refused.is_refused("INVALID_INPUT", "`acme` is not a company id");

    for (app, user, words) in [
        (AppId::from_stored("app_none".into()), world.owner.clone(), "There is no app `app_none`"),
        (world.app.clone(), UserId::from_stored("user_none".into()), "There is no user `user_none`"),
    ] {
        let refused = user_token::mint(&hall.running.hall, app, user).await.expect_err("one is missing");
        assert!(refused.to_string().contains(words), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_needs_both_the_apps_grant_and_the_own_right() {
    let hall = Hall::open().await;
    let (world, foreign) = (&hall.world, hall.foreign().await);
    let create = |name: &str| json!({"input": {"name": name, "accessPassId": world.access_pass.as_str()}});
    // The demo app's own company granted it everything, so the person's role decides.
    let (owners, customers) = (hall.token(&world.owner).await, hall.token(&world.customer).await);
    made(&hall.run_as(&owners, CREATE_CHAT, create("Owner's")).await, "createChat");
    let refused = hall.run_as(&customers, CREATE_CHAT, create("Customer's")).await;
    refused.is_refused("FORBIDDEN", "The permission `experience:create` is missing");

    // Another app has what it was granted, whoever looks at it.
    hall.install(&foreign, &[]).await;
    let input = json!({"input": {"experienceId": world.chat_experience.as_str(), "message": "hello"}});
    for user in [&world.owner, &world.customer] {
        let token = hall.token_in(&foreign.app, user).await;
        let refused = hall.run_as(&token, SEND, input.clone()).await;
        refused.is_refused("FORBIDDEN", "`chat:message:create`");
    }
    hall.install(&foreign, &[Permission::ChatMessageCreate]).await;
    for user in [&world.owner, &world.customer] {
        let token = hall.token_in(&foreign.app, user).await;
        hall.run_as(&token, SEND, input.clone()).await.data();
    }
    // A token gives a stranger nothing.
    let strangers = hall.token(&world.stranger).await;
    let look = json!({"id": world.chat_experience.as_str()});
    let find = "query($id: ID!) { publicExperience(id: $id) { id } }";
    hall.run_as(&strangers, find, look.clone()).await.is_refused("NOT_FOUND", "There is no experience");
    hall.run_as(&customers, find, look).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_the_apps_own_business_is_no_persons() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let token = hall.token(&world.customer).await;
    let others =
        "query($id: ID!, $user: ID) { hasAccessToCompany(companyId: $id, userId: $user) { hasAccess } }";
    let about = |user: &UserId| json!({"id": world.company.as_str(), "user": user.as_str()});
    hall.run(None, others, about(&world.owner)).await.data();
    hall.run_as(&token, others, about(&world.customer)).await.data();
    hall.run_as(&token, others, about(&world.owner))
        .await
        .is_refused("NOT_FOUND", "may not ask about other users");

    let charge = "mutation($input: ChargeUserInput!) { chargeUser(input: $input) { status } }";
    let input = json!({"input": {"amount": 5.0, "currency": "usd", "userId": world.customer.as_str()}});
    hall.run(None, charge, input.clone()).await.data();
    hall.run_as(&token, charge, input)
        .await
        .is_refused("FORBIDDEN", "Only the app itself can charge its users");

    // A file of the app's is the app's; a file of the person's is both's.
    let announce = "mutation($input: DirectUploadInput!) { mediaDirectUpload(input: $input) { id } }";
    let file = json!({"input": {
        "byteSizeV2": "1", "checksum": "rL0Y20zC+Fzt72VPzMSk2A==", "contentType": "text/plain", "filename": "a.txt",
        "multipart": false, "record": "forum_post"
    }});
    let id =
        |answered: &Answered| answered.data()["mediaDirectUpload"]["id"].as_str().expect("an id").to_owned();
    let (apps, own) =
        (id(&hall.run(None, announce, file.clone()).await), id(&hall.run_as(&token, announce, file).await));
    let process = "mutation($input: AnalyzeAttachmentInput!) { mediaAnalyzeAttachment(input: $input) }";
    let input = |id: &str| json!({"input": {"directUploadId": id, "mediaType": "other"}});
    hall.run_as(&token, process, input(&apps)).await.is_refused("NOT_FOUND", "There is no upload");
    for answered in
        [hall.run_as(&token, process, input(&own)).await, hall.run(None, process, input(&own)).await]
    {
        answered.is_refused("INVALID_INPUT", "have not arrived");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_notifies_in_the_own_name_only() {
    let hall = Hall::open().await;
    let admin = hall.team_member("the-admin", Role::Admin).await;
    let send = "mutation($input: SendNotificationInput!) { sendNotification(input: $input) }";
    let input = |sender: &UserId| {
        json!({"input": {
            "companyTeamId": hall.world.company.as_str(), "title": "Hello", "content": "there",
            "senderUserId": sender.as_str()
        }})
    };
    let token = hall.token(&admin).await;
    hall.run(None, send, input(&hall.world.customer)).await.data();
    hall.run_as(&token, send, input(&admin)).await.data();
    let refused = hall.run_as(&token, send, input(&hall.world.customer)).await;
    refused.is_refused("NOT_FOUND", "There is no sender");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gentle_rotation_is_noticed_by_nobody() {
    let hall = Hall::open().await;
    let customer = &hall.world.customer;
    let first = hall.token(customer).await;
    let old = kid(&first);
    assert_eq!(hall.kids().await, std::slice::from_ref(&old));
    hall.rotate(Rotation::Gentle).await;
    let kids = hall.kids().await;
    assert_eq!((kids.len(), &kids[0]), (2, &old), "the new key is published before it signs");
    let new = kids[1].clone();
    let twice = signing_key::rotate(&hall.running.hall, Rotation::Gentle).await.expect_err("one waits");
    assert!(twice.to_string().contains("A new key waits already"), "{twice}");

    hall.at(HOUR_MS - 1000);
    let last_of_old = hall.token(customer).await;
    assert_eq!(kid(&last_of_old), old);
    hall.at(HOUR_MS);
    let first_of_new = hall.token(customer).await;
    assert_eq!(kid(&first_of_new), new);
    let phases = signing_key::list(&hall.running.hall).await.expect("keys");
    assert_eq!(phases.iter().map(|key| key.phase).collect::<Vec<_>>(), [Phase::Leaving, Phase::Signing]);
    for token in [&last_of_old, &first_of_new] {
        hall.run_as(token, VIEWER, json!({})).await.data();
    }
    hall.at(2 * HOUR_MS - 1001);
    assert_eq!(hall.kids().await, [old.clone(), new.clone()]);
    hall.run_as(&last_of_old, VIEWER, json!({})).await.data();
    // No token of the old key lives any more; it goes a little later, should the clocks of two copies differ.
    hall.at(2 * HOUR_MS + 5 * MINUTE_MS);
    assert_eq!(hall.kids().await, [new]);
    hall.run_as(&hall.token(customer).await, VIEWER, json!({})).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_key_counts_no_more_at_once() {
    let hall = Hall::open().await;
    let token = hall.token(&hall.world.customer).await;
    hall.run_as(&token, VIEWER, json!({})).await.data();
    hall.rotate(Rotation::Gentle).await;
    let waiting = hall.kids().await[1].clone();
    hall.rotate(Rotation::AtOnce).await;
    let kids = hall.kids().await;
    assert_eq!(kids.len(), 1);
    assert!(kids[0] != kid(&token) && kids[0] != waiting);
    let sentence = "The user token was not signed by this server, or was altered.";
    hall.turned_away(&[("x-whop-user-token", &token)], 401, sentence).await;
    hall.run_as(&hall.token(&hall.world.customer).await, VIEWER, json!({})).await.data();
}

async fn open(directory: &tempfile::TempDir, clock: &Clock, seed: u64) -> Guildhall {
    let config = config(directory);
    serve::open_hall(&config, "http://localhost", clock.clone(), Random::seeded(seed))
        .await
        .expect("it opens")
}

/// A company with an app, and its owner.
async fn settle(hall: &Guildhall) -> (CompanyId, AppId, UserId) {
    let founded = founding::found(hall, |founder| {
        let owner = founder.user(&NewUser { username: "owner".into(), ..NewUser::default() })?;
        let company = founder.company(&NewCompany {
            owner: owner.clone(),
            title: "Here".into(),
            route: "here".into(),
            industry_type: None,
            business_type: None,
        })?;
        let app = founder.app(&company, "App", None)?;
        Ok((company, app, owner))
    });
    founded.await.expect("it is founded")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_copies_on_one_database_agree() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (config, clock) = (config(&directory), Clock::frozen(NOW_MS));
    let open = async |seed| {
        let opened = serve::open_hall(&config, "http://localhost", clock.clone(), Random::seeded(seed));
        opened.await.expect("it opens")
    };
    let (one, other) = (open(1).await, open(2).await);
    let (_, app, user) = settle(&one).await;
    // Both need a key at the same time, and make one.
    let (here, there) = tokio::join!(signing_key::published(&one), signing_key::published(&other));
    let here = here.expect("keys");
    assert_eq!(here, there.expect("keys"));
    assert_eq!(here["keys"].as_array().map(Vec::len), Some(1));

    let let_in = async |hall: &Guildhall, token: &str| {
        let credentials = Credentials { user_token: Some(token.to_owned()), ..Credentials::default() };
        principal::resolve(hall, credentials).await.map(|principal| principal.user)
    };
    let token = user_token::mint(&one, app.clone(), user.clone()).await.expect("minted");
    assert_eq!(let_in(&other, &token).await.expect("let in"), Some(user.clone()));
    signing_key::rotate(&one, Rotation::Gentle).await.expect("rotated");
    clock.advance_ms(HOUR_MS);
    let token = user_token::mint(&one, app.clone(), user.clone()).await.expect("minted");
    assert_ne!(Value::from(kid(&token)), here["keys"][0]["kid"]);
    assert_eq!(let_in(&other, &token).await.expect("let in"), Some(user.clone()));

    signing_key::rotate(&one, Rotation::AtOnce).await.expect("rotated");
    clock.advance_ms(5000);
    let refused = let_in(&other, &token).await.expect_err("its key leaked");
    assert!(refused.to_string().contains("was not signed by this server"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_makes_tokens_and_rotates_keys() {
    let home = Home::new();
    let server = home.serve(&["--demo"]).await;
    let demo = home.demo();
    let (app, user) = (&demo["NEXT_PUBLIC_WHOP_APP_ID"], &demo["DEMO_CUSTOMER_USER_ID"]);
    let said = async |arguments: &[&str]| {
        let output = run(&mut home.over_data(arguments)).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    };
    let token = said(&["token", user, "--app", app]).await;
    let ask = async |token: &str| {
        let request = reqwest::Client::new().post(format!("{}/_whop/public-graphql", server.origin));
        let request = request.header("x-whop-user-token", token).json(&json!({"query": VIEWER}));
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        answer["data"]["viewer"]["user"]["id"].clone()
    };
    assert_eq!(ask(&token).await, user.as_str());
    let jwks = reqwest::get(&demo["WHOP_USER_TOKEN_JWKS_URL"]).await.expect("an answer");
    let jwks: Value = jwks.json().await.expect("JSON");
    let public_key = demo["WHOP_USER_TOKEN_PUBLIC_KEY"].trim_matches('\'');
    let public_key: Value = serde_json::from_str(public_key).expect("a JWK");
    assert_eq!(jwks["keys"], json!([public_key]));

    let listed = said(&["keys", "list"]).await;
    assert!(listed.starts_with(&kid(&token)) && listed.contains("signing"), "{listed}");
    let rotated = said(&["keys", "rotate"]).await;
    assert!(rotated.contains("waiting") && rotated.contains("signs from in 60 min"), "{rotated}");
    let twice = one_sentence(&mut home.over_data(&["keys", "rotate"])).await;
    assert!(twice.contains("A new key waits already"), "{twice}");
    let at_once = said(&["keys", "rotate", "--at-once"]).await;
    assert_eq!(at_once.lines().count(), 1, "{at_once}");
    let nobody = one_sentence(&mut home.over_data(&["token", "user_nobody", "--app", app])).await;
    assert!(nobody.contains("There is no user `user_nobody`"), "{nobody}");
    let mistaken = one_sentence(&mut home.over_data(&["token", "mira", "--app", app])).await;
    assert!(mistaken.contains("`mira` is not a user id"), "{mistaken}");
    server.stop().await;
}
