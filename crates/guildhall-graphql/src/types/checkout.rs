//! Checkout sessions.

use super::enums::{ChargeUserResponseStatus, Currencies, Word};
use super::page::id;
use super::scalars::Json;
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use guildhall_app::checkout::{self, Charge, Extras, Opened};

/// A session waiting for its buyer.
#[derive(Debug, SimpleObject)]
struct CheckoutSession {
    id: ID,
    plan_id: ID,
    /// The page it is paid on.
    purchase_url: String,
}

impl CheckoutSession {
    fn of(context: &Context<'_>, opened: &Opened) -> Self {
        Self {
            id: opened.id.to_string().into(),
            plan_id: opened.plan.to_string().into(),
            purchase_url: checkout::purchase_url(&Caller::of(context).hall, &opened.id),
        }
    }
}

#[derive(Debug, SimpleObject)]
struct ChargeUserResponse {
    checkout_session: Option<CheckoutSession>,
    status: ChargeUserResponseStatus,
}

#[derive(Debug, InputObject)]
struct ChargeUserInput {
    affiliate_code: Option<String>,
    amount: f64,
    client_mutation_id: Option<String>,
    currency: Currencies,
    description: Option<String>,
    metadata: Option<Json>,
    redirect_url: Option<String>,
    user_id: ID,
}

#[derive(Debug, InputObject)]
struct CreateCheckoutSessionInput {
    affiliate_code: Option<String>,
    client_mutation_id: Option<String>,
    metadata: Option<Json>,
    plan_id: ID,
    redirect_url: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct CheckoutMutations;

#[Object]
impl CheckoutMutations {
    /// Charges a user by the method they agreed to, at once; or asks them to pay, in the session.
    async fn charge_user(
        &self,
        context: &Context<'_>,
        input: ChargeUserInput,
    ) -> Result<Option<ChargeUserResponse>> {
        let caller = Caller::of(context);
        let charge = Charge {
            user: id(&input.user_id)?,
            amount: input.amount,
            currency: input.currency.as_str().to_owned(),
            description: input.description,
            extras: Extras {
                affiliate_code: input.affiliate_code,
                redirect_url: input.redirect_url,
                metadata: input.metadata.map(|metadata| metadata.0),
            },
        };
        let charged = checkout::charge_user(&caller.hall, &caller.principal, charge).await?;
        let status = match charged.is_paid {
            true => ChargeUserResponseStatus::Success,
            false => ChargeUserResponseStatus::NeedsAction,
        };
        Ok(Some(ChargeUserResponse {
            checkout_session: Some(CheckoutSession::of(context, &charged.session)),
            status,
        }))
    }

    /// Opens a session for a plan.
    async fn create_checkout_session(
        &self,
        context: &Context<'_>,
        input: CreateCheckoutSessionInput,
    ) -> Result<Option<CheckoutSession>> {
        let caller = Caller::of(context);
        let extras = Extras {
            affiliate_code: input.affiliate_code,
            redirect_url: input.redirect_url,
            metadata: input.metadata.map(|metadata| metadata.0),
        };
        let opened =
            checkout::create_session(&caller.hall, &caller.principal, id(&input.plan_id)?, extras).await?;
        Ok(Some(CheckoutSession::of(context, &opened)))
    }
}
