//! Ending sessions.

use super::page::{Refused, see_other};
use crate::form::ProtectedForm;
use crate::session::{Visitor, let_out};
use axum::extract::State;
use axum::response::Response;
use guildhall_app::{Guildhall, session};
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
    Ok(let_out(&hall, see_other("/")))
}
