//! Where an app's answers may go: addresses that are registered, and matched letter for letter.
//!
//! What is registered is written the one way in which every browser reads it, so that no two texts mean one place:
//! no capitals in the host, no default port, no `..`, nothing that is escaped elsewhere. That leaves matching to
//! equality of texts.

use crate::web_address::names_user;
use crate::{Invalid, invalid};
use url::{Host, Url};

/// How many addresses an app may register.
pub const MOST_REDIRECT_URIS: usize = 20;
/// The longest address, in bytes.
const LONGEST: usize = 2000;
/// What an answer adds, and so may not stand there already.
const OURS: [&str; 5] = ["code", "error", "error_description", "iss", "state"];

/// A registered address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri {
    /// The address, as it must be sent.
    pub uri: String,
    /// Whoever answers there can keep no secret: a browser's or a device's app. It proves itself by PKCE alone.
    pub is_public: bool,
}

impl RedirectUri {
    /// Reads an address that is to be registered.
    ///
    /// # Errors
    /// `Invalid` with the reason.
    pub fn parse(text: &str, is_public: bool) -> Result<Self, Invalid> {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
        let refuse = |why: &str| invalid(format!("`{shown}` cannot be a redirect URI: {why}."));
        if text.len() > LONGEST {
            return refuse("it is longer than 2000 bytes");
        }
        let Ok(url) = Url::parse(text) else {
            return refuse("it is no complete address, such as `https://example.com/callback`");
        };
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return refuse("http is for `localhost`, `127.0.0.1` and `[::1]` alone; use https"),
            _ => return refuse("it must begin with `https://`"),
        }
        if text.contains('#') {
            return refuse("it must not have a fragment (`#`)");
        }
        if names_user(&url) || text.contains('@') {
            return refuse("it must not have `@` in it");
        }
        if text.contains('*') {
            return refuse("there are no wildcards (`*`); each address is matched letter for letter");
        }
        if let Some((name, _)) = url.query_pairs().find(|(name, _)| OURS.contains(&name.as_ref())) {
            return refuse(&format!("its parameter `{name}` would stand there twice in the answer"));
        }
        let is_plain = url.as_str() == text || url.as_str().strip_suffix('/') == Some(text);
        if !is_plain {
            return refuse(&format!("write it as browsers do, `{url}`"));
        }
        Ok(Self { uri: text.to_owned(), is_public })
    }

    /// Whether any program on the person's device could answer there.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.uri.starts_with("http://")
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The address with further parameters.
#[must_use]
pub fn with_parameters(uri: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    let joint = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{joint}{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_can_be_registered() {
        for text in [
            "https://example.com/callback",
            "https://example.com",
            "https://example.com/",
            "https://example.com:8443/a/b?tenant=1",
            "http://localhost:3000/api/auth/callback/whop",
            "http://127.0.0.1:3000/callback",
            "http://[::1]:3000/callback",
        ] {
            assert_eq!(RedirectUri::parse(text, false).map(|uri| uri.uri), Ok(text.to_owned()));
        }
    }

    #[test]
    fn each_trick_is_refused_by_its_reason() {
        let table = [
            ("", "no complete address"),
            ("/callback", "no complete address"),
            ("example.com/callback", "no complete address"),
            ("http://example.com/callback", "http is for `localhost`"),
            ("http://localhost.example.com/callback", "http is for `localhost`"),
            ("http://127.0.0.1.example.com/callback", "http is for `localhost`"),
            ("javascript:alert(1)", "must begin with `https://`"),
            ("data:text/html,hello", "must begin with `https://`"),
            ("com.example.app:/callback", "must begin with `https://`"),
            ("https://example.com/callback#here", "a fragment"),
            ("https://example.com/callback#", "a fragment"),
            ("https://someone@example.com/callback", "`@`"),
            ("https://:secret@example.com/callback", "`@`"),
            ("https://@example.com/callback", "`@`"),
            ("https://*.example.com/callback", "wildcards"),
            ("https://example.com/*", "wildcards"),
            ("https://example.com/callback?code=1", "`code` would stand there twice"),
            ("https://example.com/callback?a=1&st%61te=1", "`state` would stand there twice"),
            ("https://Example.com/callback", "`https://example.com/callback`"),
            ("HTTPS://example.com/callback", "`https://example.com/callback`"),
            ("https://example.com:443/callback", "`https://example.com/callback`"),
            ("https://example.com/a/../callback", "`https://example.com/callback`"),
            ("https://example.com/a/%2e%2e/callback", "`https://example.com/callback`"),
            ("https://example.com/./callback", "`https://example.com/callback`"),
            ("https://example.com\\callback", "`https://example.com/callback`"),
            ("https:/example.com/callback", "`https://example.com/callback`"),
            ("https:example.com/callback", "`https://example.com/callback`"),
            (" https://example.com/callback", "`https://example.com/callback`"),
            ("https://example.com/call\nback", "`https://example.com/callback`"),
            ("https://example.com/call back", "`https://example.com/call%20back`"),
            ("https://exämple.com/callback", "`https://xn--exmple-cua.com/callback`"),
            ("http://2130706433/callback", "`http://127.0.0.1/callback`"),
            ("http://0x7f.1/callback", "`http://127.0.0.1/callback`"),
        ];
        for (text, reason) in table {
            let refused = RedirectUri::parse(text, false).expect_err(text);
            assert!(refused.0.contains(reason), "{text}: {refused}");
        }
        assert!(RedirectUri::parse(&format!("https://example.com/{}", "a".repeat(2000)), false).is_err());
    }

    #[test]
    fn answers_are_added_to_what_stands_there() {
        let added = |uri| with_parameters(uri, &[("code", "a b&c"), ("state", "é#")]);
        assert_eq!(added("https://example.com"), "https://example.com?code=a+b%26c&state=%C3%A9%23");
        assert_eq!(
            added("https://example.com/?tenant=1"),
            "https://example.com/?tenant=1&code=a+b%26c&state=%C3%A9%23"
        );
    }
}
