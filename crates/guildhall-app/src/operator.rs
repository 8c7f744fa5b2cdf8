//! What an operator does to apps at the machine itself, asking nobody; the audit log names no one for it.

use crate::Guildhall;
use crate::api_key::{self, ApiKey, Ending, FreshKey};
use crate::app::{self, AppDetails, Made, NewApp};
use crate::audit::Doer;
use crate::error::{Error, Result, no_such};
use crate::install;
use crate::store::{self, Read};
use guildhall_core::ids::{ApiKeyId, AppId, CompanyId, Id};
use guildhall_core::permission::Permission;

/// An app of the hall, as an operator lists it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The app.
    pub details: AppDetails,
    /// The route of the company that owns it.
    pub company_route: String,
    /// In how many other companies it is installed.
    pub installs: i64,
    /// How many of its keys are live.
    pub keys: usize,
}

/// The hall's apps by id, after one, so many at most.
///
/// # Errors
/// `Internal` only.
pub async fn list_apps(hall: &Guildhall, after: Option<AppId>, most: u16) -> Result<Vec<Listed>> {
    hall.store
        .scan(move |read| {
            let apps = store::app::all(read, after.as_ref().map_or("", Id::as_str), i64::from(most))?;
            let mut listed = Vec::with_capacity(apps.len());
            for (details, company_route) in apps {
                let installs = store::install::count(read, &details.app.id)?;
                let keys = store::api_key::list(read, &details.app.id)?.len();
                listed.push(Listed { details, company_route, installs, keys });
            }
            Ok(listed)
        })
        .await
}

/// Makes an app with its agent and its key.
///
/// # Errors
/// `Invalid` for an unsound name or address, `NotFound` for the company.
pub async fn create_app(hall: &Guildhall, company: CompanyId, new: NewApp) -> Result<Made> {
    let made = hall.store.write(move |tx| {
        check_company(tx, &company)?;
        app::create_in(tx, &Doer::OPERATOR, &company, &new, true)
    });
    let made = made.await;
    hall.credentials.forget();
    made
}

/// The live keys of an app.
///
/// # Errors
/// `NotFound`.
pub async fn keys(hall: &Guildhall, app: AppId) -> Result<Vec<ApiKey>> {
    hall.store
        .read(move |read| {
            let app = find(read, &app)?;
            store::api_key::list(read, &app.id)
        })
        .await
}

/// Makes another key for an app.
///
/// # Errors
/// `NotFound`; `Conflict` when the app has the most keys.
pub async fn add_key(hall: &Guildhall, app: AppId) -> Result<FreshKey> {
    let made = hall.store.write(move |tx| {
        let app = find(tx, &app)?;
        api_key::create_in(tx, &Doer::OPERATOR, &app.id, &app.company)
    });
    made.await
}

/// Makes the successor of a key. A running server hears of it within a second.
///
/// # Errors
/// `NotFound`; `Conflict` when it has one, or the app has the most keys.
pub async fn rotate_key(hall: &Guildhall, key: ApiKeyId, ending: Ending) -> Result<FreshKey> {
    let rotated = hall.store.write(move |tx| {
        let app = app_of_key(tx, &key)?;
        api_key::rotate_in(tx, &Doer::OPERATOR, &app.company, &key, ending)
    });
    let rotated = rotated.await;
    hall.credentials.forget();
    rotated
}

/// Revokes a key. A running server hears of it within a second.
///
/// # Errors
/// `NotFound` when there is no such live key.
pub async fn revoke_key(hall: &Guildhall, key: ApiKeyId) -> Result<()> {
    let revoked = hall.store.write(move |tx| {
        let app = app_of_key(tx, &key)?;
        api_key::revoke_in(tx, &Doer::OPERATOR, &app.company, &key)
    });
    let revoked = revoked.await;
    hall.credentials.forget();
    revoked
}

/// Installs an app in a company with these permissions and no others, whether it asks for them or not.
///
/// # Errors
/// `NotFound` for the app or the company; `Conflict` in the app's own company.
pub async fn install(
    hall: &Guildhall,
    app: AppId,
    company: CompanyId,
    granted: Vec<Permission>,
) -> Result<()> {
    let installed = hall.store.write(move |tx| {
        let found = find(tx, &app)?;
        check_company(tx, &company)?;
        if found.company == company {
            return Err(Error::Conflict(
                "The app is this company's own: it is installed and has every permission already.".into(),
            ));
        }
        tx.lock(&format!("install {app} {company}"))?;
        let asked = store::permission_requirement::list(tx, &app)?;
        let declined: Vec<Permission> = asked.iter().map(|asked| asked.permission).collect();
        let declined: Vec<Permission> =
            declined.into_iter().filter(|permission| !granted.contains(permission)).collect();
        install::approve_in(tx, &Doer::OPERATOR, &app, &company, &granted, &declined)
    });
    installed.await
}

/// What an app asks for and a company would grant it by default: all of it.
///
/// # Errors
/// `NotFound`.
pub async fn asked(hall: &Guildhall, app: AppId) -> Result<Vec<Permission>> {
    hall.store
        .read(move |read| {
            let app = find(read, &app)?;
            let asked = store::permission_requirement::list(read, &app.id)?;
            Ok(asked.into_iter().map(|asked| asked.permission).collect())
        })
        .await
}

/// Takes an app out of a company.
///
/// # Errors
/// `NotFound` where it is not installed; `Conflict` in its own company.
pub async fn uninstall(hall: &Guildhall, app: AppId, company: CompanyId) -> Result<()> {
    let removed = hall.store.write(move |tx| install::uninstall_in(tx, &Doer::OPERATOR, &app, &company));
    removed.await
}

fn find(read: &mut Read<'_>, id: &AppId) -> Result<app::App> {
    match store::app::find(read, id)? {
        Some(app) => Ok(app),
        None => Err(Error::NotFound(format!("There is no app `{id}`."))),
    }
}

fn app_of_key(read: &mut Read<'_>, key: &ApiKeyId) -> Result<app::App> {
    match store::api_key::find(read, key)? {
        Some(found) => find(read, &found.app),
        None => no_such("API key", key),
    }
}

fn check_company(read: &mut Read<'_>, id: &CompanyId) -> Result<()> {
    match store::company::find(read, id)? {
        Some(_) => Ok(()),
        None => Err(Error::NotFound(format!("There is no company `{id}`."))),
    }
}
