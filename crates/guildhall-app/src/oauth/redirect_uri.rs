//! Where an app's answers may go: registering addresses, and taking them away.

use crate::Guildhall;
use crate::app;
use crate::audit::Doer;
use crate::error::{Error, Result, no_such};
use crate::principal::Principal;
use crate::store::{self, Tx};
use guildhall_core::ids::AppId;
use guildhall_core::oauth::{MOST_REDIRECT_URIS, RedirectUri};
use guildhall_core::permission::Permission;
use serde_json::json;

/// The registered addresses of an app, in alphabetical order.
///
/// # Errors
/// `NotFound` for an app that does not exist.
pub async fn redirect_uris(hall: &Guildhall, app: AppId) -> Result<Vec<RedirectUri>> {
    hall.store
        .read(move |read| match store::app::find(read, &app)? {
            Some(_) => store::oauth::redirect_uris(read, &app),
            None => no_such("app", &app),
        })
        .await
}

/// Registers these addresses for an app and no others, for somebody who looks after the app.
///
/// # Errors
/// `NotFound` for an app that is none of the caller's business, `Forbidden` without `developer:update_app`, `Invalid`
/// for more than twenty.
pub async fn set_redirect_uris(
    hall: &Guildhall,
    principal: &Principal,
    app: AppId,
    uris: Vec<RedirectUri>,
) -> Result<()> {
    let principal = principal.clone();
    hall.store
        .write(move |tx| {
            let found = app::managed(tx, &principal, &app, Permission::DeveloperUpdateApp)?;
            for old in store::oauth::redirect_uris(tx, &app)? {
                if !uris.iter().any(|uri| uri.uri == old.uri) {
                    store::oauth::delete_redirect_uri(tx, &app, &old.uri)?;
                }
            }
            uris.iter().try_for_each(|uri| store::oauth::set_redirect_uri(tx, &app, uri))?;
            check_count(tx, &app)?;
            let told: Vec<&str> = uris.iter().map(|uri| uri.uri.as_str()).collect();
            let details = json!({"redirect_uris": told});
            Doer::of(&principal).log(tx, &found.company, "set_redirect_uris", &app, details)
        })
        .await
}

/// Registers an address, or changes whether it is public; for an operator.
///
/// # Errors
/// `NotFound` for an app that does not exist, `Invalid` when there are twenty already.
pub async fn add_redirect_uri(hall: &Guildhall, app: AppId, uri: RedirectUri) -> Result<()> {
    hall.store.write(move |tx| trust(tx, &app, std::slice::from_ref(&uri))).await
}

/// Takes an address away; codes on their way to it can still be exchanged. For an operator.
///
/// # Errors
/// `NotFound` when it is not registered.
pub async fn remove_redirect_uri(hall: &Guildhall, app: AppId, uri: String) -> Result<()> {
    let removed = hall.store.write(move |tx| store::oauth::delete_redirect_uri(tx, &app, &uri)).await?;
    if removed { Ok(()) } else { Err(Error::NotFound("The app has no such redirect URI.".into())) }
}

/// Registers addresses beside those that are there.
pub(crate) fn trust(tx: &mut Tx<'_>, app: &AppId, uris: &[RedirectUri]) -> Result<()> {
    if store::app::find(tx, app)?.is_none() {
        return no_such("app", app);
    }
    uris.iter().try_for_each(|uri| store::oauth::set_redirect_uri(tx, app, uri))?;
    check_count(tx, app)
}

fn check_count(tx: &mut Tx<'_>, app: &AppId) -> Result<()> {
    if store::oauth::redirect_uris(tx, app)?.len() <= MOST_REDIRECT_URIS {
        return Ok(());
    }
    Err(Error::Invalid(format!("An app has at most {MOST_REDIRECT_URIS} redirect URIs.")))
}
