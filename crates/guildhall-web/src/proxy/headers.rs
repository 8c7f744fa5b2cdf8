//! What of a request's and an answer's head passes through a proxy, and what does not.

use guildhall_app::principal::USER_TOKEN_HEADER;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, COOKIE, EXPECT, FORWARDED, HOST, HeaderMap,
    HeaderName, HeaderValue, LOCATION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SET_COOKIE, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE, VIA,
};
use std::net::IpAddr;

/// The header of user tokens.
pub(crate) const USER_TOKEN: HeaderName = HeaderName::from_static(USER_TOKEN_HEADER);
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Headers about one connection, which end at each end of it.
static OF_ONE_CONNECTION: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// What an app may not say of the browser's dealings with other hosts, or of who may frame it.
static NOT_AN_APPS_TO_SAY: [HeaderName; 4] = [
    HeaderName::from_static("alt-svc"),
    // It reaches every host of the site, the hub's too.
    HeaderName::from_static("clear-site-data"),
    // The hub frames every app; who else may, stands in the policy that the proxy adds.
    HeaderName::from_static("x-frame-options"),
    USER_TOKEN,
];

/// What the app behind the proxy is told of the browser before it.
#[derive(Debug, Clone)]
pub(crate) struct Forwarding {
    /// Where the browser is.
    pub(crate) address: Option<IpAddr>,
    /// The host, and perhaps port, that the browser asked for.
    pub(crate) host: String,
    /// `http` or `https`, as the browser spoke.
    pub(crate) scheme: &'static str,
}

/// Removes what is about one connection alone, and whatever else the `Connection` header names.
pub(crate) fn end_connection(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        // Without its length a body would be another one.
        .filter(|name| *name != CONTENT_LENGTH)
        .collect();
    for name in OF_ONE_CONNECTION.iter().chain(&named) {
        headers.remove(name);
    }
}

/// Whether a header, in any spelling that some server takes for it, is one that only a proxy may say.
fn is_a_proxys(name: &HeaderName) -> bool {
    let name = name.as_str().replace('_', "-");
    name == USER_TOKEN.as_str()
        || name == "x-whop-app-id"
        || name == "x-real-ip"
        || name.starts_with("x-forwarded-")
        || name == FORWARDED.as_str()
        || name == VIA.as_str()
}

