//! Who looks at a page: the visitor of a request, signed in or not, and the cookies that tell.
//!
//! Two cookies, neither of which a script can read: the session's, and before there is one a visitor's, to which the
//! forms of signed-out people are bound. Under https both are `Secure` and bear a prefix (`cookie.rs`).

use crate::cookie::{prefix, read_ours};
use crate::hub::page::{Refused, see_other};
use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guildhall_app::session::{self, Device, Session};
use guildhall_app::sign_in::{self, Entered, MARK_SECONDS};
use guildhall_app::{Guildhall, opaque_token};
use guildhall_core::return_to::local_path;
use guildhall_core::session::LONGEST_MS;
use hyper::header::{HeaderValue, REFERER, SET_COOKIE, USER_AGENT};
use hyper::http::request::Parts;
use hyper::http::uri::PathAndQuery;
use hyper::{HeaderMap, Method};
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::sync::Arc;

/// The cookie of a session.
const SESSION: &str = "guildhall_session";
/// The cookie by which a browser is known that has signed in before.
const MARK: &str = "guildhall_mark";
/// The cookie between the two steps of signing in.
const STEP: &str = "guildhall_step";
/// How long that one lasts, in seconds.
const STEP_SECONDS: i64 = 10 * 60;
/// The cookie of a visitor who has not signed in.
const VISITOR: &str = "guildhall_visitor";
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Whoever looks at a page. As an extractor it refuses nobody.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// The session, when they are signed in.
    pub(crate) session: Option<Session>,
    /// Whether it was asked who they are at all; otherwise the page's head is silent about it.
    pub(crate) is_known: bool,
    /// What their forms are bound to: the session's token, or else the visitor's.
    token: String,
    /// Whether the browser is still to be given the visitor's cookie.
    is_new: bool,
    is_secure: bool,
}

impl Visitor {
    /// Someone of whom nothing was asked, such as the reader of an error.
    pub(crate) fn unknown() -> Self {
        Self { session: None, is_known: false, token: String::new(), is_new: false, is_secure: false }
    }

    /// Who sends these headers.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn of(hall: &Guildhall, headers: &HeaderMap) -> Result<Self, Refused> {
        let is_secure = is_secure(hall);
        if let Some(token) = read_ours(headers, SESSION, is_secure)
            && let Some(session) = session::find(hall, token).await?
        {
            let token = token.to_owned();
            return Ok(Self { session: Some(session), is_known: true, token, is_new: false, is_secure });
        }
        let held = read_ours(headers, VISITOR, is_secure).filter(|token| token.len() == opaque_token::LENGTH);
        let token = held.map_or_else(|| opaque_token::fresh(hall), ToOwned::to_owned);
        Ok(Self { session: None, is_known: true, token, is_new: held.is_none(), is_secure })
    }

    /// What the hidden field `csrf` of their forms holds; it tells nothing about the cookie.
    pub(crate) fn form_token(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"guildhall form ");
        hash.update(self.token.as_bytes());
        URL_SAFE_NO_PAD.encode(hash.finalize())
    }

    /// Gives the browser its visitor's cookie with a page, if it needs one: for every page with a form that
    /// signed-out people send.
    pub(crate) fn keep(&self, mut response: Response) -> Response {
        if self.session.is_none() && self.is_new && self.is_known {
            let cookie = set_cookie(VISITOR, &self.token, DAY_SECONDS, self.is_secure);
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

impl<S> FromRequestParts<S> for Visitor
where
    S: Send + Sync,
    Arc<Guildhall>: FromRef<S>,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        if let Some(visitor) = parts.extensions.get::<Self>() {
            return Ok(visitor.clone());
        }
        let visitor = Self::of(&Arc::from_ref(state), &parts.headers).await?;
        parts.extensions.insert(visitor.clone());
        Ok(visitor)
    }
}

/// Someone who is signed in. As an extractor it leads everyone else to `/sign-in`, and from there back.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub(crate) session: Session,
    /// The same person, for the page's head and forms.
    pub(crate) visitor: Visitor,
}

impl<S> FromRequestParts<S> for SignedIn
where
    S: Send + Sync,
    Arc<Guildhall>: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        match visitor.session.clone() {
            Some(session) => Ok(Self { session, visitor }),
            None => Err(see_other(&sign_in_address(parts, Arc::from_ref(state).origin()))),
        }
    }
}

/// Where someone signs in to come back: to the page asked for, or to the one whose form was sent.
fn sign_in_address(parts: &Parts, origin: &str) -> String {
    let asked = match parts.method {
        Method::GET | Method::HEAD => parts.uri.path_and_query().map(PathAndQuery::as_str),
        _ => parts
            .headers
            .get(REFERER)
            .and_then(|referer| referer.to_str().ok())
            .and_then(|referer| referer.strip_prefix(origin)),
    };
    match asked.and_then(local_path) {
        Some(place) if place != "/" => format!("/sign-in?return_to={}", encoded(place)),
        _ => "/sign-in".to_owned(),
    }
}

