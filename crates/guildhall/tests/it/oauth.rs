//! Signing in to apps: the question and its answers, codes and tokens, and every trick that must not work.

mod authorization;
mod bearer;
mod token;

use crate::harness::Hall;
use guildhall_app::{founding, oauth};
use guildhall_core::ids::{AppId, Id, UserId};
use guildhall_core::oauth::{RedirectUri, with_parameters};
use reqwest::{Client, Method, RequestBuilder, Response, redirect::Policy};
use serde_json::Value;
use std::collections::BTreeMap;

/// Where the demo app's answers go; it keeps a secret there.
const CALLBACK: &str = "http://localhost:3000/api/oauth/callback";
/// Where it can keep none.
const PUBLIC_CALLBACK: &str = "http://localhost:3000/callback";
/// The example of RFC 7636.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Parameters with this value are left out.
const NONE: &str = "";

type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// The pairs with others in their place; those that are [`NONE`] go.
fn changed<'a>(pairs: &[(&'a str, &'a str)], change: &[(&'a str, &'a str)]) -> Pairs<'a> {
    let kept = pairs.iter().filter(|(name, _)| !change.iter().any(|(other, _)| other == name));
    kept.chain(change).copied().filter(|(_, value)| *value != NONE).collect()
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    with_parameters("", pairs).split_off(1)
}

/// A browser or client that follows nothing by itself.
fn client() -> Client {
    Client::builder().redirect(Policy::none()).build().expect("a client")
}

/// What a page or an address answered.
struct Seen {
    status: u16,
    location: Option<String>,
    headers: BTreeMap<String, String>,
    text: String,
}

impl Seen {
    async fn of(request: RequestBuilder) -> Self {
        let response: Response = request.send().await.expect("an answer");
        let headers: BTreeMap<String, String> = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned()))
            .collect();
        let (status, location) = (response.status().as_u16(), headers.get("location").cloned());
        Self { status, location, headers, text: response.text().await.expect("text") }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The parameters that an answer brings to a callback.
    #[track_caller]
    fn brought_to(&self, callback: &str) -> BTreeMap<String, String> {
        assert_eq!(self.status, 303, "{}", self.text);
        let location = self.location.as_deref().expect("a place");
        let query = location.strip_prefix(callback).and_then(|rest| rest.strip_prefix('?'));
        let query = query.unwrap_or_else(|| panic!("{location} is not at {callback}"));
        let address = reqwest::Url::parse(&format!("http://localhost/?{query}")).expect("an address");
        address.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }

    /// `error` and `error_description` of a client's refusal.
    #[track_caller]
    fn refusal(&self) -> (u16, String, String) {
        let body = self.json();
        let text =
            |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no refusal: {body}")).to_owned();
        (self.status, text("error"), text("error_description"))
    }
}

/// A hall, and a browser in it that the customer is signed in to.
struct Scene {
    hall: Hall,
    cookie: String,
}

impl Scene {
    async fn open() -> Self {
        let hall = Hall::open().await;
        let cookie = signed_in(&hall, &hall.world.customer).await;
        Self { hall, cookie }
    }

    /// What the demo app asks, with its secret kept.
    fn asked(&self) -> Pairs<'_> {
        vec![
            ("client_id", self.hall.world.app.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "read_user"),
            ("state", "a state"),
        ]
    }

    /// What it asks where it can keep none.
    fn publicly_asked(&self) -> Pairs<'_> {
        let pkce = [
            ("redirect_uri", PUBLIC_CALLBACK),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        changed(&self.asked(), &pkce)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        client().request(method, format!("{}{path}", self.hall.running.origin)).header("cookie", &self.cookie)
    }

    async fn ask(&self, pairs: &[(&str, &str)]) -> Seen {
        Seen::of(self.request(Method::GET, &format!("/oauth?{}", encoded(pairs)))).await
    }

    /// Answers the question that a page asked.
    async fn decide(&self, page: &Seen, decision: &str) -> Seen {
        let (action, csrf) = form(&page.text);
        let body = encoded(&[("csrf", &csrf), ("decision", decision)]);
        let request = self.request(Method::POST, &action);
        Seen::of(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
    }

    /// The code that an app gets once the person has allowed what it asks.
    async fn code_for(&self, pairs: &[(&str, &str)]) -> String {
        let pairs = changed(pairs, &[("prompt", "consent")]);
        let page = self.ask(&pairs).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let callback = pairs.iter().find(|(name, _)| *name == "redirect_uri").expect("a callback").1;
        let answer = self.decide(&page, "allow").await;
        answer.brought_to(callback).remove("code").expect("a code")
    }

    /// What the demo app sends for a code.
    fn exchange<'a>(&'a self, code: &'a str) -> Pairs<'a> {
        vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("client_id", self.hall.world.app.as_str()),
            ("client_secret", &self.hall.world.api_key),
        ]
    }

    /// What it sends for a code that went where it keeps no secret.
    fn public_exchange<'a>(&'a self, code: &'a str) -> Pairs<'a> {
        let public =
            [("redirect_uri", PUBLIC_CALLBACK), ("client_secret", NONE), ("code_verifier", VERIFIER)];
        changed(&self.exchange(code), &public)
    }

    fn refresh<'a>(&'a self, token: &'a str) -> Pairs<'a> {
        vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", self.hall.world.app.as_str()),
            ("client_secret", &self.hall.world.api_key),
        ]
    }

    fn at(&self, path: &str) -> RequestBuilder {
        client().post(format!("{}{path}", self.hall.running.origin))
    }

    /// Sends a form to the token endpoint.
    async fn token(&self, pairs: &[(&str, &str)]) -> Seen {
        let request = self.at("/api/oauth/token");
        Seen::of(request.header("content-type", "application/x-www-form-urlencoded").body(encoded(pairs)))
            .await
    }

    /// Fresh tokens of the customer for the demo app.
    async fn tokens(&self) -> Tokens {
        let code = self.code_for(&self.asked()).await;
        Tokens::of(&self.token(&self.exchange(&code)).await)
    }

    async fn me(&self, token: &str) -> Seen {
        Seen::of(client().get(format!("{}/api/v5/me", self.hall.running.origin)).bearer_auth(token)).await
    }
}

struct Tokens {
    access: String,
    refresh: String,
}

impl Tokens {
    #[track_caller]
    fn of(seen: &Seen) -> Self {
        assert_eq!(seen.status, 200, "{}", seen.text);
        let body = seen.json();
        let text = |name: &str| body[name].as_str().expect("text").to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

/// The cookie of a browser that a user is signed in to.
async fn signed_in(hall: &Hall, user: &UserId) -> String {
    let user = user.clone();
    let token = founding::found(&hall.running.hall, move |founder| founder.session(&user)).await;
    format!("guildhall_session={}", token.expect("a session"))
}

/// Where a page's last form goes, and what its hidden field holds.
fn form(page: &str) -> (String, String) {
    let between = |begin: &str, text: &str| {
        let (_, rest) = text.rsplit_once(begin).unwrap_or_else(|| panic!("no {begin} in {text}"));
        rest.split('"').next().expect("a value").to_owned()
    };
    // In a page `&` is written `&#38;`.
    let action = between("<form method=\"post\" action=\"", page).replace("&#38;", "&").replace("&amp;", "&");
    (action, between("name=\"csrf\" value=\"", page))
}

async fn register(hall: &Hall, app: &AppId, uri: &str, is_public: bool) {
    let uri = RedirectUri::parse(uri, is_public).expect("a redirect URI");
    oauth::add_redirect_uri(&hall.running.hall, app.clone(), uri).await.expect("registered");
}
