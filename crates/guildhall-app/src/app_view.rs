//! Views of apps: which app a page of the hub shows to a person, and at which of its paths.

use crate::Guildhall;
use crate::access::company_standing;
use crate::error::{Result, no_such};
use crate::store;
use guildhall_core::access::AccessLevel;
use guildhall_core::app_view::{DASHBOARD_VIEW, DISCOVER_VIEW, EXPERIENCE_VIEW, view_path};
use guildhall_core::experience::ExperienceKind;
use guildhall_core::ids::{AppId, CompanyId, ExperienceId, Id, UserId};

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

/// The view of an app's experience; `None` for an experience of another kind.
///
/// # Errors
/// `NotFound`, the same for an experience that is not there and for one that the person has no access to.
pub async fn of_experience(hall: &Guildhall, user: &UserId, id: &ExperienceId) -> Result<Option<View>> {
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
            let app = store::app::find_details(read, &experience.app.id)?;
            let said = app.and_then(|app| app.experience_path);
            let path = view_path(said.as_deref().unwrap_or(EXPERIENCE_VIEW), "experienceId", id.as_str());
            let path = view_path(&path, "companyId", experience.company.id.as_str());
            Ok(Some(View { app: experience.app.id, title: experience.name, path }))
        })
        .await
}

/// The view for a company's team of an app that the company installed.
///
/// # Errors
/// `NotFound`, the same for what is not there and for who is not on the team.
pub async fn of_dashboard(hall: &Guildhall, user: &UserId, company: &CompanyId, app: &AppId) -> Result<View> {
    let (user, company, id) = (user.clone(), company.clone(), app.clone());
    hall.store
        .read(move |read| {
            let is_team = company_standing(read, &company, &user)?.level() == AccessLevel::Admin;
            match store::app::find_details(read, &id)? {
                Some(found) if is_team && store::app::is_installed(read, &id, &company)? => {
                    let template = found.dashboard_path.as_deref().unwrap_or(DASHBOARD_VIEW);
                    let path = view_path(template, "companyId", company.as_str());
                    Ok(View { app: found.app.id, title: found.app.name, path })
                }
                _ => no_such("app", &id),
            }
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
        .read(move |read| match store::app::find_details(read, &id)? {
            Some(found) if store::app::relation(read, &id, &user)?.is_some() => {
                let path = found.discover_path.unwrap_or_else(|| DISCOVER_VIEW.into());
                Ok(View { app: found.app.id, title: found.app.name, path })
            }
            _ => no_such("app", &id),
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
