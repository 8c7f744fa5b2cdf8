//! The page of an invoice, its PDF, and what its company does about it there.
//!
//! An invoice is opened by its link alone, whose token stands in the path, as those of letters do. Pages are kept by nobody
//! and tell other sites nothing of their address; search engines are asked to leave them out.

use super::app::told;
use super::page::{Refused, render, see_other};
use super::session::Button;
use crate::form::ProtectedForm;
use crate::session::{SignedIn, Visitor};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use guildhall_app::invoice::{self, Desk, Mood, Paper};
use guildhall_app::{Guildhall, Principal};
use guildhall_core::ids::{Id, InvoiceId, UserId};
use hyper::StatusCode;
use hyper::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use serde::Deserialize;
use std::sync::Arc;

/// Where search engines read what to leave out.
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

#[derive(Template)]
#[template(path = "invoice.html")]
struct Shown<'a> {
    visitor: &'a Visitor,
    id: &'a InvoiceId,
    paper: &'a Paper,
    desk: Option<&'a Desk>,
    /// Where the PDF is.
    pdf: String,
    /// What was just done.
    done: Option<&'static str>,
}

/// What was just done, as its answer leads here.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    done: Option<String>,
    token: Option<String>,
}

/// Shows an invoice to whoever has its link.
pub(crate) async fn page(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Path((id, token)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    let shown = find(&hall, &visitor, &id, token).await?;
    // Anyone can write the word: what the invoice does not bear out is not said.
    let done = match (asked.done.as_deref(), shown.paper.mood) {
        (Some("sent"), mood) if mood.is_due() => Some("The invoice is on its way."),
        (Some("withdrawn"), Mood::Gone) => Some("The invoice is withdrawn: nobody can pay it any more."),
        _ => None,
    };
    let pdf = format!("{}/invoice.pdf", local(&shown.paper.link, &hall));
    let page =
        Shown { visitor: &visitor, id: &shown.id, paper: &shown.paper, desk: shown.desk.as_ref(), pdf, done };
    Ok(closed(render(StatusCode::OK, &page)))
}

/// The PDF of an invoice, to whoever has its link.
pub(crate) async fn pdf(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Path((id, token)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let shown = find(&hall, &visitor, &id, token).await?;
    let name = format!("inline; filename=\"invoice-{}.pdf\"", shown.paper.number);
    let bytes = invoice::pdf(shown.paper).await.map_err(|error| Refused::from(error).seen_by(&visitor))?;
    let headers = [
        (CONTENT_TYPE, "application/pdf"),
        (CONTENT_DISPOSITION, name.as_str()),
        (CACHE_CONTROL, "private, no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok(closed((headers, bytes).into_response()))
}

/// Leads to the page of an invoice: whoever brings its token along, and the team of its company.
pub(crate) async fn open(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    signed_in: Result<SignedIn, Response>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    if let Some(token) = asked.token {
        let shown = find(&hall, &visitor, &id, token).await?;
        return Ok(see_other(local(&shown.paper.link, &hall)));
    }
    let session = match signed_in {
        Ok(signed_in) => signed_in.session,
        Err(sign_in_first) => return Ok(sign_in_first),
    };
    let id = InvoiceId::parse(&id).map_err(|error| told(&visitor, error.into()))?;
    let link = invoice::link_for_team(&hall, session.user, id).await;
    let link = link.map_err(|error| told(&visitor, error))?;
    Ok(see_other(local(&link, &hall)))
}

/// Sends the letter once more.
pub(crate) async fn send(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    ProtectedForm(Button {}): ProtectedForm<Button>,
) -> Result<Response, Refused> {
    let SignedIn { session, visitor } = signed_in;
    let id = InvoiceId::parse(&id).map_err(|error| told(&visitor, error.into()))?;
    let principal = Principal::in_person(session.user.clone());
    let sent = invoice::send(&hall, &principal, id.clone()).await;
    sent.map_err(|error| told(&visitor, error))?;
    back(&hall, &visitor, session.user, id, "sent").await
}

/// Withdraws an invoice.
pub(crate) async fn void(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    ProtectedForm(Button {}): ProtectedForm<Button>,
) -> Result<Response, Refused> {
    let SignedIn { session, visitor } = signed_in;
    let id = InvoiceId::parse(&id).map_err(|error| told(&visitor, error.into()))?;
    let principal = Principal::in_person(session.user.clone());
    let voided = invoice::void(&hall, &principal, id.clone()).await;
    voided.map_err(|error| told(&visitor, error))?;
    back(&hall, &visitor, session.user, id, "withdrawn").await
}

async fn find(
    hall: &Guildhall,
    visitor: &Visitor,
    id: &str,
    token: String,
) -> Result<invoice::Shown, Refused> {
    let id = InvoiceId::parse(id).map_err(|error| told(visitor, error.into()))?;
    let looks = visitor.session.as_ref().map(|session| session.user.clone());
    invoice::by_link(hall, looks, id, token).await.map_err(|error| told(visitor, error))
}

/// Leads back to the page, which says what was done.
async fn back(
    hall: &Guildhall,
    visitor: &Visitor,
    user: UserId,
    id: InvoiceId,
    done: &str,
) -> Result<Response, Refused> {
    let link = invoice::link_for_team(hall, user, id).await.map_err(|error| told(visitor, error))?;
    Ok(see_other(&format!("{}?done={done}", local(&link, hall))))
}

/// A link of this server without its origin, for a browser that may know it by another one.
fn local<'a>(link: &'a str, hall: &Guildhall) -> &'a str {
    link.strip_prefix(hall.origin()).unwrap_or(link)
}

/// Asks search engines to leave an answer out, and browsers to tell other sites nothing of its address.
fn closed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(ROBOTS, HeaderValue::from_static("noindex"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}
