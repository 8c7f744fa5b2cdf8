//! Guildhall's rules as plain functions and types.
//!
//! Nothing here waits, reads a clock, opens a file or speaks SQL: what a rule needs to know is
//! handed to it, so every rule can be read and tested by itself. One noun a file.

pub mod access;
pub mod access_pass;
pub mod account;
pub mod address;
pub mod affiliate;
pub mod app;
pub mod app_host;
pub mod app_view;
pub mod attachment;
pub mod billing;
pub mod card;
pub mod company_member;
pub mod cursor;
pub mod custom_field;
pub mod dispute;
pub mod experience;
pub mod fee;
pub mod hold;
pub mod ids;
pub mod invoice;
pub mod job;
pub mod ledger;
pub mod license_key;
pub mod markdown;
pub mod media_type;
pub mod membership;
pub mod membership_list;
pub mod mention;
pub mod moment;
pub mod money;
pub mod notification;
pub mod oauth;
pub mod page;
pub mod payment;
pub mod payout;
pub mod permission;
pub mod plan;
pub mod plan_words;
pub mod poll;
pub mod post;
pub mod posting;
pub mod price;
pub mod promo_code;
pub mod raffle;
pub mod receipt;
pub mod refund;
pub mod return_to;
pub mod sale;
pub mod session;
pub mod signing_key;
pub mod throttle;
pub mod trusted_proxy;
pub mod user;
pub mod user_token;
pub mod waitlist;
pub mod web_address;
pub mod webhook;
mod words;

/// A value that a rule refused, said so that a developer can act on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid(pub String);

impl std::fmt::Display for Invalid {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}

/// Shorthand for refusing a value.
///
/// # Errors
/// Always.
pub fn invalid<T>(sentence: impl Into<String>) -> Result<T, Invalid> {
    Err(Invalid(sentence.into()))
}
