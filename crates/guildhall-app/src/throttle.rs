//! Throttles: tries are counted in the store, so that every copy of the server counts the same ones.
//!
//! A try is counted before it is made, in a transaction of its own, so that many at once cannot slip through
//! together; one that succeeds is given back. How often is a rule of `guildhall_core::throttle`.

use crate::error::{Error, Result};
use crate::store::{self, Tx};
use guildhall_core::throttle::{Throttle, in_words};
use sha2::{Digest, Sha256};
use std::net::Ipv6Addr;

/// Counts a try by someone: an account, a name, an address.
///
/// # Errors
/// `RateLimited` when there were too many.
pub(crate) fn take(tx: &mut Tx<'_>, throttle: Throttle, whose: &str) -> Result<()> {
    let name = name(throttle, whose);
    let now = tx.now;
    let empty_at = store::throttle::find_and_hold(tx, &name)?;
    if empty_at.is_none() {
        store::throttle::delete_empty(tx)?;
    }
    match throttle.admit(empty_at, now) {
        Ok(empty_at) => store::throttle::set(tx, &name, empty_at),
        Err(wait_ms) => Err(refusal(throttle, (wait_ms + 999) / 1000)),
    }
}

/// Uncounts a try.
pub(crate) fn give_back(tx: &mut Tx<'_>, throttle: Throttle, whose: &str) -> Result<()> {
    store::throttle::give_back(tx, &name(throttle, whose), throttle.each_ms())
}

/// Forgets all tries.
pub(crate) fn clear(tx: &mut Tx<'_>, throttle: Throttle, whose: &str) -> Result<()> {
    store::throttle::delete(tx, &name(throttle, whose))
}

/// A name of one length, whatever people typed.
fn name(throttle: Throttle, whose: &str) -> String {
    let hash = Sha256::digest(whose.as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{} {hex}", throttle.as_str())
}

fn refusal(throttle: Throttle, seconds: i64) -> Error {
    let wait = in_words(seconds);
    let sentence = match throttle {
        Throttle::SignInName => {
            format!("Too many tries under this name. Wait {wait}, or reset the password by e-mail.")
        }
        Throttle::SignInDevice | Throttle::Confirmation => {
            format!("Too many wrong passwords. Wait {wait}.")
        }
        Throttle::SignInAddress => format!("Too many tries from your address. Wait {wait}."),
        Throttle::SecondStep => format!("Too many wrong codes. Wait {wait}."),
        Throttle::SignUpAddress => format!("Too many new accounts from your address. Wait {wait}."),
        Throttle::Letter => format!("Too many letters to this e-mail. Wait {wait}."),
        Throttle::LetterAddress => format!("Too many letters asked for from your address. Wait {wait}."),
        Throttle::PurchaseAddress => {
            format!(
                "Too many purchases from where you are without signing in. Wait {wait}, or sign in. Nothing was charged."
            )
        }
    };
    Error::RateLimited { sentence, retry_after_seconds: seconds }
}

/// Where a caller is, for counting: an IPv6 network of 64 bits counts as one, for that is what one customer gets.
pub(crate) fn place_of(address: &str) -> String {
    match address.parse::<Ipv6Addr>() {
        Ok(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_a_network_count_as_one() {
        assert_eq!(place_of("2001:db8:1:2:3:4:5:6"), place_of("2001:db8:1:2:ffff::1"));
        assert_ne!(place_of("2001:db8:1:2::1"), place_of("2001:db8:1:3::1"));
        assert_eq!(place_of("192.0.2.7"), "192.0.2.7");
    }
}
