//! Accounts: what an e-mail, a name and a password may be.

use crate::{Invalid, invalid};

/// Shortest and longest password, in characters (after NIST SP 800-63B: length counts, composition does not).
pub const PASSWORD_LENGTHS: std::ops::RangeInclusive<usize> = 8..=128;
/// The longest e-mail, in bytes (RFC 5321).
pub const LONGEST_EMAIL: usize = 254;
/// The longest name shown, in characters.
pub const LONGEST_NAME: usize = 60;

/// The passwords that are tried first, of those that are long enough, without case.
const COMMONEST: &[&str] = &[
    "00000000",
    "11111111",
    "11223344",
    "12121212",
    "12341234",
    "123123123",
    "1234567890",
    "123456789",
    "12345678",
    "1234qwer",
    "123qwe123",
    "147258369",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "77777777",
    "87654321",
    "88888888",
    "987654321",
    "99999999",
    "a1234567",
    "a1b2c3d4",
    "aa123456",
    "abc12345",
    "abcd1234",
    "abcdefgh",
    "access14",
    "admin123",
    "administrator",
    "asdf1234",
    "asdfasdf",
    "asdfghjkl",
    "baseball",
    "basketball",
    "butterfly",
    "changeme",
    "chocolate",
    "computer",
    "corvette",
    "creative",
    "diamond1",
    "dragon123",
    "einstein",
    "elephant",
    "facebook",
    "football",
    "football1",
    "garfield",
    "google123",
    "hello123",
    "iloveyou",
    "iloveyou1",
    "internet",
    "jennifer",
    "letmein1",
    "liverpool",
    "liverpool1",
    "maverick",
    "mercedes",
    "michael1",
    "michelle",
    "microsoft",
    "monkey123",
    "mustang1",
    "nicholas",
    "p@ssw0rd",
    "pa55word",
    "passw0rd",
    "password",
    "password1",
    "password!",
    "password12",
    "password123",
    "pokemon1",
    "princess",
    "princess1",
    "q1w2e3r4",
    "qazwsxedc",
    "qwer1234",
    "qwerty12",
    "qwerty123",
    "qwertyui",
    "qwertyuiop",
    "samantha",
    "starwars",
    "steelers",
    "sunshine",
    "superman",
    "test1234",
    "trustno1",
    "victoria",
    "welcome1",
    "welcome123",
    "whatever",
    "zaq12wsx",
    "zxcvbnm1",
    "zxcvbnm123",
];

/// Checks a new password of an account.
///
/// # Errors
/// When it is too short or too long, one of those tried first, or the e-mail or username itself.
pub fn check_password(password: &str, username: &str, email: &str) -> Result<(), Invalid> {
    if !PASSWORD_LENGTHS.contains(&password.chars().count()) {
        let (shortest, longest) = (PASSWORD_LENGTHS.start(), PASSWORD_LENGTHS.end());
        return invalid(format!("A password is {shortest} to {longest} characters long."));
    }
    let lower = password.to_lowercase();
    let first = lower.chars().next();
    if COMMONEST.contains(&lower.as_str()) || lower.chars().all(|character| Some(character) == first) {
        return invalid("This password is one of those that are tried first: choose another.");
    }
    let (email, username) = (email_key(email), username.to_lowercase());
    let local = email.split('@').next().unwrap_or_default();
    if [email.as_str(), local, username.as_str()].contains(&lower.as_str()) {
        return invalid("The password must not be the e-mail or the username.");
    }
    Ok(())
}

/// Checks an e-mail's form; answers it without what stands around it.
///
/// # Errors
/// When it has no `@` between two parts, is too long, or holds what no address holds.
pub fn check_email(email: &str) -> Result<&str, Invalid> {
    let trimmed = email.trim();
    let parts =
        trimmed.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    let is_plain = |c: char| !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>' | ',' | ';');
    if parts && trimmed.len() <= LONGEST_EMAIL && trimmed.chars().all(is_plain) {
        return Ok(trimmed);
    }
    let shown: String = trimmed.chars().filter(|c| !c.is_control()).take(64).collect();
    invalid(format!("`{shown}` is not an e-mail address."))
}

/// The form under which an e-mail is unique: without case.
#[must_use]
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Checks a name to be shown; answers it without what stands around it, or `None` when nothing is left.
///
/// # Errors
/// When it is too long or holds control characters.
pub fn check_name(name: &str) -> Result<Option<&str>, Invalid> {
    let trimmed = name.trim();
    if trimmed.chars().count() > LONGEST_NAME || trimmed.chars().any(char::is_control) {
        return invalid(format!("A name is at most {LONGEST_NAME} characters, all of them visible."));
    }
    Ok((!trimmed.is_empty()).then_some(trimmed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(password: &str) -> String {
        check_password(password, "mira", "mira.okafor@example.com").expect_err(password).0
    }

    #[test]
    fn passwords_are_long_enough_and_not_the_first_to_be_tried() {
        for good in ["correct horse", "spoon-carver-on-a-train", "ünïcödé", "        x", &"äb".repeat(64)]
        {
            let padded = format!("{good}.");
            let password = if good.chars().count() < 8 { &padded } else { good };
            assert_eq!(check_password(password, "mira", "m@example.com"), Ok(()), "{password}");
        }
        for bad in ["", "1234567", "öööööö7", &"ab".repeat(65)] {
            assert_eq!(refusal(bad), "A password is 8 to 128 characters long.");
        }
        for bad in ["password", "PassWord1", "12345678", "zzzzzzzz", "        "] {
            assert_eq!(refusal(bad), "This password is one of those that are tried first: choose another.");
        }
        for bad in ["mira.okafor", "Mira.Okafor@example.com"] {
            assert_eq!(refusal(bad), "The password must not be the e-mail or the username.");
        }
        let refused = check_password("mira-on-trains", "Mira-On-Trains", "m@example.com");
        assert_eq!(
            refused.expect_err("the username").0,
            "The password must not be the e-mail or the username."
        );
    }

    #[test]
    fn every_common_password_is_long_enough_to_matter() {
        for password in COMMONEST {
            assert!(password.len() >= *PASSWORD_LENGTHS.start(), "{password}");
            assert_eq!(*password, password.to_lowercase());
        }
    }

    #[test]
    fn emails() {
        assert_eq!(check_email(" Mira@Example.com "), Ok("Mira@Example.com"));
        assert_eq!(email_key(" Mira@Example.com "), "mira@example.com");
        for bad in ["", "mira", "@example.com", "mira@", "a b@c.d", "a@b\r\nBcc: c@d", "<a@b.c>", "a@b,c@d"] {
            assert!(check_email(bad).expect_err(bad).0.ends_with("is not an e-mail address."));
        }
        assert!(check_email(&format!("{}@example.com", "a".repeat(250))).is_err());
    }

    #[test]
    fn names() {
        assert_eq!(check_name("  Mira Okafor "), Ok(Some("Mira Okafor")));
        assert_eq!(check_name("   "), Ok(None));
        for bad in ["a\nb", &"x".repeat(61)] {
            assert_eq!(
                check_name(bad).expect_err(bad).0,
                "A name is at most 60 characters, all of them visible."
            );
        }
    }
}
