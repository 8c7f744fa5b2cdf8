//! Users: what a username may be.

use crate::{Invalid, invalid};

/// Shortest and longest username, in characters.
pub const USERNAME_LENGTHS: std::ops::RangeInclusive<usize> = 2..=32;

/// Whether a username may hold this character.
#[must_use]
pub fn is_username_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.')
}

/// Checks a username.
///
/// # Errors
/// When it is too short, too long or holds other characters than letters, digits, `_`, `-` and `.`.
pub fn check_username(name: &str) -> Result<&str, Invalid> {
    if USERNAME_LENGTHS.contains(&name.len()) && name.chars().all(is_username_character) {
        return Ok(name);
    }
    let (shortest, longest) = (USERNAME_LENGTHS.start(), USERNAME_LENGTHS.end());
    invalid(format!("A username is {shortest} to {longest} letters, digits, `_`, `-` or `.`."))
}

/// The form under which a username is unique: without case.
#[must_use]
pub fn username_key(name: &str) -> String {
    name.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames() {
        for good in ["ab", "zoe.w", "a_b-c", &"x".repeat(32)] {
            assert_eq!(check_username(good), Ok(good));
        }
        for bad in ["", "a", "a b", "zoë", &"x".repeat(33), "a@b"] {
            assert!(check_username(bad).is_err(), "{bad}");
        }
        assert_eq!(username_key("ZoE"), "zoe");
    }
}
