//! Where a visitor goes after signing in: a place on this server, whatever the link said.

/// The longest place that is followed, in bytes.
const LONGEST: usize = 2000;

/// A path and query of this server, when the text is one that no browser reads as anything else.
///
/// Browsers drop tabs and line breaks, and read `\` as `/` and `//host` as another server's address; so none of
/// these may stand in it, and it begins with exactly one `/`.
#[must_use]
pub fn local_path(given: &str) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    let is_local = given.len() <= LONGEST
        && given.starts_with('/')
        && !given.starts_with("//")
        && given.bytes().all(is_plain);
    is_local.then_some(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_on_this_server_are_followed() {
        for place in
            ["/", "/account", "/oauth/authorize?client_id=app_1&state=a%2Fb", "/a#b", "/a?to=//b", "/a//b"]
        {
            assert_eq!(local_path(place), Some(place));
        }
    }

    #[test]
    fn whatever_could_lead_elsewhere_is_not() {
        let attacks = [
            "",
            "account",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "\\\\evil.example",
            "/a\\b",
            "/\t/evil.example",
            "/\n/evil.example",
            "/\r\nSet-Cookie: a=b",
            "\t//evil.example",
            " //evil.example",
            "/ /evil.example",
            "/\0",
            "/\u{7f}",
            "/é",
            "/\u{2028}/evil.example",
            "https://evil.example",
            "https:/evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            ".evil.example",
            "@evil.example",
            "?a",
            "#a",
        ];
        for attack in attacks {
            assert_eq!(local_path(attack), None, "{attack:?}");
        }
        assert_eq!(local_path(&format!("/{}", "a".repeat(LONGEST))), None);
    }
}
