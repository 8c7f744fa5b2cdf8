//! Buyers: who pays, signed in or by an e-mail that makes or finds their account.
//!
//! Whoever types an address has not shown that it is theirs, so that nothing may be told, or done, by what its account is
//! or owns. What a signed-in buyer is refused because of who they are, a typed address is therefore not:
//!
//! - What the account has already is sold to it as to any other: a card that is declined is declined. Only what was
//!   taken shows that it cannot be kept. It is given back at once, all of it, so that nothing is paid for twice, and why
//!   is told by letter to the address (`payment/letter.rs`). Where nothing is to be paid the page says what it says to
//!   everybody, and what the account has stays as it is.
//! - One that is banned is treated like one that has it already: the money goes back, and nothing begins.
//! - A promo code that depends on who uses it, and a session that names its payer, ask to sign in, whatever the address.
//! - Nobody agrees for the account that a seller may charge it again.
//!
//! An attempt makes the account before anything is paid. So attempts are counted by where they come from, and let through
//! a hundred at a time; those that are charged are given back. A stranger who types one address after another, for what
//! is free or with cards that are declined, fills no table with them.
//!
//! An account that is made here is unconfirmed and has no password, so that nobody acts as it: not even whoever typed the
//! address, unless they read its mail. What was bought waits there for its owner, who gets in by the letter of the
//! purchase, by a reset of the password, or by signing up as if there were no account (`sign_up.rs`). Until then its
//! address is where letters go and what the seller was told, and proves nothing of anybody.

use super::Order;
use crate::error::{Error, Result};
use crate::mail;
use crate::password;
use crate::store::{self, Tx};
use crate::throttle::{self, place_of};
use crate::user::{self, NewUser};
use guildhall_core::account::check_email;
use guildhall_core::ids::{Id, UserId};
use guildhall_core::throttle::Throttle;

/// Who pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Buyer {
    /// Somebody who is signed in.
    SignedIn(UserId),
    /// Whoever reads the letters to this address: what is bought is theirs, and nobody is signed in by it.
    Email(String),
}

impl Buyer {
    /// Who pays, where that is certain.
    pub(crate) fn known(&self) -> Option<&UserId> {
        match self {
            Self::SignedIn(user) => Some(user),
            Self::Email(_) => None,
        }
    }
}

/// From where a typed address is tried; `None` of a buyer who is signed in.
pub(super) fn tries_from(order: &Order) -> Option<String> {
    match order.buyer {
        Buyer::SignedIn(_) => None,
        Buyer::Email(_) => Some(place_of(&order.sent_from)),
    }
}

/// Counts an attempt by a typed address, in the transaction that begins it and last of all that it does: others from the
/// same place wait from here on. Whether there is an account makes no difference, for that would tell. What is charged
/// is given back (`payment/settlement.rs`).
///
/// # Errors
/// `RateLimited`, so that the attempt is none, and no account is made.
pub(super) fn count_try(tx: &mut Tx<'_>, order: &Order) -> Result<()> {
    match tries_from(order) {
        Some(place) => throttle::take(tx, Throttle::PurchaseAddress, &place),
        None => Ok(()),
    }
}

/// How often another username is tried when one is taken.
const TRIES: usize = 5;

/// The buyer's user. An address without an account gets one, without a password: its owner chooses one by letter.
pub(crate) fn find_or_make(tx: &mut Tx<'_>, buyer: &Buyer) -> Result<UserId> {
    let email = match buyer {
        Buyer::SignedIn(user) => return Ok(user.clone()),
        Buyer::Email(email) => mail::check_address(check_email(email)?)?.to_owned(),
    };
    if let Some(account) = store::account::find_by_email(tx, &email)? {
        return Ok(account.user);
    }
    // Of two first purchases at once the second finds what the first made.
    store::account::lock_email(tx, &email)?;
    if let Some(account) = store::account::find_by_email(tx, &email)? {
        return Ok(account.user);
    }
    for _ in 0..TRIES {
        let user = NewUser { username: username(tx), name: None, email: Some(email.clone()), bio: None };
        let user = match user::create(tx, &user) {
            Ok(user) => user,
            Err(Error::Conflict(_)) => continue,
            Err(error) => return Err(error),
        };
        if store::account::insert(tx, &user, &email, password::NONE)? {
            return Ok(user);
        }
        return Err(Error::internal("an e-mail that had no account has one"));
    }
    Err(Error::internal("no username is free"))
}

/// A username that says nothing about its owner.
fn username(tx: &Tx<'_>) -> String {
    let fresh: UserId = tx.mint();
    let tail: String = fresh.as_str().chars().rev().take(8).collect();
    format!("member_{}", tail.to_lowercase())
}

/// Who would pay, as far as it is known: an address may have an account.
pub(crate) fn find(read: &mut store::Read<'_>, buyer: &Buyer) -> Result<Option<UserId>> {
    match buyer {
        Buyer::SignedIn(user) => Ok(Some(user.clone())),
        Buyer::Email(email) => {
            let email = check_email(email)?;
            Ok(store::account::find_by_email(read, email)?.map(|account| account.user))
        }
    }
}
