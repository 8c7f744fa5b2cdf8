//! What programs speak to.

pub(crate) mod file;
pub(crate) mod graphql;
pub(crate) mod health;
pub(crate) mod me;
pub(crate) mod oauth;
pub(crate) mod signing_key;
pub(crate) mod stripe;
pub(crate) mod upload;
