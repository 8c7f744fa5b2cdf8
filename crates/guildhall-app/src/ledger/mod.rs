//! The double-entry ledger: the only truth about money.
//!
//! A transfer claims its caller's key, moves the balances by conditional updates and writes its entries
//! down, in one transaction; what happens to money otherwise is booked the same way, under the server's own
//! keys. Costs: two rows and two balances a plain transfer. Bounds: 2 or 3 entries a transfer, one an account
//! and happening else.

mod audit;
mod booking;
mod earnings;
mod known;
mod statement;
#[cfg(test)]
mod tests;
mod transfer;

pub(crate) use audit::Reach;
pub use audit::{AuditReport, MOST_OPEN_ITEMS, OpenItem, Total, audit, audit_as_of};
pub(crate) use booking::{Booked, Parties, book, pay_debt};
pub use earnings::{Earnings, earnings};
pub(crate) use known::KnownAccounts;
pub use statement::{
    Line, MOST_BALANCES, MOST_LINES, OwnAccount, Side, Start, Statement, Wanted, own_accounts, statements,
};
pub use transfer::{Transfer, transfer};

use crate::Guildhall;
use crate::error::{Error, Result};
use crate::principal::{Principal, authorize};
use crate::store::ledger::{NewTransfer, Written};
use crate::store::{self, Read, Tx};
use guildhall_core::ids::{CompanyId, Id, LedgerAccountId};
use guildhall_core::ledger::{AccountKind, Posting};
use guildhall_core::money::Currency;
use guildhall_core::permission::Permission;
use sha2::{Digest, Sha256};

/// Who holds the keys of what the server itself books.
const HOUSE: &str = "guildhall";
/// What a transfer costs its sender, in minor units of any currency.
const TRANSFER_FEE_MINOR: i64 = 0;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The id.
    pub id: LedgerAccountId,
    /// Whose it is, or what stands behind it.
    pub kind: AccountKind,
    /// A user's or company's id; a processor's word; the kind's word for the platform's own.
    pub owner: String,
}

/// What a user or company holds in one currency, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// The currency.
    pub currency: Currency,
    /// What may be spent, less what is owed: below zero for a company in debt.
    pub balance_minor: i64,
    /// What is not released yet, reserves included.
    pub pending_minor: i64,
}

/// The account of a user or company with what they hold.
#[derive(Debug, Clone)]
pub struct Holdings {
    /// The account from which they spend.
    pub id: LedgerAccountId,
    /// What a transfer from it costs, in minor units.
    pub transfer_fee_minor: i64,
    /// One a currency, in the order of their codes.
    pub balances: Vec<Balance>,
}

/// The acting user's account.
///
/// # Errors
/// `Unauthenticated` when nobody acts.
pub async fn of_current_user(hall: &Guildhall, principal: &Principal) -> Result<Holdings> {
    let user = principal.acting_user()?.clone();
    hall.store.read(move |read| holdings(read, AccountKind::User, user.as_str())).await
}

/// A company's account.
///
/// # Errors
/// `Forbidden` without `company:balance:read`.
pub async fn of_company(hall: &Guildhall, principal: &Principal, company: CompanyId) -> Result<Holdings> {
    let principal = principal.clone();
    hall.store
        .read(move |read| {
            authorize(read, &principal, &company, Permission::CompanyBalanceRead)?;
            holdings(read, AccountKind::Company, company.as_str())
        })
        .await
}

pub(crate) fn holdings(read: &mut Read<'_>, kind: AccountKind, owner: &str) -> Result<Holdings> {
    let id = store::ledger::find_of_owner(read, kind, owner)?
        .ok_or_else(|| Error::internal(format!("{owner} has no ledger account")))?;
    let mut balances: Vec<Balance> = Vec::new();
    for (kind, currency, amount_minor) in store::ledger::balances_of_owner(read, owner)? {
        if balances.last().is_none_or(|last| last.currency != currency) {
            balances.push(Balance { currency, balance_minor: 0, pending_minor: 0 });
        }
        let last = balances.last_mut().expect("one was just added when there was none");
        match kind {
            AccountKind::CompanyPending | AccountKind::CompanyReserve | AccountKind::UserPending => {
                last.pending_minor += amount_minor;
            }
            _ => last.balance_minor += amount_minor,
        }
    }
    Ok(Holdings { id, transfer_fee_minor: TRANSFER_FEE_MINOR, balances })
}

/// What an owner's account of a kind holds, in minor units; zero when there is none.
pub(crate) fn free_minor(
    read: &mut Read<'_>,
    kind: AccountKind,
    owner: &str,
    currency: Currency,
) -> Result<i64> {
    Ok(store::ledger::balance(read, kind, owner, currency)?.unwrap_or(0))
}

/// What a company owes, in minor units, zero or more.
pub(crate) fn owed_minor(read: &mut Read<'_>, company: &CompanyId, currency: Currency) -> Result<i64> {
    let debt = store::ledger::balance(read, AccountKind::CompanyDebt, company.as_str(), currency)?;
    Ok(debt.map_or(0, |debt_minor| -debt_minor))
}

/// Makes the account of a new user or company.
pub(crate) fn open_account(tx: &mut Tx<'_>, kind: AccountKind, owner: &str) -> Result<LedgerAccountId> {
    store::ledger::find_or_insert(tx, kind, owner)
}

/// Lets money in from outside, e.g. a demo world's opening balances. One key lets it in once.
pub(crate) fn fund(
    tx: &mut Tx<'_>,
    kind: AccountKind,
    owner: &str,
    currency: Currency,
    amount_minor: i64,
    key: &str,
) -> Result<()> {
    let source = account_of(tx, AccountKind::Funding, AccountKind::Funding.as_str())?;
    let destination = account_of(tx, kind, owner)?;
    let hash: [u8; 32] = Sha256::digest(format!("{owner} {} {amount_minor}", currency.code())).into();
    let transfer = NewTransfer {
        caller: HOUSE,
        key,
        request_hash: &hash,
        reason: "funding",
        notes: None,
        subject: None,
    };
    let posting = Posting::payment(currency, source, destination, amount_minor, None)?;
    match store::ledger::write(tx, &transfer, &posting)? {
        Written::New(_) | Written::Used { .. } => Ok(()),
        Written::OutOfBounds(_) => Err(Error::internal("money from outside was refused")),
    }
}

/// An owner's account of a kind, made when there is none yet.
fn account_of(tx: &mut Tx<'_>, kind: AccountKind, owner: &str) -> Result<Account> {
    Ok(Account { id: store::ledger::find_or_insert(tx, kind, owner)?, kind, owner: owner.to_owned() })
}
