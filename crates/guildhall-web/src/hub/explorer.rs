//! GraphiQL: the explorer of the schema, served from here.

use super::page::render;
use askama::Template;
use axum::response::Response;
use hyper::StatusCode;

#[derive(Template)]
#[template(path = "explorer.html")]
struct Explorer;

/// Shows it.
pub(crate) fn page() -> Response {
    render(StatusCode::OK, &Explorer)
}
