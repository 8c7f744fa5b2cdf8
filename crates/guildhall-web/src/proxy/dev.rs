//! The proxy that a developer runs beside an app's own server: what the app proxy does, on a port of one's own.
//!
//! Tokens come from the address (`?whop-dev-user-token=…`), are then kept in a cookie, or come from a source that the
//! developer named. As in the app proxy they go to the app alone, and not with requests that other sites cause.

use super::forward::{Unanswered, Way, forward};
use super::headers::{self, Forwarding, USER_TOKEN};
use super::upstream::Upstream;
use super::{api, is_socket, no_sockets, origin, refusal};
use crate::cookie::{self, is_ours};
use crate::error::plain_refusal;
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;
use guildhall_app::outbound::Reach;
use guildhall_core::app_host::read_authority;
use hyper::header::{
    AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, HeaderName, HeaderValue, SET_COOKIE, X_FRAME_OPTIONS,
};
use hyper::{HeaderMap, StatusCode, Uri};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The parameter of an address, and the cookie, that hold a token.
const DEV_TOKEN: &str = "whop-dev-user-token";
/// The cookie under which the app finds the token too.
const APP_COOKIE: &str = "whop_user_token";
/// Answers of a developer's server may be long in the making.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
const SOCKET_PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// Makes a token when a request brings none.
pub type TokenSource = Arc<dyn Fn() -> BoxFuture<'static, Result<String, String>> + Send + Sync>;

/// What a developer's proxy is made of.
#[derive(Clone)]
pub struct DevProxy {
    /// The port of the app's own server on this machine.
    pub upstream_port: u16,
    /// The origin of the Guildhall server, e.g. `http://127.0.0.1:8003`.
    pub server: String,
    /// Certificates (PEM) that may vouch for the server beside those of the system's authorities.
    pub authorities: Option<Vec<u8>>,
    /// Where tokens come from when a request brings none.
    pub tokens: Option<TokenSource>,
}

impl std::fmt::Debug for DevProxy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("DevProxy").field("server", &self.server).finish_non_exhaustive()
    }
}

struct Dev {
    app: Upstream,
    port: u16,
    server: Upstream,
    server_origin: String,
    tokens: Option<TokenSource>,
    way: Way,
}

/// The routes of a developer's proxy.
///
/// # Errors
/// One sentence when the server's origin is none, or there are no certificates among the authorities.
pub fn dev_proxy(options: DevProxy) -> Result<Router, String> {
    let server = Upstream::parse(&options.server)
        .ok_or_else(|| format!("\"{}\" is no origin such as http://127.0.0.1:8003", options.server))?;
    let server = match &options.authorities {
        Some(pem) => server.trusting(pem)?,
        None => server,
    };
    let dev = Dev {
        app: Upstream::local(options.upstream_port),
        port: options.upstream_port,
        server,
        server_origin: options.server,
        tokens: options.tokens,
        way: Way { reach: Reach::Anywhere, patience: PATIENCE, socket_patience: SOCKET_PATIENCE },
    };
    Ok(Router::new().fallback(answer).with_state(Arc::new(dev)))
}

async fn answer(State(dev): State<Arc<Dev>>, mut request: Request) -> Response {
    let told = request.headers().clone();
    let host = match super::host(&told, request.uri()) {
        Ok(host) => host.unwrap_or("localhost").to_owned(),
        Err(sentence) => return plain_refusal(StatusCode::BAD_REQUEST, "INVALID_INPUT", sentence),
    };
    let given = token_in(request.uri());
    let own = format!("http://{host}");
    let trusts = origin::may_carry_token(request.method(), &told, &own);
    let token = match (&given, cookie::read(&told, DEV_TOKEN)) {
        (Some(given), _) => Some(given.clone()),
        (None, Some(kept)) if trusts => Some(kept.to_owned()),
        (None, None) if trusts && is_this_machine(&host) => match dev.fresh_token().await {
            Ok(token) => token,
            Err(sentence) => return refusal::page(&told, StatusCode::BAD_GATEWAY, &sentence),
        },
        _ => None,
    };
    let forwarding = Forwarding {
        address: request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip()),
        host: host.clone(),
        scheme: "http",
    };
    headers::to_app(request.headers_mut(), &forwarding, |name| {
        is_ours(name) || name == DEV_TOKEN || name == APP_COOKIE
    });
    if let Some(token) = &token {
        add_token(request.headers_mut(), token);
    }
    let path = request.uri().path().to_owned();
    let mut response = match path.starts_with("/_whop/") {
        true => dev.ask_server(&path, request, &told).await,
        false => dev.ask_app(request, &told, &own).await,
    };
    // What is meant for a frame says so by other means, or nowhere.
    response.headers_mut().remove(X_FRAME_OPTIONS);
    if let Some(given) = given {
        let kept = format!(
            "{DEV_TOKEN}={given}; Path=/; HttpOnly; Max-Age=3600; SameSite=None; Secure; Partitioned"
        );
        if let Ok(kept) = HeaderValue::try_from(kept) {
            response.headers_mut().append(SET_COOKIE, kept);
        }
    }
    response
}

