//! Passwords: hashed with Argon2id, as slowly as OWASP asks for, away from the threads that answer.
//!
//! Bounds: [`AT_ONCE`] hashes are computed at a time, each in 19 MiB; others wait, [`MOST_WAITING`] at most.

use crate::Guildhall;
use crate::error::{Error, Result};
use crate::{store, throttle};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use guildhall_core::ids::{Id, UserId};
use guildhall_core::throttle::Throttle;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Semaphore;

/// How many hashes are computed at a time.
const AT_ONCE: usize = 4;
/// How many callers may wait for theirs.
const MOST_WAITING: usize = 256;
/// What stands for the hash of an account whose owner has chosen no password: none fits it.
pub(crate) const NONE: &str = "!";
/// The hash of no password, with the cost of every other, for names that nobody has.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Z3VpbGRoYWxsLW5vYm9keQ$Z3VpbGRoYWxsLWhhcy1uby1zdWNoLXBlcnNvbi0zMmI";

/// Who computes hashes.
#[derive(Debug)]
pub(crate) struct Hasher {
    places: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    computed: AtomicU64,
}

impl Default for Hasher {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            queue: Arc::new(Semaphore::new(MOST_WAITING)),
            computed: AtomicU64::default(),
        }
    }
}

impl Hasher {
    /// Runs a computation when there is a place for it.
    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let busy = || Error::RateLimited {
            sentence: "Too many people sign in at once. Wait 5 seconds.".into(),
            retry_after_seconds: 5,
        };
        let queued = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| busy())?;
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(Error::internal)?;
        self.computed.fetch_add(1, Ordering::Relaxed);
        let computed = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((place, queued));
            done
        });
        computed.await.map_err(Error::internal)
    }
}

/// How many hashes have been computed since the hall was opened.
#[must_use]
pub fn computed(hall: &Guildhall) -> u64 {
    hall.hasher.computed.load(Ordering::Relaxed)
}

/// The hash of a password, as a PHC string.
///
/// # Errors
/// `RateLimited` when too many wait for one.
pub async fn hash(hall: &Guildhall, password: &str) -> Result<String> {
    let (password, salt) = (password.to_owned(), hall.random.bytes::<16>());
    let hashed = hall.hasher.compute(move || {
        Argon2::default().hash_password_with_salt(password.as_bytes(), &salt).map(|hash| hash.to_string())
    });
    hashed.await?.map_err(|error| Error::internal(error.to_string()))
}

/// Whether a password has this hash; without one, or where none was chosen, it takes as long, and the answer is no.
///
/// # Errors
/// `RateLimited` when too many wait for an answer.
pub(crate) async fn fits(hall: &Guildhall, password: &str, hash: Option<&str>) -> Result<bool> {
    let hash = hash.filter(|hash| *hash != NONE);
    let is_known = hash.is_some();
    let (password, hash) = (password.to_owned(), hash.unwrap_or(NOBODYS).to_owned());
    let verified = hall
        .hasher
        .compute(move || Argon2::default().verify_password(password.as_bytes(), hash.as_str()).is_ok());
    Ok(verified.await? && is_known)
}

/// Whether this is a user's password.
///
/// # Errors
/// `RateLimited` when too many wait for an answer.
pub async fn is_of(hall: &Guildhall, user: &UserId, password: &str) -> Result<bool> {
    let user = user.clone();
    let found = hall.store.read(move |read| store::account::find(read, &user)).await?;
    match found {
        Some(account) => fits(hall, password, Some(&account.password_hash)).await,
        None => Ok(false),
    }
}

/// Makes sure that someone who is signed in knows the account's password.
///
/// # Errors
/// `Forbidden` when it is another, `RateLimited` after many others, `NotFound` for a user without an account.
pub(crate) async fn confirm(hall: &Guildhall, user: &UserId, password: &str) -> Result<()> {
    let whose = user.clone();
    let account = hall
        .store
        .write(move |tx| {
            throttle::take(tx, Throttle::Confirmation, whose.as_str())?;
            store::account::require(tx, &whose)
        })
        .await?;
    if !fits(hall, password, Some(&account.password_hash)).await? {
        return Err(Error::Forbidden("That is not your current password.".into()));
    }
    let whose = user.clone();
    hall.store.write(move |tx| throttle::clear(tx, Throttle::Confirmation, whose.as_str())).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::password_hash::phc::{Output, PasswordHash};

    #[test]
    fn nobodys_hash_costs_what_every_hash_costs() {
        let nobodys = PasswordHash::new(NOBODYS).expect("a PHC string");
        let made = Argon2::default().hash_password_with_salt(b"password", &[7; 16]).expect("a hash");
        assert_eq!((nobodys.algorithm, nobodys.version), (made.algorithm, made.version));
        assert_eq!(nobodys.params.to_string(), made.params.to_string());
        assert_eq!(made.params.to_string(), "m=19456,t=2,p=1");
        assert!(made.to_string().starts_with("$argon2id$v=19$"));
        let length = |hash: &PasswordHash| hash.hash.as_ref().map(Output::len);
        assert_eq!(length(&nobodys), length(&made));
    }
}
