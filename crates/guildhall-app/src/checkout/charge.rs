//! Charges that an app asks of a user: at once where they agreed to that, in a session otherwise.
//!
//! Nobody's permission is asked for, so agreeing is all that stands between an app and somebody's card. Who agreed to be
//! charged by a company agreed to its own apps; to one of another company, which it merely installed, only by saying so
//! in a session of that app.

use super::session::LIFETIME_MS;
use super::{Extras, NewCheckoutSession, Opened, onward, quote};
use crate::access;
use crate::access_pass::{self, AccessPassKind, NewAccessPass, Visibility};
use crate::error::{Error, Result, no_such};
use crate::payment::{self, Outcome, Payment};
use crate::plan::{self, NewPlan};
use crate::principal::{CallingApp, Principal};
use crate::processor;
use crate::store::{self, Read, Tx};
use crate::{Guildhall, House};
use guildhall_core::billing::Terms;
use guildhall_core::ids::{CheckoutSessionId, CompanyId, Id, PaymentId, PlanId, UserId};
use guildhall_core::money::{self, Currency};
use guildhall_core::receipt::BillingReason;

/// The longest description of a charge, in characters.
const LONGEST_DESCRIPTION: usize = 200;

/// What an app charges a user for.
#[derive(Debug, Clone)]
pub struct Charge {
    /// Who pays.
    pub user: UserId,
    /// Major units.
    pub amount: f64,
    /// The currency's code.
    pub currency: String,
    /// Shown to the payer.
    pub description: Option<String>,
    /// What goes with it.
    pub extras: Extras,
}

/// What became of a charge.
#[derive(Debug, Clone)]
pub struct Charged {
    /// The session; paid already when the charge is done.
    pub session: Opened,
    /// Whether it was paid at once.
    pub is_paid: bool,
}

/// Charges a user by the method that they let the company charge; where there is none, or it is declined, a session
/// waits for them. So it does when the app is another company's, unless they agreed to the company in a session of that
/// app. Every call is a charge of its own.
///
/// # Errors
/// `Invalid` for an unsound amount or text, `NotFound` for a user that is none of the app's business, `Forbidden`
/// for a person inside the app.
pub async fn charge_user(hall: &Guildhall, principal: &Principal, charge: Charge) -> Result<Charged> {
    let app = principal.calling_app()?.clone();
    if principal.is_person {
        return Err(Error::Forbidden(
            "Only the app itself can charge its users: send `Authorization: Bearer <app API key>`.".into(),
        ));
    }
    let (currency, amount_minor) = check(&charge)?;
    let terms = Terms::OneTime { price_minor: amount_minor, expiration_days: None };
    processor::check_prices(hall, terms, currency)?;
    let metadata = charge.extras.check()?;
    let (principal, house) = (principal.clone(), hall.house());
    let (session, payment) = hall
        .store
        .write(move |tx| {
            principal.acting_user()?;
            if store::app::relation(tx, &app.id, &charge.user)?.is_none() {
                return no_such("user", &charge.user);
            }
            let company = principal.company.clone().unwrap_or_else(|| app.company.clone());
            let plan = plan_of_charge(tx, &app, &company, currency, amount_minor)?;
            let session = NewCheckoutSession {
                plan: plan.clone(),
                company: company.clone(),
                app: Some(app.id.clone()),
                user: Some(charge.user.clone()),
                entry: None,
                invoice: None,
                amount_minor,
                is_amount_fixed: true,
                currency,
                description: charge.description.clone(),
                affiliate_code: charge.extras.affiliate_code.clone(),
                redirect_url: charge.extras.redirect_url.clone(),
                metadata: metadata.clone(),
                expires_at: tx.now + LIFETIME_MS,
            };
            let opened = Opened { id: store::checkout::insert(tx, &session)?, plan };
            let payment = if charges_at_once(tx, &app, &company, &charge.user)? {
                charge_consented(tx, &house, &opened.id, &charge.user)?
            } else {
                None
            };
            Ok((opened, payment))
        })
        .await?;
    let is_paid = match payment {
        Some(payment) => payment::drive(hall, &payment).await? == Outcome::Paid,
        None => false,
    };
    Ok(Charged { session, is_paid })
}

