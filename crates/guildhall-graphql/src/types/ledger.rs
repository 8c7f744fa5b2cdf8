//! Ledger accounts and transfers.

use super::enums::{CreditTransactionTransferReasons, Currencies, FeedTypes, Word};
use super::page::id;
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use guildhall_app::ledger::{self, Holdings, Transfer};
use guildhall_core::ledger::TransferRequest;
use guildhall_core::money::major_from_minor;

/// What an account holds in one currency, in major units.
#[derive(Debug, SimpleObject)]
struct BalanceCache {
    balance: f64,
    currency: Currencies,
    /// What is not released yet, reserves included.
    pending_balance: f64,
}

#[derive(Debug, SimpleObject)]
struct BalanceCacheConnection {
    nodes: Option<Vec<Option<BalanceCache>>>,
}

/// A ledger account.
#[derive(Debug)]
pub(crate) struct LedgerAccount(pub(crate) Holdings);

#[Object]
impl LedgerAccount {
    async fn balance_caches(&self) -> BalanceCacheConnection {
        let nodes = self.0.balances.iter().map(|held| {
            Some(BalanceCache {
                balance: major_from_minor(held.balance_minor, held.currency),
                currency: Currencies::from_word(held.currency.code())?,
                pending_balance: major_from_minor(held.pending_minor, held.currency),
            })
        });
        BalanceCacheConnection { nodes: Some(nodes.collect()) }
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// What a transfer from this account costs, in minor units of its currency turned major.
    async fn transfer_fee(&self) -> Option<f64> {
        let first = self.0.balances.first();
        Some(first.map_or(0.0, |held| major_from_minor(self.0.transfer_fee_minor, held.currency)))
    }
}

#[derive(Debug, InputObject)]
struct TransferFundsInput {
    amount: f64,
    client_mutation_id: Option<String>,
    currency: Currencies,
    destination_id: ID,
    feed_id: Option<ID>,
    feed_type: Option<FeedTypes>,
    idempotence_key: String,
    ledger_account_id: ID,
    notes: Option<String>,
    reason: Option<CreditTransactionTransferReasons>,
    transfer_fee: Option<f64>,
}

#[derive(Debug, Default)]
pub(crate) struct LedgerMutations;

#[Object]
impl LedgerMutations {
    /// Moves money between accounts; one key moves it once.
    async fn transfer_funds(&self, context: &Context<'_>, input: TransferFundsInput) -> Result<Option<bool>> {
        let caller = Caller::of(context);
        let transfer = Transfer {
            request: TransferRequest {
                amount: input.amount,
                currency: input.currency.as_str().to_owned(),
                idempotence_key: input.idempotence_key,
                notes: input.notes,
                transfer_fee: input.transfer_fee,
            },
            source: id(&input.ledger_account_id)?,
            destination: input.destination_id.to_string(),
            reason: input.reason.map(|reason| reason.as_str().to_owned()),
        };
        ledger::transfer(&caller.hall, &caller.principal, transfer).await?;
        Ok(Some(true))
    }
}
