//! Rows of invoices, their lines, and how many each company made.

use super::{Read, Row, Tx, params};
use crate::company::Tax;
use crate::error::{Error, Result};
use crate::invoice::{Invoice, Line};
use crate::page::Part;
use guildhall_core::ids::{
    AccessPassId, CheckoutSessionId, CompanyId, InvoiceId, MembershipId, PaymentId, PaymentMethodId, UserId,
};
use guildhall_core::invoice::{CollectionMethod, InvoiceStatus};
use guildhall_core::money::Currency;
use guildhall_core::price::{Price, TaxRate};

macro_rules! invoice_columns {
    () => {
        "i.id, i.company_id, i.number, i.access_pass_id, i.plan_id, i.user_id, i.email, i.customer_name,
         i.seller_name, i.collection_method, i.payment_method_id, i.status, i.currency, i.subtotal_minor,
         i.tax_minor, i.total_minor, i.tax_label, i.tax_basis_points, i.tax_is_included, i.internal_notes, i.token,
         i.checkout_session_id, i.payment_id, i.due_at, i.created_at, i.paid_at, i.voided_at"
    };
}

fn from_row(mut row: Row) -> Result<Invoice> {
    let (method, status) = (row.text(9)?, row.text(11)?);
    let unknown =
        |what: &str, word: &str| Error::internal(format!("an invoice of the unknown {what} {word}"));
    Ok(Invoice {
        id: row.id(0)?,
        company: row.id(1)?,
        number: row.text(2)?,
        access_pass: row.id(3)?,
        plan: row.id(4)?,
        user: row.id_or_null(5)?,
        email: row.text_or_null(6)?,
        customer_name: row.text_or_null(7)?,
        seller_name: row.text(8)?,
        collection_method: CollectionMethod::from_word(&method).ok_or_else(|| unknown("method", &method))?,
        payment_method: row.id_or_null(10)?,
        status: InvoiceStatus::from_word(&status).ok_or_else(|| unknown("status", &status))?,
        currency: Currency::parse(&row.text(12)?).map_err(|error| Error::internal(error.0))?,
        price: Price {
            subtotal_minor: row.int(13)?,
            discount_minor: 0,
            tax_minor: row.int(14)?,
            total_minor: row.int(15)?,
        },
        tax: Tax {
            label: row.text(16)?,
            rate: TaxRate { basis_points: row.int(17)?, is_included: row.flag(18)? },
        },
        internal_notes: row.text_or_null(19)?,
        token: row.text(20)?,
        session: row.id(21)?,
        payment: row.id_or_null(22)?,
        due_at: row.int(23)?,
        created_at: row.int(24)?,
        paid_at: row.int_or_null(25)?,
        voided_at: row.int_or_null(26)?,
    })
}

/// Counts one more invoice of a company; answers which it is, from one on. Others of the company wait for this transaction
/// to end, so that no number is lost or given twice.
pub(crate) fn next_place(tx: &mut Tx<'_>, company: &CompanyId) -> Result<i64> {
    let row = tx.first(
        "insert into invoice_counters (company_id, made)
         values ($1, 1)
         on conflict (company_id) do update set made = invoice_counters.made + 1
         returning made",
        params![company],
    )?;
    row.map_or_else(|| Err(Error::internal("a counter counted nothing")), |mut row| row.int(0))
}

/// Writes an invoice with its lines; `place` is which of its company's it is.
pub(crate) fn insert(tx: &mut Tx<'_>, invoice: &Invoice, place: i64, lines: &[Line]) -> Result<()> {
    tx.execute(
        "insert into invoices (id, company_id, place, number, access_pass_id, plan_id, user_id, email, customer_name,
           seller_name, collection_method, payment_method_id, status, currency, subtotal_minor, tax_minor,
           total_minor, tax_label, tax_basis_points, tax_is_included, internal_notes, token, checkout_session_id,
           due_at, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
           $23, $24, $25, $25)",
        params![
            &invoice.id,
            &invoice.company,
            place,
            &invoice.number,
            &invoice.access_pass,
            &invoice.plan,
            invoice.user.as_ref(),
            invoice.email.as_deref(),
            invoice.customer_name.as_deref(),
            &invoice.seller_name,
            invoice.collection_method.as_str(),
            invoice.payment_method.as_ref(),
            invoice.status.as_str(),
            invoice.currency.code(),
            invoice.price.subtotal_minor,
            invoice.price.tax_minor,
            invoice.price.total_minor,
            &invoice.tax.label,
            invoice.tax.rate.basis_points,
            invoice.tax.rate.is_included,
            invoice.internal_notes.as_deref(),
            &invoice.token,
            &invoice.session,
            invoice.due_at,
            invoice.created_at
        ],
    )?;
    for (position, line) in (0_i64..).zip(lines) {
        tx.execute(
            "insert into invoice_lines (invoice_id, position, label, quantity, unit_price_minor)
             values ($1, $2, $3, $4, $5)",
            params![&invoice.id, position, &line.label, line.quantity, line.unit_price_minor],
        )?;
    }
    Ok(())
}

