//! A small HTTP client that sends one request and hears one answer.
//!
//! A connection serves one request; redirects are answers like any other and are not followed. Bounds: the
//! whole exchange takes at most as long as the client was told, of an answer [`LONGEST_HEAD`] of head and
//! [`LONGEST_BODY`] of body are read, or so much as the client was told.

use super::{Reach, Resolver};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use rustls_platform_verifier::BuilderVerifierExt;
use std::error::Error as _;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig};
use url::Url;

/// How much of an answer's body is read where nobody says otherwise, in bytes.
const LONGEST_BODY: usize = 16 * 1024;
/// How much head an answer may have, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;

/// What was answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body's beginning.
    pub(crate) body: Vec<u8>,
}

/// There was no whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Broken {
    /// The status, when the answer had begun.
    pub(crate) status: Option<u16>,
    /// What happened, as one sentence.
    pub(crate) reason: String,
}

/// Posts to addresses that others named.
#[derive(Clone)]
pub(crate) struct Poster {
    resolver: Resolver,
    longest: Duration,
    /// How much of an answer's body is read, in bytes.
    longest_body: usize,
    /// Made when it is first needed, since it reads the system's authorities.
    tls: Arc<OnceLock<Result<TlsConnector, String>>>,
}

impl fmt::Debug for Poster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Poster").field("longest", &self.longest).finish_non_exhaustive()
    }
}

impl Poster {
    /// One whose exchanges take at most `longest`.
    pub(crate) fn new(resolver: Resolver, longest: Duration) -> Self {
        Self { resolver, longest, longest_body: LONGEST_BODY, tls: Arc::default() }
    }

    /// The same, reading so many bytes of an answer's body.
    pub(crate) fn reading(self, longest_body: usize) -> Self {
        Self { longest_body, ..self }
    }

    /// Posts a body to an `http` or `https` address.
    pub(crate) async fn post(
        &self,
        url: &Url,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: Bytes,
        reach: Reach,
    ) -> Result<Answer, Broken> {
        self.ask(Method::POST, url, headers, body, reach).await
    }

    /// Sends any request to an `http` or `https` address.
    pub(crate) async fn ask(
        &self,
        method: Method,
        url: &Url,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: Bytes,
        reach: Reach,
    ) -> Result<Answer, Broken> {
        let mut status = None;
        let exchange = self.exchange(url, request(method, url, headers, body), reach, &mut status);
        match tokio::time::timeout(self.longest, exchange).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(reason)) => Err(Broken { status, reason }),
            Err(_) => {
                let reason = match status {
                    None => format!("There was no answer within {:?}.", self.longest),
                    Some(_) => format!("The answer did not end within {:?}.", self.longest),
                };
                Err(Broken { status, reason })
            }
        }
    }

    async fn exchange(
        &self,
        url: &Url,
        request: Result<Request<Full<Bytes>>, String>,
        reach: Reach,
        status: &mut Option<u16>,
    ) -> Result<Answer, String> {
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(format!("`{url}` names no host."));
        };
        let request = request?;
        let stream = self.resolver.connect(host, port, reach).await.map_err(|error| error.to_string())?;
        if url.scheme() == "http" {
            return converse(stream, request, self.longest_body, status).await;
        }
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .map_err(|_| format!("The host `{host}` cannot have a certificate."))?;
        let connector = self.tls.get_or_init(tls).clone()?;
        let secret = connector
            .connect(name, stream)
            .await
            .map_err(|error| format!("The host `{host}` cannot be trusted: {error}."))?;
        converse(secret, request, self.longest_body, status).await
    }
}

