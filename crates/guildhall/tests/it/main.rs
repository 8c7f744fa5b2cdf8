//! The server at its boundary: a real one on its own port and database, a frozen clock, seeded
//! randomness; driven through the Rust client and plain HTTP.
//!
//! Runs on SQLite, and on PostgreSQL when `TEST_DATABASE_URL` names a server.

mod access;
mod access_pass;
mod account;
mod affiliate;
mod api_key;
mod app;
mod app_build;
mod app_command;
mod app_page;
mod attachment;
mod authorization;
mod bad_input;
mod browser;
mod checkout;
mod crash;
mod dev_proxy;
mod direct_message;
mod entry;
mod experience;
mod forum;
mod harness;
mod install;
mod ledger;
mod mail;
mod message;
mod moderation;
mod notification;
mod oauth;
mod plan_list;
mod principal;
mod process;
mod promo_code;
mod proxy;
mod proxy_attack;
mod proxy_scene;
mod raffle;
mod receiver;
mod route;
mod scene;
mod session;
mod smtp;
mod start;
mod tls;
mod two_step;
mod user;
mod user_token;
mod webhook;
