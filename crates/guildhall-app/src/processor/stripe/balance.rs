//! What Stripe keeps of what it moves. <https://docs.stripe.com/api/balance_transactions>

use serde::Deserialize;

/// A movement of the operator's balance at Stripe, in their currency there.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct BalanceTransaction {
    amount: i64,
    currency: String,
    fee: i64,
}

impl BalanceTransaction {
    /// The fee in the currency of what was moved, of which it was so much. Stripe takes it in the operator's own, at the
    /// rate at which it moved the rest.
    pub(super) fn fee_in(&self, currency: &str, amount: i64) -> i64 {
        if self.currency == currency || self.amount == 0 {
            return self.fee;
        }
        let fee = i128::from(self.fee) * i128::from(amount) / i128::from(self.amount.unsigned_abs());
        i64::try_from(fee).unwrap_or(self.fee)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_fee_is_told_in_the_currency_of_what_was_moved() {
        let moved = |amount: i64, currency: &str, fee: i64| {
            let told = json!({"id": "txn_1", "amount": amount, "currency": currency, "fee": fee, "net": 0});
            serde_json::from_value::<BalanceTransaction>(told).expect("a movement")
        };
        assert_eq!(moved(2000, "usd", 88).fee_in("usd", 2000), 88);
        assert_eq!(moved(1850, "eur", 79).fee_in("usd", 2000), 85);
        assert_eq!(moved(-1000, "eur", 750).fee_in("usd", 2000), 1500);
        assert_eq!(moved(13, "usd", 4).fee_in("jpy", 2000), 615);
        assert_eq!(moved(0, "eur", 1500).fee_in("usd", 0), 1500);
        assert_eq!(moved(1, "eur", i64::MAX).fee_in("usd", i64::MAX), i64::MAX);
    }
}
