//! Rows of payment methods, and of the consents to be charged by them.

use super::{Read, Row, Tx, params};
use crate::error::{Error, Result};
use crate::payment::MethodUse;
use crate::processor::{KeptMethod, PaymentMethod, Processor};
use guildhall_core::ids::{AppId, CompanyId, PaymentMethodId, UserId};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select m.id, m.user_id, m.processor, m.reference, m.brand, m.last4, m.expiry_month, m.expiry_year
             from payment_methods m ",
            $rest
        )
    };
}

fn from_row(mut row: Row) -> Result<PaymentMethod> {
    let processor = row.text(2)?;
    Ok(PaymentMethod {
        id: row.id(0)?,
        user: row.id(1)?,
        processor: Processor::from_word(&processor)
            .ok_or_else(|| Error::internal(format!("a method of the unknown processor {processor}")))?,
        reference: row.text(3)?,
        brand: row.text_or_null(4)?,
        last4: row.text_or_null(5)?,
        expiry: row.int_or_null(6)?.zip(row.int_or_null(7)?),
    })
}

pub(crate) fn find(read: &mut Read<'_>, id: &PaymentMethodId) -> Result<Option<PaymentMethod>> {
    read.first(select!("where m.id = $1 and m.removed_at is null"), params![id])?.map(from_row).transpose()
}

/// A method that its account's owner may pay with.
pub(crate) fn find_own(read: &mut Read<'_>, id: &PaymentMethodId) -> Result<Option<PaymentMethod>> {
    let row =
        read.first(select!("where m.id = $1 and m.is_own = 1 and m.removed_at is null"), params![id])?;
    row.map(from_row).transpose()
}

/// The methods of somebody that they may pay with, newest first.
pub(crate) fn of_user(read: &mut Read<'_>, user: &UserId, most: i64) -> Result<Vec<PaymentMethod>> {
    let rows = read.query(
        select!(
            "where m.user_id = $1 and m.is_own = 1 and m.removed_at is null
             order by m.created_at desc, m.id desc
             limit $2"
        ),
        params![user, most],
    )?;
    rows.into_iter().map(from_row).collect()
}

/// The method of somebody that a processor knows by a reference, unless they removed it.
pub(crate) fn of_reference(
    read: &mut Read<'_>,
    user: &UserId,
    processor: Processor,
    reference: &str,
) -> Result<Option<PaymentMethod>> {
    let row = read.first(
        select!(
            "where m.user_id = $1
               and m.processor = $2
               and m.reference = $3
               and m.removed_at is null"
        ),
        params![user, processor.as_str(), reference],
    )?;
    row.map(from_row).transpose()
}

/// The method of somebody that a processor knows by a reference, made or made anew. It is their own when they typed it
/// once, and stays so until they remove it.
pub(crate) fn find_or_insert(
    tx: &mut Tx<'_>,
    user: &UserId,
    processor: Processor,
    kept: &KeptMethod,
    method_use: MethodUse,
) -> Result<PaymentMethodId> {
    let (id, now): (PaymentMethodId, i64) = (tx.mint(), tx.now);
    let (month, year) = kept.expiry.unzip();
    let is_own = i64::from(method_use != MethodUse::ThisPurchase);
    tx.execute(
        "insert into payment_methods (id, user_id, processor, reference, brand, last4, expiry_month, expiry_year,
           created_at, is_own)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (user_id, processor, reference)
         do update set
           is_own = case
             when payment_methods.removed_at is null and payment_methods.is_own = 1 then 1
             else excluded.is_own
           end,
           removed_at = null",
        params![
            &id,
            user,
            processor.as_str(),
            &kept.reference,
            kept.brand.as_deref(),
            kept.last4.as_deref(),
            month,
            year,
            now,
            is_own
        ],
    )?;
    let row = tx.first(
        "select id from payment_methods where user_id = $1 and processor = $2 and reference = $3",
        params![user, processor.as_str(), &kept.reference],
    )?;
    row.map(|mut row| row.id(0))
        .transpose()?
        .ok_or_else(|| Error::internal("a method that was just kept is missing"))
}

/// Removes somebody's method, with every consent to it; `false` when it is not theirs.
pub(crate) fn remove(tx: &mut Tx<'_>, user: &UserId, id: &PaymentMethodId) -> Result<bool> {
    let now = tx.now;
    let changed = tx.execute(
        "update payment_methods set removed_at = $3 where id = $1 and user_id = $2 and removed_at is null",
        params![id, user, now],
    )?;
    tx.execute(
        "delete from payment_consents where payment_method_id = $1 and user_id = $2",
        params![id, user],
    )?;
    tx.execute(
        "delete from payment_consent_apps
         where user_id = $1
           and company_id not in (
             select company_id
             from payment_consents
             where user_id = $1
           )",
        params![user],
    )?;
    Ok(changed == 1)
}

/// Notes by which method a company may charge somebody from now on.
pub(crate) fn consent(
    tx: &mut Tx<'_>,
    user: &UserId,
    company: &CompanyId,
    method: &PaymentMethodId,
) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into payment_consents (user_id, company_id, payment_method_id, created_at)
         values ($1, $2, $3, $4)
         on conflict (user_id, company_id)
         do update set payment_method_id = excluded.payment_method_id, created_at = excluded.created_at",
        params![user, company, method, now],
    )?;
    Ok(())
}

/// Notes that an app of another company may charge somebody for one that they agreed to be charged by.
pub(crate) fn consent_to_app(tx: &mut Tx<'_>, user: &UserId, company: &CompanyId, app: &AppId) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into payment_consent_apps (user_id, company_id, app_id, created_at)
         values ($1, $2, $3, $4)
         on conflict (user_id, company_id, app_id) do nothing",
        params![user, company, app, now],
    )?;
    Ok(())
}

/// Whether somebody agreed that an app of another company charges them for a company.
pub(crate) fn is_consented_to_app(
    read: &mut Read<'_>,
    user: &UserId,
    company: &CompanyId,
    app: &AppId,
) -> Result<bool> {
    let row = read.first(
        "select app_id
         from payment_consent_apps
         where user_id = $1
           and company_id = $2
           and app_id = $3",
        params![user, company, app],
    )?;
    Ok(row.is_some())
}

/// The method by which a company may charge somebody.
pub(crate) fn consented(
    read: &mut Read<'_>,
    user: &UserId,
    company: &CompanyId,
) -> Result<Option<PaymentMethod>> {
    let row = read.first(
        select!(
            "join payment_consents c on c.payment_method_id = m.id
             where c.user_id = $1 and c.company_id = $2 and m.removed_at is null"
        ),
        params![user, company],
    )?;
    row.map(from_row).transpose()
}

/// The titles of the companies that may charge a method, each before the apps of others that may do so for it.
pub(crate) fn consented_to(read: &mut Read<'_>, id: &PaymentMethodId) -> Result<Vec<String>> {
    let rows = read.query(
        "select o.title, a.name
         from payment_consents c
         join companies o on o.id = c.company_id
         left join payment_consent_apps p on p.user_id = c.user_id and p.company_id = c.company_id
         left join apps a on a.id = p.app_id
         where c.payment_method_id = $1
         order by c.created_at, o.id, p.created_at, a.id
         limit 100",
        params![id],
    )?;
    let (mut named, mut last) = (Vec::new(), None);
    for mut row in rows {
        let (company, app) = (row.text(0)?, row.text_or_null(1)?);
        if last.as_ref() != Some(&company) {
            named.push(company.clone());
        }
        named.extend(app.map(|app| format!("{app} for {company}")));
        last = Some(company);
    }
    Ok(named)
}
