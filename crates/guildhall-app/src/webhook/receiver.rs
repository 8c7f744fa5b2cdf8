//! Where a receiver can be.

use crate::error::{Error, Result};
use crate::outbound::Reach;
use guildhall_core::web_address::{is_http, names_user};
use guildhall_core::webhook::LONGEST_URL;
use url::{Host, Url};

/// Whether events can be forwarded to an address of one's own.
///
/// # Errors
/// `Invalid` saying why not.
pub fn check_own_url(text: &str) -> Result<()> {
    check_url(text, Reach::Anywhere).map(|_| ())
}

/// Whether a receiver can be at an address.
pub(super) fn check_url(text: &str, reach: Reach) -> Result<Url> {
    let refuse = |sentence: &str| Err(Error::Invalid(sentence.to_owned()));
    if text.chars().count() > LONGEST_URL {
        return Err(Error::Invalid(format!("A webhook's `url` has at most {LONGEST_URL} characters.")));
    }
    let Ok(url) = Url::parse(text) else {
        return refuse("A webhook's `url` is a whole address such as https://example.com/webhooks.");
    };
    if !is_http(&url) {
        return refuse("A webhook's `url` begins with https:// or http://.");
    }
    if names_user(&url) {
        return refuse(
            "A webhook's `url` holds no user and password: events are signed, check the signature.",
        );
    }
    if url.fragment().is_some() {
        return refuse("A webhook's `url` holds no `#`: what follows it is never sent.");
    }
    if url.port() == Some(0) {
        return refuse("A webhook's `url` cannot name port 0.");
    }
    let is_allowed = match url.host() {
        None => return refuse("A webhook's `url` names a host."),
        Some(Host::Ipv4(address)) => reach.allows(address.into()),
        Some(Host::Ipv6(address)) => reach.allows(address.into()),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            reach == Reach::Anywhere || !(name == "localhost" || name.ends_with(".localhost"))
        }
    };
    if !is_allowed {
        return Err(Error::Invalid(format!(
            "A webhook's `url` cannot lead to `{}`, which is not on the public internet (the server's \
             `allow_private_webhooks` would allow it).",
            url.host_str().unwrap_or_default()
        )));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_cannot_be_are_refused_by_their_sentence() {
        let long = format!("https://example.com/{}", "x".repeat(LONGEST_URL));
        let table = [
            ("", "is a whole address"),
            ("example.com/hook", "is a whole address"),
            ("/hook", "is a whole address"),
            ("https://", "is a whole address"),
            ("ftp://example.com", "begins with https://"),
            ("file:///etc/passwd", "begins with https://"),
            ("gopher://example.com", "begins with https://"),
            ("https://user@example.com", "holds no user and password"),
            ("https://user:secret@example.com", "holds no user and password"),
            ("https://example.com/#here", "holds no `#`"),
            ("https://example.com:0/", "port 0"),
            (long.as_str(), "at most 2000 characters"),
        ];
        for (text, words) in table {
            let refused = check_url(text, Reach::Anywhere).expect_err(text).to_string();
            assert!(refused.contains(words) && !refused.contains("secret"), "{text}: {refused}");
        }
        assert!(check_url("http://127.0.0.1:3000/in?key=1", Reach::Anywhere).is_ok());
    }

    #[test]
    fn an_address_that_is_private_on_its_face_is_refused() {
        let forms = [
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "2130706433",
            "017700000001",
            "0",
            "localhost",
            "localhost.",
            "LOCALHOST",
            "hall.localhost",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::]",
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "169.254.169.254",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[64:ff9b::7f00:1]",
            "100.100.100.200",
            "%31%32%37.1",
            "①②⑦.0.0.1",
        ];
        for host in forms {
            let refused =
                check_url(&format!("http://{host}/"), Reach::PublicOnly).expect_err(host).to_string();
            assert!(refused.contains("which is not on the public internet"), "{host}: {refused}");
        }
        for host in ["example.com", "8.8.8.8", "[2606:4700:4700::1111]", "localhost.example.com"] {
            assert!(check_url(&format!("https://{host}/"), Reach::PublicOnly).is_ok(), "{host}");
        }
    }
}
