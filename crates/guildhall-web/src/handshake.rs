//! What a caller of an HTTPS port says first: a handshake, or a plain request that is told so.
//!
//! Bounds: a handshake takes ten seconds at most, and none holds up another caller.

use crate::error::plain_refusal;
use axum::Router;
use axum::response::Response;
use hyper::StatusCode;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long a caller may take from being accepted to the end of the handshake.
const LONGEST: Duration = Duration::from_secs(10);
/// What the first byte is when TLS is spoken: the record of a handshake.
const HANDSHAKE_RECORD: u8 = 22;

/// How a caller began.
pub(crate) enum Begun {
    /// The handshake is done.
    Secret(Box<TlsStream<TcpStream>>),
    /// Something that is not TLS waits to be read.
    Plain(TcpStream),
}

/// Hears which of the two a caller speaks, and shakes hands.
///
/// # Errors
/// When the caller takes too long, goes away, or cannot agree with the server.
pub(crate) async fn begin(acceptor: &TlsAcceptor, stream: TcpStream) -> io::Result<Begun> {
    let begin = async {
        let mut first = [0];
        match stream.peek(&mut first).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ if first[0] != HANDSHAKE_RECORD => Ok(Begun::Plain(stream)),
            _ => Ok(Begun::Secret(Box::new(acceptor.accept(stream).await?))),
        }
    };
    timeout(LONGEST, begin).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Answers every plain request on an HTTPS port.
pub(crate) fn https_only() -> Router {
    async fn refuse() -> Response {
        let sentence = "This port speaks HTTPS: write https:// instead of http://.";
        plain_refusal(StatusCode::BAD_REQUEST, "INVALID_INPUT", sentence)
    }
    Router::new().fallback(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::server::ResolvesServerCertUsingSni;

    /// A connected pair: the caller's end and the server's.
    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let caller = TcpStream::connect(address).await.expect("connected");
        (caller, listener.accept().await.expect("accepted").0)
    }

    /// An acceptor that has no certificate to show.
    fn acceptor() -> TlsAcceptor {
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
        TlsAcceptor::from(Arc::new(config))
    }

    // The clock of a paused runtime jumps ahead as soon as everything waits.
    #[tokio::test(start_paused = true)]
    async fn a_caller_that_never_ends_its_handshake_is_left() {
        for said in [&b""[..], &[HANDSHAKE_RECORD, 3, 1]] {
            let (mut caller, server) = pair().await;
            caller.write_all(said).await.expect("sent");
            let error = begin(&acceptor(), server).await.err().expect("no handshake");
            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{said:?}");
        }
    }

    #[tokio::test]
    async fn what_is_not_tls_is_told_apart() {
        let (mut caller, server) = pair().await;
        caller.write_all(b"GET / HTTP/1.1\r\n").await.expect("sent");
        assert!(matches!(begin(&acceptor(), server).await, Ok(Begun::Plain(_))));

        let (caller, server) = pair().await;
        drop(caller);
        let error = begin(&acceptor(), server).await.err().expect("nobody is there");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);

        let (mut caller, server) = pair().await;
        caller.write_all(&[HANDSHAKE_RECORD, 3, 1, 0, 4, 0xff, 0xff, 0xff, 0xff]).await.expect("sent");
        let error = begin(&acceptor(), server).await.err().expect("garbage");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
