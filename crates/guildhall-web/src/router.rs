//! Every route of the server.

use crate::api::{file, graphql, health, signing_key, upload};
use crate::hub::{api_key, app, checkout, experience, home, install, permission_requirement, session};
use crate::rate_limit::{self, RateLimit};
use crate::{assets, error};
use axum::Router;
use axum::extract::FromRef;
use axum::routing::{any, get, post, put};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use guildhall_app::Guildhall;
use hyper::{HeaderMap, Method, Response};
use std::num::NonZeroU32;
use std::sync::Arc;

/// Answers one GraphQL request: method, headers, the address's parameters, body.
pub type GraphqlHandler =
    Arc<dyn Fn(Method, HeaderMap, String, Bytes) -> BoxFuture<'static, Response<Bytes>> + Send + Sync>;

/// What an operator decides about the edge.
#[derive(Debug, Clone)]
pub struct Options {
    /// The most requests one credential may make in a minute; `None` for no limit.
    pub requests_per_minute: Option<NonZeroU32>,
}

#[derive(Clone)]
pub(crate) struct State {
    pub(crate) hall: Arc<Guildhall>,
    graphql: GraphqlHandler,
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

/// The server's routes over a hall.
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
    Router::new()
        .merge(spoken)
        .route("/", get(home::page))
        .route("/apps/{app}/install", get(install::page).post(install::approve))
        .route("/apps/{app}/uninstall", post(install::uninstall))
        .route("/developer", get(app::list).post(app::create))
        .route("/developer/apps/{app}", get(app::page).post(app::update))
        .route("/developer/apps/{app}/keys", post(api_key::create))
        .route("/developer/apps/{app}/permissions", post(permission_requirement::replace))
        .route("/developer/keys/{key}/revoke", post(api_key::revoke))
        .route("/developer/keys/{key}/rotate", post(api_key::rotate))
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
        .with_state(State { hall, graphql })
}