/// Removes what only a proxy may say.
pub(crate) fn remove_a_proxys(headers: &mut HeaderMap) {
    let names: Vec<HeaderName> = headers.keys().filter(|name| is_a_proxys(name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

/// Makes a browser's head one for the app: nothing about the connection, nothing that only a proxy may say but what
/// this one says, and none of the cookies that `is_ours`.
pub(crate) fn to_app(headers: &mut HeaderMap, forwarding: &Forwarding, is_ours: impl Fn(&str) -> bool) {
    end_connection(headers);
    remove_a_proxys(headers);
    // The body is passed on as it comes; whoever waits for a word has had it from here.
    headers.remove(EXPECT);
    headers.remove(HOST);
    keep_cookies(headers, is_ours);
    if let Some(address) = forwarding.address {
        insert(headers, FORWARDED_FOR, &address.to_string());
    }
    insert(headers, FORWARDED_HOST, &forwarding.host);
    insert(headers, FORWARDED_PROTO, forwarding.scheme);
}

/// Puts a header that is known to be plain text.
pub(crate) fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Removes the cookies that are ours; the others become one header.
fn keep_cookies(headers: &mut HeaderMap, is_ours: impl Fn(&str) -> bool) {
    let kept: Vec<&[u8]> = headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .map(<[u8]>::trim_ascii)
        .filter(|pair| !pair.is_empty() && !is_ours(&cookie_name(pair)))
        .collect();
    let joined = HeaderValue::from_bytes(&kept.join(&b"; "[..]));
    headers.remove(COOKIE);
    if let Ok(joined) = joined
        && !joined.is_empty()
    {
        headers.insert(COOKIE, joined);
    }
}

/// The name of a `name=value` pair.
fn cookie_name(pair: &[u8]) -> String {
    let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
    String::from_utf8_lossy(name.trim_ascii()).into_owned()
}

/// Makes an app's head one for the browser: no word on other hosts, cookies for the
/// app's own host alone and none that `is_ours`.
pub(crate) fn to_browser(headers: &mut HeaderMap, is_ours: impl Fn(&str) -> bool) {
    for name in &NOT_AN_APPS_TO_SAY {
        headers.remove(name);
    }
    let set: Vec<HeaderValue> = headers.get_all(SET_COOKIE).iter().cloned().collect();
    headers.remove(SET_COOKIE);
    for cookie in set.iter().filter(|cookie| !is_ours(&cookie_name(first_part(cookie.as_bytes())))) {
        if let Ok(cookie) = HeaderValue::from_bytes(&without_domain(cookie.as_bytes())) {
            headers.append(SET_COOKIE, cookie);
        }
    }
}

fn first_part(cookie: &[u8]) -> &[u8] {
    cookie.split(|byte| *byte == b';').next().unwrap_or_default()
}

/// A `Set-Cookie` without its `Domain`, so that it is for the host that sets it.
fn without_domain(cookie: &[u8]) -> Vec<u8> {
    let mut parts = cookie.split(|byte| *byte == b';');
    let mut kept = parts.next().unwrap_or_default().to_vec();
    for part in parts.filter(|part| !cookie_name(part).eq_ignore_ascii_case("domain")) {
        kept.push(b';');
        kept.extend_from_slice(part);
    }
    kept
}

/// Lets nobody frame the answer but the app itself and these origins.
pub(crate) fn allow_framing_by(headers: &mut HeaderMap, origins: &str) {
    // Beside a policy of the app's own, both count.
    if let Ok(policy) = HeaderValue::from_str(&format!("frame-ancestors 'self' {origins}")) {
        headers.append(CONTENT_SECURITY_POLICY, policy);
    }
}

/// Points a redirect to the app's own address back to where the browser sees the app.
pub(crate) fn relocate(headers: &mut HeaderMap, translate: impl Fn(&str) -> Option<String>) {
    let told = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    if let Some(translated) = told.and_then(translate) {
        insert(headers, LOCATION, &translated);
    }
}

/// Whether a request asks to speak WebSocket, and nothing else, on its connection.
pub(crate) fn asks_for_websocket(headers: &HeaderMap) -> bool {
    let mut protocols = headers.get_all(UPGRADE).iter();
    let is_websocket = match (protocols.next(), protocols.next()) {
        (Some(only), None) => only.as_bytes().eq_ignore_ascii_case(b"websocket"),
        _ => false,
    };
    let named = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    is_websocket
        && named.flat_map(|value| value.split(',')).any(|name| name.trim().eq_ignore_ascii_case("upgrade"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name: HeaderName = name.parse().expect("a name");
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
        }
        headers
    }

    fn shown(headers: &HeaderMap) -> Vec<String> {
        let line = |(name, value): (&HeaderName, &HeaderValue)| {
            format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
        };
        let mut lines: Vec<String> = headers.iter().map(line).collect();
        lines.sort();
        lines
    }

    #[test]
    fn an_app_is_told_by_the_proxy_alone() {
        let mut headers = head(&[
            ("accept", "*/*"),
            ("host", "app_a.apps.localhost:8003"),
            ("X-Whop-User-Token", "a"),
            ("x-whop-user-token", "b"),
            ("x_whop_user_token", "c"),
            ("X-Whop_User-Token", "d"),
            ("x-forwarded-for", "6.6.6.6"),
            ("x-forwarded-user", "root"),
            ("x_forwarded_host", "evil"),
            ("forwarded", "for=6.6.6.6"),
            ("x-real-ip", "6.6.6.6"),
            ("via", "1.1 evil"),
            ("connection", "keep-alive, X-Named, content-length"),
            ("x-named", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("proxy-authorization", "Basic eDp5"),
            ("upgrade", "h2c"),
            ("expect", "100-continue"),
            ("content-length", "2"),
            ("authorization", "Bearer theirs"),
            ("cookie", "a=1; ours=x;b=2"),
            ("cookie", "ours=y; c"),
        ]);
        let forwarding = Forwarding {
            address: Some(IpAddr::from([192, 0, 2, 7])),
            host: "app_a.apps.localhost:8003".into(),
            scheme: "http",
        };
        to_app(&mut headers, &forwarding, |name| name == "ours");
        let expected = [
            "accept: */*",
            "authorization: Bearer theirs",
            "content-length: 2",
            "cookie: a=1; b=2; c",
            "x-forwarded-for: 192.0.2.7",
            "x-forwarded-host: app_a.apps.localhost:8003",
            "x-forwarded-proto: http",
        ];
        assert_eq!(shown(&headers), expected);
        let mut headers = head(&[("cookie", "ours=x")]);
        to_app(&mut headers, &forwarding, |name| name == "ours");
        assert!(!headers.contains_key(COOKIE));
    }

    #[test]
    fn a_browser_is_told_of_the_apps_host_alone() {
        let mut headers = head(&[
            ("content-type", "text/html"),
            ("x-frame-options", "DENY"),
            ("alt-svc", "h3=\":443\""),
            ("clear-site-data", "\"*\""),
            ("x-whop-user-token", "leaked"),
            ("set-cookie", "a=1; Path=/; Domain=localhost; HttpOnly"),
            ("set-cookie", "b=domain=x; DOMAIN = apps.localhost"),
            ("set-cookie", "ours=stolen; Path=/"),
            ("set-cookie", "c=3"),
        ]);
        to_browser(&mut headers, |name| name == "ours");
        allow_framing_by(&mut headers, "http://localhost:8003");
        let expected = [
            "content-security-policy: frame-ancestors 'self' http://localhost:8003",
            "content-type: text/html",
            "set-cookie: a=1; Path=/; HttpOnly",
            "set-cookie: b=domain=x",
            "set-cookie: c=3",
        ];
        assert_eq!(shown(&headers), expected);
    }

    #[test]
    fn only_websockets_are_upgrades() {
        let table: [(&[(&str, &str)], bool); 7] = [
            (&[("connection", "Upgrade"), ("upgrade", "WebSocket")], true),
            (&[("connection", "keep-alive, upgrade"), ("upgrade", "websocket")], true),
            (&[("connection", "keep-alive"), ("connection", "upgrade"), ("upgrade", "websocket")], true),
            (&[("upgrade", "websocket")], false),
            (&[("connection", "upgrade"), ("upgrade", "h2c")], false),
            (&[("connection", "upgrade"), ("upgrade", "websocket, h2c")], false),
            (&[("connection", "upgrade"), ("upgrade", "websocket"), ("upgrade", "h2c")], false),
        ];
        for (pairs, expected) in table {
            assert_eq!(asks_for_websocket(&head(pairs)), expected, "{pairs:?}");
        }
    }
}
