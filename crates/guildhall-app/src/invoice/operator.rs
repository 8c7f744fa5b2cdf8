//! What an operator does to invoices at the machine itself, asking nobody; the audit log names no one for it.

use super::{Invoice, Paper, course};
use crate::Guildhall;
use crate::audit::Doer;
use crate::error::{Result, no_such};
use crate::store::{self, Read};
use guildhall_core::ids::{CompanyId, InvoiceId};

/// The most invoices that one list shows.
pub const MOST_LISTED: u16 = 1000;

/// The newest invoices of a company, or of the hall; each with the status of the moment.
///
/// # Errors
/// `Internal` only.
pub async fn list(hall: &Guildhall, company: Option<CompanyId>, most: u16) -> Result<Vec<Invoice>> {
    let most = i64::from(most.min(MOST_LISTED));
    hall.store
        .scan(move |read| {
            let found = store::invoice::newest(read, company.as_ref(), most)?;
            Ok(found
                .into_iter()
                .map(|invoice| Invoice { status: invoice.status_at(read.now), ..invoice })
                .collect())
        })
        .await
}

/// Withdraws an invoice.
///
/// # Errors
/// `NotFound`; `Invalid` for one that is paid.
pub async fn void(hall: &Guildhall, id: InvoiceId) -> Result<Invoice> {
    hall.store.write(move |tx| course::void_in(tx, &Doer::OPERATOR, &id)).await
}

/// Sends an invoice once more; answers where to.
///
/// # Errors
/// `NotFound`; `Invalid` for one that is paid or withdrawn, or that no letter can reach.
pub async fn send(hall: &Guildhall, id: InvoiceId) -> Result<String> {
    let origin = hall.origin().to_owned();
    hall.store
        .write(move |tx| {
            let invoice = find(tx, &id)?;
            course::send_in(tx, &Doer::OPERATOR, &origin, &invoice)
        })
        .await
}

/// What the paper of an invoice says now.
///
/// # Errors
/// `NotFound`.
pub async fn paper(hall: &Guildhall, id: InvoiceId) -> Result<Paper> {
    let origin = hall.origin().to_owned();
    hall.store
        .read(move |read| {
            let invoice = find(read, &id)?;
            let lines = store::invoice::lines(read, &id)?;
            Ok(Paper::of(&invoice, &lines, &origin, read.now))
        })
        .await
}

fn find(read: &mut Read<'_>, id: &InvoiceId) -> Result<Invoice> {
    match store::invoice::find(read, id)? {
        Some(invoice) => Ok(invoice),
        None => no_such("invoice", id),
    }
}
