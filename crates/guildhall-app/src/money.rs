//! What an operator decides about money: fees, how long sales are held, which processors there are.

use crate::processor::Processor;
use guildhall_core::fee::FeeRate;
use guildhall_core::money::Currency;
use guildhall_core::{Invalid, invalid};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What an operator decides about money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// What the platform earns of a sale, in hundredths of a percent.
    pub platform_fee_basis_points: i64,
    /// What the platform earns of a payout, on top of it, in hundredths of a percent.
    pub payout_fee_basis_points: i64,
    /// How many days a sale by a processor is held before its seller may spend it.
    pub pending_days: i64,
    /// What of a sale is kept longer, against disputes, in hundredths of a percent of the seller's part.
    pub reserve_basis_points: i64,
    /// For how many days.
    pub reserve_days: i64,
    /// Whether the sandbox takes payments.
    pub sandbox: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            platform_fee_basis_points: 0,
            payout_fee_basis_points: 0,
            pending_days: 7,
            reserve_basis_points: 0,
            reserve_days: 90,
            sandbox: false,
        }
    }
}

/// What the sandbox charges its seller: 2.9 % and 0.30 of a dollar, as card processors do.
const SANDBOX_BASIS_POINTS: i64 = 290;
const SANDBOX_FIXED_USD_MINOR: i64 = 30;
/// What a processor takes for a dispute in the sandbox, in minor units of usd (15 dollars); nothing elsewhere.
pub(crate) const SANDBOX_DISPUTE_FEE_USD_MINOR: i64 = 1500;

impl Settings {
    /// Checks that every part can be.
    ///
    /// # Errors
    /// With the sentence for the first that cannot.
    pub fn check(&self) -> Result<(), Invalid> {
        FeeRate::new(self.platform_fee_basis_points, 0)?;
        FeeRate::new(self.payout_fee_basis_points, 0)?;
        FeeRate::new(self.reserve_basis_points, 0)?;
        if !(0..=365).contains(&self.pending_days) || !(0..=365).contains(&self.reserve_days) {
            return invalid("Sales are held for 0 to 365 days.");
        }
        Ok(())
    }

    /// What a processor takes of a charge, where it does not say so itself.
    pub(crate) fn processor_fee(&self, processor: Processor, currency: Currency) -> FeeRate {
        match processor {
            Processor::Sandbox => {
                let fixed = if currency.code() == "usd" { SANDBOX_FIXED_USD_MINOR } else { 0 };
                FeeRate::new(SANDBOX_BASIS_POINTS, fixed).expect("the sandbox's fee is sound")
            }
            // What Stripe takes differs by card: it is told with each charge.
            Processor::PlatformBalance | Processor::Stripe => FeeRate::NONE,
        }
    }

    /// What the platform takes of a sale.
    pub(crate) fn platform_fee(&self) -> FeeRate {
        FeeRate::new(self.platform_fee_basis_points.clamp(0, 10_000), 0).expect("it was clamped")
    }

    /// What the platform takes of a payout, on top of it.
    pub(crate) fn payout_fee(&self) -> FeeRate {
        FeeRate::new(self.payout_fee_basis_points.clamp(0, 10_000), 0).expect("it was clamped")
    }

    /// When the parts of a sale at `now` are released: what is pending, in reserve, and of the reward. What a balance
    /// paid is disputed by no bank, and is not held.
    pub(crate) fn releases(&self, processor: Processor, now: i64) -> (i64, i64, i64) {
        let days = |days: i64| match processor {
            Processor::PlatformBalance => now,
            Processor::Sandbox | Processor::Stripe => now + days * DAY_MS,
        };
        (days(self.pending_days), days(self.reserve_days.max(self.pending_days)), days(self.pending_days))
    }
}
