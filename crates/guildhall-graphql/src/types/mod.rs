//! The schema's types, one noun a file.

pub(crate) mod access;
pub(crate) mod access_pass;
pub(crate) mod access_pass_input;
pub(crate) mod affiliate;
pub(crate) mod app;
pub(crate) mod app_build;
pub(crate) mod attachment;
pub(crate) mod checkout;
pub(crate) mod company;
pub(crate) mod direct_message;
pub(crate) mod entry;
pub(crate) mod enums;
pub(crate) mod experience;
pub(crate) mod ledger;
pub(crate) mod moderation;
pub(crate) mod notification;
pub(crate) mod page;
pub(crate) mod plan;
pub(crate) mod post;
pub(crate) mod promo_code;
pub(crate) mod scalars;
pub(crate) mod user;
pub(crate) mod webhook;
