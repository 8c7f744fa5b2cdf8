//! Every route of the server.

pub(crate) use guildhall_core::app_host::AppHosts;

use crate::api::{file, graphql, health, me, oauth, signing_key, stripe, upload};
use crate::assets;
use crate::hub::{
    self, account, affiliate, allowed_app, api_key, app, app_view, balance, card, checkout, dispute, entry,
    experience, home, install, invoice, page, password_reset, payment, permission_requirement, purchase,
    raffle, redirect_uri, sandbox, session, sign_in, sign_up, two_step, waitlist,
};
use crate::proxy::{self, AppOptions};
use crate::rate_limit::{self, RateLimit};
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
        .route("/api/oauth/revoke", post(oauth::revoke).options(oauth::preflight))
        .route("/api/oauth/token", post(oauth::token).options(oauth::preflight))
        .route("/api/v5/me", get(me::read).options(oauth::preflight))
        .route("/oauth", get(hub::oauth::page).post(hub::oauth::answer))
        // As published clients write it.
        .route("/oauth/", get(hub::oauth::page).post(hub::oauth::answer))
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
        .merge(account_routes())
        .merge(money_routes())
        .route("/", get(home::page))
        .route("/account/apps", get(allowed_app::page))
        .route("/account/apps/{app}/disallow", post(allowed_app::disallow))
        .route("/apps/{app}/open", get(app_view::open))
        .route("/dashboard/{company}/{app}", get(app_view::dashboard))
        .route("/dashboard/{company}/{app}/{*rest}", get(app_view::dashboard))
        .route("/apps/{app}/install", get(install::page).post(install::approve))
        .route("/apps/{app}/uninstall", post(install::uninstall))
        .route("/companies/{company}/entries", get(entry::list))
        .route("/companies/{company}/entries/{entry}", post(entry::decide))
        .route("/developer", get(app::list).post(app::create))
        .route("/developer/apps/{app}", get(app::page).post(app::update))
        .route("/developer/apps/{app}/keys", post(api_key::create))
        .route("/developer/apps/{app}/permissions", post(permission_requirement::replace))
        .route("/developer/apps/{app}/redirect-uris", post(redirect_uri::replace))
        .route("/developer/keys/{key}/revoke", post(api_key::revoke))
        .route("/developer/keys/{key}/rotate", post(api_key::rotate))
        .route("/experiences/{experience}", get(experience::page))
        .route("/experiences/{experience}/{*rest}", get(experience::page))
        .route("/checkout/{target}", get(checkout::page).post(checkout::pay))
        .route("/checkout/return/{payment}", get(checkout::come_back))
        .route("/sandbox/{payment}", get(sandbox::page).post(sandbox::answer))
        .route("/raffles/{plan}", get(raffle::page))
        .route("/raffles/{plan}/draw.json", get(raffle::draw))
        .route("/waitlist/{plan}", get(waitlist::page).post(waitlist::enter))
        .route("/invoices/{invoice}", get(invoice::open))
        .route("/invoices/{invoice}/send", post(invoice::send))
        .route("/invoices/{invoice}/void", post(invoice::void))
        .route("/invoices/{invoice}/{token}", get(invoice::page))
        .route("/invoices/{invoice}/{token}/invoice.pdf", get(invoice::pdf))
        .route("/api/stripe/webhook", post(stripe::hear))
        .route("/checkout/card/{payment}", get(card::page))
        .route("/uploads/{attachment}", put(upload::one_part))
        .route("/uploads/{attachment}/parts/{part}", put(upload::part))
        .route("/files/{attachment}", get(file::read))
        .route("/.well-known/jwks.json", get(signing_key::published))
        .route("/.well-known/oauth-authorization-server", get(oauth::metadata).options(oauth::preflight))
        .route("/.well-known/openid-configuration", get(oauth::metadata).options(oauth::preflight))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/assets/{*path}", get(assets::serve))
        .fallback(page::no_such_page)
        .with_state(state);
    proxy::by_host(hall, hall_router, &options.apps)
}

/// Signing up, in and out, and one's own account.
fn account_routes() -> Router<State> {
    Router::new()
        .route("/account", get(account::page))
        .route("/account/affiliates", get(affiliate::page))
        .route("/account/memberships/{membership}/cancel", post(purchase::cancel))
        .route("/account/memberships/{membership}/resume", post(purchase::resume))
        .route("/account/payment-methods/{method}/remove", post(purchase::remove_method))
        .route("/account/purchases", get(purchase::page))
        .route("/account/email", post(account::change_email))
        .route("/account/name", post(account::rename))
        .route("/account/password", post(account::change_password))
        .route("/account/sessions/end-others", post(account::end_other_sessions))
        .route("/account/sessions/{session}/end", post(account::end_session))
        .route("/account/two-step", get(two_step::page).post(two_step::turn_on))
        .route("/account/two-step/begin", post(two_step::begin))
        .route("/account/two-step/codes", post(two_step::renew_codes))
        .route("/account/two-step/off", post(two_step::turn_off))
        .route("/confirm-email/{token}", get(sign_up::link).post(sign_up::confirm))
        .route("/forgot-password", get(password_reset::page).post(password_reset::ask))
        .route("/reset-password/{token}", get(password_reset::link).post(password_reset::reset))
        .route("/sign-in", get(sign_in::page).post(sign_in::enter))
        .route("/sign-in/code", get(sign_in::code_page).post(sign_in::enter_code))
        .route("/sign-out", post(session::sign_out))
        .route("/sign-up", get(sign_up::page).post(sign_up::ask))
}

/// What people and companies hold and take out, and what companies were paid.
fn money_routes() -> Router<State> {
    Router::new()
        .route("/account/balance", get(balance::own))
        .route("/account/payouts", post(balance::take_out))
        .route("/account/payouts/{payout}/cancel", post(balance::cancel))
        .route("/companies/{company}/balance", get(balance::of_company))
        .route("/companies/{company}/payouts", post(balance::take_out_of_company))
        .route("/companies/{company}/payouts/{payout}/cancel", post(balance::cancel_of_company))
        .route("/companies/{company}/disputes", get(dispute::list))
        .route("/companies/{company}/disputes/{dispute}", post(dispute::answer))
        .route("/companies/{company}/payments", get(payment::list))
        .route("/companies/{company}/payments/{payment}", get(payment::page))
        .route("/companies/{company}/payments/{payment}/refunds", post(payment::give_back))
}
