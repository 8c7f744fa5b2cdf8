//! The page of one payment.

use super::course::course;
use super::sums;
use super::words::{Stamp, buyer, occasion, reason_of_dispute, stamp, stamp_of_dispute};
use crate::hub::app::told;
use crate::hub::page::{Refused, refused_as, render};
use crate::session::{SignedIn, Visitor};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guildhall_app::dispute::Dispute;
use guildhall_app::receipt::{self, Dossier};
use guildhall_app::refund::Refund;
use guildhall_app::{Error, Guildhall, Principal, opaque_token};
use guildhall_core::dispute::DisputeStatus;
use guildhall_core::ids::{CompanyId, Id, PaymentId};
use guildhall_core::moment::{day_in_words, minute};
use guildhall_core::money::in_digits;
use guildhall_core::plan_words::{formatted_price, price};
use guildhall_core::refund::{LONGEST_REASON, RefundStatus};
use hyper::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

/// What was just done, as it stands in the address.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    done: Option<String>,
}

/// What the form of a refund sends.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Order {
    #[serde(default)]
    pub(super) amount: String,
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    pub(super) key: String,
}

/// What was refused, and of which form.
#[derive(Debug)]
pub(in crate::hub) enum Refusal {
    /// A refund, as it was typed.
    Refund(Error, Order),
    /// An answer to a dispute.
    Answer(Error),
}

#[derive(Template)]
#[template(path = "payment.html")]
struct Page<'a> {
    visitor: &'a Visitor,
    dossier: &'a Dossier,
    now_ms: i64,
    order: Order,
    /// What was just done.
    done: Option<String>,
    /// Why nothing was given back.
    refund_refusal: Option<String>,
    /// Why a dispute was not answered.
    answer_refusal: Option<String>,
}

