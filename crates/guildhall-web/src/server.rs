//! The listener: connections accepted, named requests handed to the router, an orderly end.

use crate::handshake::{self, Begun};
use crate::request_id;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use futures_util::FutureExt;
use guildhall_core::trusted_proxy::TrustedProxies;
use hyper::HeaderMap;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// How long a caller may take to send the head of a request, and keep a connection without asking anything.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// How long to wait when no connection can be accepted, e.g. because too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What a request carries of its listener: as long as it is held the listener does not end, and it tells when it
/// would like to.
#[derive(Debug, Clone)]
pub(crate) struct Stopping(watch::Receiver<()>);

impl Stopping {
    /// Waits until the listener stops.
    pub(crate) async fn told(&mut self) {
        // An error means that the listener is gone, which is an end as well.
        let _ = self.0.changed().await;
    }
}

/// Who is connected, and whose word on the caller counts.
#[derive(Debug, Clone)]
struct Peer {
    address: SocketAddr,
    proxies: Arc<TrustedProxies>,
}

impl Peer {
    /// Where a request comes from; everything that asks for the caller's address is told this.
    fn caller(&self, headers: &HeaderMap) -> SocketAddr {
        // What is not even text is no address either.
        let lines = headers.get_all("x-forwarded-for").iter();
        let lines: Vec<&str> = lines.map(|line| line.to_str().unwrap_or_default()).collect();
        SocketAddr::new(self.proxies.caller(self.address.ip(), lines.into_iter()), self.address.port())
    }
}

/// Answers callers until `stop` ends, then waits for the requests under way; over HTTPS alone when there is
/// a `tls` to do so with. Whom `proxies` name as their callers is believed.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Arc<ServerConfig>>,
    proxies: TrustedProxies,
    stop: impl Future<Output = ()> + Send,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let acceptor = tls.map(TlsAcceptor::from);
    let proxies = Arc::new(proxies);
    // Every connection holds a receiver as long as it is open.
    let (stopping, _) = watch::channel(());
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, address)) => {
                let peer = Peer { address, proxies: Arc::clone(&proxies) };
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(peer = %address, error = %error, "a connection keeps its delay");
                }
                let (http, router, stopping) = (http.clone(), router.clone(), stopping.subscribe());
                match &acceptor {
                    None => tokio::spawn(converse(http, stream, peer, router, stopping)),
                    Some(acceptor) => tokio::spawn(converse_secretly(
                        acceptor.clone(),
                        http,
                        stream,
                        peer,
                        router,
                        stopping,
                    )),
                };
            }
            Err(error) => {
                tracing::warn!(error = %error, "a connection could not be accepted");
                pause().await;
            }
        }
    }
    drop(listener);
    stopping.send_replace(());
    stopping.closed().await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing tells when the system has room for a connection again"
)]
async fn pause() {
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// Shakes hands, then answers the connection's requests. A server that stops waits for no handshake.
async fn converse_secretly(
    acceptor: TlsAcceptor,
    mut http: http1::Builder,
    stream: TcpStream,
    peer: Peer,
    router: Router,
    mut stopping: watch::Receiver<()>,
) {
    let begun = tokio::select! {
        begun = handshake::begin(&acceptor, stream) => begun,
        _ = stopping.changed() => return,
    };
    match begun {
        Ok(Begun::Secret(stream)) => converse(http, stream, peer, router, stopping).await,
        Ok(Begun::Plain(stream)) => {
            http.keep_alive(false);
            converse(http, stream, peer, handshake::https_only(), stopping).await;
        }
        Err(error) => tracing::debug!(peer = %peer.address, error = %error, "a handshake failed"),
    }
}

/// Answers one connection's requests until it ends, or the server does.
async fn converse(
    http: http1::Builder,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    router: Router,
    mut stopping: watch::Receiver<()>,
) {
    let address = peer.address;
    let held = Stopping(stopping.clone());
    let answer = move |mut request: hyper::Request<Incoming>| {
        let caller = peer.caller(request.headers());
        request.extensions_mut().insert(ConnectInfo(caller));
        request.extensions_mut().insert(held.clone());
        request_id::answer(request.map(Body::new), router.clone()).map(Ok::<_, Infallible>)
    };
    let connection = http.serve_connection(TokioIo::new(stream), service_fn(answer)).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        _ = stopping.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(peer = %address, error = %error, "a connection broke");
    }
}
