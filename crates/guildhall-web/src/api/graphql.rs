//! The GraphQL endpoint: bodies are read here, within a limit, and browsers get an explorer.

use crate::error::plain_refusal;
use crate::hub::explorer;
use crate::router::GraphqlHandler;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::header::ACCEPT;
use hyper::{HeaderMap, Method, StatusCode};

/// The largest body, in bytes (1 MiB).
const LARGEST_BODY: usize = 1024 * 1024;

/// Answers a request, or shows the explorer to a browser that asks for nothing in particular.
pub(crate) async fn answer(State(graphql): State<GraphqlHandler>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let parameters = parts.uri.query().unwrap_or_default();
    if parts.method == Method::GET && !parameters.contains("query=") && wants_page(&parts.headers) {
        return explorer::page();
    }
    let body = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let sentence = "The body is larger than 1 MiB.";
            return plain_refusal(StatusCode::PAYLOAD_TOO_LARGE, "INVALID_INPUT", sentence);
        }
        Err(_) => return plain_refusal(StatusCode::BAD_REQUEST, "INVALID_INPUT", "The body broke off."),
    };
    let parameters = parameters.to_owned();
    graphql(parts.method, parts.headers, parameters, body).await.map(Body::from)
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("text/html")
}
