//! What people see: server-rendered pages that work without scripts.

pub(crate) mod account;
pub(crate) mod affiliate;
pub(crate) mod allowed_app;
pub(crate) mod api_key;
pub(crate) mod app;
pub(crate) mod app_view;
pub(crate) mod checkout;
pub(crate) mod entry;
pub(crate) mod experience;
pub(crate) mod explorer;
pub(crate) mod home;
pub(crate) mod install;
pub(crate) mod oauth;
pub(crate) mod page;
pub(crate) mod password_reset;
pub(crate) mod permission_requirement;
pub(crate) mod raffle;
pub(crate) mod redirect_uri;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
pub(crate) mod two_step;
pub(crate) mod waitlist;