/// The way to speak TLS, trusting whom the system trusts.
fn tls() -> Result<TlsConnector, String> {
    let failed = |error: rustls::Error| format!("HTTPS cannot be spoken here: {error}.");
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(failed)?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn request(
    method: Method,
    url: &Url,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, String> {
    let (host, target) = (
        &url[url::Position::BeforeHost..url::Position::AfterPort],
        &url[url::Position::BeforePath..url::Position::AfterQuery],
    );
    let built = Request::builder().method(method).uri(target);
    let built = built.header(HOST, host).header(CONNECTION, "close").body(Full::new(body));
    let mut request = built.map_err(|error| format!("`{url}` cannot be asked: {error}."))?;
    request.headers_mut().extend(headers);
    Ok(request)
}

/// Sends a request over a connection and reads the answer; notes its status as soon as it is there.
async fn converse<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    longest_body: usize,
    status: &mut Option<u16>,
) -> Result<Answer, String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut builder = http1::Builder::new();
    builder.max_buf_size(LONGEST_HEAD);
    let opened = builder.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = opened.map_err(|error| broke("The connection broke", &error))?;
    let talk = async {
        let sent = sender.send_request(request).await;
        let response = sent.map_err(|error| broke("The answer is not one of HTTP", &error))?;
        *status = Some(response.status().as_u16());
        read(response, longest_body).await
    };
    // The connection must be driven for the talk to go on; it ends with this call, whatever is left of it.
    let mut connection = std::pin::pin!(connection);
    let mut talk = std::pin::pin!(talk);
    let mut is_open = true;
    loop {
        tokio::select! {
            biased;
            answer = &mut talk => return answer,
            // What ended it is told to the talk.
            _ = &mut connection, if is_open => is_open = false,
        }
    }
}

async fn read(response: Response<Incoming>, longest_body: usize) -> Result<Answer, String> {
    let (head, mut incoming) = response.into_parts();
    let mut body = Vec::new();
    while body.len() < longest_body
        && let Some(frame) = incoming.frame().await
    {
        let frame = frame.map_err(|error| broke("The answer broke off", &error))?;
        if let Some(data) = frame.data_ref() {
            body.extend_from_slice(&data[..data.len().min(longest_body - body.len())]);
        }
    }
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
}

/// What broke, with what lies beneath it.
fn broke(what: &str, error: &hyper::Error) -> String {
    let beneath = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    format!("{what}: {beneath}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Posts to a receiver that takes the request and answers these bytes, then closes or keeps silent.
    async fn answered(answer: &'static str, closes: bool) -> Result<Answer, Broken> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (done, finished) = tokio::sync::oneshot::channel::<()>();
        let receiving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a caller");
            let mut asked = vec![0; 4096];
            let length = stream.read(&mut asked).await.expect("a request");
            stream.write_all(answer.as_bytes()).await.expect("it is heard");
            if !closes {
                // Whether the other side hung up or finished does not matter.
                let _ = finished.await;
            }
            String::from_utf8_lossy(&asked[..length]).into_owned()
        });
        let poster = Poster::new(Resolver::System, Duration::from_millis(500));
        let url = Url::parse(&format!("http://{address}/in?a=b#c")).expect("a URL");
        let headers = vec![(HeaderName::from_static("x-test"), HeaderValue::from_static("yes"))];
        let outcome = poster.post(&url, headers, Bytes::from_static(b"{}"), Reach::Anywhere).await;
        drop(done);
        let asked = receiving.await.expect("the receiver ends");
        assert!(asked.starts_with("POST /in?a=b HTTP/1.1\r\n"), "{asked}");
        assert!(
            asked.contains("x-test: yes\r\n") && asked.contains(&format!("host: {address}\r\n")),
            "{asked}"
        );
        outcome
    }

    #[tokio::test]
    async fn an_answer_is_read_and_a_redirect_is_one() {
        let answer =
            answered("HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok", false).await.expect("whole");
        assert_eq!((answer.status, answer.body.as_slice()), (202, &b"ok"[..]));
        let answer = answered(
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            false,
        );
        let answer = answer.await.expect("whole");
        assert_eq!(
            (answer.status, answer.headers["location"].as_bytes()),
            (302, &b"http://127.0.0.1:1/"[..])
        );
        let endless: &'static str =
            Box::leak(format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(40_000)).into_boxed_str());
        let answer = answered(endless, false).await.expect("as much as is read");
        assert_eq!(answer.body.len(), LONGEST_BODY);
    }

    #[tokio::test]
    async fn what_is_no_whole_answer_says_so_in_a_sentence() {
        let table = [
            ("SMTP ready\r\n\r\n", true, None, "The answer is not one of HTTP: "),
            ("", true, None, "The answer is not one of HTTP: "),
            ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", true, Some(200), "The answer broke off: "),
            ("", false, None, "There was no answer within 500ms."),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
                false,
                Some(200),
                "The answer did not end within 500ms.",
            ),
        ];
        for (text, closes, status, sentence) in table {
            let broken = answered(text, closes).await.expect_err(text);
            assert_eq!(broken.status, status, "{text}");
            assert!(broken.reason.starts_with(sentence), "{text}: {}", broken.reason);
        }
    }
}
