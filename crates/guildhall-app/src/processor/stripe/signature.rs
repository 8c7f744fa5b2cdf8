//! The signatures of Stripe's events. <https://docs.stripe.com/webhooks#verify-manually>

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How far the time of a signature may be from ours, in seconds.
const TOLERANCE_S: i64 = 300;
/// How many signatures of one event are looked at: Stripe signs with two secrets while one is changed.
const MOST_SIGNATURES: usize = 8;

/// Checks `t=<seconds>,v1=<hex>,…` over a body.
pub(super) fn check(secret: &str, header: &str, body: &[u8], now_s: i64) -> std::result::Result<(), String> {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let at = parts().find(|(name, _)| *name == "t").map(|(_, seconds)| seconds);
    let Some((at, seconds)) = at.and_then(|at| Some((at, at.parse::<i64>().ok()?))) else {
        return Err("The header `Stripe-Signature` does not say when the event was signed.".into());
    };
    let mut signatures = parts().filter(|(name, _)| *name == "v1").take(MOST_SIGNATURES);
    let is_signed = signatures.any(|(_, signature)| is_signed(secret, at, body, signature));
    if !is_signed {
        return Err("The signature is not one of this body by the secret of this endpoint.".into());
    }
    if now_s.saturating_sub(seconds).saturating_abs() > TOLERANCE_S {
        return Err(format!("The event was signed more than {TOLERANCE_S} seconds from now."));
    }
    Ok(())
}

/// Whether a signature in hexadecimal is the secret's; takes as long for every wrong one.
fn is_signed(secret: &str, at: &str, body: &[u8], signature: &str) -> bool {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    if signature.len() != 64 {
        return false;
    }
    let Some(signature) = signature.as_bytes().chunks_exact(2).map(byte).collect::<Option<Vec<u8>>>() else {
        return false;
    };
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("an HMAC takes a key of any length");
    mac.update(at.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.verify_slice(&signature).is_ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn signatures_are_those_that_stripe_documents() {
        // Computed with `printf '1714521600.{}' | openssl dgst -sha256 -hmac whsec_test`.
        let good = "97e25a14e8b2e19eebb134fe1365389d478e3b7a5478d75309c33a4482cf87af";
        let check = |header: &str, now: i64| super::check("whsec_test", header, b"{}", now);
        let now = 1_714_521_600;
        let old = "00".repeat(32);
        for header in [
            format!("t=1714521600,v1={good}"),
            format!("t=1714521600,v1={old},v1={good},v0=x"),
            format!("t=1714521600, v1={}", good.to_uppercase()),
        ] {
            for at in [now - 300, now, now + 300] {
                check(&header, at).expect(&header);
            }
            for at in [now - 301, now + 301, i64::MIN, i64::MAX] {
                let refused = check(&header, at).expect_err("too far");
                assert_eq!(refused, "The event was signed more than 300 seconds from now.");
            }
        }
        for header in [
            format!("t=1714521601,v1={good}"),
            format!("t=1714521600,v0={good}"),
            "t=1714521600".into(),
            format!("t=1714521600,v1={}", &good[2..]),
            format!("t=1714521600,v1={}zz", &good[2..]),
            format!("t=1714521600,v1={old}"),
        ] {
            let refused = check(&header, now).expect_err(&header);
            assert_eq!(refused, "The signature is not one of this body by the secret of this endpoint.");
        }
        for header in ["", "x", "t=,v1=", "t=soon,v1=00", &format!("v1={good}")] {
            let refused = check(header, now).expect_err(header);
            assert_eq!(refused, "The header `Stripe-Signature` does not say when the event was signed.");
        }
        assert!(super::check("whsec_other", &format!("t=1714521600,v1={good}"), b"{}", now).is_err());
        assert!(super::check("whsec_test", &format!("t=1714521600,v1={good}"), b"{} ", now).is_err());
    }
}
