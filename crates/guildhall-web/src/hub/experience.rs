//! Where the link of a chat or forum leads.

use super::page::{Notice, render};
use crate::session::Visitor;
use axum::response::Response;
use hyper::StatusCode;

/// The hub is not built yet; the page says so, the same for every experience, there or not.
pub(crate) async fn page(visitor: Visitor) -> Response {
    let lead = "The community's pages are not open yet. Its chats and forums are reached through the API until then.";
    render(
        StatusCode::NOT_IMPLEMENTED,
        &Notice { visitor: &visitor, title: "Not open yet", lead, details: &[] },
    )
}
