//! The public page of a raffle: what it committed itself to, and its draw.

use super::affiliate::{Sent, led_by};
use super::app::told;
use super::page::{Refused, render};
use crate::error::Refusal;
use crate::session::Visitor;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use guildhall_app::entry::{self, Offered};
use guildhall_app::raffle::{self, Raffle};
use guildhall_app::{Error, Guildhall};
use guildhall_core::ids::{Id, PlanId};
use guildhall_core::moment::minute;
use guildhall_core::waitlist::EntryStatus;
use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "raffle.html")]
struct Page<'a> {
    visitor: &'a Visitor,
    offered: &'a Offered,
    raffle: &'a Raffle,
    origin: &'a str,
    ends: String,
    /// Where to enter.
    place: String,
}

impl Page<'_> {
    fn closed(&self) -> Option<String> {
        self.raffle.closed_at.map(minute)
    }

    fn drawn(&self) -> Option<String> {
        self.raffle.drawn_at.map(minute)
    }
}

/// Shows it.
pub(crate) async fn page(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Path(plan): Path<String>,
    Query(sent): Query<Sent>,
) -> Result<Response, Refused> {
    let plan = PlanId::parse(&plan).map_err(|error| told(&visitor, error.into()))?;
    let person = visitor.session.as_ref().map(|session| session.user.clone());
    let raffle = raffle::find(&hall, plan.clone()).await.map_err(|error| told(&visitor, error))?;
    let offered = entry::look(&hall, person, plan).await.map_err(|error| told(&visitor, error))?;
    let ends = offered.plan.entry_rules.expires_at.map(minute).unwrap_or_default();
    let place = led_by(&format!("/waitlist/{}", raffle.plan), sent.code().as_deref());
    let origin = hall.origin();
    let page = Page { visitor: &visitor, offered: &offered, raffle: &raffle, origin, ends, place };
    Ok(render(StatusCode::OK, &page))
}

/// The draw, once it is drawn.
pub(crate) async fn draw(
    State(hall): State<Arc<Guildhall>>,
    Path(plan): Path<String>,
) -> Result<Response, Refusal> {
    let plan = PlanId::parse(&plan).map_err(Error::from)?;
    raffle::find(&hall, plan.clone()).await?;
    match raffle::published(&hall, plan.clone()).await? {
        Some(draw) => Ok(([(CONTENT_TYPE, "application/json; charset=utf-8")], draw).into_response()),
        None => Err(Error::NotFound(format!("The raffle `{plan}` is not drawn yet.")).into()),
    }
}
