//! License keys: what a member types into the seller's software.
//!
//! A prefix of the seller's, then twenty letters and digits in groups of five, 100 random bits: no two memberships get
//! the same, and nobody guesses one. The alphabet is Crockford's, without letters that are read as digits.

use crate::{Invalid, invalid};

/// The longest prefix, in characters.
pub const LONGEST_PREFIX: usize = 20;

const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A key of 13 random bytes.
#[must_use]
pub fn mint(prefix: Option<&str>, random: [u8; 13]) -> String {
    let mut bytes = [0_u8; 16];
    bytes[3..].copy_from_slice(&random);
    let mut rest = u128::from_be_bytes(bytes);
    let groups: Vec<String> = (0..4).map(|_| group(&mut rest)).collect();
    let key = groups.join("-");
    prefix.filter(|prefix| !prefix.is_empty()).map_or(key.clone(), |prefix| format!("{prefix}-{key}"))
}

fn group(rest: &mut u128) -> String {
    let mut digit = || {
        let index = usize::try_from(*rest % 32).expect("a remainder of 32 fits");
        *rest /= 32;
        char::from(DIGITS[index])
    };
    (0..5).map(|_| digit()).collect()
}

/// Checks a seller's prefix; answers it in capitals.
///
/// # Errors
/// When it is empty, longer than [`LONGEST_PREFIX`], or has other characters than letters and digits.
pub fn check_prefix(prefix: &str) -> Result<String, Invalid> {
    let is_plain = prefix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if prefix.is_empty() || prefix.len() > LONGEST_PREFIX || !is_plain {
        return invalid(format!("`licenseKeyPrefix` is 1 to {LONGEST_PREFIX} letters and digits."));
    }
    Ok(prefix.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prefixes() {
        assert_eq!(check_prefix("acme1").as_deref(), Ok("ACME1"));
        for prefix in ["", "a-b", "a b", "é", &"a".repeat(21)] {
            assert!(check_prefix(prefix).is_err(), "{prefix}");
        }
    }

    proptest! {
        #[test]
        fn keys_have_one_form_and_differ_with_their_bits(random: [u8; 13], bit in 0_usize..100) {
            let key = mint(Some("ACME"), random);
            let parts: Vec<&str> = key.split('-').collect();
            prop_assert_eq!(parts[0], "ACME");
            prop_assert_eq!(parts.len(), 5);
            prop_assert!(parts[1..].iter().all(|part| part.len() == 5 && part.bytes().all(|b| DIGITS.contains(&b))));
            let mut other = random;
            other[12 - bit / 8] ^= 1 << (bit % 8);
            prop_assert_ne!(mint(Some("ACME"), other), key.clone());
            prop_assert_eq!(format!("ACME-{}", mint(None, random)), key);
        }
    }
}
