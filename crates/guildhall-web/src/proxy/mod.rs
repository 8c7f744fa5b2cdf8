//! The app proxy: every app on an origin of its own, with its person's token added.
//!
//! [`by_host`] tells requests for the hall from those for apps. On the origin of an app, `/_whop/…` is answered here and
//! everything else is passed on to the app's base URL. Who looks is known by a cookie of that origin, which a ticket from
//! a page of the hub was traded for (`entry.rs`); the hub's own cookies are for the hub's host alone and come nowhere
//! near. What a browser says of tokens and forwarding is removed, in every spelling.
//!
//! Bounds: a connection a request; five minutes without a byte, an hour on a WebSocket.

mod api;
mod dev;
mod entry;
mod forward;
mod headers;
mod origin;
mod refusal;
mod upgrade;
mod upstream;

pub(crate) use entry::address as way_in;

pub use dev::{DevProxy, TokenSource, dev_proxy};

use crate::cookie::is_ours;
use crate::error::plain_refusal;
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Response};
use forward::{Unanswered, Way, forward};
use guildhall_app::app_session::{self, Visit};
use guildhall_app::outbound::Reach;
use guildhall_app::{Error, Guildhall, app_view, user_token};
use guildhall_core::app_host::{Addressed, AppHosts};
use headers::{Forwarding, USER_TOKEN};
use hyper::header::HOST;
use hyper::{HeaderMap, StatusCode, Uri};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tower::Service;
use upstream::Upstream;

/// How long nothing may move while an app's answer is on its way.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// How long nothing may move on a WebSocket to an app.
const SOCKET_PATIENCE: Duration = Duration::from_secs(60 * 60);

/// What an operator decides about apps.
#[derive(Debug, Clone)]
pub struct AppOptions {
    /// Where they are shown.
    pub hosts: AppHosts,
    /// Whether their base URLs may lead to this machine and its neighbours.
    pub may_be_private: bool,
}

pub(crate) struct Front {
    hall: Arc<Guildhall>,
    hall_router: Router,
    hosts: AppHosts,
    way: Way,
}

/// Answers requests for the hall by its router, and those for apps by the proxy.
pub(crate) fn by_host(hall: Arc<Guildhall>, hall_router: Router, options: &AppOptions) -> Router {
    let reach = if options.may_be_private { Reach::Anywhere } else { Reach::PublicOnly };
    let way = Way { reach, patience: PATIENCE, socket_patience: SOCKET_PATIENCE };
    let front = Front { hall, hall_router, hosts: options.hosts.clone(), way };
    Router::new().fallback(answer).with_state(Arc::new(front))
}

async fn answer(State(front): State<Arc<Front>>, request: Request) -> Response {
    let host = match host(request.headers(), request.uri()) {
        Ok(host) => host,
        Err(sentence) => return plain_refusal(StatusCode::BAD_REQUEST, "INVALID_INPUT", sentence),
    };
    match host.map_or(Addressed::Hall, |host| front.hosts.addressed(host)) {
        Addressed::Hall => front.ask_hall(request).await,
        Addressed::App(label) => front.answer_for_app(&label, request).await,
        Addressed::Misdirected(sentence) => {
            plain_refusal(StatusCode::MISDIRECTED_REQUEST, "INVALID_INPUT", sentence)
        }
        Addressed::Malformed => plain_refusal(
            StatusCode::BAD_REQUEST,
            "INVALID_INPUT",
            "`Host` must be a host, and perhaps a port.",
        ),
    }
}

/// The one host that a request is for.
fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Result<Option<&'a str>, &'static str> {
    let mut named = headers.get_all(HOST).iter();
    let (first, second) = (named.next(), named.next());
    if second.is_some() {
        return Err("`Host` must be sent once.");
    }
    let header = match first.map(|host| host.to_str()) {
        Some(Ok(host)) => Some(host),
        Some(Err(_)) => return Err("`Host` must be a host, and perhaps a port."),
        None => None,
    };
    match (uri.authority(), header) {
        (Some(authority), Some(header)) if !authority.as_str().eq_ignore_ascii_case(header) => {
            Err("`Host` and the address asked for must name one host.")
        }
        (Some(authority), _) => Ok(Some(authority.as_str())),
        (None, header) => Ok(header),
    }
}

/// An app on its origin, and who looks at it.
struct AtApp {
    visit: Visit,
    label: String,
    /// The host and port of its origin, as browsers write them.
    authority: String,
    /// `http://…` or `https://…`.
    origin: String,
}