impl Dev {
    async fn fresh_token(&self) -> Result<Option<String>, String> {
        match &self.tokens {
            Some(tokens) => tokens().await.map(Some),
            None => Ok(None),
        }
    }

    async fn ask_app(&self, mut request: Request, told: &HeaderMap, own: &str) -> Response {
        // Development servers look at the host that the browser asked for.
        if let Some(host) = told.get(HOST) {
            request.headers_mut().insert(HOST, host.clone());
        }
        match forward(&self.app, self.way, request, headers::asks_for_websocket(told)).await {
            Ok(mut response) => {
                headers::relocate(response.headers_mut(), |location| {
                    location.starts_with("http").then(|| self.app.translate(location, own)).flatten()
                });
                response
            }
            Err(Unanswered::Path) => {
                refusal::page(told, StatusCode::BAD_REQUEST, "A path must not lead upwards.")
            }
            Err(Unanswered::Unreachable(why) | Unanswered::Broken(why)) => {
                let port = self.port;
                let sentence = format!("Your app does not answer on port {port} (yet?). {why}");
                refusal::page(told, StatusCode::BAD_GATEWAY, &sentence)
            }
        }
    }

    /// Asks the Guildhall server for what stands under `/_whop/` on the origin of every app.
    async fn ask_server(&self, path: &str, mut request: Request, told: &HeaderMap) -> Response {
        if path == "/_whop/analytics/analytics-v1.js" {
            let script = "// Nothing is counted during development.\n";
            return ([(CONTENT_TYPE, "application/javascript")], script).into_response();
        }
        if is_socket(path) {
            return no_sockets();
        }
        let Some(address) = api::hall_address(request.uri()) else {
            return crate::error::nothing_at(request.uri());
        };
        *request.uri_mut() = address;
        for name in [AUTHORIZATION, COOKIE, HOST] {
            request.headers_mut().remove(name);
        }
        match forward(&self.server, self.way, request, false).await {
            Ok(response) => response,
            Err(Unanswered::Path) => {
                refusal::page(told, StatusCode::BAD_REQUEST, "A path must not lead upwards.")
            }
            Err(Unanswered::Unreachable(why) | Unanswered::Broken(why)) => {
                let sentence =
                    format!("The Guildhall server at {} does not answer. {why}", self.server_origin);
                refusal::page(told, StatusCode::BAD_GATEWAY, &sentence)
            }
        }
    }
}

/// Gives a request its token in all the ways that apps look for it.
fn add_token(headers: &mut HeaderMap, token: &str) {
    headers::insert(headers, USER_TOKEN, token);
    if let Some(app) = audience(token) {
        headers::insert(headers, HeaderName::from_static("x-whop-app-id"), &app);
    }
    let before = headers.get(COOKIE).and_then(|value| value.to_str().ok()).map(|value| format!("{value}; "));
    let cookies = format!("{}{APP_COOKIE}={token}", before.unwrap_or_default());
    headers::insert(headers, COOKIE, &cookies);
}

/// The app that a token says it is for; whether that is true is for the app to find out.
fn audience(token: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    claims["aud"].as_str().map(str::to_owned)
}

/// The token in an address, when it is one by its letters.
fn token_in(uri: &Uri) -> Option<String> {
    let parameters: Vec<(String, String)> = serde_urlencoded::from_str(uri.query()?).ok()?;
    let (_, token) = parameters.into_iter().find(|(name, _)| name == DEV_TOKEN)?;
    let is_token =
        token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    (is_token && !token.is_empty()).then_some(token)
}

/// Whether a host can only be this machine, whatever a name server says.
fn is_this_machine(host: &str) -> bool {
    let Some((name, _)) = read_authority(host) else {
        return false;
    };
    name == "localhost" || name.ends_with(".localhost") || name == "127.0.0.1" || name == "[::1]"
}
