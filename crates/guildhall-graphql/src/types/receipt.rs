//! Receipts, to the company that was paid.

use super::access_pass::AccessPass;
use super::company_member::CompanyMember;
use super::enums::{
    BillingReasons, Currencies, Direction, FriendlyReceiptStatus, PaymentMethods, ReceiptPaymentProcessor,
    ReceiptStatus, ReceiptStatusV2, ReceiptV2Order, Word,
};
use super::membership::Membership;
use super::page::{PageInfo, filtered, filtered_ids, from_ms, until_ms};
use super::plan::Plan;
use super::promo_code::PromoCode;
use super::scalars::Timestamp;
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use guildhall_app::page::Page;
use guildhall_app::receipt::{self, Receipt as Found, ReceiptFilter};
use guildhall_core::cursor::check_query;
use guildhall_core::money::major_from_minor;
use guildhall_core::payment::Stage;
use guildhall_core::receipt::{self as rules, BillingReason, Outcome, ReceiptOrder};

/// Where a buyer lives.
#[derive(Debug, SimpleObject)]
struct Address {
    city: Option<String>,
    country: Option<String>,
    line1: Option<String>,
    line2: Option<String>,
    name: Option<String>,
    postal_code: Option<String>,
    state: Option<String>,
}

/// A payment, as its seller reads it. Amounts are major units of `currency`.
#[derive(Debug)]
pub(crate) struct Receipt(Found);

impl Receipt {
    fn major(&self, minor: i64) -> f64 {
        major_from_minor(minor, self.0.currency)
    }

    /// What was due, where it was due in usd: nothing is exchanged here.
    fn usd(&self) -> Option<f64> {
        (self.0.currency.code() == "usd").then(|| self.major(self.0.payment.amount_minor))
    }

    fn settled_usd(&self) -> Option<f64> {
        self.usd().filter(|_| self.0.payment.stage == Stage::Paid && self.0.payment.is_chargeable)
    }
}

#[Object]
impl Receipt {
    /// Null without `access_pass:basic:read`.
    async fn access_pass(&self, context: &Context<'_>) -> Result<Option<AccessPass>> {
        match &self.0.access_pass {
            Some(pass) => AccessPass::of_purchase(context, pass).await.map(Some),
            None => Ok(None),
        }
    }

    /// Null: no checkout asks for an address.
    async fn address(&self) -> Option<Address> {
        None
    }

    /// What was due, less what the processor, the platform and whoever brought the buyer took.
    async fn amount_after_fees(&self) -> f64 {
        self.major(self.0.payment.amount_minor - self.0.fees_minor)
    }

    /// Whether the money was taken, could not be recorded, and was given back at once.
    async fn auto_refunded(&self) -> bool {
        self.0.payment.stage == Stage::AutoRefunded
    }

    /// One of `BillingReasons`.
    async fn billing_reason(&self) -> Option<&str> {
        Some(self.0.billing_reason.as_str())
    }

    /// The brand of the card.
    async fn brand(&self) -> Option<&str> {
        self.0.brand.as_deref()
    }

    /// Whether what was due was too little to be charged.
    async fn charge_skipped_price_too_low(&self) -> bool {
        let payment = &self.0.payment;
        payment.stage == Stage::Paid && !payment.is_chargeable && payment.amount_minor > 0
    }

    async fn created_at(&self) -> Timestamp {
        Timestamp::of_ms(self.0.created_at)
    }

    async fn currency(&self) -> Option<Currencies> {
        Currencies::from_word(self.0.currency.code())
    }

    /// When the buyer's bank warned last that it may take the payment back.
    async fn dispute_alerted_at(&self) -> Option<Timestamp> {
        self.0.warned_at.map(Timestamp::of_ms)
    }

    /// What the processor said when it was declined.
    async fn failure_message(&self) -> Option<&str> {
        self.0.failure_message.as_deref()
    }

    /// What was due, after discounts and with tax.
    async fn final_amount(&self) -> f64 {
        self.major(self.0.payment.amount_minor)
    }

