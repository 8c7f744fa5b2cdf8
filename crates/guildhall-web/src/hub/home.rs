//! The first page: what runs here, and where to go.

use super::page::render;
use crate::session::Visitor;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use guildhall_app::Guildhall;
use hyper::StatusCode;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    visitor: &'a Visitor,
    origin: &'a str,
    version: &'a str,
}

/// Shows it.
pub(crate) async fn page(State(hall): State<Arc<Guildhall>>, visitor: Visitor) -> Response {
    render(
        StatusCode::OK,
        &Home { visitor: &visitor, origin: hall.origin(), version: env!("CARGO_PKG_VERSION") },
    )
}
