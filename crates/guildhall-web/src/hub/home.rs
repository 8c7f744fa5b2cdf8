//! The first page: what runs here, and where to go.

use super::doors::{Door, doors};
use super::page::{Refused, render};
use crate::session::Visitor;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use guildhall_app::company::{self, Company};
use guildhall_app::{Guildhall, Principal};
use hyper::StatusCode;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    visitor: &'a Visitor,
    origin: &'a str,
    version: &'a str,
    /// The companies whose team one is on, and what of them one may open.
    companies: Vec<(Company, Vec<Door>)>,
}

/// Shows it.
pub(crate) async fn page(State(hall): State<Arc<Guildhall>>, visitor: Visitor) -> Result<Response, Refused> {
    let companies = match &visitor.session {
        Some(session) => company::led_to(&hall, &Principal::in_person(session.user.clone())).await,
        None => Ok(Vec::new()),
    };
    let companies = companies.map_err(|error| Refused::from(error).seen_by(&visitor))?;
    let companies = companies.into_iter().map(|(company, open)| {
        let doors = doors(&company, open, "");
        (company, doors)
    });
    let (companies, origin) = (companies.collect(), hall.origin());
    let home = Home { visitor: &visitor, origin, version: env!("CARGO_PKG_VERSION"), companies };
    Ok(render(StatusCode::OK, &home))
}
