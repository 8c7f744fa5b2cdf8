//! Orders: what a buyer sends from the page of a checkout.
//!
//! Everything is checked and claimed in one transaction: the session, the price that the buyer saw, the answers, the
//! stock, the promo code, and the attempt itself. So of two orders for one session the second goes on with the first,
//! and of two for the last piece the second is refused before anybody is charged.

use super::buyer::{self, Buyer};
use super::{
    Answered, CheckoutSession, NewCheckoutSession, Standing, Target, closed, have_already, lock_purchase,
    look, onward, quote,
};
use crate::error::{Error, Result, no_such};
use crate::payment::{self, MethodUse, Outcome, Payment};
use crate::plan::{Plan, PlanType};
use crate::processor::{self, Processor};
use crate::store::{self, Tx};
use crate::{Guildhall, House, access, affiliate, crash, plan, promo_code};
use guildhall_core::card::{CardFace, TypedCard};
use guildhall_core::custom_field::check_answers;
use guildhall_core::ids::{CheckoutSessionId, PaymentId, PaymentMethodId, UserId};
use guildhall_core::moment;
use guildhall_core::payment::Stage;
use guildhall_core::plan_words::price;
use guildhall_core::receipt::BillingReason;

/// How long the session of a public link is remembered, in milliseconds (a day).
const LINK_LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;

/// A card as it was typed. Its text is forgotten with it.
#[derive(Clone)]
pub struct Card {
    /// The number.
    pub number: String,
    /// The month and the year.
    pub expiry: String,
    /// The security code.
    pub code: String,
}

impl std::fmt::Debug for Card {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Card(..)")
    }
}

/// How an order is to be paid.
#[derive(Debug, Clone)]
pub enum Method {
    /// By a test card, in the sandbox.
    Card(Card),
    /// By a method that the buyer keeps here.
    Saved(PaymentMethodId),
    /// Out of the buyer's balance.
    Balance,
    /// On the processor's own page.
    Elsewhere(Processor),
}

/// What a buyer sends.
#[derive(Debug, Clone)]
pub struct Order {
    /// What it is about.
    pub target: Target,
    /// The session; for a public link the one that its page came with.
    pub session: CheckoutSessionId,
    /// Who pays.
    pub buyer: Buyer,
    /// The network address it is sent from.
    pub sent_from: String,
    /// How.
    pub method: Method,
    /// Whether the seller may charge the method again without asking; counts for who is signed in.
    pub consents: bool,
    /// A promo code.
    pub promo: Option<String>,
    /// How many.
    pub quantity: i64,
    /// What the page said is to be paid, in minor units.
    pub seen_minor: i64,
    /// What was answered to the plan's fields, by their ids.
    pub answers: Vec<(String, String)>,
    /// Who sent the buyer, on a public link.
    pub affiliate_code: Option<String>,
}

/// What became of an order.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The session.
    pub session: CheckoutSessionId,
    /// The payment.
    pub payment: PaymentId,
    /// How it went.
    pub outcome: Outcome,
}

/// Places an order and pays it.
///
/// # Errors
/// `Invalid` or `Conflict` with a sentence for the buyer, `NotFound`, `Forbidden`; `RateLimited` where addresses were
/// typed too often from one place and nothing was paid. Nothing is charged then.
pub async fn place(hall: &Guildhall, order: Order) -> Result<Placed> {
    let face = match &order.method {
        Method::Card(card) => Some(read_card(hall, card)?),
        Method::Saved(_) | Method::Balance | Method::Elsewhere(_) => None,
    };
    let processors = processor::available(hall);
    let (house, wanted) = (hall.house(), order.clone());
    let begun = hall.store.write(move |tx| begin(tx, &house, &wanted, face.as_ref(), &processors));
    let (session, payment) = begun.await?;
    crash::point("begun");
    let outcome = payment::drive(hall, &payment).await?;
    Ok(Placed { session, payment, outcome })
}

fn read_card(hall: &Guildhall, card: &Card) -> Result<CardFace> {
    let (year, month) = moment::year_and_month(hall.now_ms());
    let typed = TypedCard { number: &card.number, expiry: &card.expiry, code: &card.code };
    Ok(typed.read(year, month).map(|(face, _)| face)?)
}

