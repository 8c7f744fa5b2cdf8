//! Outbound connections: to addresses that others named, e.g. the receivers of webhooks.
//!
//! Owns the one way to connect to such an address, and the small client that posts to it ([`Poster`]). A
//! host is resolved here, and the connection is made to the very address that was checked, so that a name
//! which resolves to something else a moment later leads nowhere else. Bounds: [`MOST_ADDRESSES`] of a
//! host are tried, [`LONGEST_CONNECT`] for all of them.

mod post;

pub(crate) use post::{Answer, Broken, Poster};

use guildhall_core::address::is_public;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How many addresses of one host are tried.
const MOST_ADDRESSES: usize = 8;
/// How long resolving a host and connecting to it may take.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);
/// How long connecting to one address of several may take.
const LONGEST_ADDRESS: Duration = Duration::from_secs(4);

/// Where connections may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Anywhere, this machine and its neighbours too.
    Anywhere,
    /// To the public internet alone.
    PublicOnly,
}

impl Reach {
    /// Whether an address may be connected to.
    #[must_use]
    pub fn allows(self, address: IpAddr) -> bool {
        self == Self::Anywhere || is_public(address)
    }

    /// Those of a host's addresses that may be connected to.
    fn within(self, found: &[SocketAddr]) -> impl Iterator<Item = SocketAddr> {
        found.iter().copied().filter(move |address| self.allows(address.ip()))
    }
}

/// Why there is no connection; each is one plain sentence.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The host has no address.
    #[error("The host `{host}` cannot be resolved: {cause}.")]
    Unresolved {
        /// As it was given.
        host: String,
        /// What the resolver said.
        cause: String,
    },
    /// Every address of the host is private.
    #[error("The host `{host}` is at {address}, which is not an address of the public internet.")]
    Private {
        /// As it was given.
        host: String,
        /// The first of its addresses.
        address: IpAddr,
    },
    /// Nobody took the connection.
    #[error("The host `{host}` cannot be reached: {cause}.")]
    Unreachable {
        /// As it was given.
        host: String,
        /// What the system said.
        cause: String,
    },
}

/// Finds the addresses of a host.
#[derive(Debug, Clone, Default)]
pub enum Resolver {
    /// The system's.
    #[default]
    System,
    /// From a list that can be changed meanwhile, with the system's as what stands behind it.
    Listed(Arc<Mutex<HashMap<String, Vec<SocketAddr>>>>),
}

impl Resolver {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Self::Listed(list) = self
            && let Some(found) = list.lock().unwrap_or_else(PoisonError::into_inner).get(host)
        {
            return Ok(found.clone());
        }
        Ok(tokio::net::lookup_host((host, port)).await?.take(MOST_ADDRESSES).collect())
    }

    /// Connects to a host: resolves it, and connects to one of its addresses that `reach` allows.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(&self, host: &str, port: u16, reach: Reach) -> Result<TcpStream, ConnectError> {
        // How an IPv6 address stands in a URL.
        let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        match timeout(LONGEST_CONNECT, self.connect_to(host, port, reach)).await {
            Ok(connected) => connected,
            Err(_) => Err(unreachable(host, format!("no connection within {LONGEST_CONNECT:?}"))),
        }
    }

    async fn connect_to(&self, host: &str, port: u16, reach: Reach) -> Result<TcpStream, ConnectError> {
        let unresolved = |cause: String| ConnectError::Unresolved { host: host.to_owned(), cause };
        let found = self.resolve(host, port).await.map_err(|error| unresolved(error.to_string()))?;
        let first = found.first().ok_or_else(|| unresolved("it has no address".into()))?;
        let mut failure = None;
        for address in reach.within(&found) {
            match timeout(LONGEST_ADDRESS, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => failure = Some(error.to_string()),
                Err(_) => failure = Some(format!("{address} did not answer")),
            }
        }
        match failure {
            Some(cause) => Err(unreachable(host, cause)),
            None => Err(ConnectError::Private { host: host.to_owned(), address: first.ip() }),
        }
    }
}

/// Connects to a host by the system's resolver; see [`Resolver::connect`].
///
/// # Errors
/// See [`ConnectError`].
pub async fn connect(host: &str, port: u16, reach: Reach) -> Result<TcpStream, ConnectError> {
    Resolver::System.connect(host, port, reach).await
}

fn unreachable(host: &str, cause: String) -> ConnectError {
    ConnectError::Unreachable { host: host.to_owned(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// A listener on the loopback that counts as reached when something connects.
    async fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        (listener, address)
    }

    #[tokio::test]
    async fn every_form_of_a_private_address_is_refused() {
        let (_listener, address) = listener().await;
        let forms = [
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "0x7f000001",
            "2130706433",
            "017700000001",
            "0",
            "localhost",
            "localhost.",
            "[::1]",
            "::1",
            "[::ffff:127.0.0.1]",
            "[::]",
            "0.0.0.0",
            "10.0.0.1",
            "169.254.169.254",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[64:ff9b::7f00:1]",
        ];
        for host in forms {
            let refused = connect(host, address.port(), Reach::PublicOnly).await.expect_err(host);
            assert!(
                !matches!(refused, ConnectError::Unreachable { .. }),
                "{host} was connected to: {refused}"
            );
        }
        let refused = connect("2130706433", address.port(), Reach::PublicOnly).await.expect_err("private");
        assert_eq!(
            refused.to_string(),
            "The host `2130706433` is at 127.0.0.1, which is not an address of the public internet."
        );
        connect("127.0.0.1", address.port(), Reach::Anywhere).await.expect("anywhere is anywhere");
    }

    #[tokio::test]
    async fn what_a_name_resolves_to_is_checked_each_time_and_connected_to_itself() {
        let (_listener, address) = listener().await;
        let list: Arc<Mutex<HashMap<String, Vec<SocketAddr>>>> = Arc::default();
        let resolver = Resolver::Listed(Arc::clone(&list));
        let say = |addresses: &[SocketAddr]| {
            list.lock().expect("whole").insert("rebind.example".into(), addresses.to_vec());
        };
        say(&[address]);
        let refused = resolver.connect("rebind.example", 9, Reach::PublicOnly).await.expect_err("private");
        assert!(matches!(refused, ConnectError::Private { .. }), "{refused}");
        // Of a name with both, the private address is never tried.
        let public = SocketAddr::from(([8, 8, 8, 8], 9));
        assert_eq!(Reach::PublicOnly.within(&[address, public, address]).collect::<Vec<_>>(), [public]);
        // Without the restriction it is reached, at the address that was found and not at the port asked for.
        say(&[address]);
        let stream = resolver.connect("rebind.example", 9, Reach::Anywhere).await.expect("reached");
        assert_eq!(stream.peer_addr().expect("a peer"), address);
    }

    #[tokio::test]
    async fn what_cannot_be_reached_is_said_in_a_sentence() {
        let (listener, address) = listener().await;
        drop(listener);
        let refused = connect("127.0.0.1", address.port(), Reach::Anywhere).await.expect_err("nobody there");
        assert!(refused.to_string().starts_with("The host `127.0.0.1` cannot be reached: "), "{refused}");
        let resolver = Resolver::Listed(Arc::new(Mutex::new(HashMap::from([("void".to_owned(), vec![])]))));
        let refused = resolver.connect("void", 80, Reach::Anywhere).await.expect_err("no address");
        assert_eq!(refused.to_string(), "The host `void` cannot be resolved: it has no address.");
    }
}
