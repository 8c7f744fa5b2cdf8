//! Hosts of apps: each app is shown on an origin of its own, `<app id>.<domain>`.
//!
//! The one place that reads what a request says of the host it wants. Hosts know no upper case, so the label of an
//! app is its id in small letters.

use crate::ids::{AppId, Id};

/// The longest host, in bytes.
const LONGEST_HOST: usize = 253;
/// The longest part of a host between dots.
const LONGEST_LABEL: usize = 63;

/// Where apps are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppHosts {
    scheme: String,
    domain: String,
    port: Option<u16>,
}

/// Whom a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addressed {
    /// The hall itself.
    Hall,
    /// The app with this label.
    App(String),
    /// A host that is neither, though it stands under the apps' domain; says why.
    Misdirected(&'static str),
    /// No host at all.
    Malformed,
}

impl AppHosts {
    /// The hosts of the apps of a server with this public origin: under `domain`, or under `apps.localhost` when the
    /// origin is this machine or an address, else under `apps.` and the origin's host. Scheme and port are the origin's.
    #[must_use]
    pub fn of(origin: &str, domain: Option<&str>) -> Self {
        let (scheme, authority) = origin.split_once("://").unwrap_or(("http", origin));
        let (host, port) = read_authority(authority).unwrap_or_else(|| (String::from("localhost"), None));
        let is_address =
            host.starts_with('[') || host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let domain = match domain {
            Some(domain) => domain.to_ascii_lowercase(),
            None if is_address || host == "localhost" => "apps.localhost".into(),
            None => format!("apps.{host}"),
        };
        Self {
            scheme: scheme.to_ascii_lowercase(),
            domain,
            port: port.filter(|port| !is_usual(scheme, *port)),
        }
    }

    /// The domain, e.g. `apps.localhost`.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Whether apps are shown over HTTPS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.scheme == "https"
    }

    /// The host and port of an app's origin, as browsers write them.
    #[must_use]
    pub fn authority_of(&self, label: &str) -> String {
        match self.port {
            Some(port) => format!("{label}.{}:{port}", self.domain),
            None => format!("{label}.{}", self.domain),
        }
    }

    /// All origins of apps, as a policy of content names them. It cannot name one of them: its grammar knows no
    /// underscore, and every app's id has one.
    #[must_use]
    pub fn every_origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority_of("*"))
    }

    /// The origin of an app, e.g. `http://app_x.apps.localhost:8003`.
    #[must_use]
    pub fn origin_of(&self, app: &AppId) -> String {
        format!("{}://{}", self.scheme, self.authority_of(&app.as_str().to_ascii_lowercase()))
    }

    /// Whom a request is for that names this host, perhaps with a port.
    #[must_use]
    pub fn addressed(&self, authority: &str) -> Addressed {
        let Some((host, port)) = read_authority(authority) else {
            return Addressed::Malformed;
        };
        let plain = host.strip_suffix('.').unwrap_or(&host);
        let Some(below) = plain.strip_suffix(self.domain.as_str()) else {
            return Addressed::Hall;
        };
        let label = match below.strip_suffix('.') {
            Some(label) => label,
            None if below.is_empty() => {
                return Addressed::Misdirected("This is the domain of apps; each app has a host under it.");
            }
            // Another domain that only ends with the same letters.
            None => return Addressed::Hall,
        };
        if plain.len() != host.len() {
            return Addressed::Misdirected("The host of an app has no dot at its end.");
        }
        if label.contains('.') {
            return Addressed::Misdirected("An app's host stands directly under the domain of apps.");
        }
        if port.filter(|port| !is_usual(&self.scheme, *port)) != self.port {
            return Addressed::Misdirected("Apps are shown on another port.");
        }
        Addressed::App(label.to_owned())
    }
}

fn is_usual(scheme: &str, port: u16) -> bool {
    matches!((scheme, port), ("http", 80) | ("https", 443))
}

/// A host in small letters, and the port when there is one; `None` for what is neither a name nor an address.
#[must_use]
pub fn read_authority(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']')?;
            let sound = address.parse::<std::net::Ipv6Addr>().is_ok();
            let port = if after.is_empty() { None } else { Some(after.strip_prefix(':')?) };
            (sound.then(|| format!("[{}]", address.to_ascii_lowercase()))?, port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (name(host)?, Some(port)),
            None => (name(authority)?, None),
        },
    };
    let port = match port {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
        Some(_) => return None,
        None => None,
    };
    Some((host, port))
}