/// Checks and claims everything, and begins the attempt.
fn begin(
    tx: &mut Tx<'_>,
    house: &House,
    order: &Order,
    face: Option<&CardFace>,
    processors: &[Processor],
) -> Result<(CheckoutSessionId, PaymentId)> {
    tx.lock(&format!("checkout {}", order.session))?;
    let session = session_of(tx, order)?;
    let before = hold_payment(tx, &session)?;
    if let Some(payment) = &before
        && !matches!(payment.state.stage, Stage::Drafted | Stage::Failed)
    {
        // Sent twice: the second goes on with the first.
        refuse_others(tx, order, &session, &payment.user)?;
        return Ok((session.id, payment.id.clone()));
    }
    refuse_closed(tx, &session)?;
    let Some(plan) = store::plan::find(tx, &session.plan)? else { return no_such("plan", &session.plan) };
    if let Some(closed) = closed(tx, &plan, Some(&session))? {
        return Err(refusal(&closed));
    }
    let user = buyer::find_or_make(tx, &order.buyer)?;
    refuse_others(tx, order, &session, &user)?;
    if order.buyer.known().is_some() {
        refuse_banned(tx, &plan, &session, &user)?;
        if !session.sells_again() {
            refuse_twice(tx, &plan, &session, &user)?;
        }
    }
    let later_minor = plan.terms().renewal_due_minor(order.quantity)?;
    let mut payment = draft(tx, order, &session, plan, &user, before)?;
    // What never costs anything is paid by no method.
    if payment.state.amount_minor > 0 || later_minor > 0 || order.buyer.known().is_some() {
        set_method(tx, order, &mut payment, face, processors)?;
    }
    payment::begin(tx, house, &mut payment)?;
    buyer::count_try(tx, order)?;
    crash::point("beginning");
    Ok((session.id, payment.id))
}

/// The payment of a session, if there was an attempt before: nobody settles it until the transaction ends.
fn hold_payment(tx: &mut Tx<'_>, session: &CheckoutSession) -> Result<Option<Payment>> {
    let Some(found) = store::payment::of_session(tx, &session.id)? else { return Ok(None) };
    tx.lock(&format!("payment {}", found.id))?;
    store::payment::find(tx, &found.id)
}

/// The session of an order; a public link's is made now.
fn session_of(tx: &mut Tx<'_>, order: &Order) -> Result<CheckoutSession> {
    if let Some(session) = store::checkout::find(tx, &order.session)? {
        let is_meant = match &order.target {
            Target::Session(id) => *id == session.id,
            Target::Plan(plan) => *plan == session.plan && session.is_public_link,
        };
        return if is_meant { Ok(session) } else { no_such("checkout session", &order.session) };
    }
    let (_, plan) = look(tx, &order.target)?;
    let new = NewCheckoutSession {
        company: plan.company.clone(),
        app: None,
        user: None,
        entry: None,
        invoice: None,
        amount_minor: plan.terms().first_due_minor(1)?,
        is_amount_fixed: false,
        currency: plan.currency,
        description: None,
        affiliate_code: affiliate::code_of_link(order.affiliate_code.as_deref()),
        redirect_url: onward(tx, None, &plan)?,
        metadata: "{}".to_owned(),
        expires_at: tx.now + LINK_LIFETIME_MS,
        plan: plan.id,
    };
    store::checkout::insert_link(tx, &order.session, &new)?;
    store::checkout::find(tx, &order.session)?
        .ok_or_else(|| Error::internal("a session that was just made is missing"))
}

fn refuse_closed(tx: &Tx<'_>, session: &CheckoutSession) -> Result<()> {
    if session.canceled_at.is_some() {
        return Err(refusal(&Standing::Withdrawn));
    }
    if session.expires_at <= tx.now {
        return Err(refusal(&Standing::Over));
    }
    Ok(())
}

/// A session that names its payer is theirs alone, and they must be signed in.
fn refuse_others(tx: &mut Tx<'_>, order: &Order, session: &CheckoutSession, user: &UserId) -> Result<()> {
    if session.user.is_some() && order.buyer.known().is_none() {
        return Err(refusal(&Standing::SignInFirst));
    }
    let pays = match buyer::find(tx, &order.buyer)? {
        Some(buyer) => buyer == *user,
        None => false,
    };
    let is_meant = session.user.as_ref().is_none_or(|meant| meant == user);
    if pays && is_meant { Ok(()) } else { Err(refusal(&Standing::NotForYou)) }
}

