//! Invoices.

use super::enums::{
    Currencies, InvoiceCollectionMethods, InvoiceStatuses, PlanTypes, ReleaseMethod, Visibility, Word,
};
use super::member::Member;
use super::membership::check_selection;
use super::page::{PageInfo, id, optional_id};
use super::plan::{CustomFieldInput, Plan, custom_fields};
use super::scalars::{StringFloat, Timestamp};
use crate::caller::Caller;
use crate::error::{Refusal, Result};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use guildhall_app::Error;
use guildhall_app::access_pass::Visibility as Shown;
use guildhall_app::invoice::{self, Goods, InvoiceView, NewInvoice};
use guildhall_app::page::Page;
use guildhall_core::invoice::{CollectionMethod, PlanExtras};
use guildhall_core::money::{Currency, major_from_minor};
use guildhall_core::permission::Permission;
use guildhall_core::plan::{self as rules, PlanRequest, SoundPlan};

/// What a company asks somebody for.
#[derive(Debug)]
pub(crate) struct Invoice(pub(crate) InvoiceView);

#[Object]
impl Invoice {
    async fn created_at(&self) -> Timestamp {
        Timestamp::of_ms(self.0.invoice.created_at)
    }

    /// What it is paid by: its `id`, `formattedPrice` and `baseCurrency`; the rest of it needs `plan:basic:read`.
    async fn current_plan(&self, context: &Context<'_>) -> Result<Plan> {
        let free = ["id", "formattedPrice", "baseCurrency"];
        check_selection(context, &self.0.invoice.company, &free, Permission::PlanRead).await?;
        Ok(Plan(self.0.plan.clone()))
    }

    async fn due_date(&self) -> Option<Timestamp> {
        Some(Timestamp::of_ms(self.0.invoice.due_at))
    }

    /// The address that was given for its letters; null when they go to the member's own.
    async fn email_address(&self) -> Option<&str> {
        self.0.invoice.email.as_deref()
    }

    /// Opens it to whoever has it, at `/invoices/<id>/<token>` and there as `invoice.pdf`.
    async fn fetch_invoice_token(&self) -> &str {
        &self.0.invoice.token
    }

    async fn id(&self) -> ID {
        self.0.invoice.id.to_string().into()
    }

    /// Whom it is for; null when that is nobody of the hall, and without `member:basic:read`.
    async fn member(&self) -> Option<Member> {
        self.0.member.clone().map(Member)
    }

    async fn number(&self) -> &str {
        &self.0.invoice.number
    }

    async fn status(&self) -> InvoiceStatuses {
        InvoiceStatuses::from_word(self.0.invoice.status.as_str()).unwrap_or(InvoiceStatuses::Open)
    }
}

#[derive(Debug, SimpleObject)]
pub(crate) struct InvoiceConnection {
    nodes: Option<Vec<Option<Invoice>>>,
    page_info: PageInfo,
    total_count: i32,
}

impl InvoiceConnection {
    pub(crate) fn of(page: Page<InvoiceView>) -> Self {
        Self {
            page_info: PageInfo::of(&page, |view| view.invoice.id.to_string()),
            total_count: i32::try_from(page.total).unwrap_or(i32::MAX),
            nodes: Some(page.nodes.into_iter().map(|view| Some(Invoice(view))).collect()),
        }
    }
}

#[derive(Debug, SimpleObject)]
struct CreateInvoicePayload {
    /// What charges it, where that happens automatically.
    checkout_job_id: Option<String>,
    invoice: Option<Invoice>,
}

#[derive(Debug, InputObject)]
struct InvoiceAccessPassInput {
    /// Refused: the tax is the company's own.
    product_tax_code_id: Option<ID>,
    title: String,
}

#[derive(Debug, InputObject)]
struct ReleaseMethodSettingsInput {
    expires_at: Option<Timestamp>,
    max_entries: Option<i32>,
    nft_weighted_entries: Option<bool>,
    starts_at: Option<Timestamp>,
}

/// The plan of an invoice. What this server does not do is refused by name where it is asked for.
#[derive(Debug, InputObject)]
struct InvoicePlanInput {
    ach_payments: Option<bool>,
    base_currency: Option<Currencies>,
    billing_period: Option<i32>,
    card_payments: Option<bool>,
    coinbase_commerce_accepted: Option<bool>,
    custom_fields: Option<Vec<CustomFieldInput>>,
    description: Option<String>,
    expiration_days: Option<i32>,
    initial_price: Option<StringFloat>,
    /// For the team alone, on the invoice's page.
    internal_notes: Option<String>,
    offer_cancel_discount: Option<bool>,
    paypal_accepted: Option<bool>,
    plan_type: Option<PlanTypes>,
    platform_balance_accepted: Option<bool>,
    redirect_url: Option<String>,
    release_method: Option<ReleaseMethod>,
    release_method_settings: Option<ReleaseMethodSettingsInput>,
    renewal_price: Option<StringFloat>,
    split_pay_required_payments: Option<i32>,
    splitit_accepted: Option<bool>,
    stock: Option<i32>,
    trial_period_days: Option<i32>,
    unlimited_stock: Option<bool>,
    visibility: Option<Visibility>,
}

