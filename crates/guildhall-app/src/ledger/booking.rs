//! Booking what happens to money: the table of `core::posting`, written down with the accounts of those it concerns.

use super::{Account, HOUSE, account_of, free_minor, owed_minor};
use crate::error::{Error, Result};
use crate::processor::Processor;
use crate::store::ledger::{NewTransfer, Written};
use crate::store::{self, Tx};
use guildhall_core::ids::{CompanyId, Id, TransferId, UserId};
use guildhall_core::ledger::AccountKind;
use guildhall_core::money::Currency;
use guildhall_core::posting::{self, Happening, Place};
use guildhall_core::sale::repaid;
use sha2::{Digest, Sha256};

/// Whom a happening concerns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parties<'a> {
    /// The seller, or the company that is paid out.
    pub(crate) company: Option<&'a CompanyId>,
    /// The person whose balance pays, or is paid.
    pub(crate) person: Option<&'a UserId>,
    /// Who brought the buyer.
    pub(crate) affiliate: Option<&'a UserId>,
    /// The word of the processor that has the money outside.
    pub(crate) processor: &'a str,
}

/// What became of something to book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Booked {
    /// It is booked, as this transfer.
    Now(TransferId),
    /// It was booked before under the same key; nothing was moved.
    Before,
}

/// Books what happens together as one transfer under a key of the server's own: the same key books it once.
/// `reason` is a word for statements, `subject` the id of the payment, refund, payout … that it is about.
///
/// Who reads balances first to decide amounts (what is drawn, what is repaid) holds the company by `Tx::lock`
/// from before that reading until the end.
///
/// # Errors
/// `InsufficientFunds` naming holder and currency when an account would go below zero; the transaction must then
/// be given up. `Internal` for a party that is missing, a key that booked something else, an unsound happening, and
/// for more repaid than is owed.
pub(crate) fn book(
    tx: &mut Tx<'_>,
    key: &str,
    reason: &str,
    subject: &str,
    currency: Currency,
    happenings: &[Happening],
    parties: &Parties<'_>,
) -> Result<Booked> {
    let posting = posting::posting(currency, happenings).map_err(|error| Error::internal(error.0))?;
    let posting = posting.try_map(|place| Ok::<_, Error>((place.kind(), owner(place, parties)?)))?;
    let content: Vec<_> = posting
        .entries
        .iter()
        .map(|entry| (entry.account.0.as_str(), entry.account.1, entry.amount_minor))
        .collect();
    let text = serde_json::json!([reason, subject, currency.code(), content]).to_string();
    let hash: [u8; 32] = Sha256::digest(text).into();
    let transfer =
        NewTransfer { caller: HOUSE, key, request_hash: &hash, reason, notes: None, subject: Some(subject) };
    let posting = posting.try_map(|(kind, owner)| account_of(tx, kind, owner))?;
    match store::ledger::write(tx, &transfer, &posting)? {
        Written::New(id) => Ok(Booked::Now(id)),
        Written::Used { same_request: true } => Ok(Booked::Before),
        Written::Used { same_request: false } => {
            Err(Error::internal(format!("the key {key} booked something else before")))
        }
        Written::OutOfBounds(account) => Err(out_of_bounds(account, currency)),
    }
}

/// Pays back what a company owes out of what it has free; answers what it owes then, in minor units. Neither is to stand
/// beside the other: who makes money free without a `repaid_minor` of its own asks for this afterwards, who spends it
/// before. Either holds the company by `Tx::lock`.
///
/// # Errors
/// `Internal` only.
pub(crate) fn pay_debt(tx: &mut Tx<'_>, company: &CompanyId, currency: Currency) -> Result<i64> {
    let owed = owed_minor(tx, company, currency)?;
    if owed == 0 {
        return Ok(0);
    }
    let free = free_minor(tx, AccountKind::Company, company.as_str(), currency)?;
    let amount_minor = repaid(free, owed);
    if amount_minor > 0 {
        // The amount was decided under the company's lock: there is nothing that could be repeated.
        let (one, happening) = (tx.mint::<TransferId>(), Happening::Repaid { amount_minor });
        let processor = Processor::PlatformBalance.as_str();
        let parties = Parties { company: Some(company), person: None, affiliate: None, processor };
        let (key, about) = (format!("debt_repaid:{one}"), company.as_str());
        book(tx, &key, "debt_repaid", about, currency, &[happening], &parties)?;
    }
    Ok(owed - amount_minor)
}

/// Whose account plays a part.
fn owner<'a>(place: Place, parties: &Parties<'a>) -> Result<&'a str> {
    let missing = |noun: &str| Error::internal(format!("what is booked concerns {noun}, and none is named"));
    match place {
        Place::Outside | Place::Clearing | Place::Disputed | Place::InTransit | Place::ProcessorFees => {
            Ok(parties.processor)
        }
        Place::PlatformFees => Ok(AccountKind::PlatformFees.as_str()),
        Place::Seller | Place::SellerPending | Place::SellerReserve | Place::SellerDebt => {
            parties.company.map(Id::as_str).ok_or_else(|| missing("a company"))
        }
        Place::Person => parties.person.map(Id::as_str).ok_or_else(|| missing("a person")),
        Place::Affiliate | Place::AffiliatePending => {
            parties.affiliate.map(Id::as_str).ok_or_else(|| missing("an affiliate"))
        }
    }
}

fn out_of_bounds(account: &Account, currency: Currency) -> Error {
    let (owner, code) = (&account.owner, currency.code());
    Error::InsufficientFunds(match account.kind {
        AccountKind::Company => format!("The company `{owner}` does not hold enough {code}."),
        AccountKind::User => format!("The user `{owner}` does not hold enough {code}."),
        AccountKind::CompanyPending | AccountKind::CompanyReserve => {
            format!("Not enough {code} of the company `{owner}` wait to be released.")
        }
        AccountKind::UserPending => format!("Not enough {code} of the user `{owner}` wait to be released."),
        AccountKind::Clearing
        | AccountKind::Disputed
        | AccountKind::InTransit
        | AccountKind::PlatformFees
        | AccountKind::ProcessorFees => {
            format!("The account `{}` of `{owner}` does not hold enough {code}.", account.kind.as_str())
        }
        AccountKind::CompanyDebt | AccountKind::Funding => {
            return Error::internal(format!("{owner} would pay back more {code} than it owes"));
        }
    })
}
