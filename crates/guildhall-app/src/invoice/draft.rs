//! Making an invoice: the pass and plan it is for, its number, the session that pays it, its letter.

use super::{Invoice, InvoiceView, LANE, Line, course, view};
use crate::Guildhall;
use crate::access_pass::{self, AccessPassKind, NewAccessPass, Visibility};
use crate::audit::Doer;
use crate::checkout::NewCheckoutSession;
use crate::company;
use crate::error::{Error, Result, no_such};
use crate::jobs::{self, Work};
use crate::mail;
use crate::opaque_token;
use crate::plan::{self, NewPlan};
use crate::principal::{Principal, authorize};
use crate::processor;
use crate::store::{self, Read, Tx};
use guildhall_core::ids::{
    AccessPassId, CompanyId, CompanyMemberId, Id, InvoiceId, JobId, MembershipId, PaymentMethodId, PlanId,
    UserId,
};
use guildhall_core::invoice::{self as rules, Addressee, CollectionMethod, InvoiceStatus};
use guildhall_core::permission::Permission;
use guildhall_core::plan::SoundPlan;
use guildhall_core::price::Price;
use guildhall_core::web_address::is_web;
use guildhall_core::webhook::Event;
use serde_json::json;

/// When the session of an invoice runs out: at the end of the year 9999. It ends by being paid or canceled, not by time.
const NEVER_MS: i64 = 253_402_300_799_000;
/// The longest description of a plan, in characters.
const LONGEST_DESCRIPTION: usize = 2000;
/// The longest redirect address, in bytes.
const LONGEST_ADDRESS: usize = 2000;

/// What an invoice is for.
#[derive(Debug, Clone)]
pub enum Goods {
    /// Something new of this name, which nobody finds.
    New(String),
    /// An access pass of the company.
    Pass(AccessPassId),
}

/// What a new invoice is made of.
#[derive(Debug, Clone)]
pub struct NewInvoice {
    /// Who asks; defaults to the company of the call, then to the app's own.
    pub company: Option<CompanyId>,
    /// How it is to be paid.
    pub collection_method: CollectionMethod,
    /// When it is due, in milliseconds.
    pub due_at: i64,
    /// Where its letters go; defaults to the member's address.
    pub email: Option<String>,
    /// Whom it is for: a member (`mber_…`), a user who is or was one (`user_…`), or a membership (`mem_…`).
    pub member: Option<String>,
    /// Whom it is for, as the paper says; defaults to the member's name.
    pub customer_name: Option<String>,
    /// What is charged automatically; the member must have agreed to it.
    pub payment_method: Option<PaymentMethodId>,
    /// What it is for.
    pub goods: Goods,
    /// What is to be paid.
    pub plan: SoundPlan,
    /// What the plan is, in a few words.
    pub plan_description: Option<String>,
    /// Where the buyer goes afterwards.
    pub redirect_url: Option<String>,
    /// Who finds the plan.
    pub visibility: Visibility,
    /// For the team alone.
    pub internal_notes: Option<String>,
}

/// A new invoice.
#[derive(Debug, Clone)]
pub struct Created {
    /// As its maker sees it.
    pub view: InvoiceView,
    /// What charges it, where that happens automatically.
    pub job: Option<JobId>,
}

/// Makes an invoice, sends it, and opens what pays it.
///
/// # Errors
/// `Forbidden` without `invoice:create`; `Invalid` for a plan that asks for nothing or what no card could be charged, texts that are too long, an address
/// of mail or of a page that is none, a due date that is past or beyond two years, and somebody whom the invoice cannot
/// reach or who cannot be charged; `NotFound` for a pass or a member that is none of the company's.
pub async fn create(hall: &Guildhall, principal: &Principal, new: NewInvoice) -> Result<Created> {
    let first_due_minor = rules::check_plan(&new.plan)?;
    processor::check_prices(hall, new.plan.terms, new.plan.currency)?;
    check_texts(&new)?;
    let (principal, origin) = (principal.clone(), hall.origin().to_owned());
    hall.store
        .write(move |tx| {
            principal.acting_user()?;
            let company = match new.company.clone().or_else(|| principal.company.clone()) {
                Some(company) => company,
                None => principal.calling_app()?.company.clone(),
            };
            authorize(tx, &principal, &company, Permission::InvoiceCreate)?;
            let (invoice, job) = draft(tx, &origin, company, &new, first_due_minor)?;
            let details = json!({"number": invoice.number});
            Doer::of(&principal).log(tx, &invoice.company, "create_invoice", &invoice.id, details)?;
            Ok(Created { view: view(tx, &principal, invoice)?, job })
        })
        .await
}

