//! Whether the ledger is sound, now or as of a moment.

use crate::Guildhall;
use crate::error::Result;
use crate::store;
use guildhall_core::ledger::AccountKind;

/// How many open items an audit names.
pub const MOST_OPEN_ITEMS: i64 = 1000;

/// What an audit found, as of a moment where it was given one. Amounts are minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// Transfers written down.
    pub transfers: i64,
    /// Entries written down.
    pub entries: i64,
    /// Transfers whose entries do not sum to zero.
    pub unbalanced_transfers: i64,
    /// Transfers without entries.
    pub transfers_without_entries: i64,
    /// Entries that do not follow from the one before them of their account and currency.
    pub broken_histories: i64,
    /// Balances that are not the sum of their entries. They stand now: a moment does not matter.
    pub wrong_balances: i64,
    /// Entries after which an account was below zero that must not be.
    pub below_zero: i64,
    /// Entries after which an account was above zero that must not be: debts paid back beyond nothing.
    pub above_zero: i64,
    /// What each kind of account held.
    pub totals: Vec<Total>,
    /// What lies on accounts that money only passes through, the oldest first, up to [`MOST_OPEN_ITEMS`].
    pub open_items: Vec<OpenItem>,
}

/// What the accounts of a kind hold together in a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// The kind.
    pub kind: AccountKind,
    /// The currency's code.
    pub currency: String,
    /// How many accounts there are.
    pub accounts: i64,
    /// Minor units.
    pub sum_minor: i64,
}

/// Money on its way: charged and not sold, disputed and not decided, asked to be paid out and not arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenItem {
    /// Clearing, disputed or in transit.
    pub kind: AccountKind,
    /// The processor's word.
    pub owner: String,
    /// The currency's code.
    pub currency: String,
    /// The payment, dispute or payout it is about.
    pub subject: Option<String>,
    /// Minor units.
    pub amount_minor: i64,
    /// When its first entry was written, in milliseconds.
    pub since: i64,
}

impl OpenItem {
    /// Whether it is known what this is: something that came in for a named thing, and not more that went out.
    #[must_use]
    pub fn is_explained(&self) -> bool {
        self.subject.is_some() && self.amount_minor > 0
    }
}

/// How often balances of a kind stood on either side of zero.
#[derive(Debug)]
pub(crate) struct Reach {
    pub(crate) kind: AccountKind,
    pub(crate) below: i64,
    pub(crate) above: i64,
}

impl AuditReport {
    /// Whether the ledger is sound.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.unbalanced_transfers == 0
            && self.transfers_without_entries == 0
            && self.broken_histories == 0
            && self.wrong_balances == 0
            && self.below_zero == 0
            && self.above_zero == 0
            && self.sums().iter().all(|(_, sum)| *sum == 0)
            && self.open_items.iter().all(OpenItem::is_explained)
    }

    /// The sum of all entries by currency, in minor units.
    #[must_use]
    pub fn sums(&self) -> Vec<(&str, i64)> {
        let mut sums: Vec<(&str, i64)> = Vec::new();
        for total in &self.totals {
            match sums.iter_mut().find(|(currency, _)| *currency == total.currency) {
                Some((_, sum)) => *sum += total.sum_minor,
                None => sums.push((&total.currency, total.sum_minor)),
            }
        }
        sums
    }
}

/// Proves, or disproves, that everything sums to zero and that no balance ever left its bounds.
///
/// # Errors
/// `Internal` only.
pub async fn audit(hall: &Guildhall) -> Result<AuditReport> {
    audit_as_of(hall, i64::MAX).await
}

/// The same as of a moment in milliseconds: what was written after it is left out.
///
/// # Errors
/// `Internal` only.
pub async fn audit_as_of(hall: &Guildhall, moment: i64) -> Result<AuditReport> {
    use store::ledger::audit;
    hall.store
        .scan(move |read| {
            let reaches = audit::reaches(read, moment)?;
            let no_overdraft = reaches.iter().filter(|reach| !reach.kind.may_go_negative());
            let only_debt = reaches.iter().filter(|reach| !reach.kind.may_go_positive());
            Ok(AuditReport {
                transfers: audit::transfers(read, moment)?,
                entries: audit::entries(read, moment)?,
                unbalanced_transfers: audit::unbalanced_transfers(read, moment)?,
                transfers_without_entries: audit::transfers_without_entries(read, moment)?,
                broken_histories: audit::broken_histories(read, moment)?,
                wrong_balances: audit::wrong_balances(read)?,
                below_zero: no_overdraft.map(|reach| reach.below).sum(),
                above_zero: only_debt.map(|reach| reach.above).sum(),
                totals: audit::totals(read, moment)?,
                open_items: audit::open_items(read, moment, MOST_OPEN_ITEMS)?,
            })
        })
        .await
}
