//! Third-party apps: how one comes to be, gets keys and agents, and is installed.

use crate::Guildhall;
use crate::error::{Error, Result};
use crate::store::{self, Tx};
use crate::user::{self, NewUser};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guildhall_core::ids::{ApiKeyId, AppId, AttachmentId, CompanyId, UserId};
use guildhall_core::permission::Permission;
use sha2::{Digest, Sha256};

/// A third-party app.
#[derive(Debug, Clone)]
pub struct App {
    /// The id.
    pub id: AppId,
    /// The company that owns it and has granted it everything.
    pub company: CompanyId,
    /// The name shown.
    pub name: String,
    /// The icon.
    pub icon: Option<AttachmentId>,
}

/// What stands where a key is kept: its SHA-256.
pub(crate) fn key_hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// Makes an app, installed in its own company.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    name: &str,
    base_url: Option<&str>,
) -> Result<AppId> {
    let id = store::app::insert(tx, company, name, base_url)?;
    store::app::install(tx, &id, company, &[])?;
    Ok(id)
}

/// Makes an agent user of an app.
pub(crate) fn add_agent(tx: &mut Tx<'_>, app: &AppId, user: &NewUser, position: i64) -> Result<UserId> {
    let id = user::create(tx, user)?;
    store::app::insert_agent(tx, app, &id, position)?;
    Ok(id)
}

/// Makes an API key; this is the only time its text is seen.
pub(crate) fn add_key(tx: &mut Tx<'_>, app: &AppId) -> Result<(ApiKeyId, String)> {
    let key = format!("gh_{}", URL_SAFE_NO_PAD.encode(tx.random_bytes::<32>()));
    let id = store::app::insert_key(tx, app, &key_hash(&key))?;
    Ok((id, key))
}

/// Revokes an API key: from now on it is unknown.
///
/// # Errors
/// `NotFound` when there is no such live key.
pub async fn revoke_key(hall: &Guildhall, key: ApiKeyId) -> Result<()> {
    let revoked = hall.store.write(move |tx| store::app::revoke_key(tx, &key)).await?;
    hall.credentials.forget();
    if revoked { Ok(()) } else { Err(Error::NotFound("There is no such live key.".into())) }
}

/// Installs an app in a company with the permissions that the company approved.
///
/// # Errors
/// `Internal` only.
pub async fn install(
    hall: &Guildhall,
    app: AppId,
    company: CompanyId,
    granted: Vec<Permission>,
) -> Result<()> {
    hall.store.write(move |tx| store::app::install(tx, &app, &company, &granted)).await
}
