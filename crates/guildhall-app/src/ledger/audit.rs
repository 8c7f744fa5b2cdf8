//! Whether the ledger is sound.

use crate::Guildhall;
use crate::error::Result;
use crate::store;

/// What an audit found.
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
    /// Balances that are not the sum of their entries.
    pub wrong_balances: i64,
    /// Balances below zero that must not be.
    pub negative_balances: i64,
    /// The sum of all entries by currency, in minor units.
    pub sums: Vec<(String, i64)>,
}

impl AuditReport {
    /// Whether the ledger is sound.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.unbalanced_transfers == 0
            && self.transfers_without_entries == 0
            && self.wrong_balances == 0
            && self.negative_balances == 0
            && self.sums.iter().all(|(_, sum)| *sum == 0)
    }
}

/// Proves, or disproves, that everything sums to zero.
///
/// # Errors
/// `Internal` only.
pub async fn audit(hall: &Guildhall) -> Result<AuditReport> {
    hall.store.scan(store::ledger::audit).await
}
