//! Experiences: names and lifetimes of chats, forums and apps inside a community.

use crate::{Invalid, invalid};

/// The longest name, in characters after trimming.
pub const LONGEST_NAME: usize = 100;

/// What an experience is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExperienceKind {
    /// A chat.
    Chat,
    /// A forum.
    Forum,
    /// A third-party app.
    App,
}

impl ExperienceKind {
    /// The word the store uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Forum => "forum",
            Self::App => "app",
        }
    }

    /// The kind of the store's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Chat, Self::Forum, Self::App].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Checks a name; answers it trimmed.
///
/// # Errors
/// When it is empty, too long, or holds control characters.
pub fn check_name(name: &str) -> Result<&str, Invalid> {
    let trimmed = name.trim();
    if trimmed.is_empty() || trimmed.chars().count() > LONGEST_NAME {
        return invalid(format!("`name` must be 1 to {LONGEST_NAME} characters long."));
    }
    if trimmed.chars().any(char::is_control) {
        return invalid("`name` must not hold control characters.");
    }
    Ok(trimmed)
}

/// The form under which names are compared: trimmed and without case.
#[must_use]
pub fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Checks an expiry in seconds against `now` in milliseconds; answers milliseconds.
///
/// # Errors
/// When it does not lie ahead, or lies more than a hundred years ahead (as milliseconds sent for
/// seconds would).
pub fn check_expiry(seconds: i64, now: i64) -> Result<i64, Invalid> {
    const CENTURY_MS: i64 = 100 * 366 * 24 * 60 * 60 * 1000;
    match seconds.checked_mul(1000) {
        Some(at) if at <= now => invalid("`expiresAt` must lie ahead; it is in seconds since 1970."),
        Some(at) if at - now <= CENTURY_MS => Ok(at),
        _ => invalid(
            "`expiresAt` lies more than a century ahead; it is in seconds since 1970, not milliseconds.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(check_name("  General  "), Ok("General"));
        assert!(check_name("   ").is_err());
        assert!(check_name("a\u{7}b").is_err());
        assert!(check_name(&"é".repeat(101)).is_err());
        assert_eq!(name_key(" GENERAL Ä "), "general ä");
    }

    #[test]
    fn expiries_are_seconds_and_lie_ahead() {
        let now = 1_716_931_200_000;
        assert_eq!(check_expiry(1_716_931_201, now), Ok(1_716_931_201_000));
        assert!(check_expiry(1_716_931_200, now).expect_err("now").0.contains("lie ahead"));
        assert!(check_expiry(-1, now).is_err());
        assert!(
            check_expiry(1_716_931_201_000, now).expect_err("milliseconds").0.contains("not milliseconds")
        );
        assert!(check_expiry(i64::MAX, now).is_err());
    }
}
