//! User tokens: made for a person who looks at an app, and read when they come back.

use crate::Guildhall;
use crate::error::{Error, Result, no_such};
use crate::opaque_token;
use crate::signing_key;
use crate::store;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guildhall_core::ids::{AppId, CompanyId, UserId};
use guildhall_core::user_token::{Bearer, Claims, LIFETIME_MS, Refusal};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};
use quick_cache::sync::Cache;
use serde::Deserialize;
use std::sync::Arc;

/// Whose a token is.
#[derive(Debug)]
pub(crate) struct TokenHolder {
    pub(crate) bearer: Bearer,
    /// The company that owns the app.
    pub(crate) company: CompanyId,
}

/// The least that is left of the life of a token from [`current`], in milliseconds.
const LEAST_LEFT_MS: i64 = LIFETIME_MS / 2;
/// How many tokens are kept; the least used give way.
const MOST_KEPT: usize = 10_000;

/// Tokens made lately, so that not every request of a page is signed for.
pub(crate) struct FreshTokens(Cache<(UserId, AppId), Arc<Fresh>>);

struct Fresh {
    token: String,
    kid: String,
    made_at_ms: i64,
}

impl Default for FreshTokens {
    fn default() -> Self {
        Self(Cache::new(MOST_KEPT))
    }
}

impl std::fmt::Debug for FreshTokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("FreshTokens")
    }
}

/// A token for a person inside an app that lives for half an hour at least, made by the key that signs now.
///
/// # Errors
/// As [`mint`].
pub async fn current(hall: &Guildhall, app: &AppId, user: &UserId) -> Result<String> {
    let ring = signing_key::ring(hall).await?;
    // Not before a first key was made, which signs from then on.
    let now_ms = hall.clock.now_ms();
    let kid = &ring.signing(now_ms)?.kid;
    let pair = (user.clone(), app.clone());
    let is_good = |fresh: &Arc<Fresh>| {
        let age_ms = now_ms - fresh.made_at_ms;
        fresh.kid == *kid && (0..=LIFETIME_MS - LEAST_LEFT_MS).contains(&age_ms)
    };
    if let Some(fresh) = hall.fresh_tokens.0.get(&pair).filter(is_good) {
        return Ok(fresh.token.clone());
    }
    let token = mint(hall, app.clone(), user.clone()).await?;
    let fresh = Fresh { token: token.clone(), kid: kid.clone(), made_at_ms: now_ms };
    hall.fresh_tokens.0.insert(pair, Arc::new(fresh));
    Ok(token)
}

/// Makes a token for a person inside an app; it lives for an hour.
///
/// Whether the person may see the app is for the caller to know: a token gives a person no right that the person
/// does not have.
///
/// # Errors
/// `NotFound` for an app or a user that does not exist.
pub async fn mint(hall: &Guildhall, app: AppId, user: UserId) -> Result<String> {
    let (app, user) = hall
        .store
        .read(move |read| {
            if store::app::find(read, &app)?.is_none() {
                return no_such("app", &app);
            }
            if store::user::find(read, &user)?.is_none() {
                return no_such("user", &user);
            }
            Ok((app, user))
        })
        .await?;
    let ring = signing_key::ring(hall).await?;
    let now_ms = hall.clock.now_ms();
    let key = ring.signing(now_ms)?;
    let header = Header { kid: Some(key.kid.clone()), ..Header::new(Algorithm::ES256) };
    jsonwebtoken::encode(&header, &Claims::of(&user, &app, now_ms), &key.private).map_err(Error::internal)
}

/// Whose token it is.
///
/// # Errors
/// `Unauthenticated` with the reason.
pub(crate) async fn holder_of(hall: &Guildhall, token: &str) -> Result<Arc<TokenHolder>> {
    let hash = opaque_token::hash(token);
    let now_ms = hall.clock.now_ms();
    if let Some(holder) = hall.user_tokens.find(&hash, now_ms)
        && now_ms < holder.bearer.expires_at_ms
    {
        return Ok(holder);
    }
    let changes = hall.user_tokens.changes();
    let refused = |refusal: Refusal| Error::Unauthenticated(refusal.sentence().into());
    let claims = verify(hall, token, now_ms).await?.map_err(refused)?;
    let bearer = claims.check(now_ms).map_err(refused)?;
    let app = bearer.app.clone();
    let found = hall.store.read(move |read| store::app::find(read, &app)).await?;
    let company = found.map(|app| app.company).ok_or_else(|| {
        Error::Unauthenticated(format!(
            "The user token is for the app `{}`, which does not exist.",
            bearer.app
        ))
    })?;
    let holder = Arc::new(TokenHolder { bearer, company });
    hall.user_tokens.keep(hash, Arc::clone(&holder), changes, now_ms);
    Ok(holder)
}

/// What of a token's header is read before its signature is known to be genuine.
#[derive(Deserialize)]
struct Announced {
    alg: String,
    kid: Option<String>,
}

/// What a token says, if one of our keys signed it.
async fn verify(hall: &Guildhall, token: &str, now_ms: i64) -> Result<std::result::Result<Claims, Refusal>> {
    let Some(announced) = announced(token) else {
        return Ok(Err(Refusal::Malformed));
    };
    if announced.alg != "ES256" {
        return Ok(Err(Refusal::Algorithm));
    }
    let ring = signing_key::ring(hall).await?;
    let Some(key) = announced.kid.and_then(|kid| ring.find(&kid, now_ms)) else {
        return Ok(Err(Refusal::Signature));
    };
    let mut validation = Validation::new(Algorithm::ES256);
    // The claims are held against the hall's own clock and sentences, by `Claims::check`.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let decoded = jsonwebtoken::decode::<Claims>(token, &key.public, &validation);
    Ok(decoded.map(|decoded| decoded.claims).map_err(|error| match error.kind() {
        ErrorKind::InvalidSignature => Refusal::Signature,
        _ => Refusal::Malformed,
    }))
}

fn announced(token: &str) -> Option<Announced> {
    let (header, rest) = token.split_once('.')?;
    rest.split_once('.').filter(|(_, signature)| !signature.contains('.'))?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()
}
