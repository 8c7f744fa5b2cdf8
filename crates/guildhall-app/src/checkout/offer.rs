//! The page of a checkout: what it offers, to whom, and how it stands.

use super::{CheckoutSession, Target, closed, have_already, look, onward, quote};
use crate::Guildhall;
use crate::company::{Company, Tax};
use crate::error::{Error, Result, no_such};
use crate::ledger;
use crate::payment::{self, Outcome, Payment};
use crate::plan::Plan;
use crate::processor::{self, PaymentMethod, Processor};
use crate::store::{self, Read};
use guildhall_core::billing::Renewals;
use guildhall_core::ids::{CheckoutSessionId, Id, UserId};
use guildhall_core::ledger::AccountKind;
use guildhall_core::money::Currency;
use guildhall_core::price::Price;

/// How a checkout stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It can be paid.
    Open,
    /// The last attempt was declined; it can be paid otherwise.
    Declined(String),
    /// It is being paid.
    UnderWay,
    /// Its buyer takes a second step there.
    SecondStep(String),
    /// It was paid.
    Paid,
    /// It was paid when what was sold was gone, and the money goes back.
    GivenBack,
    /// Its time is over.
    Over,
    /// Its maker withdrew it.
    Withdrawn,
    /// There is nothing left.
    SoldOut,
    /// It is sold no more.
    NotSold,
    /// It is given to whom its waitlist lets in.
    Waitlist,
    /// It is given to whom its raffle draws.
    Raffle,
    /// Somebody else is to pay it.
    NotForYou,
    /// One person is to pay it, and nobody is signed in.
    SignInFirst,
    /// The buyer has it already.
    Had,
}

/// What a checkout's page shows.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The session; for a public link the one that is made when it is paid.
    pub session: CheckoutSessionId,
    /// Who sells.
    pub company: Company,
    /// What is sold.
    pub pass_title: String,
    /// Under which plan.
    pub plan: Plan,
    /// What is charged for, in its maker's words.
    pub description: Option<String>,
    /// How many.
    pub quantity: i64,
    /// The currency.
    pub currency: Currency,
    /// The price, line by line.
    pub price: Price,
    /// The tax.
    pub tax: Tax,
    /// The promo code that counts, and what it takes off in words.
    pub promo: Option<(String, String)>,
    /// Why the promo code that was given does not count.
    pub promo_refusal: Option<String>,
    /// What its renewals will cost; `None` where it has none that cost something by the plan.
    pub renewals: Option<Renewals>,
    /// Whether its maker fixed the price: then no promo code can be given, and it is sold as often as it is asked for.
    pub is_price_fixed: bool,
    /// How it stands.
    pub standing: Standing,
    /// The payment, once there is one.
    pub payment: Option<Payment>,
    /// What the buyer paid with before.
    pub methods: Vec<PaymentMethod>,
    /// What the buyer has here, in minor units of the currency; `None` when nobody is signed in.
    pub balance_minor: Option<i64>,
    /// Which processors take it.
    pub processors: Vec<Processor>,
    /// Who sent the buyer.
    pub affiliate_code: Option<String>,
    /// Where the buyer goes afterwards.
    pub redirect_url: Option<String>,
    /// The app of another company that asks for it: who agrees to be charged again agrees to that app, too.
    pub app_from_elsewhere: Option<String>,
}

