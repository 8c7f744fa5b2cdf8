//! API keys of apps: made, rotated and revoked. Only the hash of a key is kept, and its last letters.
//!
//! A rotated key works beside its successor for [`OVERLAP_MS`], or ends at once. Bounds: an app has at most
//! [`rules::MOST_LIVE_KEYS`] live keys.

use crate::Guildhall;
use crate::app;
use crate::audit::Doer;
use crate::error::{Error, Result, no_such};
use crate::opaque_token;
use crate::principal::{Principal, holds};
use crate::store::{self, Tx};
use guildhall_core::app as rules;
use guildhall_core::ids::{ApiKeyId, AppId, CompanyId};
use guildhall_core::permission::Permission;
use serde_json::json;

/// How long a rotated key still works beside its successor, in milliseconds (one day).
pub const OVERLAP_MS: i64 = 24 * 60 * 60 * 1000;

/// A live key, as it may be shown after the day it was made. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// The key's record.
    pub id: ApiKeyId,
    /// The app it speaks for.
    pub app: AppId,
    /// Its last letters; empty for a key from before they were kept.
    pub end: String,
    /// When it was made.
    pub created_at: i64,
    /// When it ends by itself, because it was rotated.
    pub ends_at: Option<i64>,
}

impl ApiKey {
    /// The key as it may be shown, e.g. `gh_…aB3x`.
    #[must_use]
    pub fn masked(&self) -> String {
        rules::masked_key(&self.end)
    }
}

/// A key that was just made: the only time its text is seen.
#[derive(Debug, Clone)]
pub struct FreshKey {
    /// The key's record.
    pub id: ApiKeyId,
    /// What is sent as `Authorization: Bearer …`.
    pub text: String,
}

/// When a rotated key ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Now: for a key that leaked.
    AtOnce,
    /// After [`OVERLAP_MS`], so that there is time to put the new one in place.
    Later,
}

/// Makes an API key; this is the only time its text is seen.
pub(crate) fn make(tx: &mut Tx<'_>, app: &AppId) -> Result<(ApiKeyId, String)> {
    let text = format!("{}{}", rules::KEY_PREFIX, opaque_token::draw(tx));
    let end = &text[text.len() - rules::KEY_END..];
    let id = store::api_key::insert(tx, app, &opaque_token::hash(&text), end)?;
    Ok((id, text))
}

/// The live keys of an app; `None` where the caller lacks `developer:manage_api_key`.
///
/// # Errors
/// `Internal` only.
pub async fn list(hall: &Guildhall, principal: &Principal, app: app::App) -> Result<Option<Vec<ApiKey>>> {
    let principal = principal.clone();
    hall.store
        .read(move |read| {
            let may = holds(read, &principal, &app.company, Permission::DeveloperManageApiKey)?;
            may.then(|| store::api_key::list(read, &app.id)).transpose()
        })
        .await
}

/// Makes another key for an app.
///
/// # Errors
/// `NotFound`, `Forbidden` without `developer:manage_api_key`, `Conflict` when the app has the most keys.
pub async fn create(hall: &Guildhall, principal: &Principal, app: AppId) -> Result<FreshKey> {
    let principal = principal.clone();
    let made = hall.store.write(move |tx| {
        let app = app::managed(tx, &principal, &app, Permission::DeveloperManageApiKey)?;
        create_in(tx, &Doer::of(&principal), &app.id, &app.company)
    });
    made.await
}

pub(crate) fn create_in(tx: &mut Tx<'_>, doer: &Doer, app: &AppId, company: &CompanyId) -> Result<FreshKey> {
    hold_place(tx, app)?;
    let (id, text) = make(tx, app)?;
    doer.log(tx, company, "create_api_key", &id, json!({"app": app.to_string()}))?;
    Ok(FreshKey { id, text })
}

/// Keeps others from adding keys to the app, and checks that there is a place for one more.
fn hold_place(tx: &mut Tx<'_>, app: &AppId) -> Result<()> {
    tx.lock(&format!("keys {app}"))?;
    let most = rules::MOST_LIVE_KEYS;
    if store::api_key::list(tx, app)?.len() >= most {
        return Err(Error::Conflict(format!(
            "The app has {most} live API keys, which is the most: revoke one first."
        )));
    }
    Ok(())
}

/// Makes the successor of a live key. However many ask at once, a key has one.
///
/// # Errors
/// As for [`create`]; `Conflict` when the key has a successor or does not work any more.
pub async fn rotate(
    hall: &Guildhall,
    principal: &Principal,
    key: ApiKeyId,
    ending: Ending,
) -> Result<FreshKey> {
    let principal = principal.clone();
    let rotated = hall.store.write(move |tx| {
        let company = company_of(tx, &principal, &key)?;
        rotate_in(tx, &Doer::of(&principal), &company, &key, ending)
    });
    let rotated = rotated.await;
    hall.credentials.forget();
    rotated
}

pub(crate) fn rotate_in(
    tx: &mut Tx<'_>,
    doer: &Doer,
    company: &CompanyId,
    key: &ApiKeyId,
    ending: Ending,
) -> Result<FreshKey> {
    let Some(old) = store::api_key::find(tx, key)? else {
        return no_such("API key", key);
    };
    hold_place(tx, &old.app)?;
    let ends_at = match ending {
        Ending::AtOnce => tx.now,
        Ending::Later => tx.now + OVERLAP_MS,
    };
    let (id, text) = make(tx, &old.app)?;
    if !store::api_key::succeed(tx, key, &id, ends_at)? {
        return Err(Error::Conflict(format!(
            "The API key `{key}` has been rotated already, or works no more: rotate its successor."
        )));
    }
    let details = json!({"app": old.app.to_string(), "successor": id.to_string(), "endsAt": ends_at});
    doer.log(tx, company, "rotate_api_key", key, details)?;
    Ok(FreshKey { id, text })
}

/// Revokes a key: from now on it is unknown.
///
/// # Errors
/// `NotFound`, also for a key that works no more; `Forbidden` without `developer:manage_api_key`.
pub async fn revoke(hall: &Guildhall, principal: &Principal, key: ApiKeyId) -> Result<()> {
    let principal = principal.clone();
    let revoked = hall.store.write(move |tx| {
        let company = company_of(tx, &principal, &key)?;
        revoke_in(tx, &Doer::of(&principal), &company, &key)
    });
    let revoked = revoked.await;
    hall.credentials.forget();
    revoked
}

pub(crate) fn revoke_in(tx: &mut Tx<'_>, doer: &Doer, company: &CompanyId, key: &ApiKeyId) -> Result<()> {
    if !store::api_key::revoke(tx, key)? {
        return Err(Error::NotFound(format!("There is no live API key `{key}`.")));
    }
    doer.log(tx, company, "revoke_api_key", key, json!({}))
}

/// The company of the app that a key speaks for, for whoever may manage its keys.
fn company_of(tx: &mut Tx<'_>, principal: &Principal, key: &ApiKeyId) -> Result<CompanyId> {
    let Some(found) = store::api_key::find(tx, key)? else {
        return no_such("API key", key);
    };
    match app::managed(tx, principal, &found.app, Permission::DeveloperManageApiKey) {
        Err(Error::NotFound(_)) => no_such("API key", key),
        managed => Ok(managed?.company),
    }
}
