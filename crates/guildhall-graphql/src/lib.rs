//! Guildhall's GraphQL: the schema, its documents, and GraphQL over HTTP.
//!
//! Calls `guildhall-app` and nothing else; the web mounts [`Service`] and never sees a type of the schema.

mod caller;
mod coercion;
mod documents;
mod error;
mod expansion;
mod operations;
mod reply;
mod request;
mod schema;
mod service;
mod types;
mod validation;

pub use schema::printed as printed_schema;
pub use service::Service;
