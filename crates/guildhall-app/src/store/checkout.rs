//! Rows of checkout sessions.

use super::{Read, Tx, params};
use crate::checkout::{CheckoutSession, NewCheckoutSession};
use crate::error::{Error, Result};
use guildhall_core::ids::{AccessPassId, CheckoutSessionId, CompanyId, PlanId};
use guildhall_core::money::Currency;

pub(crate) fn insert(tx: &mut Tx<'_>, session: &NewCheckoutSession) -> Result<CheckoutSessionId> {
    let (id, now): (CheckoutSessionId, i64) = (tx.mint(), tx.now);
    tx.execute(
        "insert into checkout_sessions (id, plan_id, company_id, app_id, user_id, amount_minor, currency, description,
           affiliate_code, redirect_url, metadata, status, created_at, expires_at, entry_id, is_amount_fixed)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open', $12, $13, $14, $15)",
        params![
            &id,
            &session.plan,
            &session.company,
            session.app.as_ref(),
            session.user.as_ref(),
            session.amount_minor,
            session.currency.code(),
            session.description.as_deref(),
            session.affiliate_code.as_deref(),
            session.redirect_url.as_deref(),
            &session.metadata,
            now,
            session.expires_at,
            session.entry.as_ref(),
            session.is_amount_fixed
        ],
    )?;
    Ok(id)
}

pub(crate) fn find(read: &mut Read<'_>, id: &CheckoutSessionId) -> Result<Option<CheckoutSession>> {
    let row = read.first(
        "select s.id, s.plan_id, s.amount_minor, s.currency, s.description, s.expires_at, c.title, p.title
         from checkout_sessions s
         join companies c on c.id = s.company_id
         join plans l on l.id = s.plan_id
         join access_passes p on p.id = l.access_pass_id
         where s.id = $1",
        params![id],
    )?;
    row.map(|mut row| {
        Ok(CheckoutSession {
            id: row.id(0)?,
            plan: row.id(1)?,
            amount_minor: row.int(2)?,
            currency: Currency::parse(&row.text(3)?).map_err(|error| Error::internal(error.0))?,
            description: row.text_or_null(4)?,
            expires_at: row.int(5)?,
            company_title: row.text(6)?,
            pass_title: row.text(7)?,
        })
    })
    .transpose()
}

/// The pass of a company by its route.
pub(crate) fn pass_by_route(
    read: &mut Read<'_>,
    company: &CompanyId,
    route: &str,
) -> Result<Option<AccessPassId>> {
    let row = read.first(
        "select id from access_passes where company_id = $1 and route = $2",
        params![company, route],
    )?;
    row.map(|mut row| row.id(0)).transpose()
}

/// A plan of a pass that charges just this.
pub(crate) fn plan_by_price(
    read: &mut Read<'_>,
    pass: &AccessPassId,
    currency: Currency,
    amount_minor: i64,
) -> Result<Option<PlanId>> {
    let row = read.first(
        "select id
         from plans
         where access_pass_id = $1
           and base_currency = $2
           and initial_price_minor = $3
         limit 1",
        params![pass, currency.code(), amount_minor],
    )?;
    row.map(|mut row| row.id(0)).transpose()
}