pub(crate) fn find(read: &mut Read<'_>, id: &InvoiceId) -> Result<Option<Invoice>> {
    let row =
        read.first(concat!("select ", invoice_columns!(), " from invoices i where i.id = $1"), params![id])?;
    row.map(from_row).transpose()
}

/// The lines of an invoice, in order; as few as were written with it.
pub(crate) fn lines(read: &mut Read<'_>, id: &InvoiceId) -> Result<Vec<Line>> {
    let rows = read.query(
        "select label, quantity, unit_price_minor
         from invoice_lines
         where invoice_id = $1
         order by position",
        params![id],
    )?;
    let lines = rows.into_iter().map(|mut row| {
        Ok(Line { label: row.text(0)?, quantity: row.int(1)?, unit_price_minor: row.int(2)? })
    });
    lines.collect()
}

/// Which of a company's invoices one is, from one on.
pub(crate) fn place(read: &mut Read<'_>, company: &CompanyId, id: &InvoiceId) -> Result<Option<i64>> {
    let row =
        read.first("select place from invoices where id = $1 and company_id = $2", params![id, company])?;
    row.map(|mut row| row.int(0)).transpose()
}

/// A part of a company's invoices between two places, newest first; from the end backwards where it is asked from the
/// end.
pub(crate) fn list(
    read: &mut Read<'_>,
    company: &CompanyId,
    after: Option<i64>,
    before: Option<i64>,
    part: &Part<InvoiceId>,
) -> Result<Vec<Invoice>> {
    macro_rules! invoices_between {
        ($order:literal) => {
            concat!(
                "select ",
                invoice_columns!(),
                " from invoices i
                  where i.company_id = $1
                    and i.place < $2
                    and i.place > $3
                  order by i.place ",
                $order,
                " limit $4"
            )
        };
    }
    let sql = if part.from_end { invoices_between!("asc") } else { invoices_between!("desc") };
    let rows =
        read.query(sql, params![company, after.unwrap_or(i64::MAX), before.unwrap_or(0), part.rows()])?;
    rows.into_iter().map(from_row).collect()
}

pub(crate) fn count(read: &mut Read<'_>, company: &CompanyId) -> Result<i64> {
    let row = read.first("select count(*) from invoices where company_id = $1", params![company])?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

/// The hall's newest invoices, of one company or of all.
pub(crate) fn newest(read: &mut Read<'_>, company: Option<&CompanyId>, most: i64) -> Result<Vec<Invoice>> {
    let rows = read.query(
        concat!(
            "select ",
            invoice_columns!(),
            " from invoices i
              where cast($1 as text) is null or i.company_id = $1
              order by i.id desc
              limit $2"
        ),
        params![company, most],
    )?;
    rows.into_iter().map(from_row).collect()
}

/// Takes an invoice from one status to another; `false` when it is not of the first.
pub(crate) fn set_status(
    tx: &mut Tx<'_>,
    id: &InvoiceId,
    from: InvoiceStatus,
    to: InvoiceStatus,
    payment: Option<&PaymentId>,
) -> Result<bool> {
    let now = tx.now;
    let paid_at = (to == InvoiceStatus::Paid).then_some(now);
    let voided_at = (to == InvoiceStatus::Void).then_some(now);
    let changed = tx.execute(
        "update invoices
         set status = $3,
             payment_id = $4,
             paid_at = $5,
             voided_at = $6,
             updated_at = $7
         where id = $1 and status = $2",
        params![id, from.as_str(), to.as_str(), payment, paid_at, voided_at, now],
    )?;
    Ok(changed == 1)
}

/// Says of a checkout session which invoice it pays.
pub(crate) fn bind_session(tx: &mut Tx<'_>, session: &CheckoutSessionId, id: &InvoiceId) -> Result<()> {
    tx.execute("update checkout_sessions set invoice_id = $2 where id = $1", params![session, id])?;
    Ok(())
}

/// Takes the checkout session of an invoice back; one that was canceled before stays as it is.
pub(crate) fn cancel_session(tx: &mut Tx<'_>, session: &CheckoutSessionId) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update checkout_sessions
         set canceled_at = $2
         where id = $1 and canceled_at is null",
        params![session, now],
    )?;
    Ok(())
}

