//! One-time tokens: links in letters, and the pass from the first step of signing in to the second.
//!
//! The store holds their hashes. A token counts once, for one purpose, and not for long.

use crate::error::Result;
use crate::opaque_token::{draw, hash};
use crate::store::{self, Read, Tx};
use guildhall_core::ids::UserId;

const MINUTE_MS: i64 = 60 * 1000;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Opening an account that was asked for.
    SignUp,
    /// Choosing the first password of an account that a purchase made.
    FirstPassword,
    /// Giving an account another e-mail.
    ChangeEmail,
    /// Choosing a new password.
    ResetPassword,
    /// Going on to the second step of signing in.
    SecondStep,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::ChangeEmail => "change_email",
            Self::FirstPassword => "first_password",
            Self::ResetPassword => "reset_password",
            Self::SecondStep => "second_step",
        }
    }

    /// How long it counts, in minutes.
    fn minutes(self) -> i64 {
        match self {
            Self::SignUp | Self::ChangeEmail => 24 * 60,
            // Who buys something reads of it when they come to it, and has no password that could be taken.
            Self::FirstPassword => 7 * 24 * 60,
            Self::ResetPassword => 60,
            Self::SecondStep => 10,
        }
    }

    /// How long it counts, in hours, as letters say it.
    pub(crate) fn hours(self) -> u32 {
        u32::try_from(self.minutes() / 60).unwrap_or(0)
    }
}

/// Whom and what a token is for.
#[derive(Debug, Clone)]
pub(crate) struct Meant {
    /// The account; `None` where there is none yet.
    pub(crate) user: Option<UserId>,
    /// The e-mail it is about.
    pub(crate) email: String,
    /// What else its kind needs to know, as JSON; or nothing.
    pub(crate) details: String,
}

/// Makes a token.
pub(crate) fn issue(tx: &mut Tx<'_>, kind: Kind, meant: &Meant) -> Result<String> {
    store::one_time_token::delete_expired(tx)?;
    let token = draw(tx);
    store::one_time_token::insert(tx, kind, &hash(&token), meant, kind.minutes() * MINUTE_MS)?;
    Ok(token)
}

/// What a token is for, while it counts.
pub(crate) fn look(read: &mut Read<'_>, kind: Kind, token: &str) -> Result<Option<Meant>> {
    store::one_time_token::find(read, kind, &hash(token))
}

/// The same, and from now on it counts no more.
pub(crate) fn use_up(tx: &mut Tx<'_>, kind: Kind, token: &str) -> Result<Option<Meant>> {
    match look(tx, kind, token)? {
        Some(meant) if store::one_time_token::delete(tx, &hash(token))? => Ok(Some(meant)),
        _ => Ok(None),
    }
}
