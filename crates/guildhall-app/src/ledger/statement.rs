//! Statements: what came and went on an account, with the balance after each.

use super::{Account, Total};
use crate::Guildhall;
use crate::error::{Error, Result, no_such};
use crate::store::ledger::statement::{self as store, History};
use crate::store::{self as rows, Read};
use guildhall_core::ids::{CompanyId, Id, LedgerAccountId, TransferId, UserId};
use guildhall_core::ledger::AccountKind;
use guildhall_core::money::Currency;

/// The most entries that are read of a balance at once.
pub const MOST_LINES: i64 = 10_000;
/// The most balances that are read at once.
pub const MOST_BALANCES: i64 = 200;
/// The most other sides that are read of an entry.
const MOST_SIDES: i64 = 16;

/// What to show.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// A ledger account, a user (by id or username) or a company, with all their accounts, or a kind of the platform's own
    /// accounts.
    pub whose: String,
    /// One currency, or all.
    pub currency: Option<Currency>,
    /// From where on; the newest entries when this is not said.
    pub from: Option<Start>,
    /// Nothing that was written at this moment or later, in milliseconds.
    pub until: Option<i64>,
    /// How many entries of each balance, up to [`MOST_LINES`].
    pub most: i64,
}

/// Where a statement begins.
#[derive(Debug, Clone, Copy)]
pub enum Start {
    /// At a moment, in milliseconds.
    Moment(i64),
    /// After the entry of this number.
    Entry(i64),
}

/// A part of what came and went on an account in a currency. Amounts are minor units.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The account.
    pub account: Account,
    /// The currency.
    pub currency: Currency,
    /// What it held before the first line.
    pub opening_minor: i64,
    /// The entries, the oldest first.
    pub lines: Vec<Line>,
    /// What it held after the last line.
    pub closing_minor: i64,
    /// How many entries came before.
    pub entries_before: i64,
    /// How many come after these, before the end that was asked for.
    pub entries_after: i64,
}

/// One entry.
#[derive(Debug, Clone)]
pub struct Line {
    /// Which of the balance's entries it is, from one.
    pub sequence: i64,
    /// The transfer it is part of.
    pub transfer: TransferId,
    /// When it was written, in milliseconds.
    pub at: i64,
    /// Why.
    pub reason: String,
    /// The payment, refund, payout … it is about.
    pub subject: Option<String>,
    /// What the sender noted.
    pub notes: Option<String>,
    /// Into the account, or out of it when below zero.
    pub amount_minor: i64,
    /// What the account held after it.
    pub balance_after_minor: i64,
    /// The other accounts of the transfer, the first few.
    pub others: Vec<Side>,
}

/// Another account's part in a transfer.
#[derive(Debug, Clone)]
pub struct Side {
    /// The account's kind.
    pub kind: AccountKind,
    /// Whose it is.
    pub owner: String,
    /// Into it, or out of it when below zero.
    pub amount_minor: i64,
}

/// One of the platform's own accounts, in one currency.
#[derive(Debug, Clone)]
pub struct OwnAccount {
    /// The account.
    pub account: Account,
    /// The currency's code.
    pub currency: String,
    /// Minor units.
    pub balance_minor: i64,
}

/// The statements of every account that is meant, one a currency.
///
/// # Errors
/// `Invalid` for a word that names nothing or a kind that everybody has, `NotFound` for who has no account.
pub async fn statements(hall: &Guildhall, wanted: Wanted) -> Result<Vec<Statement>> {
    hall.store
        .scan(move |read| {
            let histories = find(read, &wanted.whose)?;
            let is_wanted = |one: &History| wanted.currency.is_none_or(|currency| currency == one.currency);
            let histories = histories.into_iter().filter(is_wanted);
            histories.map(|history| statement(read, history, &wanted)).collect()
        })
        .await
}

/// The platform's own accounts, and what each kind of account holds together.
///
/// # Errors
/// `Internal` only.
pub async fn own_accounts(hall: &Guildhall) -> Result<(Vec<OwnAccount>, Vec<Total>)> {
    hall.store.scan(|read| Ok((store::own_accounts(read, MOST_BALANCES)?, store::totals(read)?))).await
}

