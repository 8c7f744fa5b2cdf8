//! The server at its boundary: a real one on its own port and database, a frozen clock, seeded
//! randomness; driven through the Rust client and plain HTTP.
//!
//! Runs on SQLite, and on PostgreSQL when `TEST_DATABASE_URL` names a server.

mod access;
mod attachment;
mod authorization;
mod bad_input;
mod checkout;
mod crash;
mod direct_message;
mod experience;
mod forum;
mod harness;
mod ledger;
mod mail;
mod message;
mod moderation;
mod notification;
mod principal;
mod process;
mod receiver;
mod scene;
mod smtp;
mod start;
mod tls;
mod user;
mod user_token;
mod webhook;
