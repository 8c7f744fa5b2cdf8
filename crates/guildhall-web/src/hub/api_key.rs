//! API keys on the pages of their app: a new one is shown once.

use super::app::told;
use super::page::{Refused, render, see_other};
use super::session::Button;
use crate::form::ProtectedForm;
use crate::session::{SignedIn, Visitor};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guildhall_app::api_key::{self, Ending};
use guildhall_app::{Guildhall, Principal};
use guildhall_core::ids::{ApiKeyId, AppId, Id};
use hyper::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

/// A page that shows a key, the only time.
#[derive(Template)]
#[template(path = "api_key.html")]
struct Shown<'a> {
    visitor: &'a Visitor,
    key: &'a str,
    /// What became of the key before it.
    before: &'a str,
    app: &'a str,
}

/// Shows a key that was just made.
pub(super) fn shown(visitor: &Visitor, app: &AppId, key: &str, before: &str) -> Response {
    render(StatusCode::OK, &Shown { visitor, key, before, app: app.as_str() })
}

/// Makes another key.
pub(crate) async fn create(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    Path(app): Path<String>,
    ProtectedForm(Button {}): ProtectedForm<Button>,
) -> Result<Response, Refused> {
    let SignedIn { session, visitor } = signed_in;
    let app = AppId::parse(&app).map_err(|error| told(&visitor, error.into()))?;
    let made = api_key::create(&hall, &Principal::in_person(session.user), app.clone()).await;
    let made = made.map_err(|error| told(&visitor, error))?;
    Ok(shown(&visitor, &app, &made.text, ""))
}

/// When the old key of a rotation ends.
#[derive(Debug, Deserialize)]
pub(crate) struct Rotation {
    /// The app, to come back to.
    app: String,
    /// `now`, or in a day.
    ending: String,
}

/// Makes the successor of a key.
pub(crate) async fn rotate(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    Path(key): Path<String>,
    ProtectedForm(rotation): ProtectedForm<Rotation>,
) -> Result<Response, Refused> {
    let SignedIn { session, visitor } = signed_in;
    let key = ApiKeyId::parse(&key).map_err(|error| told(&visitor, error.into()))?;
    let app = AppId::parse(&rotation.app).map_err(|error| told(&visitor, error.into()))?;
    let (ending, before) = match rotation.ending.as_str() {
        "now" => (Ending::AtOnce, "The old key has stopped working."),
        _ => (Ending::Later, "The old key works for one more day."),
    };
    let made = api_key::rotate(&hall, &Principal::in_person(session.user), key, ending).await;
    let made = made.map_err(|error| told(&visitor, error))?;
    Ok(shown(&visitor, &app, &made.text, before))
}

/// The app whose key it is, to come back to.
#[derive(Debug, Deserialize)]
pub(crate) struct Revocation {
    app: String,
}

/// Revokes a key.
pub(crate) async fn revoke(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    Path(key): Path<String>,
    ProtectedForm(revocation): ProtectedForm<Revocation>,
) -> Result<Response, Refused> {
    let SignedIn { session, visitor } = signed_in;
    let key = ApiKeyId::parse(&key).map_err(|error| told(&visitor, error.into()))?;
    let app = AppId::parse(&revocation.app).map_err(|error| told(&visitor, error.into()))?;
    let revoked = api_key::revoke(&hall, &Principal::in_person(session.user), key).await;
    revoked.map_err(|error| told(&visitor, error))?;
    Ok(see_other(&format!("/developer/apps/{app}?done=revoked#keys")))
}
