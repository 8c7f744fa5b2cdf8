//! The way from a page of the hub into an app: a ticket is traded for a cookie of the app's own origin.
//!
//! The cookie is for this host alone and for no script. In a frame it is a third party's, so under HTTPS, and on this
//! machine, where browsers trust plain HTTP, it is `SameSite=None; Secure; Partitioned`: kept apart for each site that
//! frames the app, so that another site that does so finds nobody signed in.

use super::{AtApp, Front, broken, origin, refusal};
use crate::cookie;
use axum::response::Response;
use guildhall_app::Error;
use guildhall_app::app_session::{self, LIFETIME_MS};
use guildhall_core::app_host::AppHosts;
use guildhall_core::return_to::local_path;
use hyper::header::{CACHE_CONTROL, HeaderMap, HeaderValue, LOCATION, REFERRER_POLICY, SET_COOKIE};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};

/// Where a page of the hub sends the browser, with `ticket` and `to`.
pub(super) const PATH: &str = "/_whop/enter";
/// The cookie's name, after its prefix.
const COOKIE: &str = "guildhall_app";

/// The address that leads into an app, to a path of it.
pub(crate) fn address(app_origin: &str, ticket: &str, to: &str) -> String {
    let parameters = serde_urlencoded::to_string([("ticket", ticket), ("to", to)]).unwrap_or_default();
    format!("{app_origin}{PATH}?{parameters}")
}

/// What the cookie of an app's origin holds.
pub(super) fn token<'a>(headers: &'a HeaderMap, hosts: &AppHosts) -> Option<&'a str> {
    cookie::read_ours(headers, COOKIE, hosts.is_secure())
}

/// Trades the ticket, sets the cookie, and leads on.
pub(super) async fn enter(front: &Front, at: &AtApp, head: &Parts) -> Response {
    let refuse = |status, sentence: &str| refusal::page(&head.headers, status, sentence);
    if head.method != Method::GET {
        return refuse(StatusCode::METHOD_NOT_ALLOWED, "An app is entered by GET.");
    }
    // Whoever was sent here by another site would enter as somebody else.
    if !origin::comes_from_hub(&head.headers, front.hall.origin()) {
        return refuse(StatusCode::FORBIDDEN, "An app is entered from a page of its community.");
    }
    let parameters: Vec<(String, String)> =
        serde_urlencoded::from_str(head.uri.query().unwrap_or_default()).unwrap_or_default();
    let parameter = |name| {
        let mut found = parameters.iter().filter(|(found, _)| found == name);
        found.next().filter(|_| found.next().is_none()).map(|(_, value)| value.as_str())
    };
    let Some(ticket) = parameter("ticket") else {
        return refuse(StatusCode::BAD_REQUEST, "An app is entered with a ticket.");
    };
    let held = token(&head.headers, &front.hosts);
    let token = match app_session::enter(&front.hall, &at.label, ticket, held).await {
        Ok(token) => token,
        Err(Error::Unauthenticated(sentence)) => return refuse(StatusCode::UNAUTHORIZED, &sentence),
        Err(error) => return broken(&error),
    };
    let to = parameter("to").and_then(local_path).unwrap_or("/");
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/")));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Some(token) = token
        && let Ok(cookie) = HeaderValue::try_from(set_cookie(&front.hosts, &token))
    {
        headers.append(SET_COOKIE, cookie);
    }
    response
}

fn set_cookie(hosts: &AppHosts, token: &str) -> String {
    let is_trusted =
        hosts.is_secure() || hosts.domain() == "localhost" || hosts.domain().ends_with(".localhost");
    let policy = if is_trusted { "SameSite=None; Secure; Partitioned" } else { "SameSite=Lax" };
    let prefix = cookie::prefix(hosts.is_secure());
    format!("{prefix}{COOKIE}={token}; Path=/; HttpOnly; Max-Age={}; {policy}", LIFETIME_MS / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_fit_the_origin() {
        let table = [
            (
                "http://127.0.0.1:8003",
                "guildhall_app=t; Path=/; HttpOnly; Max-Age=86400; SameSite=None; Secure; Partitioned",
            ),
            (
                "https://hall.example",
                "__Host-guildhall_app=t; Path=/; HttpOnly; Max-Age=86400; SameSite=None; Secure; Partitioned",
            ),
            // Browsers take no secure cookie here; the hub and its apps are one site.
            ("http://hall.example", "guildhall_app=t; Path=/; HttpOnly; Max-Age=86400; SameSite=Lax"),
        ];
        for (origin, expected) in table {
            assert_eq!(set_cookie(&AppHosts::of(origin, None), "t"), expected);
        }
    }

    #[test]
    fn addresses_hold_their_parameters() {
        let address = address("http://a", "t+1", "/x?y=z&w#v");
        assert_eq!(address, "http://a/_whop/enter?ticket=t%2B1&to=%2Fx%3Fy%3Dz%26w%23v");
    }
}