impl Front {
    async fn ask_hall(&self, request: Request) -> Response {
        let answered: Result<Response, Infallible> = self.hall_router.clone().call(request).await;
        match answered {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    async fn answer_for_app(&self, label: &str, request: Request) -> Response {
        let token = entry::token(request.headers(), &self.hosts);
        let at = match app_session::visit(&self.hall, label, token).await {
            Ok(Some(visit)) => {
                let authority = self.hosts.authority_of(label);
                let origin = format!("{}://{authority}", self.hosts.scheme());
                AtApp { visit, label: label.to_owned(), authority, origin }
            }
            Ok(None) => {
                return refusal::page(request.headers(), StatusCode::NOT_FOUND, "There is no such app here.");
            }
            Err(error) => return broken(&error),
        };
        let path = request.uri().path();
        if path == "/_whop" || path.starts_with("/_whop/") {
            return self.answer_here(&at, request).await;
        }
        match self.pass_on(&at, request).await {
            Ok(response) => response,
            Err(error) => broken(&error),
        }
    }

    /// Answers what every app's origin has.
    async fn answer_here(&self, at: &AtApp, request: Request) -> Response {
        let path = request.uri().path();
        if path == entry::PATH {
            return entry::enter(self, at, &request.into_parts().0).await;
        }
        if let Some(address) = api::hall_address(request.uri()) {
            return api::ask(self, at, request, address).await;
        }
        if is_socket(path) {
            return no_sockets();
        }
        crate::error::nothing_at(request.uri())
    }

    /// Passes a request on to the app.
    async fn pass_on(&self, at: &AtApp, mut request: Request) -> Result<Response, Error> {
        let upstream = at.visit.base_url.as_deref().and_then(Upstream::parse);
        let told = request.headers().clone();
        let Some(upstream) = upstream else {
            return self.unanswered(at, &told, "The app has no base URL that can be asked.").await;
        };
        let is_socket = headers::asks_for_websocket(&told);
        let trusts = origin::may_carry_token(request.method(), request.headers(), &at.origin);
        let forwarding = Forwarding {
            address: request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip()),
            host: at.authority.clone(),
            scheme: if self.hosts.is_secure() { "https" } else { "http" },
        };
        headers::to_app(request.headers_mut(), &forwarding, is_ours);
        if let Some(user) = at.visit.user.as_ref().filter(|_| trusts) {
            let token = user_token::current(&self.hall, &at.visit.app, user).await?;
            headers::insert(request.headers_mut(), USER_TOKEN, &token);
        }
        match forward(&upstream, self.way, request, is_socket).await {
            Ok(mut response) => {
                let headers = response.headers_mut();
                headers::to_browser(headers, is_ours);
                headers::relocate(headers, |location| upstream.translate(location, &at.origin));
                headers::allow_framing_by(headers, &origin::hubs(self.hall.origin()).join(" "));
                Ok(response)
            }
            Err(Unanswered::Path) => {
                let sentence = "A path must not lead upwards.";
                Ok(refusal::page(&told, StatusCode::BAD_REQUEST, sentence))
            }
            Err(Unanswered::Unreachable(sentence) | Unanswered::Broken(sentence)) => {
                self.unanswered(at, &told, &sentence).await
            }
        }
    }

    /// Says that the app does not answer; to its own team, why.
    async fn unanswered(&self, at: &AtApp, told: &HeaderMap, why: &str) -> Result<Response, Error> {
        let is_team = match &at.visit.user {
            Some(user) => app_view::is_of_team(&self.hall, user, &at.visit.company).await?,
            None => false,
        };
        tracing::debug!(app = %at.visit.app, why, "an app did not answer");
        let base_url = at.visit.base_url.as_deref().unwrap_or("not set");
        let sentence = match is_team {
            true => format!("The app does not answer. Its base URL is {base_url}. {why}"),
            false => "The app does not answer at the moment. Try again in a while.".to_owned(),
        };
        Ok(refusal::page(told, StatusCode::BAD_GATEWAY, &sentence))
    }
}

fn is_socket(path: &str) -> bool {
    path == "/_whop/ws" || path.starts_with("/_whop/ws/")
}

fn no_sockets() -> Response {
    let sentence = "This server has no sockets yet: ask `/_whop/public-graphql` instead.";
    plain_refusal(StatusCode::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", sentence)
}

fn broken(error: &Error) -> Response {
    plain_refusal(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", &error.told()).into_response()
}
