//! Where the link of an experience leads.

use super::app_view::{frame, rest_after};
use super::page::{Notice, Refused, render};
use crate::router::AppHosts;
use crate::session::SignedIn;
use axum::extract::{Path, State};
use axum::response::Response;
use guildhall_app::{Error, Guildhall, app_view};
use guildhall_core::ids::{ExperienceId, Id};
use hyper::{StatusCode, Uri};
use serde::Deserialize;
use std::sync::Arc;

/// What stands in the address of an experience.
#[derive(Debug, Deserialize)]
pub(crate) struct Place {
    experience: String,
}

/// Shows an app in its frame, at what the link says beyond the experience. The hub's own chats and forums are not built yet; the page says so.
pub(crate) async fn page(
    State(hall): State<Arc<Guildhall>>,
    State(hosts): State<AppHosts>,
    signed_in: SignedIn,
    Path(place): Path<Place>,
    address: Uri,
) -> Result<Response, Refused> {
    let visitor = &signed_in.visitor;
    let refuse = |error: Error| Refused::from(error).seen_by(visitor);
    let id = ExperienceId::parse(&place.experience).map_err(|error| refuse(error.into()))?;
    // `/experiences/<experience>/<rest>`
    let rest = rest_after(2, &address).map_err(refuse)?;
    let found = app_view::of_experience(&hall, &signed_in.session.user, &id, rest).await.map_err(refuse)?;
    if let Some(view) = found {
        return frame(&hall, &hosts, &signed_in, &view).await;
    }
    let lead = "The community's pages are not open yet. Its chats and forums are reached through the API until then.";
    let notice = Notice { visitor, title: "Not open yet", lead, details: &[] };
    Ok(render(StatusCode::NOT_IMPLEMENTED, &notice))
}
