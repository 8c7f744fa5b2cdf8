//! Tokens for a code, and the next ones for a refresh token.

use super::challenge_of;
use super::client::{Answered, Client, Presented, authenticate, no_grant};
use crate::Guildhall;
use crate::error::Result;
use crate::opaque_token::{self, hash};
use crate::store::oauth::{GrantRow, Tokens};
use crate::store::{self, Tx};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guildhall_core::oauth::{
    ACCESS_TOKEN_LIFETIME_MS, ACCESS_TOKEN_PREFIX, Parameters, REFRESH_TOKEN_LIFETIME_MS,
    REFRESH_TOKEN_PREFIX, Refusal, RefusalKind, Scopes, is_verifier,
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How many bytes of a refresh token it has in common with its predecessors and successors.
const FAMILY_BYTES: usize = 16;
const REFRESH_BYTES: usize = 48;

/// What a client gets for a code or a refresh token. Times are milliseconds.
#[derive(Debug, Clone)]
pub struct TokenAnswer {
    /// Opens what the scopes name.
    pub access_token: String,
    /// Gets the next tokens, once.
    pub refresh_token: String,
    /// How long the access token counts.
    pub expires_in_ms: i64,
    /// Now.
    pub created_at: i64,
    /// What was allowed.
    pub scopes: Scopes,
}

/// What became of a code or a refresh token.
enum Used {
    /// It was good for these.
    Answered(TokenAnswer),
    /// It was good for nothing.
    Refused(Refusal),
    /// It came a second time, and its grant has ended.
    Replayed(&'static str),
}

impl From<Refusal> for Used {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Answers `POST /api/oauth/token`: tokens for a code, or for a refresh token.
///
/// # Errors
/// `Internal` only: what the client did wrong is in the answer.
pub async fn token(
    hall: &Guildhall,
    presented: &Presented,
    parameters: &Parameters,
) -> Result<Answered<TokenAnswer>> {
    let asked = match Asked::read(parameters) {
        Ok(asked) => asked,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let client = match authenticate(hall, presented).await? {
        Ok(client) => client,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let app = client.app.clone();
    let used = hall.store.write(move |tx| match &asked {
        Asked::Exchange { code, redirect_uri, verifier } => {
            exchange(tx, &client, code, redirect_uri, verifier.as_deref())
        }
        Asked::Refresh { token, scopes } => refresh(tx, &client, token, scopes.as_ref()),
    });
    match used.await? {
        Used::Answered(answer) => Ok(Ok(answer)),
        Used::Refused(refusal) => Ok(Err(refusal)),
        Used::Replayed(noun) => {
            tracing::warn!(%app, "a {noun} came a second time; every token that came of it is revoked");
            Ok(Err(no_grant(&format!(
                "The {noun} was used before. Somebody may have copied it, so every token that came of it is revoked."
            ))))
        }
    }
}

/// What a client asks of the token endpoint.
enum Asked {
    Exchange { code: String, redirect_uri: String, verifier: Option<String> },
    Refresh { token: String, scopes: Option<Scopes> },
}

impl Asked {
    fn read(parameters: &Parameters) -> Answered<Self> {
        parameters.check_single()?;
        match parameters.require("grant_type")? {
            "authorization_code" => {
                let verifier = parameters.get("code_verifier")?;
                if verifier.is_some_and(|verifier| !is_verifier(verifier)) {
                    let sentence = "`code_verifier` must be 43 to 128 letters, digits, `-`, `.`, `_` or `~`.";
                    return Err(Refusal::malformed(sentence));
                }
                Ok(Self::Exchange {
                    code: parameters.require("code")?.to_owned(),
                    redirect_uri: parameters.require("redirect_uri")?.to_owned(),
                    verifier: verifier.map(str::to_owned),
                })
            }
            "refresh_token" => Ok(Self::Refresh {
                token: parameters.require("refresh_token")?.to_owned(),
                scopes: parameters.get("scope")?.map(|text| Scopes::parse(Some(text))).transpose()?,
            }),
            _ => Err(Refusal::new(
                RefusalKind::UnsupportedGrantType,
                "`grant_type` must be `authorization_code` or `refresh_token`.",
            )),
        }
    }
}

fn exchange(
    tx: &mut Tx<'_>,
    client: &Client,
    code: &str,
    redirect_uri: &str,
    verifier: Option<&str>,
) -> Result<Used> {
    let Some(grant) = store::oauth::find_by_code(tx, &hash(code))? else {
        return Ok(no_grant("There is no such code of this app.").into());
    };
    if let Err(refusal) = client.check_use(&grant, "code") {
        return Ok(refusal.into());
    }
    if grant.is_code_used {
        return replayed(tx, &grant, "code");
    }
    if let Err(refusal) = check_code(&grant, tx.now, redirect_uri, verifier) {
        return Ok(refusal.into());
    }
    let family = tx.random_bytes::<FAMILY_BYTES>();
    let (answer, tokens) = make_tokens(tx, family, &grant.scopes);
    if !store::oauth::use_code(tx, &grant.id, &tokens)? {
        return replayed(tx, &grant, "code");
    }
    store::oauth::insert_access_token(tx, &grant.id, &tokens)?;
    Ok(Used::Answered(answer))
}

fn check_code(grant: &GrantRow, now: i64, redirect_uri: &str, verifier: Option<&str>) -> Answered<()> {
    if grant.code_expires_at <= now {
        return Err(no_grant("The code has expired."));
    }
    if grant.redirect_uri != redirect_uri {
        return Err(no_grant("`redirect_uri` is not the one that the code was sent to."));
    }
    match (&grant.code_challenge, verifier) {
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier))
            if bool::from(challenge.as_bytes().ct_eq(challenge_of(verifier).as_bytes())) =>
        {
            Ok(())
        }
        (Some(_), Some(_)) => Err(no_grant("`code_verifier` is not the one of the `code_challenge`.")),
        (Some(_), None) => {
            Err(no_grant("`code_verifier` is missing: the code was asked for with a `code_challenge`."))
        }
        (None, Some(_)) => {
            Err(no_grant("`code_verifier` was sent, but the code was asked for without a `code_challenge`."))
        }
    }
}

fn refresh(tx: &mut Tx<'_>, client: &Client, token: &str, scopes: Option<&Scopes>) -> Result<Used> {
    let family = family_of(token);
    let found = match family {
        Some(family) => store::oauth::find_by_family(tx, &family_hash(family))?,
        None => None,
    };
    let (Some(family), Some(grant)) = (family, found) else {
        return Ok(no_grant("There is no such refresh token of this app.").into());
    };
    if let Err(refusal) = client.check_use(&grant, "refresh token") {
        return Ok(refusal.into());
    }
    let presented = hash(token);
    if !bool::from(grant.refresh_hash.as_slice().ct_eq(&presented)) {
        return replayed(tx, &grant, "refresh token");
    }
    if grant.refresh_expires_at <= tx.now {
        return Ok(no_grant("The refresh token has expired.").into());
    }
    if scopes.is_some_and(|scopes| !grant.scopes.covers(scopes)) {
        let sentence = "`scope` names more than the person allowed.";
        return Ok(Refusal::new(RefusalKind::InvalidScope, sentence).into());
    }
    let (answer, tokens) = make_tokens(tx, family, &grant.scopes);
    if !store::oauth::rotate(tx, &grant.id, &presented, &tokens)? {
        return replayed(tx, &grant, "refresh token");
    }
    store::oauth::insert_access_token(tx, &grant.id, &tokens)?;
    Ok(Used::Answered(answer))
}

/// Ends a grant of which something came a second time.
fn replayed(tx: &mut Tx<'_>, grant: &GrantRow, noun: &'static str) -> Result<Used> {
    store::oauth::revoke(tx, &grant.id)?;
    Ok(Used::Replayed(noun))
}

fn make_tokens(tx: &Tx<'_>, family: [u8; FAMILY_BYTES], scopes: &Scopes) -> (TokenAnswer, Tokens) {
    let mut refresh = [0; REFRESH_BYTES];
    refresh[..FAMILY_BYTES].copy_from_slice(&family);
    refresh[FAMILY_BYTES..].copy_from_slice(&tx.random_bytes::<{ REFRESH_BYTES - FAMILY_BYTES }>());
    let refresh_token = format!("{REFRESH_TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(refresh));
    let access_token = format!("{ACCESS_TOKEN_PREFIX}{}", opaque_token::draw(tx));
    let tokens = Tokens {
        access_hash: hash(&access_token),
        access_expires_at: tx.now + ACCESS_TOKEN_LIFETIME_MS,
        family_hash: family_hash(family),
        refresh_hash: hash(&refresh_token),
        refresh_expires_at: tx.now + REFRESH_TOKEN_LIFETIME_MS,
    };
    let answer = TokenAnswer {
        access_token,
        refresh_token,
        expires_in_ms: ACCESS_TOKEN_LIFETIME_MS,
        created_at: tx.now,
        scopes: scopes.clone(),
    };
    (answer, tokens)
}

/// What a refresh token has in common with its predecessors; `None` for text that is none.
pub(super) fn family_of(token: &str) -> Option<[u8; FAMILY_BYTES]> {
    let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(REFRESH_TOKEN_PREFIX)?).ok()?;
    let whole: [u8; REFRESH_BYTES] = bytes.try_into().ok()?;
    whole.first_chunk().copied()
}

pub(super) fn family_hash(family: [u8; FAMILY_BYTES]) -> [u8; 32] {
    Sha256::digest(family).into()
}
