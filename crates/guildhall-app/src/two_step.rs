//! Signing in with two steps: an authenticator's codes (TOTP, RFC 6238), and recovery codes for when it is lost.
//!
//! A code counts one step of thirty seconds early or late, and once: the store holds the last step used. Recovery
//! codes are shown once and kept as hashes. Turning the second step on, off, or renewing its codes takes the password.

use crate::Guildhall;
use crate::error::{Error, Result};
use crate::opaque_token;
use crate::store::{self, Tx};
use crate::{password, throttle};
use guildhall_core::ids::{Id, UserId};
use guildhall_core::throttle::Throttle;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use totp_rs::{Builder, Secret, Totp};

/// How many recovery codes an account gets.
pub const RECOVERY_CODES: usize = 10;
/// What authenticators show above a code.
const ISSUER: &str = "Guildhall";

/// What an authenticator is to be told.
#[derive(Debug)]
pub struct Offer {
    /// The secret, in groups of four letters, to be typed.
    pub secret: String,
    /// The same for an authenticator on this device: an `otpauth://` address.
    pub link: String,
    /// That as a QR code: an SVG drawing.
    pub drawing: String,
}

/// Offers a new secret to an account without a second step.
///
/// # Errors
/// `Forbidden` for a wrong password, `Conflict` when there is a second step already, `RateLimited`.
pub async fn offer(hall: &Guildhall, user: &UserId, password: &str) -> Result<()> {
    password::confirm(hall, user, password).await?;
    let user = user.clone();
    hall.store
        .write(move |tx| {
            if store::account::totp(tx, &user)?.secret.is_some() {
                return Err(Error::Conflict("Signing in takes two steps already.".into()));
            }
            let secret = tx.random_bytes::<20>();
            store::account::set_offered_totp(tx, &user, Some(&secret))
        })
        .await
}

/// What is offered, if something is.
///
/// # Errors
/// `Internal` only.
pub async fn offered(hall: &Guildhall, user: &UserId) -> Result<Option<Offer>> {
    let user = user.clone();
    let found = hall
        .store
        .read(move |read| {
            let offered = store::account::totp(read, &user)?.offered;
            Ok(offered.zip(store::user::find(read, &user)?))
        })
        .await?;
    found.map(|(secret, user)| draw(&secret, &user.username)).transpose()
}

fn draw(secret: &[u8], username: &str) -> Result<Offer> {
    let totp = totp(secret, username)?;
    let link = totp.to_url().map_err(|error| Error::internal(error.to_string()))?;
    let code = QrCode::with_error_correction_level(&link, EcLevel::M).map_err(Error::internal)?;
    let drawing = code
        .render::<svg::Color<'_>>()
        .min_dimensions(220, 220)
        .dark_color(svg::Color("#1d1b18"))
        .light_color(svg::Color("#ffffff"))
        .build();
    // What stands before the drawing is for files, and is nothing in a page.
    let drawing = drawing.split_once("?>").map_or(drawing.clone(), |(_, drawing)| drawing.to_owned());
    let letters: Vec<char> = totp.secret().to_base32().chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(Offer { secret: groups.join(" "), link, drawing })
}

fn totp(secret: &[u8], username: &str) -> Result<Totp> {
    Builder::new()
        .with_secret(secret.to_vec())
        .with_account_name(username)
        .with_issuer(Some(ISSUER))
        .build()
        .map_err(|error| Error::internal(error.to_string()))
}