impl InvoicePlanInput {
    fn extras(&self) -> PlanExtras {
        PlanExtras {
            ach_payments: self.ach_payments,
            card_payments: self.card_payments,
            coinbase_commerce_accepted: self.coinbase_commerce_accepted,
            offer_cancel_discount: self.offer_cancel_discount,
            paypal_accepted: self.paypal_accepted,
            platform_balance_accepted: self.platform_balance_accepted,
            split_pay_required_payments: self.split_pay_required_payments.map(i64::from),
            splitit_accepted: self.splitit_accepted,
            has_release_settings: self.release_method_settings.is_some(),
        }
    }

    /// What the rules ask for. A price's text is read digit by digit; what comes of it is exact as a float, too.
    fn check(&mut self) -> std::result::Result<SoundPlan, Error> {
        self.extras().check()?;
        let currency = Currency::parse(self.base_currency.map_or("usd", |currency| currency.as_str()))?;
        let price = |given: &Option<StringFloat>| -> std::result::Result<_, Error> {
            let minor = given.as_ref().map(|price| price.minor(currency)).transpose()?;
            Ok(minor.map(|minor| major_from_minor(minor, currency)))
        };
        let request = PlanRequest {
            plan_type: self.plan_type.and_then(|kind| rules::PlanType::from_word(kind.as_str())),
            base_currency: Some(currency.code().to_owned()),
            initial_price: price(&self.initial_price)?,
            renewal_price: price(&self.renewal_price)?,
            billing_period: self.billing_period.map(i64::from),
            trial_period_days: self.trial_period_days.map(i64::from),
            expiration_days: self.expiration_days.map(i64::from),
            stock: self.stock.map(i64::from),
            unlimited_stock: self.unlimited_stock,
            release_method: self
                .release_method
                .and_then(|method| rules::ReleaseMethod::from_word(method.as_str())),
            custom_fields: custom_fields(self.custom_fields.take()),
        };
        Ok(request.check()?)
    }

    fn visibility(&self) -> std::result::Result<Shown, Error> {
        match self.visibility {
            None | Some(Visibility::Hidden) => Ok(Shown::Hidden),
            Some(Visibility::Visible) => Ok(Shown::Visible),
            Some(other) => Err(Error::Invalid(format!(
                "The plan of an invoice is `hidden`, or `visible` to sell it to others too; it cannot be `{}`.",
                other.as_str()
            ))),
        }
    }
}

#[derive(Debug, InputObject)]
struct CreateInvoiceInput {
    /// Refused where it is true: buyers pay no fee here.
    charge_buyer_fee: Option<bool>,
    client_mutation_id: Option<String>,
    collection_method: InvoiceCollectionMethods,
    /// Without it the company of `x-company-id`, else the app's own.
    company_id: Option<ID>,
    customer_name: Option<String>,
    due_date: Timestamp,
    email_address: Option<String>,
    /// A user who is, or was, a member, or a membership.
    member_id: Option<ID>,
    payment_token_id: Option<ID>,
    plan: InvoicePlanInput,
    product: Option<InvoiceAccessPassInput>,
    product_id: Option<ID>,
}

impl CreateInvoiceInput {
    /// What the use case asks for.
    fn read(mut self) -> Result<NewInvoice> {
        if self.charge_buyer_fee == Some(true) {
            return Err(refused("`chargeBuyerFee` is not done on this server: buyers pay no fee."));
        }
        let goods = match (self.product, self.product_id) {
            (Some(InvoiceAccessPassInput { product_tax_code_id: Some(_), .. }), _) => {
                return Err(refused("`productTaxCodeId` is not known here: the tax is the company's own."));
            }
            (Some(product), None) => Goods::New(product.title),
            (None, Some(pass)) => Goods::Pass(id(&pass)?),
            (Some(_), Some(_)) => {
                return Err(refused("Give `product` for something new, or `productId`: not both."));
            }
            (None, None) => {
                return Err(refused("Say what the invoice is for: give `product` or `productId`."));
            }
        };
        let plan = self.plan.check()?;
        Ok(NewInvoice {
            company: optional_id(self.company_id.as_ref())?,
            collection_method: match self.collection_method {
                InvoiceCollectionMethods::ChargeAutomatically => CollectionMethod::ChargeAutomatically,
                InvoiceCollectionMethods::SendInvoice => CollectionMethod::SendInvoice,
            },
            due_at: self.due_date.0.saturating_mul(1000),
            email: self.email_address,
            member: self.member_id.map(|member| member.to_string()),
            customer_name: self.customer_name,
            payment_method: optional_id(self.payment_token_id.as_ref())?,
            goods,
            plan,
            visibility: self.plan.visibility()?,
            plan_description: self.plan.description,
            redirect_url: self.plan.redirect_url,
            internal_notes: self.plan.internal_notes,
        })
    }
}

fn refused(sentence: &str) -> Refusal {
    Error::Invalid(sentence.to_owned()).into()
}

#[derive(Debug, Default)]
pub(crate) struct InvoiceMutations;

#[Object]
impl InvoiceMutations {
    /// Makes an invoice and sends it, or charges it automatically.
    async fn create_invoice(
        &self,
        context: &Context<'_>,
        input: CreateInvoiceInput,
    ) -> Result<Option<CreateInvoicePayload>> {
        let caller = Caller::of(context);
        let created = invoice::create(&caller.hall, &caller.principal, input.read()?).await?;
        Ok(Some(CreateInvoicePayload {
            checkout_job_id: created.job.map(|job| job.to_string()),
            invoice: Some(Invoice(created.view)),
        }))
    }
}