/// A host name in small letters.
fn name(host: &str) -> Option<String> {
    let labels = host.strip_suffix('.').unwrap_or(host);
    let sound = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    (labels.len() <= LONGEST_HOST && labels.split('.').all(sound)).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apps_stand_under_the_host_of_the_server() {
        let table = [
            ("http://127.0.0.1:8003", None, "http://app_ab1.apps.localhost:8003"),
            ("http://localhost:8003", None, "http://app_ab1.apps.localhost:8003"),
            ("http://[::1]:8003", None, "http://app_ab1.apps.localhost:8003"),
            ("https://192.0.2.7", None, "https://app_ab1.apps.localhost"),
            ("https://Hall.example.com", None, "https://app_ab1.apps.hall.example.com"),
            ("https://hall.example.com:443", None, "https://app_ab1.apps.hall.example.com"),
            ("https://hall.example.com:8443", Some("Hall-Apps.net"), "https://app_ab1.hall-apps.net:8443"),
            ("http://hall.example.com:80", None, "http://app_ab1.apps.hall.example.com"),
        ];
        for (origin, domain, expected) in table {
            let hosts = AppHosts::of(origin, domain);
            assert_eq!(hosts.origin_of(&AppId::from_stored("app_aB1".into())), expected, "{origin}");
            assert_eq!(hosts.every_origin(), expected.replace("app_ab1", "*"));
        }
    }

    #[test]
    fn every_host_leads_to_one_place() {
        let hosts = AppHosts::of("http://127.0.0.1:8003", None);
        let app = || Addressed::App("app_a".into());
        let misdirected = |host: &str| {
            let addressed = hosts.addressed(host);
            assert!(matches!(addressed, Addressed::Misdirected(_)), "{host}: {addressed:?}");
        };
        for host in ["app_a.apps.localhost:8003", "APP_a.Apps.LOCALHOST:8003", "app_a.apps.localhost:08003"] {
            assert_eq!(hosts.addressed(host), app(), "{host}");
        }
        for host in [
            "127.0.0.1:8003",
            "localhost",
            "[::1]:8003",
            "hall.example.",
            "a",
            "app_a.notapps.localhost",
            "xapps.localhost",
        ] {
            assert_eq!(hosts.addressed(host), Addressed::Hall, "{host}");
        }
        for host in [
            "apps.localhost:8003",
            "app_a.apps.localhost",
            "app_a.apps.localhost:8004",
            "app_a.apps.localhost.:8003",
            "b.app_a.apps.localhost:8003",
            "apps.localhost.",
        ] {
            misdirected(host);
        }
        for host in [
            "",
            ":8003",
            ".",
            "..",
            "a..b",
            ".a",
            "app_a%2eapps.localhost:8003",
            "app_a.apps.localhost:8003:1",
            "app_a.apps.localhost:",
            "app_a.apps.localhost:x",
            "app_a.apps.localhost:99999",
            "u@app_a.apps.localhost:8003",
            "app_a.apps.localhost/x",
            "app_a.apps.localhost\\x",
            "a b",
            "a,b",
            "[::1",
            "[x]",
            "[::1]x",
            "ä.apps.localhost:8003",
        ] {
            assert_eq!(hosts.addressed(host), Addressed::Malformed, "{host:?}");
        }
        assert_eq!(hosts.addressed(&"a".repeat(64)), Addressed::Malformed);
        assert_eq!(hosts.addressed(&"a.".repeat(200)), Addressed::Malformed);
    }

    #[test]
    fn a_usual_port_may_be_left_out() {
        let hosts = AppHosts::of("https://hall.example.com", None);
        for host in ["app_a.apps.hall.example.com", "app_a.apps.hall.example.com:443"] {
            assert_eq!(hosts.addressed(host), Addressed::App("app_a".into()));
        }
        assert!(matches!(hosts.addressed("app_a.apps.hall.example.com:80"), Addressed::Misdirected(_)));
        assert_eq!(hosts.addressed("hall.example.com"), Addressed::Hall);
    }
}
