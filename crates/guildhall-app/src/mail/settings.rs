//! How mail is sent: the SMTP server and the sender, as an operator writes them.

use lettre::message::Mailbox;
use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use url::{Host, Url};

/// What mail is sent with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server that takes it.
    pub smtp: SmtpUrl,
    /// Whom it comes from.
    pub from: Sender,
}

/// An SMTP server: `smtps://` (TLS from the start, port 465) or `smtp://` (port 25; with `?tls=required` or
/// `?tls=opportunistic` STARTTLS, port 587). A password is never sent unencrypted to another machine: with one,
/// `smtp://` means `?tls=required`.
#[derive(Clone)]
pub struct SmtpUrl {
    builder: AsyncSmtpTransportBuilder,
    host: String,
}

impl SmtpUrl {
    /// Reads an address such as `smtps://user:password@mail.example.com`. The user and the password are
    /// percent-encoded.
    ///
    /// # Errors
    /// What it must be, without the text, which may hold a password.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "must be an address such as smtps://user:password@mail.example.com:465 or \
            smtp://127.0.0.1:25, with a percent-encoded user and password";
        const UNSAFE: &str = "would send a password unencrypted to another machine; use smtps://, or \
            smtp:// with ?tls=required";
        let mut url = Url::parse(text).map_err(|_| EXPECTED)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(EXPECTED)?.to_owned();
        if !["smtp", "smtps"].contains(&url.scheme()) || url.username().is_empty() != url.password().is_none()
        {
            return Err(EXPECTED);
        }
        if url.scheme() == "smtp" && url.password().is_some() && !is_this_machine(&url) {
            match url.query() {
                None => url.set_query(Some("tls=required")),
                Some("tls=required") => {}
                Some(_) => return Err(UNSAFE),
            }
        }
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str()).map_err(|_| EXPECTED)?;
        Ok(Self { builder, host })
    }

    pub(super) fn builder(&self) -> AsyncSmtpTransportBuilder {
        self.builder.clone()
    }
}

/// Shows the host alone.
impl std::fmt::Debug for SmtpUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SmtpUrl({})", self.host)
    }
}

/// Whether the address is one of this machine's own. Only the standard schemes have their hosts parsed, so
/// that numbers come as text here.
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Whom mail comes from.
#[derive(Debug, Clone)]
pub struct Sender(Mailbox);

impl Sender {
    /// Reads `hall@example.com` or `Our Hall <hall@example.com>`.
    ///
    /// # Errors
    /// What it must be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mailbox = if text.contains(char::is_control) { None } else { text.parse().ok() };
        mailbox.map(Self).ok_or_else(|| {
            format!("must be an address such as hall@example.com or Hall <hall@example.com>, not {text:?}")
        })
    }

    pub(super) fn mailbox(&self) -> &Mailbox {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smtp_servers() {
        let sound = [
            "smtp://127.0.0.1:2525",
            "smtp://localhost",
            "smtp://user:secret@127.0.0.1:25",
            "smtp://user:secret@[::1]:25",
            "smtps://user%40example.com:secret@mail.example.com",
            "smtps://mail.example.com:465",
            "smtp://user:secret@mail.example.com",
            "smtp://user:secret@mail.example.com:587?tls=required",
            "smtp://mail.example.com?tls=opportunistic",
        ];
        for text in sound {
            let smtp = SmtpUrl::parse(text).unwrap_or_else(|error| panic!("{text} {error}"));
            assert!(!format!("{smtp:?}").contains("secret"), "{smtp:?}");
        }
        let table = [
            ("mail.example.com", "must be an address"),
            ("http://mail.example.com", "must be an address"),
            ("smtp://", "must be an address"),
            ("smtp://mail.example.com:99999", "must be an address"),
            ("smtp://user@mail.example.com", "must be an address"),
            ("smtp://:secret@mail.example.com", "must be an address"),
            ("smtp://mail.example.com?tls=never", "must be an address"),
            ("smtp://user:secret@mail.example.com?tls=opportunistic", "a password unencrypted"),
            ("smtp://user:secret@127.0.0.1.example.com?tls=opportunistic", "a password unencrypted"),
        ];
        for (text, sentence) in table {
            let error = SmtpUrl::parse(text).expect_err(text);
            assert!(error.contains(sentence) && !error.contains("secret"), "{text}: {error}");
        }
    }

    #[test]
    fn a_password_to_another_machine_asks_for_tls() {
        let remote = SmtpUrl::parse("smtp://user:secret@mail.example.com").expect("sound");
        assert!(format!("{:?}", remote.builder).contains("Required"), "{:?}", remote.builder);
        let local = SmtpUrl::parse("smtp://user:secret@127.0.0.1").expect("sound");
        assert!(!format!("{:?}", local.builder).contains("Required"), "{:?}", local.builder);
    }

    #[test]
    fn senders() {
        for text in ["hall@example.com", "Our Hall <hall@example.com>"] {
            assert_eq!(Sender::parse(text).expect(text).mailbox().email.to_string(), "hall@example.com");
        }
        for text in ["", "hall", "hall@", "Hall <hall@example.com", "a@b.c\r\nBcc: x@y.z", "a@b.c, d@e.f"] {
            let error = Sender::parse(text).expect_err(text);
            assert!(error.starts_with("must be an address such as") && !error.contains('\n'), "{error}");
        }
    }
}
