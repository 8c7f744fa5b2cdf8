//! Rows of plans.

use super::{Read, Row, Tx, params};
use crate::error::Result;
use crate::plan::{NewPlan, Plan};
use guildhall_core::ids::PlanId;
use guildhall_core::money::Currency;
use guildhall_core::plan::ReleaseMethod;

fn from_row(mut row: Row) -> Result<Plan> {
    let currency = row.text(3)?;
    Ok(Plan {
        id: row.id(0)?,
        company: row.id(1)?,
        plan_type: row.text(2)?,
        currency: Currency::parse(&currency).map_err(|error| crate::Error::internal(error.0))?,
        initial_price_minor: row.int(4)?,
        renewal_price_minor: row.int(5)?,
        billing_period_days: row.int_or_null(6)?,
        trial_period_days: row.int_or_null(7)?,
        expiration_days: row.int_or_null(8)?,
        stock: row.int(9)?,
        unlimited_stock: row.flag(10)?,
        release_method: ReleaseMethod::from_word(&row.text(11)?).unwrap_or(ReleaseMethod::BuyNow),
        visibility: row.text(12)?,
        payment_link_description: row.text_or_null(13)?,
        created_at: row.int(14)?,
        updated_at: row.int(15)?,
        access_pass: row.id(16)?,
    })
}

pub(crate) fn find(read: &mut Read<'_>, id: &PlanId) -> Result<Option<Plan>> {
    let row = read.first(
        "select id, company_id, plan_type, base_currency, initial_price_minor, renewal_price_minor,
           billing_period_days, trial_period_days, expiration_days, stock, unlimited_stock, release_method,
           visibility, payment_link_description, created_at, updated_at, access_pass_id
         from plans
         where id = $1",
        params![id],
    )?;
    row.map(from_row).transpose()
}

pub(crate) fn insert(tx: &mut Tx<'_>, plan: &NewPlan) -> Result<PlanId> {
    let id: PlanId = tx.mint();
    let now = tx.now;
    let fields = serde_json::to_string(&plan.custom_fields).map_err(crate::Error::internal)?;
    tx.execute(
        "insert into plans (id, access_pass_id, company_id, plan_type, base_currency, initial_price_minor,
           renewal_price_minor, billing_period_days, expiration_days, stock, unlimited_stock, release_method,
           visibility, payment_link_description, custom_fields, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 1, $10, $11, $12, $13, $14, $14)",
        params![
            &id,
            &plan.access_pass,
            &plan.company,
            plan.plan_type.as_str(),
            plan.currency.code(),
            plan.initial_price_minor,
            plan.renewal_price_minor,
            plan.billing_period_days,
            plan.expiration_days,
            plan.release_method.as_str(),
            plan.visibility.as_str(),
            plan.description.as_deref(),
            &fields,
            now
        ],
    )?;
    Ok(id)
}