/// The step whose code this is, one early or late.
fn step_of(secret: &[u8], code: &str, now_ms: i64) -> Result<Option<i64>> {
    let seconds = u64::try_from(now_ms / 1000).unwrap_or(0);
    let step = totp(secret, "")?.check(code, seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

/// Accepts an offer: a code proves that an authenticator has the secret. Answers the recovery codes.
///
/// # Errors
/// `Conflict` when nothing is offered, `Unauthenticated` for a wrong code, `RateLimited` after many.
pub async fn turn_on(hall: &Guildhall, user: &UserId, code: &str) -> Result<Vec<String>> {
    let whose = user.clone();
    hall.store.write(move |tx| throttle::take(tx, Throttle::SecondStep, whose.as_str())).await?;
    let (whose, code) = (user.clone(), plain(code));
    let codes = hall
        .store
        .write(move |tx| {
            let Some(secret) = store::account::totp(tx, &whose)?.offered else {
                return Err(Error::Conflict("Nothing is offered to be set up: begin again.".into()));
            };
            let now = tx.now;
            let step = step_of(&secret, &code, now)?.ok_or_else(wrong)?;
            store::account::set_totp(tx, &whose, Some(&secret), step)?;
            throttle::clear(tx, Throttle::SecondStep, whose.as_str())?;
            write_recovery_codes(tx, &whose)
        })
        .await?;
    tracing::info!(user = %user, "signing in takes two steps from now on");
    Ok(codes)
}

/// Takes the second step away.
///
/// # Errors
/// `Forbidden` for a wrong password, `RateLimited`.
pub async fn turn_off(hall: &Guildhall, user: &UserId, password: &str) -> Result<()> {
    password::confirm(hall, user, password).await?;
    let whose = user.clone();
    hall.store
        .write(move |tx| {
            store::account::set_totp(tx, &whose, None, 0)?;
            store::account::set_recovery_codes(tx, &whose, &[])
        })
        .await?;
    tracing::info!(user = %user, "signing in takes one step from now on");
    Ok(())
}

/// Makes new recovery codes; the old ones count no more.
///
/// # Errors
/// `Forbidden` for a wrong password, `Conflict` without a second step, `RateLimited`.
pub async fn renew_codes(hall: &Guildhall, user: &UserId, password: &str) -> Result<Vec<String>> {
    password::confirm(hall, user, password).await?;
    let user = user.clone();
    hall.store
        .write(move |tx| {
            if store::account::totp(tx, &user)?.secret.is_none() {
                return Err(Error::Conflict(
                    "Signing in takes one step: there is nothing to recover.".into(),
                ));
            }
            write_recovery_codes(tx, &user)
        })
        .await
}

/// Codes of 80 random bits, such as `abcd-efgh-ijkl-mnop`.
fn write_recovery_codes(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<String>> {
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let letters = Secret::from(tx.random_bytes::<10>().to_vec()).to_base32().to_ascii_lowercase();
        let letters: Vec<char> = letters.chars().collect();
        let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
        codes.push(groups.join("-"));
    }
    let hashes: Vec<[u8; 32]> = codes.iter().map(|code| opaque_token::hash(&plain(code))).collect();
    store::account::set_recovery_codes(tx, user, &hashes)?;
    Ok(codes)
}

/// A code without what people put between its letters.
fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).take(32).collect::<String>().to_ascii_lowercase()
}

/// Uses up a code of an account: an authenticator's or a recovery code.
///
/// # Errors
/// `Unauthenticated` when it is neither, or was used.
pub(crate) fn check_code(tx: &mut Tx<'_>, user: &UserId, code: &str) -> Result<()> {
    let code = plain(code);
    let Some(secret) = store::account::totp(tx, user)?.secret else {
        return Err(Error::Conflict("The second step was turned off meanwhile: sign in again.".into()));
    };
    let now = tx.now;
    match step_of(&secret, &code, now)? {
        Some(step) if store::account::use_totp_step(tx, user, step)? => Ok(()),
        Some(_) => {
            let sentence = "This code was used already. Wait for the next one.";
            Err(Error::Unauthenticated(sentence.into()))
        }
        None if store::account::use_recovery_code(tx, user, &opaque_token::hash(&code))? => Ok(()),
        None => Err(wrong()),
    }
}

fn wrong() -> Error {
    Error::Unauthenticated(
        "This code is wrong. Codes change every thirty seconds: try the one shown now.".into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238_one_step_early_or_late() {
        let secret = b"12345678901234567890";
        // The last six digits of the RFC's table for SHA-1.
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            let step = seconds / 30;
            for early in [-30, 0, 30] {
                let found = step_of(secret, code, (seconds + early) * 1000).expect("a secret");
                assert_eq!(found, Some(step), "{seconds} {early}");
            }
            for far in [-60, 60].into_iter().filter(|far| seconds + far >= 0) {
                assert_eq!(step_of(secret, code, (seconds + far) * 1000).expect("a secret"), None);
            }
        }
        for bad in ["", "28708", "2870821", "+28708", "aaaaaa"] {
            assert_eq!(step_of(secret, bad, 59_000).expect("a secret"), None, "{bad}");
        }
    }

    #[test]
    fn an_offer_is_drawn_and_spelled() {
        let offer = draw(&[7; 20], "mira").expect("it draws");
        assert!(offer.link.starts_with("otpauth://totp/Guildhall:mira?secret="), "{}", offer.link);
        assert!(offer.drawing.trim_start().starts_with("<svg"), "{}", &offer.drawing[..80]);
        assert_eq!(offer.secret.len(), 32 + 7);
    }

    #[test]
    fn codes_are_read_however_they_are_written() {
        assert_eq!(plain(" 287 082 "), "287082");
        assert_eq!(plain("ABCD-efgh ijkl—mnop"), "abcdefghijklmnop");
    }
}
