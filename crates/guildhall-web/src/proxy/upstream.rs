//! Where an app itself answers: reading its base URL, and connecting to it.
//!
//! Bounds: connecting takes as long as `guildhall_app::outbound` allows, a handshake ten seconds; a connection on which
//! no byte moves for as long as the caller says ends.

use guildhall_app::outbound::{self, Reach};
use guildhall_core::app_view::climbs;
use hyper::Uri;
use rustls_platform_verifier::Verifier;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig};

/// How long shaking hands may take.
const LONGEST_HANDSHAKE: Duration = Duration::from_secs(10);

/// A server that requests are passed on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upstream {
    is_secure: bool,
    host: String,
    port: u16,
    /// Host and, where it is not the usual one, port: what stands in `Host`.
    authority: String,
    /// What stands before every path, without a slash at the end.
    base: String,
    /// Whom to trust; without it whom the system trusts.
    trust: Option<Trust>,
}

/// Whom a connection trusts.
#[derive(Debug, Clone)]
struct Trust(Arc<ClientConfig>);

impl PartialEq for Trust {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Trust {}

impl Upstream {
    /// Reads a base URL such as `https://app.example.com/whop`.
    pub(crate) fn parse(base_url: &str) -> Option<Self> {
        let uri: Uri = base_url.trim().parse().ok()?;
        let is_secure = match uri.scheme_str()? {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        if authority.host().is_empty() || uri.query().is_some() {
            return None;
        }
        let usual = if is_secure { 443 } else { 80 };
        Some(Self {
            is_secure,
            host: authority.host().to_owned(),
            port: authority.port_u16().unwrap_or(usual),
            authority: authority.as_str().to_ascii_lowercase(),
            base: uri.path().trim_end_matches('/').to_owned(),
            trust: None,
        })
    }

    /// The same server, trusted also when one of these certificates (PEM) vouches for it.
    ///
    /// # Errors
    /// One sentence when there is none among them.
    pub(crate) fn trusting(self, pem: &[u8]) -> Result<Self, String> {
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let authorities = read.ok().filter(|authorities| !authorities.is_empty());
        let authorities =
            authorities.ok_or("there are no certificates in the file of authorities: it must be PEM")?;
        Ok(Self { trust: Some(Trust(client(authorities)?)), ..self })
    }

    /// A server on this machine.
    pub(crate) fn local(port: u16) -> Self {
        Self {
            is_secure: false,
            host: "localhost".into(),
            port,
            authority: format!("localhost:{port}"),
            base: String::new(),
            trust: None,
        }
    }

    /// What stands in `Host` when a request does not say.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// The path and query to ask for, under the base; `None` for one that would leave it.
    pub(crate) fn target(&self, uri: &Uri) -> Option<Uri> {
        let asked = uri.path_and_query().map_or("/", |target| target.as_str());
        if !asked.starts_with('/') || climbs(uri.path()) {
            return None;
        }
        format!("{}{asked}", self.base).parse().ok()
    }

    /// Where a browser finds what this server calls `location`, when that is on this server: at `origin`, where it sees
    /// the server.
    pub(crate) fn translate(&self, location: &str, origin: &str) -> Option<String> {
        let scheme = if self.is_secure { "https://" } else { "http://" };
        let (place, front) = match location.get(..scheme.len()) {
            Some(start) if start.eq_ignore_ascii_case(scheme) => (&location[scheme.len()..], origin),
            _ if location.starts_with("//") => (&location[2..], origin),
            _ if location.starts_with('/') => (location, ""),
            _ => return None,
        };
        let path = if front.is_empty() {
            place
        } else {
            let end = place.find(['/', '?', '#']).unwrap_or(place.len());
            let (authority, path) = place.split_at(end);
            let is_here = authority.eq_ignore_ascii_case(&self.authority)
                || authority.eq_ignore_ascii_case(&format!("{}:{}", self.host, self.port));
            is_here.then_some(path)?
        };
        let below = path
            .strip_prefix(self.base.as_str())
            .filter(|below| below.is_empty() || below.starts_with(['/', '?', '#']));
        let below = below.unwrap_or(path);
        let slash = if below.starts_with('/') { "" } else { "/" };
        Some(format!("{front}{slash}{below}"))
    }

    /// Connects; no byte on the connection for `patience` ends it.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) async fn connect(&self, reach: Reach, patience: Duration) -> Result<Box<dyn Stream>, String> {
        let stream =
            outbound::connect(&self.host, self.port, reach).await.map_err(|error| error.to_string())?;
        // It only costs time when it fails.
        let _ = stream.set_nodelay(true);
        if !self.is_secure {
            return Ok(Box::new(Patient::new(stream, patience)));
        }
        let host = &self.host;
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .map_err(|_| format!("The host `{host}` cannot have a certificate."))?;
        let config = match &self.trust {
            Some(Trust(config)) => Arc::clone(config),
            None => usual_client()?,
        };
        let shaking = TlsConnector::from(config).connect(name, stream);
        match timeout(LONGEST_HANDSHAKE, shaking).await {
            Ok(Ok(stream)) => Ok(Box::new(Patient::new(stream, patience))),
            Ok(Err(error)) => Err(format!("The host `{host}` cannot be trusted: {error}.")),
            Err(_) => Err(format!("The host `{host}` did not shake hands within {LONGEST_HANDSHAKE:?}.")),
        }
    }
}

/// How TLS is spoken with whom the system trusts; made when it is first needed.
fn usual_client() -> Result<Arc<ClientConfig>, String> {
    static CLIENT: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    CLIENT.get_or_init(|| client([])).clone()
}

/// How TLS is spoken with whom the system or one of these authorities trusts.
fn client(
    authorities: impl IntoIterator<Item = CertificateDer<'static>>,
) -> Result<Arc<ClientConfig>, String> {
    let failed = |error: rustls::Error| format!("HTTPS cannot be spoken here: {error}.");
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(authorities, Arc::clone(&provider)).map_err(failed)?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Bytes both ways.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A stream that fails when nothing has moved on it for too long.
struct Patient<S> {
    stream: S,
    patience: Duration,
    end: Pin<Box<Sleep>>,
}

impl<S> Patient<S> {
    #[expect(clippy::disallowed_methods, reason = "only time tells that nothing happened")]
    fn new(stream: S, patience: Duration) -> Self {
        Self { stream, patience, end: Box::pin(tokio::time::sleep(patience)) }
    }

    /// Passes on what happened; when nothing did, fails once that has lasted too long.
    fn watch<T>(&mut self, context: &mut Context<'_>, happened: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if happened.is_ready() {
            let at = self.end.deadline().max(now() + self.patience);
            self.end.as_mut().reset(at);
            return happened;
        }
        ready!(self.end.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

/// The runtime's own clock, by which it sleeps.
fn now() -> Instant {
    Instant::now()
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let happened = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.watch(context, happened)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let happened = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, happened)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[test]
    fn base_urls() {
        let sound = Upstream::parse("https://App.example.com/whop/").expect("sound");
        assert_eq!((sound.authority(), sound.port, sound.base.as_str()), ("app.example.com", 443, "/whop"));
        assert_eq!(Upstream::parse("http://localhost:3000").map(|read| read.port), Some(3000));
        assert_eq!(Upstream::parse("http://[::1]:3000").map(|read| read.host), Some("[::1]".into()));
        for unsound in [
            "",
            "app",
            "/path",
            "ftp://a",
            "file:///etc/passwd",
            "http://u:p@a",
            "http://",
            "http://a?b=c",
            "http://a b",
        ] {
            assert_eq!(Upstream::parse(unsound), None, "{unsound}");
        }
    }

    #[test]
    fn targets_stay_under_the_base() {
        let upstream = Upstream::parse("http://a/base").expect("sound");
        let target = |uri: &str| upstream.target(&uri.parse().expect("a URI")).map(|uri| uri.to_string());
        assert_eq!(target("/x?y=%2e%2e/..").as_deref(), Some("/base/x?y=%2e%2e/.."));
        assert_eq!(target("http://elsewhere/x").as_deref(), Some("/base/x"));
        assert_eq!(target("//evil/x").as_deref(), Some("/base//evil/x"));
        assert_eq!(target("/.well-known/a..b").as_deref(), Some("/base/.well-known/a..b"));
        for climbing in [
            "/..",
            "/../x",
            "/a/../../x",
            "/%2e%2E/x",
            "/a/.%2e/x",
            "/..%2fx",
            "/..%5cx",
            "/..\\x",
            "/./x",
            "/..;a/x",
        ] {
            if let Ok(uri) = climbing.parse() {
                assert_eq!(upstream.target(&uri), None, "{climbing}");
            }
        }
        assert_eq!(target("*"), None);
    }

    #[test]
    fn redirects_within_the_app_stay_on_its_origin() {
        let upstream = Upstream::parse("http://localhost:3000/base").expect("sound");
        let origin = "http://app_a.apps.localhost:8003";
        let table = [
            ("http://localhost:3000/base/x?y#z", Some("http://app_a.apps.localhost:8003/x?y#z")),
            ("HTTP://LOCALHOST:3000/base", Some("http://app_a.apps.localhost:8003/")),
            ("http://localhost:3000", Some("http://app_a.apps.localhost:8003/")),
            ("//localhost:3000/base/x", Some("http://app_a.apps.localhost:8003/x")),
            ("/base/x", Some("/x")),
            ("/basement", Some("/basement")),
            ("x", None),
            ("?x", None),
            ("https://localhost:3000/base/x", None),
            ("http://localhost:3000.evil/base/x", None),
            ("http://localhost:3000@evil/x", None),
            ("//evil/x", None),
            ("https://accounts.example/", None),
        ];
        for (location, expected) in table {
            assert_eq!(upstream.translate(location, origin).as_deref(), expected, "{location}");
        }
    }

    // The clock of a paused runtime jumps ahead as soon as everything waits.
    #[tokio::test(start_paused = true)]
    async fn patience_ends_when_nothing_moves() {
        let (mut near, far) = tokio::io::duplex(64);
        let mut patient = Patient::new(far, Duration::from_secs(60));
        let mut byte = [0];
        for _ in 0..3 {
            tokio::time::advance(Duration::from_secs(59)).await;
            near.write_all(b"x").await.expect("written");
            patient.read_exact(&mut byte).await.expect("it moved in time");
        }
        let error = patient.read_exact(&mut byte).await.expect_err("nothing moves");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
