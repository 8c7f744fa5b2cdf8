//! Promo codes: what a company takes off its prices.

use guildhall_core::ids::{AccessPassId, CompanyId, PromoCodeId};
use guildhall_core::money::Currency;
use guildhall_core::promo_code::{Discount, Limits, PromoCodeStatus, PromoDuration};

/// A promo code.
#[derive(Debug, Clone)]
pub struct PromoCode {
    /// The id.
    pub id: PromoCodeId,
    /// Whose prices it takes off.
    pub company: CompanyId,
    /// Its text, in capitals.
    pub code: String,
    /// The pass whose plans it is for; `None` for every pass, and where the caller may not see passes.
    pub access_pass: Option<AccessPassId>,
    /// What it takes off.
    pub discount: Discount,
    /// The currency it was made for.
    pub currency: Currency,
    /// For how long.
    pub duration: PromoDuration,
    /// For how many payments; 0 for all.
    pub number_of_intervals: i64,
    /// How often it was used.
    pub uses: i64,
    /// Who may use it, and until when.
    pub limits: Limits,
    /// Where it stands.
    pub status: PromoCodeStatus,
    /// When it was made, in milliseconds.
    pub created_at: i64,
}
