//! Cookies as browsers send them, and what ours are called.
//!
//! Under https ours bear the prefix `__Host-`, so that no other host can set them.

use hyper::HeaderMap;
use hyper::header::COOKIE;

/// What every cookie of ours is called at its beginning, after the prefix.
const OURS: &str = "guildhall_";
const SECURE_PREFIX: &str = "__Host-";

/// What stands before the names of our cookies.
pub(crate) fn prefix(is_secure: bool) -> &'static str {
    if is_secure { SECURE_PREFIX } else { "" }
}

/// Whether a name is one of ours, with the prefix or without.
pub(crate) fn is_ours(name: &str) -> bool {
    name.strip_prefix(SECURE_PREFIX).unwrap_or(name).starts_with(OURS)
}

/// The value of the first cookie with this name.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    find(headers, |found| found == name)
}

/// The value of the first cookie of ours with this name, which stands here without its prefix.
pub(crate) fn read_ours<'a>(headers: &'a HeaderMap, name: &str, is_secure: bool) -> Option<&'a str> {
    find(headers, |found| found.strip_prefix(prefix(is_secure)) == Some(name))
}

fn find(headers: &HeaderMap, is_meant: impl Fn(&str) -> bool) -> Option<&str> {
    let values = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(found, _)| is_meant(found.trim())).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn headers(cookies: &[&'static str]) -> HeaderMap {
        cookies.iter().map(|cookie| (COOKIE, HeaderValue::from_static(cookie))).collect()
    }

    #[test]
    fn cookies_are_read_by_their_whole_name() {
        let name = "guildhall_session";
        let sent = headers(&["a=b; guildhall_session=one", "guildhall_session=two; x"]);
        assert_eq!(read_ours(&sent, name, false), Some("one"));
        assert_eq!(read_ours(&sent, name, true), None, "under https only the prefixed one counts");
        let sent = headers(&["__Host-guildhall_session=one"]);
        assert_eq!(read_ours(&sent, name, true), Some("one"));
        assert_eq!(read_ours(&sent, name, false), None);
        assert_eq!(read_ours(&headers(&["xguildhall_session=one"]), name, false), None);
        let sent = headers(&["a=1; token = x ; b=2", "token=y"]);
        assert_eq!((read(&sent, "token"), read(&sent, "toke")), (Some("x"), None));
    }

    #[test]
    fn ours_are_known_by_their_names() {
        for name in ["guildhall_session", "__Host-guildhall_app", "guildhall_"] {
            assert!(is_ours(name), "{name}");
        }
        for name in ["session", "xguildhall_session", "__Secure-guildhall_app", "guildhall"] {
            assert!(!is_ours(name), "{name}");
        }
    }
}
