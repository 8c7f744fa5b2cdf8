//! An app in a frame: the views that a community, its team and an app's people have of it.
//!
//! The frame begins at the app's own origin with a ticket that counts once, so a page that shows one is made anew for
//! every look at it.

use super::page::{Refused, render_framing};
use crate::proxy::way_in;
use crate::router::AppHosts;
use crate::session::{SignedIn, Visitor};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guildhall_app::app_view::{self, View};
use guildhall_app::{Error, Guildhall, app_session};
use guildhall_core::app_view::RestPath;
use guildhall_core::ids::{AppId, CompanyId, Id};
use hyper::Uri;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "app_view.html")]
struct Framed<'a> {
    visitor: &'a Visitor,
    title: &'a str,
    address: &'a str,
}

/// What stands in the address of an app as a team sees it.
#[derive(Debug, Deserialize)]
pub(crate) struct Dashboard {
    company: String,
    app: String,
}

/// Shows an app as the team of a company sees it.
pub(crate) async fn dashboard(
    State(hall): State<Arc<Guildhall>>,
    State(hosts): State<AppHosts>,
    signed_in: SignedIn,
    Path(Dashboard { company, app }): Path<Dashboard>,
    address: Uri,
) -> Result<Response, Refused> {
    let (company, app) =
        (CompanyId::parse(&company).map_err(Error::from)?, AppId::parse(&app).map_err(Error::from)?);
    // `/dashboard/<company>/<app>/<rest>`
    let rest = seen(rest_after(3, &address), &signed_in)?;
    let view = app_view::of_dashboard(&hall, &signed_in.session.user, &company, &app, rest).await;
    frame(&hall, &hosts, &signed_in, &seen(view, &signed_in)?).await
}

/// Shows an app by itself.
pub(crate) async fn open(
    State(hall): State<Arc<Guildhall>>,
    State(hosts): State<AppHosts>,
    signed_in: SignedIn,
    Path(app): Path<String>,
) -> Result<Response, Refused> {
    let app = AppId::parse(&app).map_err(Error::from)?;
    let view = app_view::of_app(&hall, &signed_in.session.user, &app).await;
    frame(&hall, &hosts, &signed_in, &seen(view, &signed_in)?).await
}

fn seen<T>(found: Result<T, Error>, signed_in: &SignedIn) -> Result<T, Refused> {
    found.map_err(|error| Refused::from(error).seen_by(&signed_in.visitor))
}

/// What an address says after so many steps, which is for the app.
pub(super) fn rest_after(steps: usize, address: &Uri) -> Result<RestPath, Error> {
    let mut parts = address.path().splitn(steps + 2, '/');
    Ok(RestPath::read(parts.nth(steps + 1).unwrap_or_default())?)
}

/// The page with the app in its frame.
pub(super) async fn frame(
    hall: &Guildhall,
    hosts: &AppHosts,
    signed_in: &SignedIn,
    view: &View,
) -> Result<Response, Refused> {
    let ticket = app_session::admit(hall, &signed_in.session.id, &view.app).await?;
    let origin = hosts.origin_of(&view.app);
    let address = way_in(&origin, &ticket, &view.path);
    let page = Framed { visitor: &signed_in.visitor, title: &view.title, address: &address };
    Ok(render_framing(&page, &hosts.every_origin()))
}