/// Whoever is banned buys nothing; what they were billed for, they may pay.
fn refuse_banned(tx: &mut Tx<'_>, plan: &Plan, session: &CheckoutSession, user: &UserId) -> Result<()> {
    if session.invoice.is_none() && access::is_banned(tx, &plan.company, &plan.access_pass, user)? {
        return Err(Error::Forbidden("You are banned from this community. Nothing was charged.".into()));
    }
    Ok(())
}

/// One plan is bought once at a time, also from two tabs or by two checkouts, and once by an entry.
fn refuse_twice(tx: &mut Tx<'_>, plan: &Plan, session: &CheckoutSession, user: &UserId) -> Result<()> {
    lock_purchase(tx, user, &plan.id)?;
    // In this order: what is under way settles without the lock, and is found by the second where the first missed it.
    match store::payment::under_way(tx, user, &plan.company, &plan.id)? {
        Some(other) if other.checkout_session.as_ref() != Some(&session.id) => {
            return Err(Error::Conflict(
                "You are paying for this already, in another window. Look how that went before you try again."
                    .into(),
            ));
        }
        _ => {}
    }
    match have_already(tx, plan, Some(session), user)? {
        Some(_) => Err(refusal(&Standing::Had)),
        None => Ok(()),
    }
}

/// What a buyer is told of a checkout that cannot be paid.
pub(super) fn refusal(standing: &Standing) -> Error {
    let sentence = match standing {
        Standing::Over => "This checkout is over: its time has run out. Nothing was charged.",
        Standing::Withdrawn => "This checkout was withdrawn by its seller. Nothing was charged.",
        Standing::SoldOut => "It is sold out. Nothing was charged.",
        Standing::NotSold => "This is sold no more. Nothing was charged.",
        Standing::Waitlist => "This is given to whom its waitlist lets in. Nothing was charged.",
        Standing::Raffle => "This is given to whom its raffle draws. Nothing was charged.",
        Standing::NotForYou => "This checkout is meant for somebody else. Nothing was charged.",
        Standing::SignInFirst => {
            "This checkout is meant for one person: sign in as them. Nothing was charged."
        }
        Standing::Had => "You have this already. Nothing was charged.",
        Standing::Open
        | Standing::Declined(_)
        | Standing::UnderWay
        | Standing::SecondStep(_)
        | Standing::Paid
        | Standing::GivenBack => "This checkout was paid already.",
    };
    Error::Conflict(sentence.to_owned())
}

/// The payment of an order, with everything claimed that it needs; another attempt of the one before.
fn draft(
    tx: &mut Tx<'_>,
    order: &Order,
    session: &CheckoutSession,
    plan: Plan,
    user: &UserId,
    before: Option<Payment>,
) -> Result<Payment> {
    let promo = order.promo.as_deref();
    let quoted = quote(tx, plan, Some(session), order.quantity, promo, order.buyer.known())?;
    if quoted.price.total_minor != order.seen_minor {
        return Err(Error::Conflict(format!(
            "The price is {} now. Nothing was charged: look at it again, and pay if it suits you.",
            price(quoted.price.total_minor, quoted.currency)
        )));
    }
    let plan = quoted.plan;
    let answers = check_answers(&plan.custom_fields, &order.answers)?;
    let reason = match plan.plan_type {
        PlanType::OneTime => BillingReason::OneTime,
        PlanType::Renewal => BillingReason::SubscriptionCreate,
    };
    let fresh = Payment::draft(tx, &plan, user, order.quantity, quoted.price, quoted.currency, reason)?;
    let mut payment = match before {
        // Perhaps at another price.
        Some(before) => Payment {
            user: fresh.user,
            billing_reason: fresh.billing_reason,
            quantity: fresh.quantity,
            price: fresh.price,
            state: guildhall_core::payment::Payment {
                amount_minor: fresh.state.amount_minor,
                is_chargeable: fresh.state.is_chargeable,
                ..before.state
            },
            ..before
        },
        None => fresh,
    };
    payment.checkout_session = Some(session.id.clone());
    payment.invoice.clone_from(&session.invoice);
    payment.entry.clone_from(&session.entry);
    payment.app.clone_from(&session.app);
    payment.description.clone_from(&session.description);
    payment.metadata.clone_from(&session.metadata);
    payment.redirect_url = onward(tx, Some(session), &plan)?;
    payment.tax = quoted.tax.shown();
    payment.answers = stored_answers(&plan, answers)?;
    if !plan::take_stock(tx, &plan.id, order.quantity)? {
        return Err(refusal(&Standing::SoldOut));
    }
    payment.stock_held = order.quantity;
    payment.tried_from = buyer::tries_from(order).filter(|_| payment.state.is_chargeable);
    // The claims below hang on the payment's row.
    store::payment::save(tx, &mut payment)?;
    payment.promo_code = None;
    if let Some(applied) = quoted.promo {
        promo_code::claim(tx, &applied.id, user, &payment.id)?;
        payment.promo_code = Some(applied.id);
    }
    if let Some(code) = session.affiliate_code.as_deref() {
        let sold = affiliate::for_sale(tx, &plan.company, &plan, code, user)?;
        payment.affiliate = sold.map(|sold| sold.affiliate);
    }
    Ok(payment)
}