    async fn friendly_status(&self) -> FriendlyReceiptStatus {
        let status = rules::friendly_status(&self.0.payment, self.0.billing_reason);
        let status = FriendlyReceiptStatus::from_word(status.as_str());
        status.expect("the wire's words are those of the house; a test says so")
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The last four digits of the card.
    async fn last4(&self) -> Option<&str> {
        self.0.last4.as_deref()
    }

    /// When a processor was asked last.
    async fn last_payment_attempt(&self) -> Option<Timestamp> {
        self.0.last_attempt_at.map(Timestamp::of_ms)
    }

    /// The buyer; null without `member:basic:read`.
    async fn member(&self) -> Option<CompanyMember> {
        self.0.member.clone().map(CompanyMember::of)
    }

    /// What it bought; null before that is recorded.
    async fn membership(&self, context: &Context<'_>) -> Result<Option<Membership>> {
        let caller = Caller::of(context);
        let found = receipt::membership(&caller.hall, &caller.principal, &self.0).await?;
        Ok(found.map(Membership))
    }

    /// Null: nobody rates risks here.
    async fn most_recent_risk_score(&self) -> Option<f64> {
        None
    }

    async fn paid_at(&self) -> Option<Timestamp> {
        self.0.paid_at.map(Timestamp::of_ms)
    }

    /// `card` or `platform_balance`.
    async fn payment_method_type(&self) -> Option<&str> {
        self.0.method_type()
    }

    /// `free` where nothing was charged, `multi_psp` for the built-in sandbox; null before anybody was asked.
    async fn payment_processor(&self) -> Option<ReceiptPaymentProcessor> {
        let word = rules::processor_word(&self.0.payment, self.0.processor.as_deref())?;
        ReceiptPaymentProcessor::from_word(word)
    }

    /// Null without `plan:basic:read`.
    async fn plan(&self) -> Option<Plan> {
        self.0.plan.clone().map(Plan)
    }

    /// What the buyer was asked for: the same as `finalAmount`.
    async fn presented_final_amount(&self) -> Option<f64> {
        Some(self.major(self.0.payment.amount_minor))
    }

    /// The same as `settledUsdAmount`.
    async fn presented_settled_usd_amount(&self) -> Option<f64> {
        self.settled_usd()
    }

    /// Null without `promo_code:basic:read`.
    async fn promo_code(&self) -> Option<PromoCode> {
        self.0.promo_code.clone().map(PromoCode)
    }

    /// Whether something of it can be refunded.
    async fn refundable(&self) -> bool {
        self.0.payment.refundable_minor() > 0
    }

    /// What its seller gave back; what banks took back is not in it.
    async fn refunded_amount(&self) -> Option<f64> {
        let payment = &self.0.payment;
        let is_returned = payment.stage == Stage::AutoRefunded;
        Some(self.major(if is_returned { payment.amount_minor } else { payment.refunded_minor }))
    }

    /// Whether another attempt can be made.
    async fn retryable(&self) -> bool {
        rules::is_retryable(&self.0.payment)
    }

    /// What was charged, where it was charged in usd.
    async fn settled_usd_amount(&self) -> Option<f64> {
        self.settled_usd()
    }

    async fn status(&self) -> Option<ReceiptStatus> {
        ReceiptStatus::from_word(rules::status(&self.0.payment).as_str())
    }

    /// The same as `finalAmount`.
    async fn total(&self) -> Option<f64> {
        Some(self.major(self.0.payment.amount_minor))
    }

    /// The same, where it is in usd.
    async fn total_usd_amount(&self) -> Option<f64> {
        self.usd()
    }
}

#[derive(Debug, SimpleObject)]
pub(crate) struct ReceiptConnection {
    nodes: Option<Vec<Option<Receipt>>>,
    page_info: PageInfo,
    total_count: i32,
}

impl ReceiptConnection {
    pub(crate) fn of(page: Page<Found>, order: ReceiptOrder) -> Self {
        Self {
            page_info: PageInfo::of(&page, |receipt| receipt.cursor(order)),
            total_count: super::page::total(page.total),
            nodes: Some(page.nodes.into_iter().map(|receipt| Some(Receipt(receipt))).collect()),
        }
    }
}

/// An empty list wants all. Dates are of when the payment began, both ends included.
#[derive(Debug, Default, InputObject)]
pub(crate) struct ReceiptV2Filters {
    access_pass_ids: Option<Vec<ID>>,
    billing_reasons: Option<Vec<BillingReasons>>,
    currencies: Option<Vec<Currencies>>,
    /// The largest first without one.
    pub(crate) direction: Option<Direction>,
    end_date: Option<Timestamp>,
    /// By when the payment began without one.
    pub(crate) order: Option<ReceiptV2Order>,
    payment_methods: Option<Vec<PaymentMethods>>,
    plan_ids: Option<Vec<ID>>,
    /// In the id; and in the buyer's username, name and e-mail, as far as the caller may see them; without regard to
    /// case.
    query: Option<String>,
    start_date: Option<Timestamp>,
    statuses: Option<Vec<ReceiptStatusV2>>,
}

impl ReceiptV2Filters {
    /// The order of the list.
    pub(crate) fn order(&self) -> ReceiptOrder {
        self.order
            .and_then(|order| ReceiptOrder::from_word(order.as_str()))
            .unwrap_or(ReceiptOrder::CreatedAt)
    }

    /// What the use case asks for.
    pub(crate) fn read(self) -> Result<ReceiptFilter> {
        Ok(ReceiptFilter {
            access_passes: filtered_ids(self.access_pass_ids, "accessPassIds")?,
            plans: filtered_ids(self.plan_ids, "planIds")?,
            currencies: filtered(self.currencies, "currencies", |one| Some(one.as_str().to_owned()))?,
            billing_reasons: filtered(self.billing_reasons, "billingReasons", |reason| {
                BillingReason::from_word(reason.as_str())
            })?,
            processors: filtered(self.payment_methods, "paymentMethods", |one| {
                Some(one.as_str().to_owned())
            })?,
            outcomes: filtered(self.statuses, "statuses", |status| Outcome::from_word(status.as_str()))?,
            from_ms: from_ms(self.start_date),
            until_ms: until_ms(self.end_date),
            query: check_query(&self.query.unwrap_or_default())?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use guildhall_core::receipt::FriendlyStatus;

    #[test]
    fn the_words_of_the_house_are_those_of_the_wire() {
        for status in FriendlyStatus::ALL {
            assert!(FriendlyReceiptStatus::from_word(status.as_str()).is_some(), "{status:?}");
        }
        for status in rules::ReceiptStatus::ALL {
            assert!(ReceiptStatus::from_word(status.as_str()).is_some(), "{status:?}");
        }
        for word in ["free", "multi_psp", "stripe", "platform_balance"] {
            assert!(ReceiptPaymentProcessor::from_word(word).is_some(), "{word}");
        }
    }
}
