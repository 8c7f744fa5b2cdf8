//! What a person bought: memberships, payments, and what they are paid with.

use super::page::{Refused, render, see_other};
use super::session::Button;
use crate::form::ProtectedForm;
use crate::session::{SignedIn, Visitor};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use guildhall_app::membership::{self, OwnMembership, Purchases};
use guildhall_app::payment::{self, Payment};
use guildhall_app::processor::PaymentMethod;
use guildhall_app::{Error, Guildhall};
use guildhall_core::billing::Terms;
use guildhall_core::ids::{Id, MembershipId, PaymentMethodId};
use guildhall_core::membership::MembershipStatus;
use guildhall_core::moment::day;
use guildhall_core::plan_words::{price, renewals_in_words};
use guildhall_core::receipt::{FriendlyStatus, friendly_status};
use hyper::StatusCode;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "purchases.html")]
struct Page<'a> {
    visitor: &'a Visitor,
    found: &'a Purchases,
    now_ms: i64,
}

impl Page<'_> {
    /// How a membership stands, in a few words.
    fn state(&self, own: &OwnMembership) -> String {
        let (state, membership) = (&own.membership.state, &own.membership);
        let until = state.paid_until.map(day);
        match (state.status, until) {
            (MembershipStatus::PastDue, _) => {
                "its renewal could not be charged, and is tried again".to_owned()
            }
            (_, Some(until)) if !membership.is_valid(self.now_ms) => format!("ended on {until}"),
            (_, None) if !membership.is_valid(self.now_ms) => "ended".to_owned(),
            (_, Some(until)) if state.cancel_at_period_end => format!("ends on {until}"),
            (MembershipStatus::Trialing, Some(until)) => format!("free until {until}"),
            (MembershipStatus::Active, Some(until)) => format!("renews on {until}"),
            (_, Some(until)) => format!("until {until}"),
            (_, None) => "without end".to_owned(),
        }
    }

    /// What its renewals cost.
    fn price(&self, own: &OwnMembership) -> Option<String> {
        let plan = own.plan.as_ref()?;
        renewals_in_words(plan.terms(), own.renewals?, plan.currency)
    }

    /// Whether it renews, so that it can be canceled or taken up again.
    fn renews(&self, own: &OwnMembership) -> bool {
        let has_periods = own.plan.as_ref().is_some_and(|plan| matches!(plan.terms(), Terms::Renewal { .. }));
        let runs = matches!(
            own.membership.state.status,
            MembershipStatus::Active | MembershipStatus::Trialing | MembershipStatus::PastDue
        );
        has_periods && runs
    }

    fn amount(&self, payment: &Payment) -> String {
        price(payment.state.amount_minor, payment.currency)
    }

    fn day(&self, at: &i64) -> String {
        day(*at)
    }

    fn payment_state(&self, payment: &Payment) -> &'static str {
        match friendly_status(&payment.state, payment.billing_reason) {
            FriendlyStatus::Succeeded => "paid",
            FriendlyStatus::AutoRefunded | FriendlyStatus::Refunded => "given back",
            FriendlyStatus::PartiallyRefunded => "given back in part",
            FriendlyStatus::OpenDispute | FriendlyStatus::DisputeWarning => "disputed",
            FriendlyStatus::PriceTooLow => "nothing was charged",
            FriendlyStatus::Failed | FriendlyStatus::PastDue | FriendlyStatus::Uncollectible => "declined",
            FriendlyStatus::Canceled => "given up",
            FriendlyStatus::Incomplete => "waits for a second step",
            FriendlyStatus::Drafted
            | FriendlyStatus::OpenResolution
            | FriendlyStatus::Pending
            | FriendlyStatus::Unresolved => "under way",
        }
    }

    fn card(&self, method: &PaymentMethod) -> String {
        super::checkout::card_name(method)
    }
}

/// Shows them.
pub(crate) async fn page(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session, visitor }: SignedIn,
) -> Result<Response, Refused> {
    let found = membership::purchases(&hall, session.user).await?;
    Ok(render(StatusCode::OK, &Page { visitor: &visitor, found: &found, now_ms: hall.now_ms() }))
}

/// Has a membership end with its period.
pub(crate) async fn cancel(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    Path(membership): Path<String>,
    ProtectedForm(Button {}): ProtectedForm<Button>,
) -> Result<Response, Refused> {
    change(&hall, signed_in, &membership, true).await
}

/// Has a membership renew after all.
pub(crate) async fn resume(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    Path(membership): Path<String>,
    ProtectedForm(Button {}): ProtectedForm<Button>,
) -> Result<Response, Refused> {
    change(&hall, signed_in, &membership, false).await
}

async fn change(
    hall: &Guildhall,
    SignedIn { session, visitor }: SignedIn,
    id: &str,
    cancel: bool,
) -> Result<Response, Refused> {
    let refused = |error: Error| Refused::from(error).seen_by(&visitor);
    let id = MembershipId::parse(id).map_err(|invalid| refused(invalid.into()))?;
    membership::cancel_own(hall, session.user, id, cancel).await.map_err(refused)?;
    Ok(see_other("/account/purchases"))
}

/// Forgets a payment method.
pub(crate) async fn remove_method(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session, visitor }: SignedIn,
    Path(method): Path<String>,
    ProtectedForm(Button {}): ProtectedForm<Button>,
) -> Result<Response, Refused> {
    let refused = |error: Error| Refused::from(error).seen_by(&visitor);
    let id = PaymentMethodId::parse(&method).map_err(|invalid| refused(invalid.into()))?;
    payment::remove_method(&hall, session.user, id).await.map_err(refused)?;
    Ok(see_other("/account/purchases"))
}
