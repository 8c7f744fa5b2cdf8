//! The keys that sign user tokens: made when one is first needed, rotated, published.
//!
//! Owns the private keys, which leave neither the store nor this process. What was read of them is kept for
//! [`KEPT_MS`], which bounds how long another copy of the server may not have heard of a rotation; that is much
//! less than a new key is published before it signs. Bounds: a hundred keys that count.

use crate::Guildhall;
use crate::error::{Error, Result};
use crate::store::signing_key::SigningKeyRow;
use crate::store::{self, Read, Tx};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guildhall_core::signing_key::{self as rules, Period, Phase, Rotation};
use jsonwebtoken::{DecodingKey, EncodingKey};
use p256::ecdsa::SigningKey;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::{Arc, PoisonError, RwLock};

const KEPT_MS: i64 = 5_000;

/// A signing key, as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyListing {
    /// What tokens and the public keys name it by.
    pub kid: String,
    /// When it was made, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// When it does what.
    pub period: Period,
    /// What it does now.
    pub phase: Phase,
}

/// One key, ready to use.
pub(crate) struct Key {
    pub(crate) kid: String,
    pub(crate) private: EncodingKey,
    pub(crate) public: DecodingKey,
    period: Period,
    /// The public half as a JWK.
    jwk: Value,
}

/// The keys that count.
pub(crate) struct Ring {
    keys: Vec<Key>,
}

impl Ring {
    fn phases(&self, now_ms: i64) -> Vec<Phase> {
        let periods: Vec<Period> = self.keys.iter().map(|key| key.period).collect();
        rules::phases(&periods, now_ms)
    }

    /// The key that signs.
    pub(crate) fn signing(&self, now_ms: i64) -> Result<&Key> {
        let place = self.phases(now_ms).into_iter().position(|phase| phase == Phase::Signing);
        place
            .and_then(|place| self.keys.get(place))
            .ok_or_else(|| Error::internal("no signing key signs at this moment"))
    }

    /// The key of this name, unless it counts no more.
    pub(crate) fn find(&self, kid: &str, now_ms: i64) -> Option<&Key> {
        let live = |key: &&Key| key.period.retires_at_ms.is_none_or(|at| now_ms < at);
        self.keys.iter().filter(live).find(|key| key.kid == kid)
    }
}

/// The keys read last, and until when they may be taken for the present ones.
#[derive(Default)]
pub(crate) struct Keyring {
    kept: RwLock<Option<(Arc<Ring>, i64)>>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keyring")
    }
}

impl Keyring {
    fn find(&self, now_ms: i64) -> Option<Arc<Ring>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(_, until_ms)| *until_ms > now_ms).map(|(ring, _)| Arc::clone(ring))
    }

    fn keep(&self, kept: Option<(Arc<Ring>, i64)>) {
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = kept;
    }
}

/// The present keys; the first caller makes the first one.
///
/// # Errors
/// `Internal` only.
pub(crate) async fn ring(hall: &Guildhall) -> Result<Arc<Ring>> {
    let now_ms = hall.clock.now_ms();
    if let Some(ring) = hall.keyring.find(now_ms) {
        return Ok(ring);
    }
    let mut rows = hall.store.read(store::signing_key::list).await?;
    if rows.is_empty() {
        rows = hall.store.write(make_first).await?;
    }
    let keys = rows.into_iter().map(ready).collect::<Result<Vec<Key>>>()?;
    let ring = Arc::new(Ring { keys });
    hall.keyring.keep(Some((Arc::clone(&ring), now_ms + KEPT_MS)));
    Ok(ring)
}

/// The public keys as a JWK set: those that sign, will sign, or have signed tokens that may still live.
///
/// # Errors
/// `Internal` only.
pub async fn published(hall: &Guildhall) -> Result<Value> {
    let ring = ring(hall).await?;
    let phases = ring.phases(hall.clock.now_ms());
    let keys = ring.keys.iter().zip(phases).filter(|(_, phase)| *phase != Phase::Retired);
    Ok(json!({"keys": keys.map(|(key, _)| &key.jwk).collect::<Vec<_>>()}))
}

/// The public half of the key that signs now, as a JWK.
///
/// # Errors
/// `Internal` only.
pub async fn public_key(hall: &Guildhall) -> Result<Value> {
    Ok(ring(hall).await?.signing(hall.clock.now_ms())?.jwk.clone())
}

/// The keys that count, the one that signs last at the end.
///
/// # Errors
/// `Internal` only.
pub async fn list(hall: &Guildhall) -> Result<Vec<KeyListing>> {
    hall.store.read(listings).await
}