/// The title of a company's pass that an invoice can be for: one of its own that is not deleted and stands for no app.
pub(crate) fn title_of_pass(
    read: &mut Read<'_>,
    company: &CompanyId,
    pass: &AccessPassId,
) -> Result<Option<String>> {
    let row = read.first(
        "select title
         from access_passes
         where id = $1 and company_id = $2 and deleted_at is null and kind not in ('app', 'api_only')",
        params![pass, company],
    )?;
    row.map(|mut row| row.text(0)).transpose()
}

/// Whether an invoice for a company's pass is to be paid.
pub(crate) fn is_due_for_pass(read: &mut Read<'_>, company: &CompanyId, pass: &AccessPassId) -> Result<bool> {
    let row = read.first(
        "select 1
         from invoices
         where company_id = $1 and access_pass_id = $2 and status in ('open', 'past_due')
         limit 1",
        params![company, pass],
    )?;
    Ok(row.is_some())
}

/// Whether somebody holds, or held, a membership of a company.
pub(crate) fn is_member(read: &mut Read<'_>, company: &CompanyId, user: &UserId) -> Result<bool> {
    let row = read.first(
        "select 1
         from memberships
         where company_id = $1 and user_id = $2
         limit 1",
        params![company, user],
    )?;
    Ok(row.is_some())
}

/// Who holds a membership of a company.
pub(crate) fn holder(
    read: &mut Read<'_>,
    company: &CompanyId,
    membership: &MembershipId,
) -> Result<Option<UserId>> {
    let row = read.first(
        "select user_id
         from memberships
         where id = $1 and company_id = $2",
        params![membership, company],
    )?;
    row.map(|mut row| row.id(0)).transpose()
}

/// The method by which a company may charge somebody without asking again.
pub(crate) fn agreed_method(
    read: &mut Read<'_>,
    company: &CompanyId,
    user: &UserId,
) -> Result<Option<PaymentMethodId>> {
    let row = read.first(
        "select m.id
         from payment_consents c
         join payment_methods m on m.id = c.payment_method_id
         where c.user_id = $1 and c.company_id = $2 and m.removed_at is null",
        params![user, company],
    )?;
    row.map(|mut row| row.id(0)).transpose()
}

/// A card of somebody's that a company may charge, for tests.
pub(crate) fn insert_agreed_card(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    user: &UserId,
) -> Result<PaymentMethodId> {
    let (id, now): (PaymentMethodId, i64) = (tx.mint(), tx.now);
    tx.execute(
        "insert into payment_methods (id, user_id, processor, reference, brand, last4, created_at)
         values ($1, $2, 'sandbox', $1, 'visa', '4242', $3)",
        params![&id, user, now],
    )?;
    tx.execute(
        "insert into payment_consents (user_id, company_id, payment_method_id, created_at)
         values ($1, $2, $3, $4)
         on conflict (user_id, company_id) do update set payment_method_id = excluded.payment_method_id",
        params![user, company, &id, now],
    )?;
    Ok(id)
}

/// A payment of an invoice, for tests.
pub(crate) fn insert_payment(tx: &mut Tx<'_>, id: &InvoiceId, payer: &UserId) -> Result<PaymentId> {
    let (payment, now): (PaymentId, i64) = (tx.mint(), tx.now);
    tx.execute(
        "insert into payments (id, company_id, user_id, plan_id, access_pass_id, invoice_id, billing_reason, metadata,
           quantity, currency, subtotal_minor, discount_minor, tax_minor, amount_minor, is_chargeable, stage, attempt,
           created_at, updated_at, paid_at)
         select cast($1 as text), company_id, cast($3 as text), plan_id, access_pass_id, id, 'one_time', '{}', 1, currency,
           subtotal_minor, 0, tax_minor, total_minor, 1, 'paid', 1, cast($4 as bigint), cast($4 as bigint), cast($4 as bigint)
         from invoices
         where id = $2",
        params![&payment, id, payer, now],
    )?;
    Ok(payment)
}

/// A company's new name, for tests.
pub(crate) fn rename_company(tx: &mut Tx<'_>, company: &CompanyId, title: &str) -> Result<()> {
    tx.execute("update companies set title = $2 where id = $1", params![company, title])?;
    Ok(())
}
