//! Invoices: asking somebody for money by a number, a due date and a link.
//!
//! An invoice is for a plan of its own and is paid in a checkout session that never runs out; it moves no money itself.
//! What its paper shows is kept as it was when it was made. Making one is in `invoice/draft.rs`, what becomes of it in
//! `invoice/course.rs`, what an operator does in `invoice/operator.rs`; `invoice/paper.rs` says what the page and the PDF
//! (`invoice/pdf.rs`) show.

mod course;
mod draft;
pub mod operator;
mod paper;
mod pdf;
mod typeset;

pub(crate) use course::{charge, fall_due, not_charged, paid};
pub use course::{send, void};
pub use draft::{Created, Goods, NewInvoice, create};
pub use paper::{Mood, Paper, PaperLine};

use crate::Guildhall;
use crate::company::Tax;
use crate::error::{Error, Result, no_such};
use crate::membership_list::Holder;
use crate::page::{Page, Part};
use crate::plan::Plan;
use crate::principal::{Principal, authorize, holds};
use crate::store::{self, Read};
use guildhall_core::ids::{
    AccessPassId, CheckoutSessionId, CompanyId, InvoiceId, PaymentId, PaymentMethodId, PlanId, UserId,
};
use guildhall_core::invoice::{CollectionMethod, InvoiceStatus, status_at};
use guildhall_core::money::Currency;
use guildhall_core::permission::Permission;
use guildhall_core::price::Price;
use subtle::ConstantTimeEq;

/// The lane of the jobs of invoices.
const LANE: &str = "invoices";
/// What stands for the address of a member to those who may not see it.
const OWN_ADDRESS: &str = "the member’s own address";

/// An invoice. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct Invoice {
    /// The id.
    pub id: InvoiceId,
    /// Who asks for the money.
    pub company: CompanyId,
    /// Its number, unique in the company.
    pub number: String,
    /// What it is for.
    pub access_pass: AccessPassId,
    /// What it is paid by.
    pub plan: PlanId,
    /// Whom it is for, where that is somebody of the hall.
    pub user: Option<UserId>,
    /// The address that was given for its letters; without one they go to the user's.
    pub email: Option<String>,
    /// Whom it is for, as the paper says.
    pub customer_name: Option<String>,
    /// Who asks, as the paper says.
    pub seller_name: String,
    /// How it is to be paid.
    pub collection_method: CollectionMethod,
    /// What is charged, where that happens automatically.
    pub payment_method: Option<PaymentMethodId>,
    /// As it was last written down; see [`Invoice::status_at`].
    pub status: InvoiceStatus,
    /// The currency of its amounts.
    pub currency: Currency,
    /// What is to be paid.
    pub price: Price,
    /// The tax in the price.
    pub tax: Tax,
    /// For the team alone.
    pub internal_notes: Option<String>,
    /// Opens it to whoever has it.
    pub token: String,
    /// Where it is paid.
    pub session: CheckoutSessionId,
    /// What paid it.
    pub payment: Option<PaymentId>,
    /// When it is due.
    pub due_at: i64,
    /// When it was made.
    pub created_at: i64,
    /// When it was paid.
    pub paid_at: Option<i64>,
    /// When it was withdrawn.
    pub voided_at: Option<i64>,
}

impl Invoice {
    /// Where it stands at a moment, whether or not that was written down yet.
    #[must_use]
    pub fn status_at(&self, now: i64) -> InvoiceStatus {
        status_at(self.status, Some(self.due_at), now)
    }
}

/// A line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub label: String,
    /// How many.
    pub quantity: i64,
    /// What one costs, in minor units of the invoice's currency.
    pub unit_price_minor: i64,
}

/// An invoice as the company's team and apps see it.
#[derive(Debug, Clone)]
pub struct InvoiceView {
    /// The invoice, its status that of the moment.
    pub invoice: Invoice,
    /// What it is paid by.
    pub plan: Plan,
    /// Whom it is for; `None` also for those who may not see members.
    pub member: Option<Holder>,
}

/// An invoice of a company, to its team and apps.
///
/// # Errors
/// `Forbidden` without `invoice:basic:read`, `NotFound` for one that is none of the company's.
pub async fn find(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    id: InvoiceId,
) -> Result<InvoiceView> {
    let principal = principal.clone();
    hall.store
        .read(move |read| {
            authorize(read, &principal, &company, Permission::InvoiceRead)?;
            match store::invoice::find(read, &id)? {
                Some(found) if found.company == company => view(read, &principal, found),
                _ => no_such("invoice", &id),
            }
        })
        .await
}

/// The invoices of a company, newest first.
///
/// # Errors
/// `Forbidden` without `invoice:basic:read`, `Invalid` for a cursor that is none of the company's invoices.
pub async fn list(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    part: Part<InvoiceId>,
) -> Result<Page<InvoiceView>> {
    let principal = principal.clone();
    hall.store
        .scan(move |read| {
            authorize(read, &principal, &company, Permission::InvoiceRead)?;
            let after = place(read, &company, part.after.as_ref(), "after")?;
            let before = place(read, &company, part.before.as_ref(), "before")?;
            let found = store::invoice::list(read, &company, after, before, &part)?;
            let found =
                found.into_iter().map(|invoice| view(read, &principal, invoice)).collect::<Result<_>>()?;
            Ok(part.page(found, store::invoice::count(read, &company)?))
        })
        .await
}