/// A value as it stands in an address's query.
pub(crate) fn encoded(value: &str) -> String {
    serde_urlencoded::to_string([("", value)]).unwrap_or_default().split_off(1)
}

/// Signs a browser in with an answer.
pub(crate) fn let_in(hall: &Guildhall, entered: &Entered, mut response: Response) -> Response {
    let is_secure = is_secure(hall);
    for (name, value, seconds) in [
        (SESSION, entered.session.token.as_str(), LONGEST_MS / 1000),
        (MARK, entered.mark.as_str(), MARK_SECONDS),
        (STEP, "", 0),
    ] {
        response.headers_mut().append(SET_COOKIE, set_cookie(name, value, seconds, is_secure));
    }
    response
}

/// Has a browser forget its session with an answer.
pub(crate) fn let_out(hall: &Guildhall, mut response: Response) -> Response {
    let cookie = set_cookie(SESSION, "", 0, is_secure(hall));
    response.headers_mut().append(SET_COOKIE, cookie);
    response
}

/// Has a browser go on to the second step with an answer.
pub(crate) fn let_on(hall: &Guildhall, token: &str, mut response: Response) -> Response {
    let cookie = set_cookie(STEP, token, STEP_SECONDS, is_secure(hall));
    response.headers_mut().append(SET_COOKIE, cookie);
    response
}

/// What a browser holds between the two steps of signing in.
pub(crate) fn step_held<'a>(hall: &Guildhall, headers: &'a HeaderMap) -> Option<&'a str> {
    read_ours(headers, STEP, is_secure(hall)).filter(|token| token.len() == opaque_token::LENGTH)
}

/// Whether browsers speak https with this server.
fn is_secure(hall: &Guildhall) -> bool {
    hall.origin().starts_with("https://")
}

/// A cookie of ours; `seconds` is how long it lasts.
fn set_cookie(name: &str, value: &str, seconds: i64, is_secure: bool) -> HeaderValue {
    let (prefix, secure) = (prefix(is_secure), if is_secure { "; Secure" } else { "" });
    let text = format!("{prefix}{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::try_from(text).expect("tokens are base64url, and names are our own")
}

/// The browser that sends a request, and what it brings along for signing in.
#[derive(Debug, Clone)]
pub(crate) struct Browser(pub(crate) sign_in::Browser);

impl<S> FromRequestParts<S> for Browser
where
    S: Send + Sync,
    Arc<Guildhall>: FromRef<S>,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let is_secure = is_secure(&Arc::from_ref(state));
        let agent = parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let address = peer.map(|ConnectInfo(peer)| peer.ip().to_canonical().to_string());
        let held = |name| read_ours(&parts.headers, name, is_secure).map(ToOwned::to_owned);
        Ok(Self(sign_in::Browser {
            device: Device { agent: agent.to_owned(), address: address.unwrap_or_default() },
            session: held(SESSION),
            mark: held(MARK),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_set_for_this_host_alone() {
        let plain = set_cookie(SESSION, "t", 5, false);
        assert_eq!(plain, "guildhall_session=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=5");
        let secure = set_cookie(SESSION, "t", 5, true);
        assert_eq!(secure, "__Host-guildhall_session=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=5; Secure");
    }

    #[test]
    fn whoever_signs_in_comes_back_to_a_page() {
        let table = [
            ("GET", "/account?done=name", None, "/sign-in?return_to=%2Faccount%3Fdone%3Dname"),
            ("GET", "/", None, "/sign-in"),
            ("GET", "//evil.example", None, "/sign-in"),
            ("POST", "/account/name", None, "/sign-in"),
            ("POST", "/account/name", Some("http://hall.example/account"), "/sign-in?return_to=%2Faccount"),
            ("POST", "/account/name", Some("http://hall.example//evil.example"), "/sign-in"),
            ("POST", "/account/name", Some("http://hall.example.evil.example/a"), "/sign-in"),
            ("POST", "/account/name", Some("https://elsewhere.example/a"), "/sign-in"),
        ];
        for (method, place, referer, address) in table {
            let mut request = hyper::Request::builder().method(method).uri(place);
            if let Some(referer) = referer {
                request = request.header(REFERER, referer);
            }
            let (parts, ()) = request.body(()).expect("a request").into_parts();
            assert_eq!(
                sign_in_address(&parts, "http://hall.example"),
                address,
                "{method} {place} {referer:?}"
            );
        }
    }

    #[test]
    fn values_are_encoded_for_a_query() {
        assert_eq!(encoded("/a?b=c&d"), "%2Fa%3Fb%3Dc%26d");
    }
}
