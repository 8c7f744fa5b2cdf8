//! The HTTP/1.1 client of the load generator: one keep-alive connection, one request at a time, as few copies as
//! the answer allows. It reads only what servers under test send: a status line, `Content-Length` or chunks.

use super::Fallible;
use std::borrow::Cow;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest answer that is read, head included; `/metrics` is the longest there is.
const ANSWER_LIMIT_BYTES: usize = 4 * 1024 * 1024;
const READ_BYTES: usize = 16 * 1024;

/// One answer; the body borrows from the connection unless it came in chunks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) body: Cow<'a, [u8]>,
}

/// One keep-alive connection to a server on this machine.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Fallible<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(READ_BYTES) })
    }

    /// Sends one whole request and reads its whole answer.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> Fallible<Answer<'_>> {
        self.received.clear();
        self.stream.write_all(request).await?;
        while read_answer(&self.received)?.is_none() {
            if self.received.len() > ANSWER_LIMIT_BYTES {
                return Err("the server's answer is longer than 4 MiB".into());
            }
            self.received.reserve(READ_BYTES);
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err("the server closed the connection in the middle of an answer".into());
            }
        }
        read_answer(&self.received)?.ok_or_else(|| "the answer is not whole".into())
    }
}

/// Answers the body of a `GET`, on a connection of its own; a status other than 200 is an error.
pub(super) async fn get(address: SocketAddr, path: &str) -> Fallible<String> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n");
    let mut connection = Connection::open(address).await?;
    let answer = connection.exchange(request.as_bytes()).await?;
    if answer.status != 200 {
        return Err(format!("GET {path} answered {}", answer.status).into());
    }
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

/// Reads an answer from the bytes received so far; `None` when more bytes must come.
fn read_answer(received: &[u8]) -> Fallible<Option<Answer<'_>>> {
    let Some(head_length) = find(received, b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&received[..head_length])?;
    let rest = &received[head_length + 4..];
    let mut lines = head.split("\r\n");
    let status = read_status(lines.next().unwrap_or_default())?;
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            let length: usize = value.trim().parse()?;
            return Ok(rest.get(..length).map(|body| Answer { status, body: Cow::Borrowed(body) }));
        }
        if name.eq_ignore_ascii_case("transfer-encoding") && value.trim().eq_ignore_ascii_case("chunked") {
            let body = read_chunks(rest)?;
            return Ok(body.map(|body| Answer { status, body: Cow::Owned(body) }));
        }
    }
    Err("the answer says neither Content-Length nor chunked".into())
}

fn read_status(line: &str) -> Fallible<u16> {
    let mut words = line.split(' ');
    match (words.next(), words.next().map(str::parse)) {
        (Some("HTTP/1.1"), Some(Ok(status))) => Ok(status),
        _ => Err(format!("not an HTTP/1.1 status line: {line:?}").into()),
    }
}

/// Joins the chunks of a body; `None` until the empty last chunk is there. Trailers are not read.
fn read_chunks(mut rest: &[u8]) -> Fallible<Option<Vec<u8>>> {
    let mut body = Vec::new();
    loop {
        let Some(line_length) = find(rest, b"\r\n") else {
            return Ok(None);
        };
        let line = std::str::from_utf8(&rest[..line_length])?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16)?.min(ANSWER_LIMIT_BYTES);
        let start = line_length + 2;
        let (Some(chunk), Some(b"\r\n")) =
            (rest.get(start..start + size), rest.get(start + size..start + size + 2))
        else {
            return Ok(None);
        };
        if size == 0 {
            return Ok(Some(body));
        }
        body.extend_from_slice(chunk);
        rest = &rest[start + size + 2..];
    }
}

/// Where `wanted` first begins in `bytes`.
pub(super) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_of(received: &str) -> Option<(u16, String)> {
        let answer = read_answer(received.as_bytes()).expect("a readable answer")?;
        Some((answer.status, String::from_utf8_lossy(&answer.body).into_owned()))
    }

    #[test]
    fn a_body_of_known_length() {
        let received = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\ncontent-LENGTH: 5\r\n\r\nhello";
        assert_eq!(body_of(received), Some((200, "hello".to_owned())));
    }

    #[test]
    fn a_chunked_body() {
        let received = "HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n";
        assert_eq!(body_of(received), Some((404, "abc0123456789".to_owned())));
    }

    #[test]
    fn every_part_of_an_answer_asks_for_more() {
        for whole in [
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ] {
            for length in 0..whole.len() {
                assert_eq!(body_of(&whole[..length]), None, "after {length} bytes");
            }
            assert_eq!(body_of(whole), Some((200, "hello".to_owned())));
        }
    }

    #[test]
    fn what_is_not_an_answer_is_refused() {
        for received in [
            "SSH-2.0-OpenSSH\r\n\r\n",
            "HTTP/1.1 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nserver: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        ] {
            assert!(read_answer(received.as_bytes()).is_err(), "{received:?}");
        }
    }
}
