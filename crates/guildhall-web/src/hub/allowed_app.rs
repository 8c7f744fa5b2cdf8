//! The apps that a person has allowed something, each with a button that takes it back.

use super::page::{Refused, render, see_other};
use super::session::Button;
use crate::form::ProtectedForm;
use crate::session::{SignedIn, Visitor};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guildhall_app::Guildhall;
use guildhall_app::oauth::{self, AllowedApp};
use guildhall_core::ids::{AppId, Id};
use hyper::StatusCode;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "allowed_apps.html")]
struct AllowedApps<'a> {
    visitor: &'a Visitor,
    apps: &'a [AllowedApp],
    now_ms: i64,
}

impl AllowedApps<'_> {
    /// How long ago something was allowed, in words.
    fn ago(&self, at_ms: &i64) -> String {
        match (self.now_ms - at_ms).max(0) / (24 * 60 * 60 * 1000) {
            0 => "today".into(),
            1 => "yesterday".into(),
            days => format!("{days} days ago"),
        }
    }
}

/// Shows them.
pub(crate) async fn page(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session, visitor }: SignedIn,
) -> Result<Response, Refused> {
    let apps = oauth::allowed_apps(&hall, &session.user).await?;
    Ok(render(StatusCode::OK, &AllowedApps { visitor: &visitor, apps: &apps, now_ms: hall.now_ms() }))
}

/// Takes back what an app was allowed.
pub(crate) async fn disallow(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session, visitor }: SignedIn,
    Path(app): Path<String>,
    ProtectedForm(Button {}): ProtectedForm<Button>,
) -> Result<Response, Refused> {
    let refused = |error: guildhall_app::Error| Refused::from(error).seen_by(&visitor);
    let app = AppId::parse(&app).map_err(|invalid| refused(invalid.into()))?;
    oauth::disallow(&hall, &session.user, app).await.map_err(refused)?;
    Ok(see_other("/account/apps"))
}
