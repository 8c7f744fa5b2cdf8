//! Giving a payment back, from its page.

use super::shown::{Order, Refusal, show};
use crate::form::ProtectedForm;
use crate::hub::app::told;
use crate::hub::page::{Refused, see_other};
use crate::session::SignedIn;
use axum::extract::{Path, State};
use axum::response::Response;
use guildhall_app::receipt;
use guildhall_app::refund::{self, Wanted};
use guildhall_app::{Error, Guildhall, Principal};
use guildhall_core::ids::{CompanyId, Id, PaymentId};
use guildhall_core::money::{Currency, major_from_minor, minor_from_text};
use std::sync::Arc;

/// Gives back what the form says, once for each page that it came with.
pub(crate) async fn give_back(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session, visitor }: SignedIn,
    Path((company, payment)): Path<(String, String)>,
    ProtectedForm(order): ProtectedForm<Order>,
) -> Result<Response, Refused> {
    let company = CompanyId::parse(&company).map_err(|error| told(&visitor, error.into()))?;
    let payment = PaymentId::parse(&payment).map_err(|error| told(&visitor, error.into()))?;
    let principal = Principal::in_person(session.user);
    // Whether it is this company's, and in which currency.
    let dossier = receipt::show(&hall, &principal, company.clone(), payment.clone()).await;
    let dossier = dossier.map_err(|error| told(&visitor, error))?;
    let refunded = match wanted(&order, dossier.receipt.currency) {
        Ok(wanted) => refund::create(&hall, &principal, payment.clone(), wanted).await,
        Err(error) => Err(error),
    };
    match refunded {
        Ok(_) => Ok(see_other(&format!("/companies/{company}/payments/{payment}?done=refunded"))),
        Err(error @ Error::Forbidden(_)) => Err(told(&visitor, error)),
        Err(error) => {
            show(&hall, &visitor, &principal, company, payment, Refusal::Refund(error, order)).await
        }
    }
}

fn wanted(order: &Order, currency: Currency) -> Result<Wanted, Error> {
    let amount_minor = minor_from_text(order.amount.trim(), currency)?;
    Ok(Wanted {
        amount: Some(major_from_minor(amount_minor, currency)),
        reason: Some(order.reason.clone()),
        idempotence_key: Some(order.key.clone()),
    })
}