/// Whether an app may charge somebody without asking for a company that they let do so.
fn charges_at_once(
    read: &mut Read<'_>,
    app: &CallingApp,
    company: &CompanyId,
    user: &UserId,
) -> Result<bool> {
    Ok(app.company == *company || store::payment_method::is_consented_to_app(read, user, company, &app.id)?)
}

fn check(charge: &Charge) -> Result<(Currency, i64)> {
    let currency = Currency::parse(&charge.currency)?;
    let amount_minor = money::minor_from_major(charge.amount, currency)?;
    let smallest = currency.smallest_price_minor();
    if amount_minor < smallest {
        let smallest = money::in_words(smallest, currency);
        return Err(Error::Invalid(format!("`amount` must be at least {smallest}.")));
    }
    if charge.description.as_ref().is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION) {
        return Err(Error::Invalid(format!(
            "`description` is at most {LONGEST_DESCRIPTION} characters long."
        )));
    }
    Ok((currency, amount_minor))
}

/// Begins to charge a session by the method that its user agreed to; `None` when they agreed to none, or are banned
/// from what it sells.
pub(crate) fn charge_consented(
    tx: &mut Tx<'_>,
    house: &House,
    session: &CheckoutSessionId,
    user: &UserId,
) -> Result<Option<PaymentId>> {
    let Some(session) = store::checkout::find(tx, session)? else {
        return Err(Error::internal("a session that was just made is missing"));
    };
    let Some(method) = payment::consented(tx, user, &session.company)? else { return Ok(None) };
    let Some(plan) = store::plan::find(tx, &session.plan)? else { return no_such("plan", &session.plan) };
    if session.invoice.is_none() && access::is_banned(tx, &plan.company, &plan.access_pass, user)? {
        return Ok(None);
    }
    let quoted = quote(tx, plan, Some(&session), 1, None, Some(user))?;
    let (price, currency) = (quoted.price, quoted.currency);
    let redirect_url = onward(tx, Some(&session), &quoted.plan)?;
    let mut payment = Payment::draft(tx, &quoted.plan, user, 1, price, currency, BillingReason::Manual)?;
    payment.checkout_session = Some(session.id);
    payment.app = session.app;
    payment.invoice = session.invoice;
    payment.description = session.description;
    payment.metadata = session.metadata;
    payment.redirect_url = redirect_url;
    payment.tax = quoted.tax.shown();
    payment.processor = Some(method.processor);
    payment.method = Some(method.id);
    if let Some(code) = session.affiliate_code.as_deref() {
        let sold = crate::affiliate::for_sale(tx, &session.company, &quoted.plan, code, user)?;
        payment.affiliate = sold.map(|sold| sold.affiliate);
    }
    payment::begin(tx, house, &mut payment)?;
    Ok(Some(payment.id))
}

/// The plan that charges just this, under a hidden pass that stands for what the app charges.
fn plan_of_charge(
    tx: &mut Tx<'_>,
    app: &CallingApp,
    company: &CompanyId,
    currency: Currency,
    amount_minor: i64,
) -> Result<PlanId> {
    let route = format!("charges-{}", app.id.as_str());
    tx.lock(&format!("charges {company} {}", app.id))?;
    let pass = match store::checkout::pass_by_route(tx, company, &route)? {
        Some(pass) => pass,
        None => {
            let name = store::app::find(tx, &app.id)?.map_or_else(|| "App".to_owned(), |app| app.name);
            access_pass::create(
                tx,
                &NewAccessPass {
                    company: company.clone(),
                    kind: AccessPassKind::ApiOnly,
                    title: name,
                    route,
                    headline: None,
                    shortened_description: None,
                    visibility: Visibility::Hidden,
                },
            )?
        }
    };
    if let Some(plan) = store::checkout::plan_by_price(tx, &pass, currency, amount_minor)? {
        return Ok(plan);
    }
    let terms = Terms::OneTime { price_minor: amount_minor, expiration_days: None };
    let plan = NewPlan::of_terms(company.clone(), pass, currency, terms);
    plan::create(tx, &NewPlan { visibility: Visibility::Hidden, ..plan })
}