fn find(read: &mut Read<'_>, whose: &str) -> Result<Vec<History>> {
    use AccountKind::{Company, CompanyDebt, CompanyPending, CompanyReserve, User, UserPending};
    if whose.starts_with(LedgerAccountId::PREFIX) {
        let id = LedgerAccountId::parse(whose)?;
        if rows::ledger::find(read, &id)?.is_none() {
            return no_such("ledger account", &id);
        }
        return store::of_account(read, &id, MOST_BALANCES);
    }
    if whose.starts_with(CompanyId::PREFIX) {
        let company = CompanyId::parse(whose)?;
        let kinds = [Company, CompanyPending, CompanyReserve, CompanyDebt];
        return of_owner(read, "company", company.as_str(), &kinds);
    }
    if whose.starts_with(UserId::PREFIX) {
        let user = UserId::parse(whose)?;
        return of_owner(read, "user", user.as_str(), &[User, UserPending]);
    }
    match AccountKind::from_word(whose) {
        Some(Company | CompanyDebt | CompanyPending | CompanyReserve | User | UserPending) => {
            Err(Error::Invalid(format!("Many have an account of the kind `{whose}`: name the one you mean.")))
        }
        Some(kind) => store::of_kind(read, kind, MOST_BALANCES),
        None => match rows::user::find_by_username(read, whose.trim_start_matches('@'))? {
            Some(user) => of_owner(read, "user", user.id.as_str(), &[User, UserPending]),
            None => Err(Error::Invalid(format!(
                "`{whose}` names no account: give a user (`user_…` or a username), a company (`biz_…`), a ledger account \
                 (`ldgr_…`), or one of the platform's own: clearing, disputed, funding, in_transit, platform_fees, \
                 processor_fees."
            ))),
        },
    }
}

fn of_owner(read: &mut Read<'_>, noun: &str, owner: &str, kinds: &[AccountKind]) -> Result<Vec<History>> {
    if rows::ledger::find_of_owner(read, kinds[0], owner)?.is_none() {
        return no_such(noun, &owner);
    }
    let mut histories = Vec::new();
    for kind in kinds {
        histories.extend(store::of_owner(read, *kind, owner, MOST_BALANCES)?);
    }
    Ok(histories)
}

fn statement(read: &mut Read<'_>, history: History, wanted: &Wanted) -> Result<Statement> {
    let most = wanted.most.clamp(1, MOST_LINES);
    let last = match wanted.until {
        Some(moment) => entries_before(read, &history, moment)?,
        None => history.last_sequence,
    };
    let first = match wanted.from {
        Some(Start::Moment(moment)) => entries_before(read, &history, moment)?.min(last),
        Some(Start::Entry(sequence)) => sequence.clamp(0, last),
        None => (last - most).max(0),
    };
    let shown = first.saturating_add(most).min(last);
    let lines = store::lines(read, &history, first, shown, MOST_SIDES)?;
    let opening_minor = match lines.first() {
        Some(line) => line.balance_after_minor - line.amount_minor,
        None => store::lines(read, &history, first - 1, first, 1)?
            .first()
            .map_or(0, |line| line.balance_after_minor),
    };
    Ok(Statement {
        opening_minor,
        closing_minor: lines.last().map_or(opening_minor, |line| line.balance_after_minor),
        lines,
        entries_before: first,
        entries_after: last - shown,
        account: history.account,
        currency: history.currency,
    })
}

/// How many entries were written before a moment. Entries follow each other in time, but for moments of transactions
/// that ran side by side; so the place is searched by halves, and is one where the time passes the moment.
fn entries_before(read: &mut Read<'_>, history: &History, moment: i64) -> Result<i64> {
    let (mut before, mut after) = (0, history.last_sequence + 1);
    while after - before > 1 {
        let middle = i64::midpoint(before, after);
        match store::written_at(read, history, middle)? {
            Some(at) if at < moment => before = middle,
            _ => after = middle,
        }
    }
    Ok(before)
}