fn stored_answers(plan: &Plan, answers: Vec<guildhall_core::custom_field::Answer>) -> Result<String> {
    let question = |id: &str| {
        let field = plan.custom_fields.iter().find(|field| field.id == id);
        field.map_or_else(String::new, |field| field.name.clone())
    };
    let answers: Vec<Answered> = answers
        .into_iter()
        .map(|answer| Answered {
            question: question(&answer.field),
            field: answer.field,
            value: answer.value,
        })
        .collect();
    serde_json::to_string(&answers).map_err(Error::internal)
}

/// How the payment is to be made; a method is kept where it will be charged again.
fn set_method(
    tx: &mut Tx<'_>,
    order: &Order,
    payment: &mut Payment,
    face: Option<&CardFace>,
    processors: &[Processor],
) -> Result<()> {
    let user = payment.user.clone();
    payment.method_use = match &order.buyer {
        Buyer::Email(_) => MethodUse::ThisPurchase,
        Buyer::SignedIn(_) if order.consents => MethodUse::Agreed,
        Buyer::SignedIn(_) => MethodUse::Kept,
    };
    let (processor, method) = match (&order.method, face) {
        (Method::Card(_), Some(face)) => {
            let kept = payment::keep_method(tx, &user, Processor::Sandbox, face, payment.method_use)?;
            (Processor::Sandbox, Some(kept))
        }
        (Method::Card(_), None) => return Err(Error::internal("a card that was not read")),
        (Method::Saved(id), _) => match store::payment_method::find_own(tx, id)? {
            Some(method) if method.user == user && matches!(order.buyer, Buyer::SignedIn(_)) => {
                (method.processor, Some(method.id))
            }
            _ => return no_such("payment method", id),
        },
        (Method::Balance, _) => match order.buyer {
            Buyer::SignedIn(_) => (Processor::PlatformBalance, None),
            Buyer::Email(_) => {
                return Err(Error::Forbidden("Sign in to pay out of your balance.".into()));
            }
        },
        (Method::Elsewhere(processor), _) => (*processor, None),
    };
    if !processors.contains(&processor) {
        return Err(Error::Invalid("Payments are not taken this way here.".into()));
    }
    payment.processor = Some(processor);
    payment.method = match (processor, method) {
        (Processor::PlatformBalance, None) => {
            let kept = processor::KeptMethod {
                reference: "balance".to_owned(),
                brand: None,
                last4: None,
                expiry: None,
            };
            Some(store::payment_method::find_or_insert(tx, &user, processor, &kept, payment.method_use)?)
        }
        (_, method) => method,
    };
    // One that is typed at its processor is agreed to when that knows it (`payment/settlement.rs`).
    if let Some(method) = payment.method.as_ref().filter(|_| payment.method_use == MethodUse::Agreed) {
        payment::agree(tx, payment, method)?;
    }
    Ok(())
}

/// How the payment of a session goes; asks the processor again where nothing is known.
///
/// # Errors
/// `NotFound` for a session without a payment.
pub async fn progress(hall: &Guildhall, session: CheckoutSessionId) -> Result<Placed> {
    let wanted = session.clone();
    let found = hall.store.read(move |read| store::payment::of_session(read, &wanted)).await?;
    let Some(payment) = found else { return no_such("checkout session", &session) };
    let outcome = payment::drive(hall, &payment.id).await?;
    Ok(Placed { session, payment: payment.id, outcome })
}
