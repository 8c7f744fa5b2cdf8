//! The names under which clients on this machine reach the server.

use guildhall_core::app_host::AppHosts;
use rcgen::{CidrSubnet, GeneralSubtree, SanType};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use x509_parser::extensions::GeneralName;

/// One name that a certificate holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Name {
    /// A host, or with `*.` in front every host one step below.
    Host(String),
    /// An address.
    Address(IpAddr),
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => formatter.write_str(host),
            Self::Address(address) => address.fmt(formatter),
        }
    }
}

impl Name {
    /// As a certificate says whom it is for.
    ///
    /// # Errors
    /// When the host is not ASCII, which [`all`] sees to.
    pub(super) fn to_subject(&self) -> Result<SanType, rcgen::Error> {
        match self {
            Self::Host(host) => Ok(SanType::DnsName(host.as_str().try_into()?)),
            Self::Address(address) => Ok(SanType::IpAddress(*address)),
        }
    }

    /// As an authority says for whom it may vouch.
    pub(super) fn to_subtree(&self) -> GeneralSubtree {
        match self {
            Self::Host(host) => GeneralSubtree::DnsName(plain(host).to_owned()),
            Self::Address(IpAddr::V4(address)) => {
                GeneralSubtree::IpAddress(CidrSubnet::V4(address.octets(), [0xff; 4]))
            }
            Self::Address(IpAddr::V6(address)) => {
                GeneralSubtree::IpAddress(CidrSubnet::V6(address.octets(), [0xff; 16]))
            }
        }
    }

    /// Whether an authority that may vouch for `permitted` may do so for this name.
    pub(super) fn is_within(&self, permitted: &GeneralName<'_>) -> bool {
        match (self, permitted) {
            (Self::Host(host), GeneralName::DNSName(above)) => {
                plain(host).strip_suffix(above).is_some_and(|below| below.is_empty() || below.ends_with('.'))
            }
            (Self::Address(IpAddr::V4(address)), GeneralName::IPAddress(subnet)) => {
                *subnet == [address.octets(), [0xff; 4]].concat()
            }
            (Self::Address(IpAddr::V6(address)), GeneralName::IPAddress(subnet)) => {
                *subnet == [address.octets(), [0xff; 16]].concat()
            }
            _ => false,
        }
    }
}

fn plain(host: &str) -> &str {
    host.strip_prefix("*.").unwrap_or(host)
}

/// Every name of a server that listens on an address: this machine's, the address itself, the host of its public origin,
/// and those of apps.
///
/// # Errors
/// One sentence when the public origin's host cannot stand in a certificate.
pub(super) fn all(
    listen: IpAddr,
    public_origin: Option<&str>,
    apps_domain: Option<&str>,
) -> Result<Vec<Name>, String> {
    let mut names = vec![
        Name::Host("localhost".into()),
        Name::Host("*.apps.localhost".into()),
        Name::Address(Ipv4Addr::LOCALHOST.into()),
        Name::Address(Ipv6Addr::LOCALHOST.into()),
    ];
    let own = (!listen.is_unspecified()).then_some(Name::Address(listen));
    let public = public_origin.map(host_of).transpose()?;
    let hosts = AppHosts::of(public_origin.unwrap_or("https://localhost"), apps_domain);
    let apps = Name::Host(format!("*.{}", hosts.domain()));
    for name in own.into_iter().chain(public).chain([apps]) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// The host of an origin, without its scheme and port.
fn host_of(origin: &str) -> Result<Name, String> {
    let place = origin.split_once("://").map_or(origin, |(_, place)| place);
    let bracketed = place.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let host = match bracketed {
        Some((address, _)) => address,
        None => place.split_once(':').map_or(place, |(host, _)| host),
    };
    if let Ok(address) = host.parse() {
        return Ok(Name::Address(address));
    }
    let sound = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if bracketed.is_some() || !host.split('.').all(sound) {
        return Err(format!(
            "public_origin: no certificate can name \"{host}\"; write the host in ASCII letters, digits, dashes and dots"
        ));
    }
    Ok(Name::Host(host.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_a_server() {
        let here = "localhost *.apps.localhost 127.0.0.1 ::1";
        let table = [
            ("127.0.0.1", None, ""),
            ("0.0.0.0", None, ""),
            ("::", None, ""),
            ("192.0.2.7", None, " 192.0.2.7"),
            ("127.0.0.1", Some("https://localhost:8003"), ""),
            ("127.0.0.1", Some("https://Hall.Example.com:8443"), " hall.example.com *.apps.hall.example.com"),
            ("192.0.2.7", Some("https://192.0.2.8"), " 192.0.2.7 192.0.2.8"),
            ("127.0.0.1", Some("https://[2001:db8::1]:8443"), " 2001:db8::1"),
        ];
        for (listen, origin, more) in table {
            let names = all(listen.parse().expect("an address"), origin, None).expect("sound");
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            assert_eq!(names.join(" "), format!("{here}{more}"), "{listen} {origin:?}");
        }
        for origin in ["https://bücher.example", "https://a_b", "https://a..b", "https://[a]", "https://:1"]
        {
            let error = all(Ipv4Addr::LOCALHOST.into(), Some(origin), None).expect_err(origin);
            assert!(error.starts_with("public_origin: no certificate can name \""), "{error}");
        }
        let names = all(Ipv4Addr::LOCALHOST.into(), None, Some("hall-apps.example")).expect("sound");
        assert_eq!(names.last(), Some(&Name::Host("*.hall-apps.example".into())));
    }

    #[test]
    fn what_lies_within_a_permission() {
        let host = |name: &str| Name::Host(name.into());
        let table = [
            (host("localhost"), GeneralName::DNSName("localhost"), true),
            (host("*.apps.localhost"), GeneralName::DNSName("localhost"), true),
            (host("notlocalhost"), GeneralName::DNSName("localhost"), false),
            (host("localhost"), GeneralName::DNSName("apps.localhost"), false),
            (
                Name::Address([127, 0, 0, 1].into()),
                GeneralName::IPAddress(b"\x7f\0\0\x01\xff\xff\xff\xff"),
                true,
            ),
            (
                Name::Address([127, 0, 0, 2].into()),
                GeneralName::IPAddress(b"\x7f\0\0\x01\xff\xff\xff\xff"),
                false,
            ),
            (Name::Address(Ipv6Addr::LOCALHOST.into()), GeneralName::DNSName("localhost"), false),
        ];
        for (name, permitted, within) in table {
            assert_eq!(name.is_within(&permitted), within, "{name} in {permitted:?}");
        }
    }
}
