//! Who asks an app's origin: the app's own pages, a browser that goes there, or another site behind its person's back.
//!
//! Browsers send the cookie of an app's origin along with requests that other sites cause, above all other apps in the
//! same page of the hub. Such requests get no token.

use guildhall_core::app_host::read_authority;
use hyper::header::{HeaderMap, ORIGIN};
use hyper::{Method, Uri};

/// Whether a request may carry the person's token to the app: one of the app's own pages makes it, or the browser goes
/// there and changes nothing.
pub(super) fn may_carry_token(method: &Method, headers: &HeaderMap, origin: &str) -> bool {
    let is_safe = matches!(*method, Method::GET | Method::HEAD);
    if let Some(site) = text(headers, "sec-fetch-site") {
        let goes_there = is_safe && text(headers, "sec-fetch-mode") == Some("navigate");
        return matches!(site, "same-origin" | "none") || goes_there;
    }
    match headers.get(ORIGIN) {
        Some(from) => from.as_bytes().eq_ignore_ascii_case(origin.as_bytes()),
        // A browser says where a change comes from.
        None => is_safe,
    }
}

/// Whether the person's word counts for a request to the API: only one of the app's own pages may speak for them.
pub(super) fn may_speak(method: &Method, headers: &HeaderMap, origin: &str) -> bool {
    let is_safe = matches!(*method, Method::GET | Method::HEAD);
    let by_site = text(headers, "sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let by_origin = match headers.get(ORIGIN) {
        Some(from) => from.as_bytes().eq_ignore_ascii_case(origin.as_bytes()),
        None => is_safe,
    };
    by_site && by_origin
}

/// Whether a browser comes from a page of the hub, whose origin it names by itself.
pub(super) fn comes_from_hub(headers: &HeaderMap, hub: &str) -> bool {
    let Some(referer) = text(headers, "referer").and_then(|referer| referer.parse::<Uri>().ok()) else {
        return false;
    };
    let (Some(scheme), Some(authority)) = (referer.scheme_str(), referer.authority()) else {
        return false;
    };
    hubs(hub).iter().any(|hub| hub.eq_ignore_ascii_case(&format!("{scheme}://{authority}")))
}

/// The origins at which the hub's pages are seen: its own, and on this machine its other names.
pub(super) fn hubs(hub: &str) -> Vec<String> {
    let mut hubs = vec![hub.to_owned()];
    let Some((scheme, authority)) = hub.split_once("://") else {
        return hubs;
    };
    let Some((host, port)) = read_authority(authority) else {
        return hubs;
    };
    if ["127.0.0.1", "localhost", "[::1]"].contains(&host.as_str()) {
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        // No policy of content can name an IPv6 address.
        let others = ["127.0.0.1", "localhost"].into_iter().filter(|other| *other != host);
        hubs.extend(others.map(|other| format!("{scheme}://{other}{port}")));
    }
    hubs
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{HeaderName, HeaderValue};

    type Pairs = [(&'static str, &'static str)];

    const APP: &str = "http://app_a.apps.localhost:8003";

    fn head(pairs: &Pairs) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn only_the_apps_own_pages_speak_and_only_they_and_navigations_carry_tokens() {
        let evil = "http://app_b.apps.localhost:8003";
        let table: [(Method, &Pairs, bool, bool); 14] = [
            // Method, headers, may carry a token, may speak.
            (Method::GET, &[], true, true),
            (Method::POST, &[], false, false),
            (Method::POST, &[("origin", APP)], true, true),
            (Method::POST, &[("origin", evil)], false, false),
            (Method::POST, &[("origin", "null")], false, false),
            (Method::GET, &[("origin", evil)], false, false),
            (Method::GET, &[("sec-fetch-site", "same-origin")], true, true),
            (Method::GET, &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], true, false),
            (Method::POST, &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], false, false),
            (Method::GET, &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors")], false, false),
            (Method::POST, &[("sec-fetch-site", "same-site"), ("origin", evil)], false, false),
            (Method::POST, &[("sec-fetch-site", "same-origin"), ("origin", APP)], true, true),
            (Method::GET, &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "websocket")], false, false),
            (Method::DELETE, &[("sec-fetch-site", "none")], true, false),
        ];
        for (method, headers, carries, speaks) in table {
            let headers_read = head(headers);
            assert_eq!(may_carry_token(&method, &headers_read, APP), carries, "{method} {headers:?}");
            assert_eq!(may_speak(&method, &headers_read, APP), speaks, "{method} {headers:?}");
        }
    }

    #[test]
    fn the_hub_is_known_by_its_names() {
        let from = |referer| comes_from_hub(&head(&[("referer", referer)]), "http://127.0.0.1:8003");
        assert!(from("http://127.0.0.1:8003/"));
        assert!(from("http://localhost:8003/experiences/exp_1"));
        for elsewhere in [
            "http://127.0.0.1:8004/",
            "http://evil/",
            "https://127.0.0.1:8003/",
            "http://127.0.0.1:8003@evil/",
            "x",
        ] {
            assert!(!from(elsewhere), "{elsewhere}");
        }
        assert!(!comes_from_hub(&head(&[]), "http://127.0.0.1:8003"));
        assert_eq!(hubs("https://hall.example.com"), ["https://hall.example.com"]);
    }
}
