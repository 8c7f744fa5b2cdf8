//! Samples: complete and plausible, for trying a receiver out.

use super::{
    Company, CustomFieldResponse, Dispute, DisputeAlert, Event, Invoice, LineItem, Membership, Money,
    Payment, Person, Product, Refund, Resolution, Subject, SubjectKind,
};
use serde_json::{Map, Value};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A sample of an event in a company at `now` (milliseconds). `tail` makes the ids of the things it names: letters and
/// digits, the same for those that are to be one thing.
#[must_use]
pub fn sample(event: Event, company: &Company, now: i64, tail: &str) -> Subject {
    let maker = Maker { event: event.plain(), company, now, tail };
    match event.subject() {
        SubjectKind::Membership => Subject::Membership(Box::new(maker.membership())),
        SubjectKind::Payment => Subject::Payment(Box::new(maker.payment())),
        SubjectKind::Refund => Subject::Refund(Box::new(maker.refund())),
        SubjectKind::Dispute => Subject::Dispute(Box::new(maker.dispute())),
        SubjectKind::DisputeAlert => Subject::DisputeAlert(Box::new(maker.dispute_alert())),
        SubjectKind::Resolution => Subject::Resolution(Box::new(maker.resolution())),
        SubjectKind::Invoice => Subject::Invoice(Box::new(maker.invoice())),
    }
}

struct Maker<'a> {
    event: Event,
    company: &'a Company,
    now: i64,
    tail: &'a str,
}

fn usd(minor: i64) -> Money {
    Money { minor, currency: "usd".into() }
}

fn metadata() -> Map<String, Value> {
    Map::from_iter([("is_sample".to_owned(), Value::Bool(true))])
}

