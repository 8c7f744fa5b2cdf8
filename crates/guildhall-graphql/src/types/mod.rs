//! The schema's types, one noun a file.

pub(crate) mod access;
pub(crate) mod access_pass;
pub(crate) mod app;
pub(crate) mod app_build;
pub(crate) mod attachment;
pub(crate) mod authorized_user;
pub(crate) mod checkout;
pub(crate) mod company;
pub(crate) mod company_member;
pub(crate) mod direct_message;
pub(crate) mod enums;
pub(crate) mod experience;
pub(crate) mod ledger;
pub(crate) mod member;
pub(crate) mod membership;
pub(crate) mod moderation;
pub(crate) mod notification;
pub(crate) mod page;
pub(crate) mod plan;
pub(crate) mod post;
pub(crate) mod promo_code;
pub(crate) mod receipt;
pub(crate) mod scalars;
pub(crate) mod user;
pub(crate) mod webhook;
