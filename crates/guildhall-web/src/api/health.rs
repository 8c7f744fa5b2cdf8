//! Health and figures, for whoever runs the server.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use guildhall_app::Guildhall;
use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use std::sync::Arc;

/// The process answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// The store answers too.
pub(crate) async fn ready(State(hall): State<Arc<Guildhall>>) -> Response {
    match hall.check().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::error!(error = ?error, "the store does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n").into_response()
        }
    }
}

/// Figures in Prometheus's text format.
pub(crate) async fn metrics(State(hall): State<Arc<Guildhall>>) -> Response {
    let figures = hall.store_figures();
    let text = format!(
        "# HELP guildhall_store_writes_total Transactions answered.\n\
         # TYPE guildhall_store_writes_total counter\n\
         guildhall_store_writes_total {}\n\
         # HELP guildhall_store_commits_total Commits that made them durable.\n\
         # TYPE guildhall_store_commits_total counter\n\
         guildhall_store_commits_total {}\n\
         # HELP guildhall_store_queued_writes Transactions that wait for their turn.\n\
         # TYPE guildhall_store_queued_writes gauge\n\
         guildhall_store_queued_writes {}\n",
        figures.writes, figures.commits, figures.queued
    );
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