impl Maker<'_> {
    fn id(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.tail)
    }

    fn person(&self) -> Person {
        Person {
            id: self.id("user_"),
            username: "mira".into(),
            name: Some("Mira Sample".into()),
            email: Some("mira@example.com".into()),
        }
    }

    fn product(&self) -> Product {
        Product { id: self.id("prod_"), title: "Sample pass".into(), route: "sample-pass".into() }
    }

    fn membership(&self) -> Membership {
        let is_valid = self.event != Event::MembershipWentInvalid;
        let is_ending = self.event == Event::MembershipCancelAtPeriodEndChanged;
        let (start, end) = (self.now, self.now + 30 * DAY_MS);
        Membership {
            id: self.id("mem_"),
            company: self.company.clone(),
            product: self.product(),
            plan: Some(self.id("plan_")),
            user: Some(self.person()),
            created_at: self.now,
            updated_at: self.now,
            expires_at: Some(end),
            renewal_period_start: Some(start),
            renewal_period_end: Some(end),
            quantity: 1,
            status: if is_valid { "active" } else { "expired" }.into(),
            valid: is_valid,
            cancel_at_period_end: is_ending,
            canceled_at: is_ending.then_some(self.now),
            license_key: Some("A-SAMPLE-LICENSE-KEY".into()),
            metadata: metadata(),
            checkout: Some(self.id("ch_")),
            affiliate_username: Some("theo".into()),
            manage_url: Some("https://example.com/memberships/sample".into()),
            company_buyer: Some(self.id("biz_")),
            promo_code: Some(self.id("promo_")),
            currency: Some("usd".into()),
            marketplace: false,
            custom_field_responses: vec![CustomFieldResponse {
                id: self.id("cfr_"),
                custom_field_id: self.id("field_"),
                question: "How did you hear of us?".into(),
                value: Some("From a friend".into()),
            }],
        }
    }

    fn payment(&self) -> Payment {
        let is_failed = self.event == Event::PaymentFailed;
        let is_pending = self.event == Event::PaymentPending;
        let is_paid = !is_failed && !is_pending;
        let is_refund = self.event.subject() == SubjectKind::Refund;
        let status = if is_paid { "paid" } else { "open" };
        let substatus = match (is_refund, is_failed, is_pending) {
            (true, ..) => "refunded",
            (_, true, _) => "failed",
            (_, _, true) => "pending",
            _ => "succeeded",
        };
        Payment {
            id: self.id("pay_"),
            company: self.company.clone(),
            membership: Some(self.id("mem_")),
            membership_status: Some("active".into()),
            product: Some(self.product()),
            user: Some(self.person()),
            plan: Some(self.id("plan_")),
            line_item: Some(self.id("line_")),
            created_at: self.now,
            updated_at: self.now,
            paid_at: is_paid.then_some(self.now),
            refunded_at: is_refund.then_some(self.now),
            last_payment_attempt: Some(self.now),
            next_payment_attempt: is_failed.then_some(self.now + DAY_MS),
            status: status.into(),
            substatus: substatus.into(),
            billing_reason: Some("one_time".into()),
            subtotal: usd(1900),
            final_amount: usd(1900),
            amount_after_fees: is_paid.then(|| usd(1815)),
            refunded_amount: Some(usd(if is_refund { 1900 } else { 0 })),
            is_refundable: is_paid && !is_refund,
            payments_failed: i64::from(is_failed),
            failure_message: is_failed.then(|| "The card was declined.".into()),
            checkout: Some(self.id("ch_")),
            card_brand: Some("visa".into()),
            card_last_4: Some("4242".into()),
            funding_method: Some("credit".into()),
            wallet_type: Some("apple_pay".into()),
            calculated_statement_descriptor: Some("GUILDHALL SAMPLE".into()),
            issuer_identification_number: Some("424242".into()),
            billing_usages: vec![self.id("usage_")],
            company_buyer: Some(self.id("biz_")),
            payment_method_type: Some("card".into()),
            metadata: metadata(),
        }
    }

    fn refund(&self) -> Refund {
        Refund {
            id: self.id("refd_"),
            status: if self.event == Event::RefundCreated { "pending" } else { "succeeded" }.into(),
            amount: usd(1900),
            gateway_type: "stripe".into(),
            created_at: self.now,
            payment: self.payment(),
        }
    }

    fn dispute(&self) -> Dispute {
        Dispute {
            id: self.id("dspt_"),
            status: if self.event == Event::DisputeCreated { "needs_response" } else { "under_review" }
                .into(),
            reason: Some("fraudulent".into()),
            amount: usd(1900),
            created_at: self.now,
            needs_response_by: Some(self.now + 7 * DAY_MS),
            payment: self.payment(),
        }
    }

    fn dispute_alert(&self) -> DisputeAlert {
        DisputeAlert {
            id: self.id("dspa_"),
            alert_type: "fraud".into(),
            amount: usd(1900),
            charge_for_alert: true,
            created_at: self.now,
            transaction_date: Some(self.now - DAY_MS),
            payment: self.payment(),
        }
    }

    fn resolution(&self) -> Resolution {
        let is_decided = self.event == Event::ResolutionDecided;
        Resolution {
            id: self.id("reso_"),
            status: if is_decided { "customer_won" } else { "merchant_response_needed" }.into(),
            issue: "product_not_as_described".into(),
            created_at: self.now,
            updated_at: self.now,
            due_date: (!is_decided).then_some(self.now + 3 * DAY_MS),
            customer_appealed: false,
            merchant_appealed: false,
            payment: self.payment(),
        }
    }

    fn invoice(&self) -> Invoice {
        let status = match self.event {
            Event::InvoicePaid => "paid",
            Event::InvoicePastDue => "past_due",
            Event::InvoiceVoided => "void",
            _ => "open",
        };
        Invoice {
            id: self.id("inv_"),
            number: "#0001".into(),
            status: status.into(),
            created_at: self.now,
            due_date: Some(self.now + 14 * DAY_MS),
            email_address: Some("mira@example.com".into()),
            fetch_invoice_token: "a-sample-token".into(),
            plan: self.id("plan_"),
            currency: "usd".into(),
            formatted_price: "$19.00".into(),
            user: Some(self.person()),
            line_items: vec![LineItem {
                label: "Sample pass".into(),
                quantity: 1,
                unit_price: usd(1900),
                total: usd(1900),
            }],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const MEMBERSHIP: &str = "id product_id user_id plan_id page_id created_at expires_at renewal_period_start \
        renewal_period_end quantity status valid cancel_at_period_end license_key metadata checkout_id \
        affiliate_username manage_url company_buyer_id marketplace custom_field_responses";
    const PAYMENT: &str = "id membership_id product_id user_id plan_id company_id line_item_id created_at paid_at \
        refunded_at last_payment_attempt next_payment_attempt status subtotal final_amount amount_after_fees currency \
        refunded_amount payments_failed checkout_id card_brand card_last_4 funding_method wallet_type \
        calculated_statement_descriptor issuer_identification_number billing_usage_ids company_buyer_id \
        payment_method_type metadata";
    const REFUND: &str = "id status amount currency created_at payment_id payment gateway_type";
    const DISPUTE: &str = "id status amount currency created_at payment_id payment";

    fn company() -> Company {
        Company { id: "biz_1".into(), title: "Here".into(), route: "here".into() }
    }

    #[test]
    fn every_event_has_a_sample_that_is_kept_and_read_back() {
        for event in Event::ALL {
            let made = sample(*event, &company(), 1_714_521_600_000, "0A");
            let kept = serde_json::to_string(&made).expect("it can be kept");
            assert_eq!(serde_json::from_str::<Subject>(&kept).expect("it reads back"), made, "{event:?}");
            assert_eq!(made.v5()["id"], made.id());
            assert_eq!(made.v1()["id"], made.id());
        }
    }

    #[test]
    fn addresses_of_people_can_be_taken_out_of_all_of_them() {
        for event in Event::ALL {
            let mut made = sample(*event, &company(), 1_714_521_600_000, "0A");
            assert!(made.v1().to_string().contains("mira@example.com"), "{event:?}");
            made.forget_emails();
            assert!(!serde_json::to_string(&made).expect("it can be kept").contains('@'), "{event:?}");
        }
    }

    #[test]
    fn the_objects_of_v5_have_the_fields_of_the_contract_and_no_others() {
        let table = [
            (Event::MembershipWentValid, MEMBERSHIP),
            (Event::PaymentSucceeded, PAYMENT),
            (Event::RefundCreated, REFUND),
            (Event::DisputeCreated, DISPUTE),
        ];
        for (event, names) in table {
            let made = sample(event, &company(), 1_714_521_600_000, "0A").v5();
            let found: BTreeSet<&str> =
                made.as_object().expect("an object").keys().map(String::as_str).collect();
            assert_eq!(found, names.split_whitespace().collect(), "{event:?}");
        }
    }

    #[test]
    fn amounts_are_in_major_units_and_times_in_each_version_s_own_form() {
        let made = sample(Event::PaymentSucceeded, &company(), 1_714_521_600_000, "0A");
        let (v5, v1) = (made.v5(), made.v1());
        assert_eq!((&v5["final_amount"], &v5["created_at"]), (&19.0.into(), &1_714_521_600.into()));
        assert_eq!((&v1["total"], &v1["created_at"]), (&19.0.into(), &"2024-05-01T00:00:00.000Z".into()));
        let made = sample(Event::MembershipWentInvalid, &company(), 1_714_521_600_000, "0A").v5();
        assert_eq!((&made["valid"], &made["status"]), (&false.into(), &"expired".into()));
    }
}
