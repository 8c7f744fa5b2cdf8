//! What tests of invoices found: taxes, methods that were agreed to, and payments that were made.

use super::Founder;
use crate::company::Tax;
use crate::error::Result;
use crate::{invoice, store};
use guildhall_core::ids::{CompanyId, InvoiceId, PaymentId, PaymentMethodId, UserId};

impl Founder<'_, '_> {
    /// The tax of a company.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn tax(&mut self, company: &CompanyId, tax: &Tax) -> Result<()> {
        store::company::set_tax(self.tx, company, tax)
    }

    /// A card of somebody's, which a company may charge without asking again.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn agreed_card(&mut self, company: &CompanyId, user: &UserId) -> Result<PaymentMethodId> {
        store::invoice::insert_agreed_card(self.tx, company, user)
    }

    /// A payment of an invoice by somebody, and what comes of it.
    ///
    /// # Errors
    /// As of settling: `Invalid` for an invoice that was withdrawn, `Conflict` for one that is paid.
    pub fn invoice_payment(&mut self, id: &InvoiceId, payer: &UserId) -> Result<PaymentId> {
        let payment = store::invoice::insert_payment(self.tx, id, payer)?;
        invoice::paid(self.tx, id, &payment)?;
        Ok(payment)
    }

    /// The same payment once more, as after a crash.
    ///
    /// # Errors
    /// As of [`Founder::invoice_payment`].
    pub fn invoice_payment_again(&mut self, id: &InvoiceId, payment: &PaymentId) -> Result<()> {
        invoice::paid(self.tx, id, payment)
    }

    /// A company's new name.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn rename_company(&mut self, company: &CompanyId, title: &str) -> Result<()> {
        store::invoice::rename_company(self.tx, company, title)
    }
}
