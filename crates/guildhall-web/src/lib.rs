//! Guildhall over HTTP: the router, uploads and files, health and figures, and the pages people see.
//!
//! Calls `guildhall-app`; GraphQL is a handler that is mounted, none of whose types are known here.

mod api;
mod assets;
mod cookie;
mod error;
mod form;
mod handshake;
mod hub;
mod proxy;
mod rate_limit;
mod request_id;
mod router;
mod server;
mod session;

pub use proxy::{AppOptions, DevProxy, TokenSource, dev_proxy};
pub use request_id::RequestName;
pub use router::{GraphqlHandler, Options, router};
pub use server::serve;
