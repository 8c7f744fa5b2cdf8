//! A sender in an XMPP room: enough of the protocol to log in without encryption on this machine, join, and send.

use super::http::find;
use super::load::Sender;
use super::{Fallible, MESSAGE_TEXT};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest that is buffered while one stanza is waited for.
const BUFFER_LIMIT_BYTES: usize = 16 * 1024 * 1024;
const READ_BYTES: usize = 16 * 1024;

/// Where a room is, and the login that may enter it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room<'a> {
    pub(super) server: SocketAddr,
    pub(super) host: &'a str,
    /// The room's address, `name@component`.
    pub(super) address: &'a str,
    /// SASL PLAIN: base64 of NUL, user, NUL, password.
    pub(super) login: &'a str,
}

/// One occupant of the room, under a nickname of its own.
#[derive(Debug)]
pub(super) struct Occupant {
    stream: TcpStream,
    received: Vec<u8>,
    room: String,
    number: usize,
    sent: u64,
}

impl Room<'_> {
    /// Logs in, enters the room as occupant `number` and waits until the room says it is in.
    pub(super) async fn enter(&self, number: usize) -> Fallible<Occupant> {
        let Self { server, host, address, login } = *self;
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let room = address.to_owned();
        let mut occupant = Occupant { stream, received: Vec::new(), room, number, sent: 0 };
        let header = format!(
            "<?xml version='1.0'?><stream:stream to='{host}' version='1.0' xmlns='jabber:client' \
             xmlns:stream='http://etherx.jabber.org/streams'>"
        );
        occupant.ask(&header, "</stream:features>").await?;
        let auth = format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{login}</auth>");
        occupant.ask(&auth, "<success").await?;
        occupant.ask(&header, "</stream:features>").await?;
        let bind = format!(
            "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
             <resource>sender{number}</resource></bind></iq>"
        );
        occupant.ask(&bind, "</iq>").await?;
        let join = format!(
            "<presence to='{address}/sender{number}'><x xmlns='http://jabber.org/protocol/muc'>\
             <history maxstanzas='0'/></x></presence>"
        );
        occupant.ask(&join, "code='110'").await?;
        Ok(occupant)
    }
}

impl Occupant {
    /// Sends, and reads until `wanted` has come; what came with it is forgotten, save what follows it.
    async fn ask(&mut self, request: &str, wanted: &str) -> Fallible<()> {
        self.stream.write_all(request.as_bytes()).await?;
        loop {
            if let Some(start) = find(&self.received, wanted.as_bytes()) {
                self.received.drain(..start + wanted.len());
                return Ok(());
            }
            self.refuse_failure()?;
            self.read_more().await?;
        }
    }

    /// Fails when the server has refused a step of logging in or entering.
    fn refuse_failure(&self) -> Fallible<()> {
        let refused = ["<failure", "<stream:error", "type='error'"];
        if refused.iter().any(|refusal| find(&self.received, refusal.as_bytes()).is_some()) {
            let said = String::from_utf8_lossy(&self.received);
            return Err(format!("the room's server refused sender {}: {said}", self.number).into());
        }
        Ok(())
    }

    async fn read_more(&mut self) -> Fallible<()> {
        if self.received.len() > BUFFER_LIMIT_BYTES {
            return Err("the room's server sent 16 MiB without an end of stanza".into());
        }
        self.received.reserve(READ_BYTES);
        if self.stream.read_buf(&mut self.received).await? == 0 {
            let said = String::from_utf8_lossy(&self.received);
            return Err(format!("the room's server closed the connection: {said}").into());
        }
        Ok(())
    }
}

impl Sender for Occupant {
    /// Sends one message and waits for its reflection; everybody else's messages are read past.
    async fn send(&mut self) -> Fallible<()> {
        self.sent += 1;
        let Self { room, number, sent, .. } = &*self;
        let id = format!("id='m{number}-{sent}'");
        let message = format!(
            "<message to='{room}' type='groupchat' {id}><body>Message {sent:012}: {MESSAGE_TEXT}</body></message>"
        );
        self.stream.write_all(message.as_bytes()).await?;
        loop {
            let mut read = 0;
            while let Some(length) = stanza_length(&self.received[read..]) {
                let stanza = &self.received[read..read + length];
                read += length;
                if find(stanza, id.as_bytes()).is_some() {
                    let refused =
                        find(stanza, b"type='error'").map(|_| String::from_utf8_lossy(stanza).into_owned());
                    self.received.drain(..read);
                    return refused
                        .map_or(Ok(()), |stanza| Err(format!("a message was refused: {stanza}").into()));
                }
            }
            self.received.drain(..read);
            self.read_more().await?;
        }
    }
}

/// The length of what ends with the first whole message; presences before it count with it.
fn stanza_length(received: &[u8]) -> Option<usize> {
    const END: &[u8] = b"</message>";
    find(received, END).map(|start| start + END.len())
}
