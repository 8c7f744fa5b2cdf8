//! Proxies that an operator put before the server: when one of them connects, whoever it names is the caller.
//!
//! `X-Forwarded-For` is written by anybody, and each proxy on the way adds at its end whom it was asked by. So it is
//! read from its end, and only as far as those who wrote it are trusted.

use crate::{Invalid, invalid};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The networks of the proxies whose word counts; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads networks with commas between them, as `10.0.0.0/8, fd00::/8`; an address alone is a network of one.
    ///
    /// # Errors
    /// What the text must be, for a sentence that begins with its name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let networks = text.split(',').map(str::trim).filter(|network| !network.is_empty());
        networks.map(network).collect::<Result<_, _>>().map(Self)
    }

    /// Whose request it is that `peer` sent, given the lines of its `X-Forwarded-For` in order. Of a stranger the
    /// lines are not read. Of a trusted proxy it is the last address in them that is no trusted proxy's; what is no
    /// address ends the reading at the last that was.
    #[must_use]
    pub fn caller<'a>(
        &self,
        peer: IpAddr,
        forwarded_for: impl DoubleEndedIterator<Item = &'a str>,
    ) -> IpAddr {
        let mut caller = peer.to_canonical();
        let mut named = forwarded_for.rev().flat_map(|line| line.rsplit(','));
        while self.trusts(caller) {
            match named.next().and_then(address) {
                Some(address) => caller = address,
                None => break,
            }
        }
        caller
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

fn network(text: &str) -> Result<IpNet, Invalid> {
    let alone = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    match alone.or_else(|_| text.parse::<IpNet>()) {
        Ok(network) if network.prefix_len() == 0 => {
            invalid(format!("must not trust everybody, as \"{text}\" does"))
        }
        Ok(network) => Ok(network.trunc()),
        Err(_) => invalid(format!("must be networks such as 10.0.0.0/8 or fd00::/8, not \"{text}\"")),
    }
}

/// An address as proxies write it: some add the port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let alone = text.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    alone.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_is_whom_the_last_trusted_proxy_names() {
        let proxies = TrustedProxies::parse("10.0.0.0/8, 192.0.2.7,fd00::/8").expect("networks");
        let table: &[(&str, &[&str], &str)] = &[
            // A stranger says what it likes.
            ("203.0.113.5", &["6.6.6.6"], "203.0.113.5"),
            ("192.0.2.8", &["6.6.6.6"], "192.0.2.8"),
            // A proxy that names nobody asks for itself.
            ("10.1.2.3", &[], "10.1.2.3"),
            ("10.1.2.3", &["203.0.113.5"], "203.0.113.5"),
            ("192.0.2.7", &["203.0.113.5"], "203.0.113.5"),
            ("fd00::1", &["2001:db8::5"], "2001:db8::5"),
            // What the caller wrote stands before what the proxy added.
            ("10.1.2.3", &["6.6.6.6, 203.0.113.5"], "203.0.113.5"),
            ("10.1.2.3", &["6.6.6.6", "203.0.113.5"], "203.0.113.5"),
            ("10.1.2.3", &["10.6.6.6, 203.0.113.5"], "203.0.113.5"),
            // Through several proxies of ours.
            ("10.1.2.3", &["6.6.6.6, 203.0.113.5 ,10.9.9.9"], "203.0.113.5"),
            ("10.1.2.3", &["6.6.6.6, 203.0.113.5", "192.0.2.7, fd00::2"], "203.0.113.5"),
            ("10.1.2.3", &["10.0.0.1, 10.0.0.2"], "10.0.0.1"),
            // What is no address ends the reading.
            ("10.1.2.3", &["203.0.113.5, unknown"], "10.1.2.3"),
            ("10.1.2.3", &["203.0.113.5,"], "10.1.2.3"),
            ("10.1.2.3", &["203.0.113.5", ""], "10.1.2.3"),
            ("10.1.2.3", &["203.0.113.5, _hidden, 10.9.9.9"], "10.9.9.9"),
            ("10.1.2.3", &["unknown, 203.0.113.5"], "203.0.113.5"),
            // With ports, and one address in two spellings.
            ("10.1.2.3", &["203.0.113.5:4711"], "203.0.113.5"),
            ("10.1.2.3", &["[2001:db8::5]:4711"], "2001:db8::5"),
            ("::ffff:10.1.2.3", &["::ffff:203.0.113.5"], "203.0.113.5"),
        ];
        for (peer, lines, expected) in table {
            let caller = proxies.caller(peer.parse().expect("an address"), lines.iter().copied());
            assert_eq!(caller.to_string(), *expected, "{peer} {lines:?}");
        }
        let nobody = TrustedProxies::default();
        let caller = nobody.caller("127.0.0.1".parse().expect("an address"), ["6.6.6.6"].into_iter());
        assert_eq!(caller.to_string(), "127.0.0.1");
    }

    #[test]
    fn networks_are_read_or_refused() {
        assert_eq!(TrustedProxies::parse(""), Ok(TrustedProxies::default()));
        assert_eq!(TrustedProxies::parse("10.1.2.3/8"), TrustedProxies::parse("10.0.0.0/8"));
        for (text, sentence) in [
            ("10.0.0.0/33", "must be networks such as 10.0.0.0/8 or fd00::/8, not \"10.0.0.0/33\""),
            ("10.0.0.0/8, proxy", "must be networks such as 10.0.0.0/8 or fd00::/8, not \"proxy\""),
            ("0.0.0.0/0", "must not trust everybody, as \"0.0.0.0/0\" does"),
            ("::/0", "must not trust everybody, as \"::/0\" does"),
        ] {
            assert_eq!(TrustedProxies::parse(text), Err(Invalid(sentence.into())), "{text}");
        }
    }
}