fn check_texts(new: &NewInvoice) -> Result<()> {
    if let Some(name) = &new.customer_name {
        rules::check_name(name, "customerName")?;
    }
    if let Goods::New(title) = &new.goods {
        rules::check_name(title, "title")?;
    }
    if let Some(notes) = &new.internal_notes {
        rules::check_notes(notes)?;
    }
    if let Some(email) = &new.email {
        mail::check_address(email.trim())?;
    }
    if new.plan_description.as_ref().is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION) {
        return Err(Error::Invalid(format!(
            "`description` is at most {LONGEST_DESCRIPTION} characters long."
        )));
    }
    match &new.redirect_url {
        Some(url) if !is_web(url) || url.len() > LONGEST_ADDRESS => Err(Error::Invalid(format!(
            "`redirectUrl` must start with `https://` or `http://` and be at most {LONGEST_ADDRESS} bytes long."
        ))),
        _ => Ok(()),
    }
}

/// Writes the invoice and all that comes with it.
fn draft(
    tx: &mut Tx<'_>,
    origin: &str,
    company: CompanyId,
    new: &NewInvoice,
    first_due_minor: i64,
) -> Result<(Invoice, Option<JobId>)> {
    let id: InvoiceId = tx.mint();
    // Whatever is refused from here on is undone with the count.
    let place = store::invoice::next_place(tx, &company)?;
    let customer = customer_of(tx, &company, new)?;
    let Some(seller) = store::company::find(tx, &company)? else { return no_such("company", &company) };
    let (access_pass, title) = pass_of(tx, &company, &id, &new.goods)?;
    let plan = plan_of(tx, &company, &access_pass, new)?;
    let tax = company::tax(tx, &company)?;
    let price = Price::new(first_due_minor, 0, tax.rate, new.plan.currency);
    let number = rules::number(&rules::series(company.as_str()), place);
    let session = NewCheckoutSession {
        plan: plan.clone(),
        company: company.clone(),
        app: None,
        user: customer.user.clone(),
        entry: None,
        // The invoice, which names its session, is written after it.
        invoice: None,
        // The tax is part of what is paid.
        amount_minor: price.total_minor,
        is_amount_fixed: true,
        currency: new.plan.currency,
        description: Some(format!("Invoice {number}")),
        affiliate_code: None,
        redirect_url: new.redirect_url.clone(),
        metadata: "{}".into(),
        expires_at: NEVER_MS,
    };
    let invoice = Invoice {
        session: store::checkout::insert(tx, &session)?,
        token: opaque_token::draw(tx),
        price,
        created_at: tx.now,
        id,
        company,
        number,
        access_pass,
        plan,
        user: customer.user,
        email: new.email.as_deref().map(|email| email.trim().to_owned()),
        customer_name: customer.name,
        seller_name: seller.title,
        collection_method: new.collection_method,
        payment_method: customer.payment_method,
        status: InvoiceStatus::Open,
        currency: new.plan.currency,
        tax,
        internal_notes: new.internal_notes.clone(),
        payment: None,
        due_at: new.due_at,
        paid_at: None,
        voided_at: None,
    };
    let line = Line { label: title, quantity: 1, unit_price_minor: first_due_minor };
    store::invoice::insert(tx, &invoice, place, &[line])?;
    store::invoice::bind_session(tx, &invoice.session, &invoice.id)?;
    course::tell(tx, Event::InvoiceCreated, &invoice)?;
    jobs::enqueue_at(tx, &Work::Invoice(invoice.id.clone()), LANE, invoice.due_at)?;
    let job = match invoice.collection_method {
        CollectionMethod::ChargeAutomatically => {
            Some(jobs::enqueue(tx, &Work::InvoiceCharge(invoice.id.clone()), LANE, None)?)
        }
        CollectionMethod::SendInvoice => {
            course::write_letter(tx, origin, &invoice)?;
            None
        }
    };
    Ok((invoice, job))
}

/// Whom an invoice is for.
struct Customer {
    user: Option<UserId>,
    name: Option<String>,
    /// What is charged automatically.
    payment_method: Option<PaymentMethodId>,
}

