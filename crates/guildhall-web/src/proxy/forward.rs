//! Passing one request on to another server, and its answer back, both as they come.
//!
//! A connection serves one request, so no answer can be another request's. Bodies are never held: a side that reads
//! slowly slows the other. Redirects are answers like any other. Upgrades are left to `upgrade.rs`.

use super::headers::{end_connection, insert};
use super::upgrade;
use super::upstream::Upstream;
use crate::server::Stopping;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use guildhall_app::outbound::Reach;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, HeaderValue, UPGRADE};
use hyper::{Method, StatusCode, Version};
use hyper_util::rt::TokioIo;
use std::error::Error as _;
use std::time::Duration;

/// The largest head of an answer, in bytes.
const LARGEST_HEAD: usize = 256 * 1024;

/// How requests get to a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    /// Where connections may lead.
    pub(crate) reach: Reach,
    /// How long nothing may move while an answer is on its way.
    pub(crate) patience: Duration,
    /// How long nothing may move on a WebSocket.
    pub(crate) socket_patience: Duration,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// The path leads where no request may.
    Path,
    /// One sentence for those whose server it is.
    Unreachable(String),
    /// One sentence for those whose server it is.
    Broken(String),
}

/// Passes a request on whose headers are ready but for the connection's, and for the host's where they have none; answers what the server does, with its
/// headers as they are but for the connection's. `is_socket` says that the browser asks to speak WebSocket.
///
/// # Errors
/// Why there is no answer.
pub(crate) async fn forward(
    upstream: &Upstream,
    way: Way,
    mut request: Request,
    is_socket: bool,
) -> Result<Response, Unanswered> {
    let target = upstream.target(request.uri()).ok_or(Unanswered::Path)?;
    let stopping = request.extensions().get::<Stopping>().cloned();
    let is_upgrade = is_socket && *request.method() == Method::GET;
    let patience = if is_upgrade { way.socket_patience } else { way.patience };
    let browser = is_upgrade.then(|| hyper::upgrade::on(&mut request));
    let stream = upstream.connect(way.reach, patience).await.map_err(Unanswered::Unreachable)?;
    let mut builder = http1::Builder::new();
    builder.max_buf_size(LARGEST_HEAD);
    let opened = builder.handshake::<_, Body>(TokioIo::new(stream)).await;
    let (mut sender, connection) = opened.map_err(|error| broken("The connection broke", &error))?;
    // The listener waits at its end for all who hold what it gave to the request.
    let held = stopping.clone();
    tokio::spawn(async move {
        // What ends the connection is told to whoever reads from it.
        let _ = connection.with_upgrades().await;
        drop(held);
    });
    let request = outgoing(request, upstream, target, is_upgrade);
    let sent = sender.send_request(request).await;
    let mut response = sent.map_err(|error| broken("There was no answer of HTTP", &error))?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let Some(browser) = browser else {
            return Err(Unanswered::Broken("It changed the protocol without being asked to.".into()));
        };
        upgrade::join(browser, hyper::upgrade::on(&mut response), stopping);
    }
    let (mut head, body) = response.into_parts();
    let switched = head.status == StatusCode::SWITCHING_PROTOCOLS;
    end_connection(&mut head.headers);
    if switched {
        head.headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        head.headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    }
    head.version = Version::HTTP_11;
    head.extensions.clear();
    let body = if switched { Body::empty() } else { Body::new(body) };
    Ok(Response::from_parts(head, body))
}

/// The request as the server gets it.
fn outgoing(request: Request, upstream: &Upstream, target: hyper::Uri, is_upgrade: bool) -> Request {
    let (mut head, body) = request.into_parts();
    head.uri = target;
    head.version = Version::HTTP_11;
    head.extensions.clear();
    end_connection(&mut head.headers);
    if !head.headers.contains_key(HOST) {
        insert(&mut head.headers, HOST, upstream.authority());
    }
    let connection = if is_upgrade { "Upgrade" } else { "close" };
    head.headers.insert(CONNECTION, HeaderValue::from_static(connection));
    if is_upgrade {
        head.headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    }
    Request::from_parts(head, body)
}

/// What broke, with what lies beneath it.
fn broken(what: &str, error: &hyper::Error) -> Unanswered {
    let beneath = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    Unanswered::Broken(format!("{what}: {beneath}."))
}
