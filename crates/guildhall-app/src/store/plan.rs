//! Rows of plans.

mod list;

pub(crate) use list::{count, list};

use super::{Read, Row, Tx, params};
use crate::error::{Error, Result};
use crate::plan::{NewPlan, Plan, PlanType};
use guildhall_core::billing::Terms;
use guildhall_core::ids::{AccessPassId, PlanId};
use guildhall_core::money::Currency;
use guildhall_core::plan::ReleaseMethod;
use guildhall_core::waitlist::EntryRules;

macro_rules! plan_columns {
    () => {
        "l.id, l.company_id, l.plan_type, l.base_currency, l.initial_price_minor, l.renewal_price_minor,
         l.billing_period_days, l.trial_period_days, l.expiration_days, l.stock, l.unlimited_stock, l.release_method,
         l.visibility, l.payment_link_description, l.created_at, l.updated_at, l.access_pass_id, l.name, l.description,
         l.redirect_url, l.custom_fields, l.entries_start_at, l.entries_end_at, l.most_entries, l.archived_at,
         (select t.title from access_passes t where t.id = l.access_pass_id)"
    };
}
pub(super) use plan_columns;

/// How many columns [`plan_columns`] names.
const PLAN_COLUMNS: usize = 26;

/// A plan whose columns begin at `first`.
pub(super) fn from_row(row: &mut Row, first: usize) -> Result<Plan> {
    let (plan_type, release_method) = (row.text(first + 2)?, row.text(first + 11)?);
    let unknown = |what: &str, word: &str| Error::internal(format!("a plan of the unknown {what} {word}"));
    Ok(Plan {
        id: row.id(first)?,
        company: row.id(first + 1)?,
        plan_type: PlanType::from_word(&plan_type).ok_or_else(|| unknown("type", &plan_type))?,
        currency: Currency::parse(&row.text(first + 3)?).map_err(|error| Error::internal(error.0))?,
        initial_price_minor: row.int(first + 4)?,
        renewal_price_minor: row.int(first + 5)?,
        billing_period_days: row.int_or_null(first + 6)?,
        trial_period_days: row.int_or_null(first + 7)?,
        expiration_days: row.int_or_null(first + 8)?,
        stock: row.int(first + 9)?,
        unlimited_stock: row.flag(first + 10)?,
        release_method: ReleaseMethod::from_word(&release_method)
            .ok_or_else(|| unknown("release method", &release_method))?,
        visibility: row.text(first + 12)?,
        payment_link_description: row.text_or_null(first + 13)?,
        created_at: row.int(first + 14)?,
        updated_at: row.int(first + 15)?,
        access_pass: row.id(first + 16)?,
        name: row.text_or_null(first + 17)?,
        description: row.text_or_null(first + 18)?,
        redirect_url: row.text_or_null(first + 19)?,
        custom_fields: serde_json::from_str(&row.text(first + 20)?).map_err(Error::internal)?,
        entry_rules: EntryRules {
            starts_at: row.int_or_null(first + 21)?,
            expires_at: row.int_or_null(first + 22)?,
            most_entries: row.int_or_null(first + 23)?,
        },
        archived_at: row.int_or_null(first + 24)?,
        access_pass_title: row.text(first + 25)?,
    })
}

pub(crate) fn find(read: &mut Read<'_>, id: &PlanId) -> Result<Option<Plan>> {
    let row =
        read.first(concat!("select ", plan_columns!(), " from plans l where l.id = $1"), params![id])?;
    row.map(|mut row| from_row(&mut row, 0)).transpose()
}

/// What a plan's row keeps of its terms.
struct TermsColumns {
    plan_type: PlanType,
    initial_price_minor: i64,
    renewal_price_minor: i64,
    billing_period_days: Option<i64>,
    trial_period_days: Option<i64>,
    expiration_days: Option<i64>,
}

impl From<Terms> for TermsColumns {
    fn from(terms: Terms) -> Self {
        match terms {
            Terms::OneTime { price_minor, expiration_days } => Self {
                plan_type: PlanType::OneTime,
                initial_price_minor: price_minor,
                renewal_price_minor: 0,
                billing_period_days: None,
                trial_period_days: None,
                expiration_days,
            },
            Terms::Renewal { initial_price_minor, renewal_price_minor, period_days, trial_days } => Self {
                plan_type: PlanType::Renewal,
                initial_price_minor,
                renewal_price_minor,
                billing_period_days: Some(period_days),
                trial_period_days: (trial_days > 0).then_some(trial_days),
                expiration_days: None,
            },
        }
    }
}

pub(crate) fn insert(tx: &mut Tx<'_>, plan: &NewPlan) -> Result<PlanId> {
    let id: PlanId = tx.mint();
    let now = tx.now;
    let fields = serde_json::to_string(&plan.custom_fields).map_err(Error::internal)?;
    let terms = TermsColumns::from(plan.terms);
    tx.execute(
        "insert into plans (id, access_pass_id, company_id, plan_type, base_currency, initial_price_minor,
           renewal_price_minor, billing_period_days, trial_period_days, expiration_days, stock, unlimited_stock,
           release_method, visibility, payment_link_description, custom_fields, name, description, redirect_url,
           entries_start_at, entries_end_at, most_entries, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
           $23, $23)",
        params![
            &id,
            &plan.access_pass,
            &plan.company,
            terms.plan_type.as_str(),
            plan.currency.code(),
            terms.initial_price_minor,
            terms.renewal_price_minor,
            terms.billing_period_days,
            terms.trial_period_days,
            terms.expiration_days,
            plan.stock.unwrap_or(0),
            plan.stock.is_none(),
            plan.release_method.as_str(),
            plan.visibility.as_str(),
            plan.payment_link_description.as_deref(),
            &fields,
            plan.name.as_deref(),
            plan.description.as_deref(),
            plan.redirect_url.as_deref(),
            plan.entry_rules.starts_at,
            plan.entry_rules.expires_at,
            plan.entry_rules.most_entries,
            now
        ],
    )?;
    Ok(id)
}

/// Takes so many out of the stock; `false` when there are not so many.
pub(crate) fn take_stock(tx: &mut Tx<'_>, id: &PlanId, quantity: i64) -> Result<bool> {
    let changed = tx.execute(
        "update plans
         set stock = case when unlimited_stock = 1 then stock else stock - $2 end
         where id = $1
           and (unlimited_stock = 1 or stock >= $2)",
        params![id, quantity],
    )?;
    Ok(changed == 1)
}

/// Puts so many back into the stock.
pub(crate) fn put_back_stock(tx: &mut Tx<'_>, id: &PlanId, quantity: i64) -> Result<()> {
    tx.execute(
        "update plans set stock = stock + $2 where id = $1 and unlimited_stock = 0",
        params![id, quantity],
    )?;
    Ok(())
}

/// Sells the plans of a pass no more.
pub(crate) fn archive_of_pass(tx: &mut Tx<'_>, pass: &AccessPassId) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update plans
         set archived_at = $2, updated_at = $2
         where access_pass_id = $1 and archived_at is null",
        params![pass, now],
    )?;
    Ok(())
}
