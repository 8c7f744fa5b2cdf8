//! Rows of checkout sessions.

use super::{Read, Tx, params};
use crate::checkout::{CheckoutSession, NewCheckoutSession};
use crate::error::{Error, Result};
use guildhall_core::ids::{AccessPassId, CheckoutSessionId, CompanyId, PlanId};
use guildhall_core::money::Currency;

/// Adds a session that an app or an invoice made.
pub(crate) fn insert(tx: &mut Tx<'_>, session: &NewCheckoutSession) -> Result<CheckoutSessionId> {
    let id: CheckoutSessionId = tx.mint();
    insert_as(tx, &id, session, "open")?;
    Ok(id)
}

/// Adds the session of a public link under the id that its page came with.
pub(crate) fn insert_link(
    tx: &mut Tx<'_>,
    id: &CheckoutSessionId,
    session: &NewCheckoutSession,
) -> Result<()> {
    insert_as(tx, id, session, "link")
}

fn insert_as(
    tx: &mut Tx<'_>,
    id: &CheckoutSessionId,
    session: &NewCheckoutSession,
    status: &str,
) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into checkout_sessions (id, plan_id, company_id, app_id, user_id, amount_minor, currency, description,
           affiliate_code, redirect_url, metadata, status, created_at, expires_at, is_amount_fixed,
           entry_id, invoice_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        params![
            id,
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
            status,
            now,
            session.expires_at,
            session.is_amount_fixed,
            session.entry.as_ref(),
            session.invoice.as_ref()
        ],
    )?;
    Ok(())
}

pub(crate) fn find(read: &mut Read<'_>, id: &CheckoutSessionId) -> Result<Option<CheckoutSession>> {
    let row = read.first(
        "select id, plan_id, company_id, app_id, user_id, amount_minor, is_amount_fixed, currency, description,
           affiliate_code, redirect_url, metadata, invoice_id, entry_id, expires_at, canceled_at, status
         from checkout_sessions
         where id = $1",
        params![id],
    )?;
    row.map(|mut row| {
        let amount_minor = row.int(5)?;
        Ok(CheckoutSession {
            id: row.id(0)?,
            plan: row.id(1)?,
            company: row.id(2)?,
            app: row.id_or_null(3)?,
            user: row.id_or_null(4)?,
            fixed_minor: row.flag(6)?.then_some(amount_minor),
            currency: Currency::parse(&row.text(7)?).map_err(|error| Error::internal(error.0))?,
            description: row.text_or_null(8)?,
            affiliate_code: row.text_or_null(9)?,
            redirect_url: row.text_or_null(10)?,
            metadata: row.text(11)?,
            invoice: row.id_or_null(12)?,
            entry: row.id_or_null(13)?,
            expires_at: row.int(14)?,
            canceled_at: row.int_or_null(15)?,
            is_public_link: row.text(16)? == "link",
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

/// A plan of a pass that charges just this: once, anyone, without asking for anything.
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
           and plan_type = 'one_time'
           and release_method = 'buy_now'
           and unlimited_stock = 1
           and expiration_days is null
           and custom_fields = '[]'
           and archived_at is null
         order by id
         limit 1",
        params![pass, currency.code(), amount_minor],
    )?;
    row.map(|mut row| row.id(0)).transpose()
}