fn listings(read: &mut Read<'_>) -> Result<Vec<KeyListing>> {
    let rows = store::signing_key::list(read)?;
    let periods: Vec<Period> = rows.iter().map(|row| row.period).collect();
    let phases = rules::phases(&periods, read.now);
    let listing = |(row, phase): (SigningKeyRow, Phase)| KeyListing {
        kid: row.kid,
        created_at_ms: row.created_at,
        period: row.period,
        phase,
    };
    Ok(rows.into_iter().zip(phases).map(listing).collect())
}

/// Makes the next key and lets the ones before it retire. Other copies of the server hear of it within
/// [`KEPT_MS`].
///
/// # Errors
/// `Conflict` when a new key waits already and the rotation is a gentle one.
pub async fn rotate(hall: &Guildhall, rotation: Rotation) -> Result<Vec<KeyListing>> {
    let rotated = hall.store.write(move |tx| rotate_in(tx, rotation)).await;
    hall.keyring.keep(None);
    hall.user_tokens.forget();
    rotated
}

fn rotate_in(tx: &mut Tx<'_>, rotation: Rotation) -> Result<Vec<KeyListing>> {
    tx.lock("signing keys")?;
    let before = listings(tx)?;
    if rotation == Rotation::Gentle && before.iter().any(|key| key.phase == Phase::Waiting) {
        return Err(Error::Conflict(
            "A new key waits already; it has to sign before the next one is made.".into(),
        ));
    }
    let (period, others_retire_at_ms) = match before.is_empty() {
        // Nothing was signed yet, so nothing has to wait.
        true => Rotation::AtOnce.plan(tx.now),
        false => rotation.plan(tx.now),
    };
    store::signing_key::retire_all(tx, others_retire_at_ms)?;
    store::signing_key::delete_retired(tx)?;
    make(tx, period)?;
    listings(tx)
}

/// The first key, or the one that another caller made in the meantime.
fn make_first(tx: &mut Tx<'_>) -> Result<Vec<SigningKeyRow>> {
    tx.lock("signing keys")?;
    if store::signing_key::list(tx)?.is_empty() {
        let (period, _) = Rotation::AtOnce.plan(tx.now);
        make(tx, period)?;
    }
    store::signing_key::list(tx)
}

fn make(tx: &mut Tx<'_>, period: Period) -> Result<()> {
    let key = loop {
        // One in four thousand million random numbers is too large to be a key.
        if let Ok(key) = SigningKey::from_slice(&tx.random_bytes::<32>()) {
            break key;
        }
    };
    let private_key = key.to_pkcs8_der().map_err(|error| Error::internal(error.to_string()))?;
    store::signing_key::insert(tx, &Public::of(&key)?.thumbprint(), private_key.as_bytes(), period)
}

fn ready(row: SigningKeyRow) -> Result<Key> {
    let unreadable = |error: String| Error::internal(format!("the signing key {}: {error}", row.kid));
    let key = SigningKey::from_pkcs8_der(&row.private_key).map_err(|error| unreadable(error.to_string()))?;
    let public = Public::of(&key)?;
    let decoding = DecodingKey::from_ec_components(&public.x, &public.y);
    Ok(Key {
        private: EncodingKey::from_ec_der(&row.private_key),
        public: decoding.map_err(|error| unreadable(error.to_string()))?,
        period: row.period,
        jwk: public.jwk(&row.kid),
        kid: row.kid,
    })
}

/// A point on the curve, each coordinate in base64.
struct Public {
    x: String,
    y: String,
}

impl Public {
    fn of(key: &SigningKey) -> Result<Self> {
        let point = key.verifying_key().to_encoded_point(false);
        match (point.x(), point.y()) {
            (Some(x), Some(y)) => Ok(Self { x: URL_SAFE_NO_PAD.encode(x), y: URL_SAFE_NO_PAD.encode(y) }),
            _ => Err(Error::internal("a public key is no point")),
        }
    }

    /// RFC 7638: the SHA-256 of the members that make the key, in the order of their names.
    fn thumbprint(&self) -> String {
        let Self { x, y } = self;
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        URL_SAFE_NO_PAD.encode(Sha256::digest(members.as_bytes()))
    }

    fn jwk(&self, kid: &str) -> Value {
        json!({
            "kty": "EC", "crv": "P-256", "x": self.x, "y": self.y,
            "kid": kid, "alg": "ES256", "use": "sig"
        })
    }
}
