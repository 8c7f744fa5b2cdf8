//! Every route of the server.

use crate::api::{file, graphql, health, signing_key, upload};
use crate::hub::{app_view, checkout, experience, home, session};
use crate::proxy::{self, AppOptions};
use crate::rate_limit::{self, RateLimit};
use crate::{assets, error};
use axum::Router;
use axum::extract::FromRef;
use axum::routing::{any, get, post, put};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use guildhall_app::Guildhall;
pub(crate) use guildhall_core::app_host::AppHosts;
use hyper::{HeaderMap, Method, Response};
use std::num::NonZeroU32;
use std::sync::Arc;

/// Answers one GraphQL request: method, headers, the address's parameters, body.
pub type GraphqlHandler =
    Arc<dyn Fn(Method, HeaderMap, String, Bytes) -> BoxFuture<'static, Response<Bytes>> + Send + Sync>;

/// What an operator decides about the edge.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where apps are shown, and where they may be.
    pub apps: AppOptions,
    /// The most requests one credential may make in a minute; `None` for no limit.
    pub requests_per_minute: Option<NonZeroU32>,
}

#[derive(Clone)]
pub(crate) struct State {
    pub(crate) hall: Arc<Guildhall>,
    graphql: GraphqlHandler,
    hosts: AppHosts,
}

impl FromRef<State> for AppHosts {
    fn from_ref(state: &State) -> Self {
        state.hosts.clone()
    }
}

impl FromRef<State> for Arc<Guildhall> {
    fn from_ref(state: &State) -> Self {
        Self::clone(&state.hall)
    }
}

impl FromRef<State> for GraphqlHandler {
    fn from_ref(state: &State) -> Self {
        Self::clone(&state.graphql)
    }
}

/// The server's routes over a hall, and on their own origins the apps.
pub fn router(hall: Arc<Guildhall>, graphql: GraphqlHandler, options: &Options) -> Router {
    let mut spoken = Router::new()
        .route("/public-graphql", any(graphql::answer))
        .route("/public-graphql/", any(graphql::answer))
        .route("/public-graphql/{operation}", any(graphql::answer))
        .route("/public-graphql/{operation}/", any(graphql::answer))
        // Where browsers inside an app look for it, on the app's own origin.
        .route("/_whop/public-graphql", any(graphql::answer))
        .route("/_whop/public-graphql/", any(graphql::answer))
        .route("/_whop/public-graphql/{operation}", any(graphql::answer))
        .route("/_whop/public-graphql/{operation}/", any(graphql::answer));
    if let Some(most) = options.requests_per_minute {
        let limit = Arc::new(RateLimit::new(most));
        spoken = spoken.layer(axum::middleware::from_fn_with_state(limit, rate_limit::check));
    }
    let state = State { hall: Arc::clone(&hall), graphql, hosts: options.apps.hosts.clone() };
    let hall_router = Router::new()
        .merge(spoken)
        .route("/", get(home::page))
        .route("/apps/{app}/open", get(app_view::open))
        .route("/dashboard/{company}/{app}", get(app_view::dashboard))
        .route("/experiences/{experience}", get(experience::page))
        .route("/checkout/{session}", get(checkout::page))
        .route("/sign-out", post(session::sign_out))
        .route("/uploads/{attachment}", put(upload::one_part))
        .route("/uploads/{attachment}/parts/{part}", put(upload::part))
        .route("/files/{attachment}", get(file::read))
        .route("/.well-known/jwks.json", get(signing_key::published))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/assets/{*path}", get(assets::serve))
        .fallback(error::no_such_page)
        .with_state(state);
    proxy::by_host(hall, hall_router, &options.apps)
}