/// Finds out whom it is for, and checks that it reaches them.
fn customer_of(read: &mut Read<'_>, company: &CompanyId, new: &NewInvoice) -> Result<Customer> {
    let user = new.member.as_deref().map(|member| find_member(read, company, member)).transpose()?;
    let (mut own_email, mut own_name, mut agreed) = (None, None, None);
    if let Some(id) = &user {
        let Some(found) = store::user::find(read, id)? else { return no_such("member", id) };
        agreed = store::invoice::agreed_method(read, company, id)?;
        own_email = found.email;
        own_name = Some(found.name.unwrap_or(found.username));
    }
    let email = new.email.as_deref().or(own_email.as_deref());
    let addressee = Addressee { email, is_member: user.is_some(), has_payment_method: agreed.is_some() };
    rules::check(new.collection_method, addressee, new.due_at, read.now)?;
    let payment_method = match (new.collection_method, &new.payment_method) {
        (CollectionMethod::SendInvoice, Some(_)) => {
            return Err(Error::Invalid(
                "`paymentTokenId` says what is charged automatically: leave it out of an invoice that is sent."
                    .into(),
            ));
        }
        (CollectionMethod::SendInvoice, None) if email.is_none() => {
            return Err(Error::Invalid(
                "The member has no e-mail address that the invoice could go to: give `emailAddress`.".into(),
            ));
        }
        (CollectionMethod::SendInvoice, None) => None,
        (CollectionMethod::ChargeAutomatically, Some(named)) if agreed.as_ref() != Some(named) => {
            return Err(Error::Invalid(format!("The member has not agreed to be charged by `{named}`.")));
        }
        (CollectionMethod::ChargeAutomatically, _) => agreed,
    };
    let name = new.customer_name.as_deref().map(|name| name.trim().to_owned()).or(own_name);
    Ok(Customer { user, name, payment_method })
}

/// The user that a `memberId` means: somebody who holds, or held, a membership of the company.
fn find_member(read: &mut Read<'_>, company: &CompanyId, member: &str) -> Result<UserId> {
    let found = if member.starts_with(UserId::PREFIX) {
        let user = UserId::parse(member)?;
        store::invoice::is_member(read, company, &user)?.then_some(user)
    } else if member.starts_with(MembershipId::PREFIX) {
        store::invoice::holder(read, company, &MembershipId::parse(member)?)?
    } else if member.starts_with(CompanyMemberId::PREFIX) {
        store::company_member::find(read, company, &CompanyMemberId::parse(member)?)?
            .map(|found| found.user.id)
    } else {
        return Err(Error::Invalid(
            "`memberId` is the id of a member (`mber_…`), of a user who is one (`user_…`), or of a membership (`mem_…`).".into(),
        ));
    };
    found.map_or_else(|| no_such("member", &member), Ok)
}

/// The pass that the invoice is for, and its title.
fn pass_of(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    id: &InvoiceId,
    goods: &Goods,
) -> Result<(AccessPassId, String)> {
    match goods {
        Goods::Pass(pass) => {
            // Nobody deletes it until the invoice is there.
            access_pass::keep(tx, pass)?;
            match store::invoice::title_of_pass(tx, company, pass)? {
                Some(title) => Ok((pass.clone(), title)),
                None => no_such("access pass", pass),
            }
        }
        Goods::New(title) => {
            let pass = NewAccessPass {
                company: company.clone(),
                kind: AccessPassKind::Regular,
                title: title.trim().to_owned(),
                route: id.to_string(),
                headline: None,
                shortened_description: None,
                visibility: Visibility::Hidden,
            };
            Ok((access_pass::create(tx, &pass)?, pass.title))
        }
    }
}

fn plan_of(tx: &mut Tx<'_>, company: &CompanyId, pass: &AccessPassId, new: &NewInvoice) -> Result<PlanId> {
    let plan = NewPlan::of_terms(company.clone(), pass.clone(), new.plan.currency, new.plan.terms);
    let plan = NewPlan {
        stock: new.plan.stock,
        visibility: new.visibility,
        description: new.plan_description.clone(),
        redirect_url: new.redirect_url.clone(),
        custom_fields: new.plan.custom_fields.clone(),
        ..plan
    };
    plan::create(tx, &plan)
}