impl Page<'_> {
    fn money(&self, minor: &i64) -> String {
        price(*minor, self.dossier.receipt.currency)
    }

    fn place(&self) -> String {
        format!("/companies/{}/payments/{}", self.dossier.company.id, self.dossier.receipt.id)
    }

    fn stamp(&self) -> Stamp {
        stamp(&self.dossier.receipt.payment, self.dossier.receipt.billing_reason)
    }

    /// What was bought, by whom and when, in one line.
    fn lead(&self) -> String {
        let receipt = &self.dossier.receipt;
        let what = receipt.title().map(|title| format!("{title} · ")).unwrap_or_default();
        format!("{what}{} · {}", buyer(receipt), day_in_words(receipt.created_at))
    }

    fn left_minor(&self) -> i64 {
        self.dossier.receipt.payment.refundable_minor()
    }

    /// What can still be given back.
    fn left(&self) -> String {
        self.money(&self.left_minor())
    }

    fn is_held(&self) -> bool {
        self.dossier.receipt.payment.dispute.is_some_and(DisputeStatus::holds_money)
    }

    fn speaks_of_refunds(&self) -> bool {
        let is_possible = self.left_minor() > 0 || self.refund_refusal.is_some();
        is_possible || self.is_held() || !self.dossier.refunds.is_empty()
    }

    fn code(&self) -> String {
        self.dossier.receipt.currency.code().to_ascii_uppercase()
    }

    fn longest_reason(&self) -> usize {
        LONGEST_REASON
    }

    /// What is known of the payment beside its amounts.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let (dossier, receipt) = (self.dossier, &self.dossier.receipt);
        let mut facts = Vec::new();
        if let Some(member) = &receipt.member {
            facts.push(("Buyer", format!("{} (@{})", buyer(receipt), member.user.username)));
            facts.extend(member.user.email.clone().map(|email| ("E-mail", email)));
        }
        facts.extend(receipt.title().map(|title| ("What", title.to_owned())));
        facts.extend(receipt.plan.as_ref().map(|plan| {
            let terms = formatted_price(plan.terms(), plan.currency);
            ("Plan", plan.name.as_ref().map_or(terms.clone(), |name| format!("{name}, {terms}")))
        }));
        facts.extend(dossier.description.clone().map(|words| ("Said to be for", words)));
        facts.push(("Occasion", occasion(receipt.billing_reason).to_owned()));
        facts.extend(self.membership().map(|words| ("Membership", words)));
        facts.push(("Paid with", self.method()));
        facts.push(("Payment", receipt.id.to_string()));
        facts
    }

    fn membership(&self) -> Option<String> {
        let membership = self.dossier.membership.as_ref()?;
        let status = membership.status.as_str().replace('_', " ");
        Some(match membership.paid_until {
            Some(until) if until > self.now_ms => format!("{status}, until {}", day_in_words(until)),
            Some(until) => format!("{status}, ended on {}", day_in_words(until)),
            None => format!("{status}, without end"),
        })
    }

    fn method(&self) -> String {
        let receipt = &self.dossier.receipt;
        match (receipt.processor.as_deref(), receipt.method_type()) {
            (Some("platform_balance"), _) => "The buyer's balance here".to_owned(),
            (_, Some("card")) => {
                let (brand, last4) = (receipt.brand.as_deref(), receipt.last4.as_deref());
                let mut letters = brand.unwrap_or("card").chars();
                let first = letters.next().into_iter().flat_map(char::to_uppercase);
                let brand: String = first.chain(letters).collect();
                format!("{brand} ending in {}", last4.unwrap_or("····"))
            }
            (Some("stripe"), _) => "Stripe".to_owned(),
            _ => "Nothing yet".to_owned(),
        }
    }

    /// The lines of the price, up to its total.
    fn lines(&self) -> Vec<(String, String)> {
        sums::lines(self.dossier)
    }

    /// What others take of it, and what went back.
    fn parts(&self) -> Vec<(&'static str, String)> {
        sums::parts(self.dossier)
    }

    /// When what is held of it comes free.
    fn held_until(&self) -> Option<String> {
        sums::held_until(self.dossier)
    }

    /// What became of it, in order.
    fn course(&self) -> Vec<(String, String)> {
        course(self.dossier)
    }

    fn refund_stamp(&self, refund: &Refund) -> Stamp {
        match refund.status {
            RefundStatus::Succeeded => Stamp { words: "Given back", mood: "good" },
            RefundStatus::Pending => Stamp { words: "On its way", mood: "open" },
            RefundStatus::Failed => Stamp { words: "Failed", mood: "bad" },
        }
    }

    fn day(&self, at: &i64) -> String {
        day_in_words(*at)
    }

    fn dispute_stamp(&self, dispute: &Dispute) -> Stamp {
        stamp_of_dispute(dispute.status)
    }

    fn dispute_reason(&self, dispute: &Dispute) -> String {
        reason_of_dispute(dispute.reason.as_deref())
    }

    /// Where it stands, and what happens next, in a sentence or two.
    fn dispute_standing(&self, dispute: &Dispute) -> String {
        let (amount, until) = (self.money(&dispute.amount_minor), dispute.needs_response_by.map(minute));
        let fee = match dispute.fee_minor {
            0 => String::new(),
            minor => format!(" The bank's fee of {} is not.", self.money(&minor)),
        };
        match (dispute.status, until) {
            (DisputeStatus::NeedsResponse, Some(until)) => {
                format!("The bank holds {amount}. Unless it is answered by {until}, it is lost.")
            }
            (DisputeStatus::NeedsResponse, None) => format!("The bank holds {amount}."),
            (DisputeStatus::WarningNeedsResponse, Some(until)) => {
                format!(
                    "Nothing was taken yet. The bank decides after {until}; a refund may settle it before."
                )
            }
            (DisputeStatus::WarningNeedsResponse, None) => {
                "Nothing was taken yet; a refund may settle it before the bank decides.".to_owned()
            }
            (DisputeStatus::UnderReview, _) => {
                format!("It was contested. The bank holds {amount} until it has decided.")
            }
            (DisputeStatus::WarningUnderReview, _) => "Nothing was taken; the bank looks at it.".to_owned(),
            (DisputeStatus::WarningClosed, _) => "The warning came to nothing.".to_owned(),
            (DisputeStatus::Won, _) => format!("The bank found for you: the money is back.{fee}"),
            (DisputeStatus::Lost, _) => format!("The buyer has {amount} for good."),
        }
    }

    /// Whether whoever looks may answer it here.
    fn can_answer(&self, dispute: &Dispute) -> bool {
        let dossier = self.dossier;
        dossier.may_manage && dossier.is_answered_here && dispute.status == DisputeStatus::NeedsResponse
    }

    /// Whether it waits for an answer that is given elsewhere.
    fn is_answered_elsewhere(&self, dispute: &Dispute) -> bool {
        dispute.status.awaits_answer() && !self.dossier.is_answered_here
    }
}

