//! Ending sessions.

use super::page::{Refused, see_other};
use crate::form::ProtectedForm;
use crate::session::{Visitor, no_session_cookie};
use axum::extract::State;
use axum::response::Response;
use guildhall_app::{Guildhall, session};
use hyper::header::SET_COOKIE;
use serde::Deserialize;
use std::sync::Arc;

/// A form of nothing but a button.
#[derive(Debug, Deserialize)]
pub(crate) struct Button {}

/// Ends the session of this browser.
pub(crate) async fn sign_out(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    ProtectedForm(Button {}): ProtectedForm<Button>,
) -> Result<Response, Refused> {
    if let Some(here) = visitor.session {
        session::end(&hall, &here.user, &here.id).await?;
    }
    let mut response = see_other("/");
    response.headers_mut().append(SET_COOKIE, no_session_cookie(&hall));
    Ok(response)
}