/// Which of its company's invoices a cursor is.
fn place(
    read: &mut Read<'_>,
    company: &CompanyId,
    cursor: Option<&InvoiceId>,
    argument: &str,
) -> Result<Option<i64>> {
    let Some(cursor) = cursor else { return Ok(None) };
    match store::invoice::place(read, company, cursor)? {
        Some(place) => Ok(Some(place)),
        None => Err(Error::Invalid(format!("`{argument}` is not a cursor of this list."))),
    }
}

fn view(read: &mut Read<'_>, principal: &Principal, invoice: Invoice) -> Result<InvoiceView> {
    let Some(plan) = store::plan::find(read, &invoice.plan)? else {
        return Err(Error::internal("an invoice without its plan"));
    };
    let member = match &invoice.user {
        Some(user) if holds(read, principal, &invoice.company, Permission::MemberRead)? => {
            let shows_email = holds(read, principal, &invoice.company, Permission::MemberEmailRead)?;
            let member = store::company_member::find_of_user(read, &invoice.company, user)?;
            member.map(|found| Holder { id: found.id, user: found.user }.shown(shows_email))
        }
        _ => None,
    };
    let status = invoice.status_at(read.now);
    Ok(InvoiceView { invoice: Invoice { status, ..invoice }, plan, member })
}

/// The tax that an invoice was made with, which is part of what it asks for.
pub(crate) fn tax(read: &mut Read<'_>, id: &InvoiceId) -> Result<Tax> {
    match store::invoice::find(read, id)? {
        Some(invoice) => Ok(invoice.tax),
        None => no_such("invoice", id),
    }
}

/// The page on which anyone with the link sees an invoice.
#[must_use]
pub fn link(hall: &Guildhall, invoice: &Invoice) -> String {
    link_at(hall.origin(), invoice)
}

fn link_at(origin: &str, invoice: &Invoice) -> String {
    format!("{origin}/invoices/{}/{}", invoice.id, invoice.token)
}

/// An invoice as its page shows it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Which.
    pub id: InvoiceId,
    /// What its paper says now.
    pub paper: Paper,
    /// What the team sees beside it, for whoever may do something about it.
    pub desk: Option<Desk>,
}

/// What a team sees beside an invoice.
#[derive(Debug, Clone)]
pub struct Desk {
    /// What it noted.
    pub notes: Option<String>,
    /// Where a letter would go, when one can be sent; in words where that is an address they may not see.
    pub letter_to: Option<String>,
}

/// An invoice, to whoever has its link; `visitor` is who looks, when that is known.
///
/// # Errors
/// `NotFound` for another token than the invoice's.
pub async fn by_link(
    hall: &Guildhall,
    visitor: Option<UserId>,
    id: InvoiceId,
    token: String,
) -> Result<Shown> {
    let origin = hall.origin().to_owned();
    hall.store
        .read(move |read| {
            let Some(invoice) = store::invoice::find(read, &id)? else { return no_such("invoice", &id) };
            if !bool::from(invoice.token.as_bytes().ct_eq(token.as_bytes())) {
                return no_such("invoice", &id);
            }
            let desk = match visitor.map(Principal::in_person) {
                Some(principal) if holds(read, &principal, &invoice.company, Permission::InvoiceCreate)? => {
                    let shows_email = invoice.email.is_some()
                        || holds(read, &principal, &invoice.company, Permission::MemberEmailRead)?;
                    let letter_to = course::letter_address(read, &invoice)?;
                    let letter_to = letter_to.filter(|_| invoice.status_at(read.now).is_due());
                    Some(Desk {
                        notes: invoice.internal_notes.clone(),
                        letter_to: letter_to
                            .map(|email| if shows_email { email } else { OWN_ADDRESS.into() }),
                    })
                }
                _ => None,
            };
            let lines = store::invoice::lines(read, &id)?;
            Ok(Shown { paper: Paper::of(&invoice, &lines, &origin, read.now), desk, id })
        })
        .await
}

/// The link of an invoice, to those of its company's team who may read invoices.
///
/// # Errors
/// `NotFound` for everyone else.
pub async fn link_for_team(hall: &Guildhall, user: UserId, id: InvoiceId) -> Result<String> {
    let origin = hall.origin().to_owned();
    hall.store
        .read(move |read| match store::invoice::find(read, &id)? {
            Some(invoice) => {
                let principal = Principal::in_person(user);
                match holds(read, &principal, &invoice.company, Permission::InvoiceRead)? {
                    true => Ok(link_at(&origin, &invoice)),
                    false => no_such("invoice", &id),
                }
            }
            None => no_such("invoice", &id),
        })
        .await
}

/// Draws the PDF of a paper.
///
/// # Errors
/// `Internal` only.
pub async fn pdf(paper: Paper) -> Result<Vec<u8>> {
    let drawn = tokio::task::spawn_blocking(move || pdf::draw(&paper)).await;
    drawn.map_err(Error::internal)?.map_err(|error| Error::internal(format!("no PDF came of it: {error:?}")))
}