/// Shows a payment.
pub(crate) async fn page(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session, visitor }: SignedIn,
    Path((company, payment)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    let company = CompanyId::parse(&company).map_err(|error| told(&visitor, error.into()))?;
    let payment = PaymentId::parse(&payment).map_err(|error| told(&visitor, error.into()))?;
    let principal = Principal::in_person(session.user);
    let dossier = receipt::show(&hall, &principal, company, payment).await;
    let dossier = dossier.map_err(|error| told(&visitor, error))?;
    let done = done(&dossier, asked.done.as_deref().unwrap_or_default());
    Ok(shown(&hall, &visitor, &dossier, done, None))
}

/// Shows a payment again, after something about it was refused.
pub(in crate::hub) async fn show(
    hall: &Guildhall,
    visitor: &Visitor,
    principal: &Principal,
    company: CompanyId,
    payment: PaymentId,
    refusal: Refusal,
) -> Result<Response, Refused> {
    let dossier = receipt::show(hall, principal, company, payment).await;
    let dossier = dossier.map_err(|error| told(visitor, error))?;
    Ok(shown(hall, visitor, &dossier, None, Some(refusal)))
}

/// What is said of what was just done. Anyone can write the word: what the payment does not bear out is not said.
fn done(dossier: &Dossier, word: &str) -> Option<String> {
    let disputed = |status| dossier.disputes.iter().any(|dispute| dispute.status == status);
    match word {
        "refunded" => {
            let refund = dossier.refunds.last()?;
            let amount = price(refund.amount_minor, refund.currency);
            Some(match (refund.status, refund.failure_message.as_deref()) {
                (RefundStatus::Succeeded, _) => format!("{amount} went back to the buyer."),
                (RefundStatus::Pending, _) => format!("{amount} is on its way to the buyer."),
                (RefundStatus::Failed, why) => {
                    let why = why.unwrap_or("No reason was told.");
                    format!("{amount} could not be given back, and you have it again. {why}")
                }
            })
        }
        "contest" if disputed(DisputeStatus::UnderReview) => {
            Some("You contested the dispute. The bank looks at it, and says how it ends.".to_owned())
        }
        "accept" if disputed(DisputeStatus::Lost) => {
            Some("You accepted the dispute. The buyer keeps the money.".to_owned())
        }
        _ => None,
    }
}

fn shown(
    hall: &Guildhall,
    visitor: &Visitor,
    dossier: &Dossier,
    done: Option<String>,
    refusal: Option<Refusal>,
) -> Response {
    let left_minor = dossier.receipt.payment.refundable_minor();
    let key = opaque_token::fresh(hall);
    let whole = in_digits(left_minor, dossier.receipt.currency);
    let whole = Order { amount: whole, key: key.clone(), ..Order::default() };
    let (order, refund_error, answer_error) = match refusal {
        None => (whole, None, None),
        // It may have begun before something broke: sent again, it goes on.
        Some(Refusal::Refund(error @ Error::Internal(_), typed)) => (typed, Some(error), None),
        // Nothing was done under the key of a form that was refused, or else it is another form's.
        Some(Refusal::Refund(error, typed)) => (Order { key, ..typed }, Some(error), None),
        Some(Refusal::Answer(error)) => (whole, None, Some(error)),
    };
    let page = Page {
        visitor,
        dossier,
        now_ms: hall.now_ms(),
        order,
        done,
        refund_refusal: refund_error.as_ref().map(Error::told),
        answer_refusal: answer_error.as_ref().map(Error::told),
    };
    let response = render(StatusCode::OK, &page);
    match refund_error.or(answer_error) {
        Some(error) => refused_as(&error, response),
        None => response,
    }
}
