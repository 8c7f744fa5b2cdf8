//! Third-party apps: what a developer may say of one, how its keys are shown, and who may install it.

use crate::web_address::{is_http, names_user};
use crate::{Invalid, invalid};

/// The longest address of an app, in bytes.
pub const LONGEST_ADDRESS: usize = 500;
/// The longest description, in characters.
pub const LONGEST_DESCRIPTION: usize = 2_000;
/// The longest text of an app's public page, in characters.
pub const LONGEST_STORE_DESCRIPTION: usize = 10_000;
/// The longest call to action, in characters.
pub const LONGEST_CALL: usize = 60;
/// The longest reason for wanting a permission, in characters.
pub const LONGEST_JUSTIFICATION: usize = 500;
/// The longest checksum of a build, in characters.
pub const LONGEST_CHECKSUM: usize = 200;
/// How many keys of an app may be live at once.
pub const MOST_LIVE_KEYS: usize = 20;
/// What every API key begins with.
pub const KEY_PREFIX: &str = "gh_";
/// How many characters of a key's end are remembered, so that its holder can tell keys apart.
pub const KEY_END: usize = 4;

/// Who finds an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppStatus {
    /// The team of its own company, and those who installed it before.
    Hidden,
    /// Everyone, also by looking around.
    Live,
    /// Everyone who has its address.
    Unlisted,
}

impl AppStatus {
    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Live => "live",
            Self::Unlisted => "unlisted",
        }
    }

    /// The status of the wire's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Hidden, Self::Live, Self::Unlisted].into_iter().find(|status| status.as_str() == word)
    }
}

/// Checks an address that an app is served from; answers it without a slash at its end.
///
/// # Errors
/// When it is no `http` or `https` address, is too long, or holds a user, a query or a fragment.
pub fn check_base_url(text: &str, field: &str) -> Result<String, Invalid> {
    let text = text.trim();
    if text.len() > LONGEST_ADDRESS {
        return invalid(format!("`{field}` is at most {LONGEST_ADDRESS} bytes long."));
    }
    let Some(url) = url::Url::parse(text).ok().filter(is_http) else {
        return invalid(format!(
            "`{field}` must be an address that starts with `https://` or `http://`, such as `https://app.example.com`."
        ));
    };
    if names_user(&url) {
        return invalid(format!("`{field}` must not hold a user name or a password."));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return invalid(format!("`{field}` must not hold `?` or `#`: paths are added to it."));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Checks a text of at most so many characters; answers it trimmed.
///
/// # Errors
/// When it is too long, or holds control characters other than line ends and tabs.
pub fn check_text(text: &str, field: &str, longest: usize) -> Result<String, Invalid> {
    let text = text.trim();
    if text.chars().count() > longest {
        return invalid(format!("`{field}` is at most {longest} characters long."));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return invalid(format!("`{field}` must not hold control characters."));
    }
    Ok(text.to_owned())
}

/// Checks why an app wants a permission; answers it trimmed.
///
/// # Errors
/// When it is empty, too long, or holds control characters.
pub fn check_justification(text: &str, action: &str) -> Result<String, Invalid> {
    let checked = check_text(text, "justification", LONGEST_JUSTIFICATION)?;
    if checked.is_empty() {
        return invalid(format!("`justification` must say why the app needs `{action}`."));
    }
    Ok(checked)
}

/// Checks what a build's bundle can be told by.
///
/// # Errors
/// When it is empty, too long, or holds anything but visible ASCII.
pub fn check_checksum(text: &str) -> Result<&str, Invalid> {
    if (1..=LONGEST_CHECKSUM).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(text);
    }
    invalid(format!("`checksum` is 1 to {LONGEST_CHECKSUM} letters, digits or signs, without spaces."))
}

/// A key as it may be shown after the day it was made: its prefix and the end that is remembered.
#[must_use]
pub fn masked_key(end: &str) -> String {
    format!("{KEY_PREFIX}…{end}")
}

/// The username of an app's agent, from the app's name and a few letters that no other has.
#[must_use]
pub fn agent_username(name: &str, own: &str) -> String {
    const LONGEST: usize = 20;
    let mut stem = String::new();
    for character in name.chars().flat_map(char::to_lowercase) {
        match character {
            character if character.is_ascii_alphanumeric() => stem.push(character),
            _ if stem.is_empty() || stem.ends_with('-') => {}
            _ => stem.push('-'),
        }
    }
    stem.truncate(LONGEST);
    let stem = stem.trim_end_matches('-');
    let stem = if stem.is_empty() { "app" } else { stem };
    format!("{stem}-{}", own.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::check_username;
    use proptest::prelude::*;

    #[test]
    fn addresses() {
        for (given, kept) in [
            ("http://localhost:3000/", "http://localhost:3000"),
            (" https://App.Example.com ", "https://app.example.com"),
            ("https://example.com/apps/one/", "https://example.com/apps/one"),
            ("http://[::1]:3000", "http://[::1]:3000"),
        ] {
            assert_eq!(check_base_url(given, "baseUrl"), Ok(kept.to_owned()));
        }
        for (given, words) in [
            ("", "must be an address"),
            ("example.com", "must be an address"),
            ("javascript:alert(1)", "must be an address"),
            ("ftp://example.com", "must be an address"),
            ("https://", "must be an address"),
            ("https://me:secret@example.com", "a user name or a password"),
            ("https://example.com/?a=b", "`?` or `#`"),
            ("https://example.com/#top", "`?` or `#`"),
        ] {
            let refused = check_base_url(given, "baseUrl").expect_err(given).0;
            assert!(refused.contains(words) && refused.contains("`baseUrl`"), "{given}: {refused}");
        }
        let long = format!("https://example.com/{}", "a".repeat(LONGEST_ADDRESS));
        assert!(check_base_url(&long, "baseUrl").expect_err("long").0.contains("at most 500 bytes"));
    }

    #[test]
    fn justifications_say_something() {
        assert_eq!(check_justification(" to greet ", "chat:read"), Ok("to greet".into()));
        assert!(check_justification("  ", "chat:read").expect_err("empty").0.contains("`chat:read`"));
        assert!(check_justification(&"ü".repeat(500), "chat:read").is_ok());
        assert!(check_justification(&"ü".repeat(501), "chat:read").is_err());
        assert!(check_justification("a\u{0}b", "chat:read").is_err());
    }

    #[test]
    fn checksums() {
        assert!(check_checksum("sha256-9f86d081884c7d65").is_ok());
        for bad in ["", "a b", "ü", &"a".repeat(201)] {
            assert!(check_checksum(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn an_agent_always_gets_a_username(name in ".{0,120}", own in "[0-9A-Za-z]{10}") {
            let username = agent_username(&name, &own);
            prop_assert!(check_username(&username).is_ok(), "{username}");
        }
    }

    #[test]
    fn agents_are_called_after_their_app() {
        assert_eq!(agent_username("Bench Planner!", "Ab12"), "bench-planner-ab12");
        assert_eq!(agent_username("Ünïcödé", "x"), "n-c-d-x");
        assert_eq!(agent_username("日本", "x"), "app-x");
    }
}
