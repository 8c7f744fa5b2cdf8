//! What addresses on the web have in common, whatever they are for.

use url::Url;

/// Whether a text begins as an address that browsers open over HTTP.
#[must_use]
pub fn is_web(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// Whether an address is of `https` or `http`.
#[must_use]
pub fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// Whether an address holds a user name or a password, which nobody should be sent with.
#[must_use]
pub fn names_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let table = [
            ("https://example.com", true, false),
            ("http://example.com", true, false),
            ("HTTP://me@example.com", true, true),
            ("https://:secret@example.com", true, true),
            ("ftp://example.com", false, false),
            ("javascript:alert(1)", false, false),
        ];
        for (text, http, user) in table {
            let url = Url::parse(text).expect(text);
            assert_eq!((is_http(&url), names_user(&url)), (http, user), "{text}");
        }
        assert!(is_web("https://a") && is_web("http://a"));
        assert!(!is_web("//a") && !is_web("javascript:https://") && !is_web(""));
    }
}
