//! Rows of promo codes.

use super::{Read, Row, params};
use crate::error::{Error, Result};
use crate::promo_code::PromoCode;
use guildhall_core::ids::PromoCodeId;
use guildhall_core::money::Currency;
use guildhall_core::promo_code::{Discount, Limits, PromoCodeStatus, PromoDuration, PromoType};

macro_rules! code_columns {
    () => {
        "c.id, c.company_id, c.code, c.access_pass_id, c.promo_type, c.amount, c.currency, c.duration,
         c.number_of_intervals, c.unlimited_stock, c.stock, c.uses, c.new_users_only, c.churned_users_only,
         c.existing_memberships_only, c.one_per_customer, c.expires_at, c.status, c.created_at"
    };
}

fn unknown(what: &str, word: &str) -> Error {
    Error::internal(format!("a promo code of the unknown {what} {word}"))
}

fn from_row(mut row: Row) -> Result<PromoCode> {
    let (promo_type, amount, duration, status) = (row.text(4)?, row.int(5)?, row.text(7)?, row.text(17)?);
    let currency = Currency::parse(&row.text(6)?).map_err(|error| Error::internal(error.0))?;
    let discount = match PromoType::from_word(&promo_type) {
        Some(PromoType::FlatAmount) => Discount::Flat(amount, currency),
        Some(PromoType::Percentage) => Discount::Percentage(amount),
        None => return Err(unknown("type", &promo_type)),
    };
    let (unlimited, stock) = (row.flag(9)?, row.int(10)?);
    Ok(PromoCode {
        id: row.id(0)?,
        company: row.id(1)?,
        code: row.text(2)?,
        access_pass: row.id_or_null(3)?,
        discount,
        currency,
        duration: PromoDuration::from_word(&duration).ok_or_else(|| unknown("duration", &duration))?,
        number_of_intervals: row.int(8)?,
        uses: row.int(11)?,
        limits: Limits {
            new_users_only: row.flag(12)?,
            churned_users_only: row.flag(13)?,
            existing_memberships_only: row.flag(14)?,
            one_per_customer: row.flag(15)?,
            stock: (!unlimited).then_some(stock),
            expires_at: row.int_or_null(16)?,
        },
        status: PromoCodeStatus::from_word(&status).ok_or_else(|| unknown("status", &status))?,
        created_at: row.int(18)?,
    })
}

pub(crate) fn find(read: &mut Read<'_>, id: &PromoCodeId) -> Result<Option<PromoCode>> {
    let row =
        read.first(concat!("select ", code_columns!(), " from promo_codes c where c.id = $1"), params![id])?;
    row.map(from_row).transpose()
}