/// What is offered to somebody; a promo code that does not count is told of, and not taken off.
///
/// # Errors
/// `NotFound`, `Invalid` for a quantity that cannot be.
pub async fn offer(
    hall: &Guildhall,
    target: Target,
    viewer: Option<UserId>,
    promo: Option<String>,
    quantity: i64,
) -> Result<Offer> {
    let processors = processor::available(hall);
    let fresh = CheckoutSessionId::mint(hall.now_ms(), hall.random.bytes());
    hall.store
        .read(move |read| {
            let (session, plan) = look(read, &target)?;
            // What was bought is shown also when it is sold no more.
            let pass = store::access_pass::find_ever(read, &plan.access_pass)?;
            let company = store::company::find(read, &plan.company)?;
            let (Some(pass), Some(company)) = (pass, company) else { return no_such("plan", &plan.id) };
            let viewer = viewer.as_ref();
            let code = promo.as_deref();
            let (quoted, promo_refusal) =
                match quote(read, plan.clone(), session.as_ref(), quantity, code, viewer) {
                    Ok(quoted) => (quoted, None),
                    Err(Error::Invalid(refusal) | Error::NotFound(refusal) | Error::Conflict(refusal))
                        if code.is_some() =>
                    {
                        (quote(read, plan.clone(), session.as_ref(), quantity, None, viewer)?, Some(refusal))
                    }
                    Err(error) => return Err(error),
                };
            let payment = match &session {
                Some(session) => store::payment::of_session(read, &session.id)?,
                None => None,
            };
            let standing = standing(read, &plan, session.as_ref(), payment.as_ref(), viewer)?;
            let (methods, balance_minor) = means(read, viewer, quoted.currency)?;
            let app_from_elsewhere = match session.as_ref().and_then(|session| session.app.as_ref()) {
                Some(app) => payment::from_elsewhere(read, app, &pass.company)?,
                None => None,
            };
            Ok(Offer {
                session: session.as_ref().map_or(fresh.clone(), |session| session.id.clone()),
                company,
                pass_title: pass.title,
                description: session.as_ref().and_then(|session| session.description.clone()),
                renewals: quoted.renewals,
                is_price_fixed: session.as_ref().is_some_and(|session| session.fixed_minor.is_some()),
                quantity,
                currency: quoted.currency,
                price: quoted.price,
                tax: quoted.tax,
                promo: quoted.promo.map(|applied| (applied.code, applied.discount.in_words())),
                promo_refusal,
                standing,
                payment,
                methods: methods.into_iter().filter(|one| processors.contains(&one.processor)).collect(),
                balance_minor,
                processors: processors.clone(),
                affiliate_code: session.as_ref().and_then(|session| session.affiliate_code.clone()),
                redirect_url: onward(read, session.as_ref(), &plan)?,
                app_from_elsewhere,
                plan,
            })
        })
        .await
}

/// What somebody paid with before, and what they have here in a currency, in minor units.
fn means(
    read: &mut Read<'_>,
    viewer: Option<&UserId>,
    currency: Currency,
) -> Result<(Vec<PaymentMethod>, Option<i64>)> {
    let Some(user) = viewer else { return Ok((Vec::new(), None)) };
    let methods = store::payment_method::of_user(read, user, 5)?;
    let balance_minor = ledger::free_minor(read, AccountKind::User, user.as_str(), currency)?;
    Ok((methods, Some(balance_minor)))
}

fn standing(
    read: &mut Read<'_>,
    plan: &Plan,
    session: Option<&CheckoutSession>,
    payment: Option<&Payment>,
    viewer: Option<&UserId>,
) -> Result<Standing> {
    match payment.map(payment::outcome) {
        Some(Outcome::Paid) => return Ok(Standing::Paid),
        Some(Outcome::GivenBack) => return Ok(Standing::GivenBack),
        Some(Outcome::SecondStep(url)) => return Ok(Standing::SecondStep(url)),
        Some(Outcome::Over) => return Ok(Standing::Over),
        Some(Outcome::UnderWay) if payment.is_some_and(|payment| payment.state.attempt > 0) => {
            return Ok(Standing::UnderWay);
        }
        Some(Outcome::UnderWay | Outcome::Declined(_)) | None => {}
    }
    if let Some(session) = session {
        if session.canceled_at.is_some() {
            return Ok(Standing::Withdrawn);
        }
        if session.expires_at <= read.now {
            return Ok(Standing::Over);
        }
        match (&session.user, viewer) {
            (Some(meant), Some(viewer)) if meant != viewer => return Ok(Standing::NotForYou),
            (Some(_), None) => return Ok(Standing::SignInFirst),
            _ => {}
        }
    }
    if let Some(closed) = closed(read, plan, session)? {
        return Ok(closed);
    }
    if let Some(viewer) = viewer
        && have_already(read, plan, session, viewer)?.is_some()
    {
        return Ok(Standing::Had);
    }
    if plan.stock_left().is_some_and(|left| left < 1) {
        return Ok(Standing::SoldOut);
    }
    Ok(match payment.map(payment::outcome) {
        Some(Outcome::Declined(sentence)) => Standing::Declined(sentence),
        _ => Standing::Open,
    })
}
