//! Views of apps: which app a page of the hub shows to a person, and at which of its paths.

use crate::Guildhall;
use crate::access::company_standing;
use crate::app::details;
use crate::error::{Result, no_such};
use crate::store;
use guildhall_core::access::AccessLevel;
use guildhall_core::app_view::{DASHBOARD_VIEW, DISCOVER_VIEW, EXPERIENCE_VIEW, RestPath, Shown};
use guildhall_core::experience::ExperienceKind;
use guildhall_core::ids::{AppId, CompanyId, ExperienceId, UserId};

/// What a page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The app.
    pub app: AppId,
    /// What stands above it.
    pub title: String,
    /// The path on the app's own origin.
    pub path: String,
}

/// The view of an app's experience, at what a link says beyond it; `None` for an experience of another kind.
///
/// # Errors
/// `NotFound`, the same for an experience that is not there and for one that the person has no access to.
pub async fn of_experience(
    hall: &Guildhall,
    user: &UserId,
    id: &ExperienceId,
    rest: RestPath,
) -> Result<Option<View>> {
    let (user, id) = (user.clone(), id.clone());
    hall.store
        .read(move |read| {
            let found = store::experience::find(read, &id)?;
            let Some(experience) = found.filter(|experience| !experience.is_gone) else {
                return no_such("experience", &id);
            };
            let record = store::access::record(read, &experience.company.id, &user)?;
            if crate::access::of_experience(read, &record, &id)?.level() == AccessLevel::NoAccess {
                return no_such("experience", &id);
            }
            if experience.kind != ExperienceKind::App {
                return Ok(None);
            }
            let app = details(read, &experience.app.id)?;
            let shown =
                Shown { experience: Some(&id), company: Some(&experience.company.id), rest: rest.clone() };
            let path = shown.at(app.experience_path.as_deref().unwrap_or(EXPERIENCE_VIEW));
            Ok(Some(View { app: app.app.id, title: experience.name, path }))
        })
        .await
}

/// The view for a company's team of an app that the company installed, at what a link says beyond it.
///
/// # Errors
/// `NotFound`, the same for what is not there and for who is not on the team.
pub async fn of_dashboard(
    hall: &Guildhall,
    user: &UserId,
    company: &CompanyId,
    app: &AppId,
    rest: RestPath,
) -> Result<View> {
    let (user, company, id) = (user.clone(), company.clone(), app.clone());
    hall.store
        .read(move |read| {
            let is_team = company_standing(read, &company, &user)?.level() == AccessLevel::Admin;
            if !is_team || !store::app::is_installed(read, &id, &company)? {
                return no_such("app", &id);
            }
            let app = details(read, &id)?;
            let shown = Shown { company: Some(&company), rest: rest.clone(), ..Shown::default() };
            let path = shown.at(app.dashboard_path.as_deref().unwrap_or(DASHBOARD_VIEW));
            Ok(View { app: app.app.id, title: app.app.name, path })
        })
        .await
}

/// The view of an app by itself, for the people of the companies that installed it.
///
/// # Errors
/// `NotFound`, the same for an app that is not there and for one that is none of the person's business.
pub async fn of_app(hall: &Guildhall, user: &UserId, app: &AppId) -> Result<View> {
    let (user, id) = (user.clone(), app.clone());
    hall.store
        .read(move |read| {
            if store::app::relation(read, &id, &user)?.is_none() {
                return no_such("app", &id);
            }
            let app = details(read, &id)?;
            let path = Shown::default().at(app.discover_path.as_deref().unwrap_or(DISCOVER_VIEW));
            Ok(View { app: app.app.id, title: app.app.name, path })
        })
        .await
}

/// Whether a person is on the team of the company that owns an app.
///
/// # Errors
/// `Internal` only.
pub async fn is_of_team(hall: &Guildhall, user: &UserId, company: &CompanyId) -> Result<bool> {
    let (user, company) = (user.clone(), company.clone());
    hall.store
        .read(move |read| Ok(company_standing(read, &company, &user)?.level() == AccessLevel::Admin))
        .await
}
