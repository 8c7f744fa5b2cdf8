//! Health and figures, for whoever runs the server.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use guildhall_app::{Guildhall, jobs, password};
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
    let mut text = format!(
        "# HELP guildhall_store_writes_total Transactions answered.\n\
         # TYPE guildhall_store_writes_total counter\n\
         guildhall_store_writes_total {}\n\
         # HELP guildhall_store_commits_total Commits that made them durable.\n\
         # TYPE guildhall_store_commits_total counter\n\
         guildhall_store_commits_total {}\n\
         # HELP guildhall_store_queued_writes Transactions that wait for their turn.\n\
         # TYPE guildhall_store_queued_writes gauge\n\
         guildhall_store_queued_writes {}\n\
         # HELP guildhall_password_hashes_total Password hashes computed.\n\
         # TYPE guildhall_password_hashes_total counter\n\
         guildhall_password_hashes_total {}\n",
        figures.writes,
        figures.commits,
        figures.queued,
        password::computed(&hall)
    );
    match jobs_text(&hall).await {
        Ok(jobs) => text += &jobs,
        Err(error) => tracing::error!(error = ?error, "the jobs cannot be counted"),
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

async fn jobs_text(hall: &Guildhall) -> guildhall_app::Result<String> {
    let (count, late_ms, most) = (jobs::count(hall).await?, jobs::late_ms(hall).await?, jobs::MOST_COUNTED);
    Ok(format!(
        "# HELP guildhall_jobs_waiting Jobs that wait for their time or are being done, counted up to {most}.\n\
         # TYPE guildhall_jobs_waiting gauge\n\
         guildhall_jobs_waiting {}\n\
         # HELP guildhall_jobs_dead Jobs that were given up, counted up to {most}.\n\
         # TYPE guildhall_jobs_dead gauge\n\
         guildhall_jobs_dead {}\n\
         # HELP guildhall_jobs_late_seconds How long the job that waits longest to be taken has been due.\n\
         # TYPE guildhall_jobs_late_seconds gauge\n\
         guildhall_jobs_late_seconds {}.{:03}\n",
        count.waiting,
        count.dead,
        late_ms / 1000,
        late_ms % 1000
    ))
}
