//! Sales in a founder's hands: paid by a test card as of an earlier day, as if their buyer had been there then.
//!
//! The sandbox and the ledger hear of them. What follows from one (its dispute, its release, its renewal) is queued as
//! of that day, and done as soon as the hall is served. Nobody is written to: generated buyers have no e-mail.

use super::{Founder, found};
use crate::Guildhall;
use crate::checkout;
use crate::error::Result;
use crate::payment::{self, MethodUse, Payment};
use crate::plan::PlanType;
use crate::processor::{Processor, sandbox};
use crate::refund::{self, Wanted};
use crate::store;
use crate::user::{self, NewUser};
use guildhall_core::card::TypedCard;
use guildhall_core::ids::{CompanyId, PaymentId, PlanId, UserId};
use guildhall_core::moment::year_and_month;
use guildhall_core::money::major_from_minor;
use guildhall_core::payment::Stage;
use guildhall_core::receipt::BillingReason;

const HOUR_MS: i64 = 60 * 60 * 1000;
/// Over how many hours before now generated sales are spread: less than a month, so that nothing is due again yet.
const SPREAD_HOURS: i64 = 28 * 24;
/// How many sales one transaction makes.
const SALES_STEP: i64 = 20;

/// What generated buyers are called.
const NAMES: [&str; 10] = [
    "Ada Marsh",
    "Bruno Keller",
    "Chiara Conti",
    "Dev Patel",
    "Elif Kaya",
    "Femi Adeyemi",
    "Greta Holm",
    "Hugo Moreau",
    "Ida Nowak",
    "Joon Lee",
];

/// What becomes of generated sales, again and again: the card, and how much is given back, in percent.
const FATES: [(&str, i64); 10] = [
    ("4242424242424242", 0),
    ("5555555555554444", 0),
    ("4000000000000259", 0),
    ("4242424242424242", 40),
    ("4000000000009995", 0),
    ("5555555555554444", 0),
    ("4242424242424242", 100),
    ("4242424242424242", 0),
    ("4000000000000002", 0),
    ("5555555555554444", 0),
];

impl Founder<'_, '_> {
    /// Sells a plan to somebody at the moment of this founding, by a test card that pays or is declined.
    ///
    /// # Errors
    /// `NotFound` for an unknown plan, `Invalid` for what is no test card.
    pub fn sale(&mut self, plan: &PlanId, buyer: &UserId, card: &str) -> Result<PaymentId> {
        let plan = self.plan_of(plan)?;
        let quoted = checkout::quote(self.tx, plan, None, 1, None, Some(buyer))?;
        let reason = match quoted.plan.plan_type {
            PlanType::OneTime => BillingReason::OneTime,
            PlanType::Renewal => BillingReason::SubscriptionCreate,
        };
        let (price, currency) = (quoted.price, quoted.currency);
        let mut payment = Payment::draft(self.tx, &quoted.plan, buyer, 1, price, currency, reason)?;
        payment.tax = quoted.tax.shown();
        let (year, month) = year_and_month(self.tx.now);
        let expiry = format!("12/{}", year + 4);
        let (face, _) = TypedCard { number: card, expiry: &expiry, code: "123" }.read(year, month)?;
        let method = payment::keep_method(self.tx, buyer, Processor::Sandbox, &face, MethodUse::Kept)?;
        (payment.processor, payment.method) = (Some(Processor::Sandbox), Some(method));
        payment::begin(self.tx, self.house, &mut payment)?;
        let charge = payment::charge_of(self.tx, &payment)?;
        let answer = sandbox::charge_in(self.tx, &charge)?;
        payment::settle(self.tx, self.house, &payment.id, payment.state.attempt, &answer)?;
        Ok(payment.id)
    }

    /// A generated sale, and what becomes of it.
    fn generated_sale(&mut self, plan: &PlanId, number: i64) -> Result<()> {
        let pick = |count: usize| usize::try_from(number).unwrap_or(0) % count;
        let (name, (card, percent)) = (NAMES[pick(NAMES.len())], FATES[pick(FATES.len())]);
        let username = format!("shopper-{number}");
        let buyer =
            user::create(self.tx, &NewUser { username, name: Some(name.to_owned()), ..NewUser::default() })?;
        let id = self.sale(plan, &buyer, card)?;
        let payment = payment::require(self.tx, &id)?;
        if percent > 0 && payment.state.stage == Stage::Paid {
            let amount_minor = payment.state.amount_minor * percent / 100;
            let wanted = Wanted {
                amount: Some(major_from_minor(amount_minor, payment.currency)),
                reason: Some("Asked for by the buyer.".to_owned()),
                idempotence_key: None,
            };
            self.tx.now += HOUR_MS;
            refund::found(self.tx, &id, &wanted)?;
        }
        Ok(())
    }
}

/// Adds generated sales until a company has so many payments, over the four weeks before now; answers how many were
/// added.
///
/// # Errors
/// `Internal` only.
pub async fn fill_sales(hall: &Guildhall, company: &CompanyId, plan: &PlanId, goal: i64) -> Result<i64> {
    let mut added = 0;
    loop {
        let (company, plan) = (company.clone(), plan.clone());
        let step = found(hall, move |founder| {
            let present = store::receipt::count_all(founder.tx, &company)?;
            let (now, count) = (founder.now_ms(), (goal - present).clamp(0, SALES_STEP));
            for number in present..present + count {
                let ago = SPREAD_HOURS * (goal - number) / goal.max(1);
                founder.set_now(now - ago * HOUR_MS);
                founder.generated_sale(&plan, number)?;
            }
            founder.set_now(now);
            Ok(count)
        });
        match step.await? {
            0 => return Ok(added),
            count => added += count,
        }
    }
}
