//! Builds of an app: bundles that its developers upload, and the one of each platform that is in production.
//!
//! A hall of one's own has no store that reviews: a new build is a draft, and whoever may manage builds approves it by
//! putting it into production. There it stays until another takes its place or it is taken out; it remains approved.

use crate::Guildhall;
use crate::app;
use crate::attachment::{self, Attachment};
use crate::audit::Doer;
use crate::error::{Error, Result, no_such};
use crate::principal::Principal;
use crate::store;
use guildhall_core::app as rules;
use guildhall_core::ids::{AppBuildId, AppId, AttachmentId};
use guildhall_core::permission::Permission;
use serde_json::json;

/// A build.
#[derive(Debug, Clone)]
pub struct AppBuild {
    /// The id.
    pub id: AppBuildId,
    /// The app it is a build of.
    pub app: AppId,
    /// One of the wire's `AppBuildPlatforms`.
    pub platform: String,
    /// The bundle.
    pub file: Attachment,
    /// What the bundle can be told by, as its developer gave it.
    pub checksum: String,
    /// The wire's `AppViewTypes` that it has.
    pub supported_view_types: Vec<String>,
    /// One of the wire's `AppBuildStatuses`.
    pub status: String,
    /// What a reviewer said.
    pub review_message: Option<String>,
    /// When it was made, in milliseconds.
    pub created_at: i64,
}

/// What a new build is made of.
#[derive(Debug, Clone)]
pub struct NewAppBuild {
    /// The app; the calling one when `None`.
    pub app: Option<AppId>,
    /// One of the wire's `AppBuildPlatforms`.
    pub platform: String,
    /// The bundle: an uploaded file of the caller's.
    pub attachment: AttachmentId,
    /// What the bundle can be told by.
    pub checksum: String,
    /// The wire's `AppViewTypes` that it has; the view in a community when none is named.
    pub supported_view_types: Vec<String>,
}

/// Makes a build, a draft.
///
/// # Errors
/// `Invalid` for an unsound checksum, `NotFound` for an app or file that is none of the caller's business,
/// `Forbidden` without `developer:manage_builds`.
pub async fn create(hall: &Guildhall, principal: &Principal, new: NewAppBuild) -> Result<AppBuild> {
    rules::check_checksum(&new.checksum)?;
    let principal = principal.clone();
    let made = hall.store.write(move |tx| {
        let app = match &new.app {
            Some(app) => app.clone(),
            None => principal.calling_app()?.id.clone(),
        };
        let app = app::managed(tx, &principal, &app, Permission::DeveloperManageBuilds)?;
        attachment::check_usable(tx, &principal, std::slice::from_ref(&new.attachment))?;
        let id = store::app_build::insert(tx, &app.id, &new)?;
        let details = json!({"app": app.id.to_string(), "platform": new.platform});
        Doer::of(&principal).log(tx, &app.company, "create_app_build", &id, details)?;
        store::app_build::find(tx, &id)?.ok_or_else(|| Error::internal("a build that was just made is gone"))
    });
    made.await
}

/// Puts a build into production on its platform, in place of the one that is there. Whoever asks last at once
/// wins; there is never more than one.
///
/// # Errors
/// `NotFound` for a build that is none of the caller's business, `Forbidden` without `developer:manage_builds`.
pub async fn promote(hall: &Guildhall, principal: &Principal, id: AppBuildId) -> Result<()> {
    let principal = principal.clone();
    let promoted = hall.store.write(move |tx| {
        principal.acting_user()?;
        let Some(build) = store::app_build::find(tx, &id)? else {
            return no_such("app build", &id);
        };
        let app = match app::managed(tx, &principal, &build.app, Permission::DeveloperManageBuilds) {
            Err(Error::NotFound(_)) => return no_such("app build", &id),
            managed => managed?,
        };
        store::app_build::promote(tx, &build)?;
        let details = json!({"app": app.id.to_string(), "platform": build.platform});
        Doer::of(&principal).log(tx, &app.company, "promote_app_build", &id, details)
    });
    promoted.await
}

/// Takes the build of a platform out of production; where none is, nothing happens.
///
/// # Errors
/// `NotFound`, `Forbidden` without `developer:manage_builds`.
pub async fn unassign(hall: &Guildhall, principal: &Principal, app: AppId, platform: String) -> Result<()> {
    let principal = principal.clone();
    let unassigned = hall.store.write(move |tx| {
        let app = app::managed(tx, &principal, &app, Permission::DeveloperManageBuilds)?;
        if !store::app_build::unassign(tx, &app.id, &platform)? {
            return Ok(());
        }
        let details = json!({"platform": platform});
        Doer::of(&principal).log(tx, &app.company, "unassign_app_build", &app.id, details)
    });
    unassigned.await
}

/// The build of an app that a platform runs, if one is in production.
///
/// # Errors
/// `Internal` only.
pub async fn in_production(hall: &Guildhall, app: AppId, platform: String) -> Result<Option<AppBuild>> {
    hall.store.read(move |read| store::app_build::in_production(read, &app, &platform)).await
}
