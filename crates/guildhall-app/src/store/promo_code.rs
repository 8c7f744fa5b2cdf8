//! Rows of promo codes.

use super::listed::{in_span, span_parameters};
use super::user::like_within;
use super::{Read, Row, Tx, Value, params};
use crate::error::{Error, Result};
use crate::promo_code::{PromoCode, PromoCodeFilter, PromoCodeOrder};
use guildhall_core::cursor::Window;
use guildhall_core::ids::{AccessPassId, CompanyId, PlanId, PromoCodeId};
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

/// Adds a code with the plans that it is for; `false` when the company has one of this text.
pub(crate) fn insert(tx: &mut Tx<'_>, code: &PromoCode, plans: &[PlanId]) -> Result<bool> {
    let amount = match code.discount {
        Discount::Flat(amount, _) | Discount::Percentage(amount) => amount,
    };
    let added = tx.execute(
        "insert into promo_codes (id, company_id, code, access_pass_id, promo_type, amount, currency, duration,
           number_of_intervals, unlimited_stock, stock, new_users_only, churned_users_only,
           existing_memberships_only, one_per_customer, expires_at, status, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18)
         on conflict do nothing",
        params![
            &code.id,
            &code.company,
            &code.code,
            code.access_pass.as_ref(),
            code.discount.promo_type().as_str(),
            amount,
            code.currency.code(),
            code.duration.as_str(),
            code.number_of_intervals,
            code.limits.stock.is_none(),
            code.limits.stock.unwrap_or(0),
            code.limits.new_users_only,
            code.limits.churned_users_only,
            code.limits.existing_memberships_only,
            code.limits.one_per_customer,
            code.limits.expires_at,
            code.status.as_str(),
            code.created_at
        ],
    )?;
    if added == 0 {
        return Ok(false);
    }
    for plan in plans {
        tx.execute(
            "insert into promo_code_plans (promo_code_id, plan_id)
             values ($1, $2)
             on conflict do nothing",
            params![&code.id, plan],
        )?;
    }
    Ok(true)
}

pub(crate) fn find(read: &mut Read<'_>, id: &PromoCodeId) -> Result<Option<PromoCode>> {
    let row =
        read.first(concat!("select ", code_columns!(), " from promo_codes c where c.id = $1"), params![id])?;
    row.map(from_row).transpose()
}

/// The live code of a text, in capitals, that a company has for a plan of one of its passes.
pub(crate) fn find_for_plan(
    read: &mut Read<'_>,
    company: &CompanyId,
    code: &str,
    pass: &AccessPassId,
    plan: &PlanId,
) -> Result<Option<PromoCode>> {
    let row = read.first(
        concat!(
            "select ",
            code_columns!(),
            " from promo_codes c
              where c.company_id = $1
                and c.code = $2
                and c.status <> 'archived'
                and (c.access_pass_id is null or c.access_pass_id = $3)
                and (not exists (select 1 from promo_code_plans p where p.promo_code_id = c.id)
                  or exists (select 1 from promo_code_plans p where p.promo_code_id = c.id and p.plan_id = $4))"
        ),
        params![company, code, pass, plan],
    )?;
    row.map(from_row).transpose()
}

/// Lets a code be used no more, and its text be free.
pub(crate) fn archive(tx: &mut Tx<'_>, id: &PromoCodeId) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update promo_codes
         set status = 'archived', updated_at = $2
         where id = $1 and status <> 'archived'",
        params![id, now],
    )?;
    Ok(())
}

/// The codes of a company that a filter lets through: $1 is the company, $2 a status (else all but deleted ones), $3 is
/// 1 for expired ones and 0 for those that count, $4 the moment, $5 a pattern of the text.
macro_rules! filtered {
    () => {
        "from promo_codes c
         where c.company_id = $1
           and ((cast($2 as text) is null and c.status <> 'archived') or c.status = $2)
           and (cast($3 as bigint) is null
             or ($3 = 1 and c.expires_at <= $4)
             or ($3 = 0 and c.status = 'active' and (c.expires_at is null or c.expires_at > $4)))
           and lower(c.code) like $5 escape '!'"
    };
}

/// A part of the list in the order of a column.
macro_rules! codes_by {
    ($key:literal, $order:literal) => {
        concat!(
            "select ",
            code_columns!(),
            " ",
            filtered!(),
            in_span!($key, "c.id", $order, "$6", "$7", "$8", "$9", "$10")
        )
    };
}

fn list_statement(order: PromoCodeOrder, descending: bool) -> &'static str {
    match (order, descending) {
        (PromoCodeOrder::Code, false) => codes_by!("c.code", "c.code asc, c.id asc"),
        (PromoCodeOrder::Code, true) => codes_by!("c.code", "c.code desc, c.id desc"),
        (PromoCodeOrder::CreatedAt, false) => codes_by!("c.id", "c.id asc"),
        (PromoCodeOrder::CreatedAt, true) => codes_by!("c.id", "c.id desc"),
    }
}

fn parameters<'a>(
    company: &'a CompanyId,
    filter: &PromoCodeFilter,
    pattern: &'a str,
    now: i64,
) -> Vec<Value<'a>> {
    let (status, expired) = (filter.status.map(PromoCodeStatus::as_str), filter.expired.map(i64::from));
    params![company, status, expired, now, pattern].to_vec()
}

/// The codes of a window's span, in the order in which they were read.
pub(crate) fn list(
    read: &mut Read<'_>,
    company: &CompanyId,
    filter: &PromoCodeFilter,
    window: &Window<PromoCodeOrder>,
) -> Result<Vec<PromoCode>> {
    let (span, pattern) = (window.span(), like_within(&filter.query));
    let mut parameters = parameters(company, filter, &pattern, read.now);
    parameters.extend(span_parameters(&span));
    let rows = read.query(list_statement(window.order, span.descending), &parameters)?;
    rows.into_iter().map(from_row).collect()
}

/// How many codes a filter lets through.
pub(crate) fn count(read: &mut Read<'_>, company: &CompanyId, filter: &PromoCodeFilter) -> Result<i64> {
    let pattern = like_within(&filter.query);
    let row = read
        .first(concat!("select count(*) ", filtered!()), &parameters(company, filter, &pattern, read.now))?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

#[cfg(test)]
mod tests {
    use super::super::listed::steps_of;
    use super::*;

    #[test]
    fn every_order_is_read_from_its_index() {
        let indexes = [
            (PromoCodeOrder::Code, "promo_codes_by_code"),
            (PromoCodeOrder::CreatedAt, "promo_codes_by_company"),
        ];
        for (order, index) in indexes {
            for descending in [false, true] {
                let steps = steps_of(list_statement(order, descending));
                let range = format!("USING INDEX {index} (company_id=? AND ");
                assert!(steps[0].contains(&range), "{order:?}: {steps:#?}");
                assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{order:?}: {steps:#?}");
            }
        }
    }
}
