//! Access passes: what a seller may say of what is sold.

use crate::{Invalid, invalid};

/// The longest title, in characters after trimming.
pub const LONGEST_TITLE: usize = 80;
/// The longest headline, in characters.
pub const LONGEST_HEADLINE: usize = 140;
/// The longest short description, in characters.
pub const LONGEST_SHORT_DESCRIPTION: usize = 1000;
/// The longest description, and the longest pitch, in characters.
pub const LONGEST_DESCRIPTION: usize = 10_000;
/// The longest route, in bytes.
pub const LONGEST_ROUTE: usize = 100;

/// Checks a title; answers it trimmed.
///
/// # Errors
/// When it is empty, too long, or holds control characters.
pub fn check_title(title: &str) -> Result<&str, Invalid> {
    let trimmed = title.trim();
    if trimmed.is_empty() || trimmed.chars().count() > LONGEST_TITLE {
        return invalid(format!("`title` must be 1 to {LONGEST_TITLE} characters long."));
    }
    if trimmed.chars().any(char::is_control) {
        return invalid("`title` must not hold control characters.");
    }
    Ok(trimmed)
}

/// Checks a route that a seller chose; answers it in lower case.
///
/// # Errors
/// When it is empty, too long, or has other characters than letters, digits and single dashes between them.
pub fn check_route(route: &str) -> Result<String, Invalid> {
    let lower = route.trim().to_ascii_lowercase();
    let is_plain = lower.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_whole = !lower.starts_with('-') && !lower.ends_with('-') && !lower.contains("--");
    if lower.is_empty() || lower.len() > LONGEST_ROUTE || !is_plain || !is_whole {
        return invalid(format!(
            "`route` is 1 to {LONGEST_ROUTE} letters and digits, with single dashes between them."
        ));
    }
    Ok(lower)
}

/// A route made of a title: its letters and digits of ASCII in lower case, a dash for whatever stands between. The
/// `number`th try at a title that others have too bears its number, from the second on.
#[must_use]
pub fn route_of(title: &str, number: usize) -> String {
    /// Room for a dash and the number.
    const LONGEST_STEM: usize = 60;
    let mut stem = String::new();
    for character in title.chars().flat_map(char::to_lowercase) {
        match character {
            character if character.is_ascii_alphanumeric() => stem.push(character),
            _ if stem.is_empty() || stem.ends_with('-') => {}
            _ => stem.push('-'),
        }
    }
    stem.truncate(LONGEST_STEM);
    let stem = stem.trim_end_matches('-');
    let stem = if stem.is_empty() { "pass" } else { stem };
    if number < 2 { stem.to_owned() } else { format!("{stem}-{number}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn titles() {
        assert_eq!(check_title("  The Bench Course "), Ok("The Bench Course"));
        assert!(check_title(&"é".repeat(80)).is_ok());
        for (title, words) in [
            ("", "1 to 80 characters"),
            ("  ", "1 to 80 characters"),
            (&"é".repeat(81), "1 to 80 characters"),
            ("a\u{7}b", "control characters"),
        ] {
            assert!(check_title(title).expect_err(title).0.contains(words));
        }
    }

    #[test]
    fn routes() {
        assert_eq!(check_route(" Bench-Course2 ").as_deref(), Ok("bench-course2"));
        for route in ["", "-a", "a-", "a--b", "a b", "a/b", "é", "a_b", &"a".repeat(101)] {
            assert!(check_route(route).expect_err(route).0.starts_with("`route` is 1 to 100"), "{route}");
        }
    }

    #[test]
    fn routes_of_titles() {
        for (title, number, route) in [
            ("The Bench Course", 1, "the-bench-course"),
            ("The Bench Course", 2, "the-bench-course-2"),
            ("  Añil & Co.!  ", 1, "a-il-co"),
            ("木工", 1, "pass"),
            ("木工", 3, "pass-3"),
        ] {
            assert_eq!(route_of(title, number), route);
        }
    }

    proptest! {
        #[test]
        fn a_made_route_is_one_that_could_be_chosen(title: String, number in 0_usize..10_000) {
            let route = route_of(&title, number);
            prop_assert_eq!(check_route(&route), Ok(route));
        }
    }
}
