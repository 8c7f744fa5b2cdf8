//! The list of a company's payments, with what belongs to them.

use super::company_member::{MEMBER_COLUMNS, member_columns};
use super::listed::{in_span, is_between, is_listed, listed, span_parameters};
use super::user::{like_within, user_columns};
use super::{Read, Row, Value, company_member, params, plan, promo_code};
use crate::error::{Error, Result};
use crate::receipt::{Receipt, ReceiptFilter, Sight};
use guildhall_core::cursor::Window;
use guildhall_core::dispute::DisputeStatus;
use guildhall_core::ids::{CompanyId, Id, PaymentId, PlanId, PromoCodeId};
use guildhall_core::money::Currency;
use guildhall_core::payment::{Payment, Stage};
use guildhall_core::receipt::{BillingReason, ReceiptOrder};

macro_rules! receipt_columns {
    () => {
        "y.id, y.stage, y.amount_minor, y.is_chargeable, y.attempt, y.refunded_minor, y.lost_minor, y.dispute_status,
         y.currency, y.billing_reason, y.processor, t.brand, t.last4, y.failure_message,
         y.processor_fee_minor + y.platform_fee_minor + y.reward_minor, y.created_at, y.paid_at, y.last_attempt_at, y.company_id,
         y.membership_id, y.access_pass_id, y.plan_id, y.promo_code_id,
         (select max(d.created_at)
          from disputes d
          where d.payment_id = y.id
            and d.status in ('warning_needs_response', 'warning_under_review', 'warning_closed'))"
    };
}

const RECEIPT_COLUMNS: usize = 24;
const _: () = assert!(RECEIPT_COLUMNS + MEMBER_COLUMNS == 31);

/// `core::receipt::outcome` in SQL, empty for none.
macro_rules! outcome {
    () => {
        "case
           when y.stage = 'paid' and y.refunded_minor + y.lost_minor = 0 then 'succeeded'
           when y.stage = 'paid' and y.refunded_minor + y.lost_minor < y.amount_minor then 'partially_refunded'
           when y.stage in ('paid', 'auto_refunded') then 'refunded'
           when y.stage = 'failed' and y.billing_reason = 'subscription_cycle' then 'past_due'
           when y.stage in ('failed', 'uncollectible') then 'failed'
           else ''
         end"
    };
}

/// `core::receipt::processor_word` in SQL, null for none.
macro_rules! processor_word {
    () => {
        "case
           when y.is_chargeable = 0 then 'free'
           when y.processor = 'sandbox' then 'multi_psp'
           else y.processor
         end"
    };
}

/// The condition that a payment is one that a filter wants: `$1` is the company.
macro_rules! is_wanted {
    () => {
        concat!(
            "y.company_id = $1 and ",
            is_listed!("$2", "y.access_pass_id"),
            " and ",
            is_listed!("$3", "y.plan_id"),
            " and ",
            is_listed!("$4", "y.currency"),
            " and ",
            is_listed!("$5", "y.billing_reason"),
            " and ",
            is_listed!("$6", processor_word!()),
            " and ",
            is_listed!("$7", outcome!()),
            " and ",
            is_between!("y.created_at", "$8", "$9"),
            " and (cast($10 as text) is null
                or lower(y.id) like $10 escape '!'
                or (cast($11 as bigint) = 1 and exists (
                  select 1 from users q
                  where q.id = y.user_id
                    and (q.username_key like $10 escape '!'
                      or lower(coalesce(q.name, '')) like $10 escape '!'
                      or (cast($12 as bigint) = 1 and lower(coalesce(q.email, '')) like $10 escape '!')))))"
        )
    };
}

macro_rules! select {
    () => {
        concat!(
            "select ",
            receipt_columns!(),
            ", ",
            member_columns!(),
            ", ",
            user_columns!(),
            " from payments y
              join users u on u.id = y.user_id
              left join company_members c on c.company_id = y.company_id and c.user_id = y.user_id
              left join payment_methods t on t.id = y.payment_method_id
              where "
        )
    };
}

macro_rules! list_query {
    ($key:literal, $order:literal) => {
        concat!(select!(), is_wanted!(), in_span!($key, "y.id", $order, "$13", "$14", "$15", "$16", "$17"))
    };
}

fn list_statement(order: ReceiptOrder, descending: bool) -> &'static str {
    match (order, descending) {
        (ReceiptOrder::CreatedAt, false) => list_query!("y.created_at", "y.created_at asc, y.id asc"),
        (ReceiptOrder::CreatedAt, true) => list_query!("y.created_at", "y.created_at desc, y.id desc"),
        (ReceiptOrder::FinalAmount, false) => list_query!("y.amount_minor", "y.amount_minor asc, y.id asc"),
        (ReceiptOrder::FinalAmount, true) => list_query!("y.amount_minor", "y.amount_minor desc, y.id desc"),
        (ReceiptOrder::PaidAt, false) => {
            list_query!("coalesce(y.paid_at, 0)", "coalesce(y.paid_at, 0) asc, y.id asc")
        }
        (ReceiptOrder::PaidAt, true) => {
            list_query!("coalesce(y.paid_at, 0)", "coalesce(y.paid_at, 0) desc, y.id desc")
        }
    }
}

/// A filter's parameters, as its statements take them.
struct Wanted {
    access_passes: Option<String>,
    plans: Option<String>,
    currencies: Option<String>,
    billing_reasons: Option<String>,
    processors: Option<String>,
    outcomes: Option<String>,
    pattern: Option<String>,
}

impl Wanted {
    fn of(filter: &ReceiptFilter) -> Self {
        Self {
            access_passes: listed(filter.access_passes.iter().map(Id::as_str)),
            plans: listed(filter.plans.iter().map(Id::as_str)),
            currencies: listed(filter.currencies.iter().map(String::as_str)),
            billing_reasons: listed(filter.billing_reasons.iter().map(|reason| reason.as_str())),
            processors: listed(filter.processors.iter().map(String::as_str)),
            outcomes: listed(filter.outcomes.iter().map(|outcome| outcome.as_str())),
            pattern: (!filter.query.is_empty()).then(|| like_within(&filter.query)),
        }
    }

    fn parameters<'a>(
        &'a self,
        company: &'a CompanyId,
        filter: &ReceiptFilter,
        sight: Sight,
    ) -> Vec<Value<'a>> {
        vec![
            company.into(),
            self.access_passes.as_deref().into(),
            self.plans.as_deref().into(),
            self.currencies.as_deref().into(),
            self.billing_reasons.as_deref().into(),
            self.processors.as_deref().into(),
            self.outcomes.as_deref().into(),
            filter.from_ms.into(),
            filter.until_ms.into(),
            self.pattern.as_deref().into(),
            sight.members.into(),
            sight.emails.into(),
        ]
    }
}

/// The receipts of a window's span, in the order in which they were read.
pub(crate) fn list(
    read: &mut Read<'_>,
    company: &CompanyId,
    filter: &ReceiptFilter,
    sight: Sight,
    window: &Window<ReceiptOrder>,
) -> Result<Vec<Receipt>> {
    let (span, wanted) = (window.span(), Wanted::of(filter));
    let mut parameters = wanted.parameters(company, filter, sight);
    parameters.extend(span_parameters(&span));
    let rows = read.query(list_statement(window.order, span.descending), &parameters)?;
    rows.into_iter().map(|row| from_row(read, row, sight)).collect()
}

/// The receipt of a company's payment.
pub(crate) fn find(
    read: &mut Read<'_>,
    company: &CompanyId,
    id: &PaymentId,
    sight: Sight,
) -> Result<Option<Receipt>> {
    let row = read.first(concat!(select!(), "y.id = $1 and y.company_id = $2"), params![id, company])?;
    row.map(|row| from_row(read, row, sight)).transpose()
}

/// Counts what no filter leaves out, from an index alone.
const COUNT_OF_ALL: &str = "select count(*) from payments where company_id = $1";

/// How many payments a company has.
pub(crate) fn count_all(read: &mut Read<'_>, company: &CompanyId) -> Result<i64> {
    let row = read.first(COUNT_OF_ALL, params![company])?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

/// How many receipts a filter wants.
pub(crate) fn count(
    read: &mut Read<'_>,
    company: &CompanyId,
    filter: &ReceiptFilter,
    sight: Sight,
) -> Result<i64> {
    if *filter == ReceiptFilter::default() {
        return count_all(read, company);
    }
    let wanted = Wanted::of(filter);
    let parameters = wanted.parameters(company, filter, sight);
    let row = read.first(concat!("select count(*) from payments y where ", is_wanted!()), &parameters)?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

fn from_row(read: &mut Read<'_>, mut row: Row, sight: Sight) -> Result<Receipt> {
    let payment = payment_from_row(&mut row)?;
    let billing_reason = row.text(9)?;
    let (plan, promo_code): (PlanId, Option<PromoCodeId>) = (row.id(21)?, row.id_or_null(22)?);
    let promo_code = promo_code.filter(|_| sight.promo_codes);
    Ok(Receipt {
        id: row.id(0)?,
        payment,
        currency: Currency::parse(&row.text(8)?).map_err(|error| Error::internal(error.0))?,
        billing_reason: BillingReason::from_word(&billing_reason)
            .ok_or_else(|| unknown("billing reason", &billing_reason))?,
        processor: row.text_or_null(10)?,
        brand: row.text_or_null(11)?,
        last4: row.text_or_null(12)?,
        failure_message: row.text_or_null(13)?,
        fees_minor: row.int(14)?,
        created_at: row.int(15)?,
        paid_at: row.int_or_null(16)?,
        last_attempt_at: row.int_or_null(17)?,
        warned_at: row.int_or_null(23)?,
        company: row.id(18)?,
        membership: row.id_or_null(19)?,
        access_pass: row.id_or_null(20)?.filter(|_| sight.access_passes),
        plan: if sight.plans { plan::find(read, &plan)? } else { None },
        promo_code: promo_code.map(|id| promo_code::find(read, &id)).transpose()?.flatten(),
        member: company_member::from_row(&mut row, RECEIPT_COLUMNS)?.filter(|_| sight.members),
    })
}

fn payment_from_row(row: &mut Row) -> Result<Payment> {
    let (stage, dispute) = (row.text(1)?, row.text_or_null(7)?);
    let dispute =
        dispute.map(|word| DisputeStatus::from_word(&word).ok_or_else(|| unknown("dispute", &word)));
    Ok(Payment {
        stage: Stage::from_word(&stage).ok_or_else(|| unknown("stage", &stage))?,
        amount_minor: row.int(2)?,
        is_chargeable: row.flag(3)?,
        attempt: row.int(4)?,
        refunded_minor: row.int(5)?,
        lost_minor: row.int(6)?,
        dispute: dispute.transpose()?,
    })
}

fn unknown(what: &str, word: &str) -> Error {
    Error::internal(format!("a payment of the unknown {what} {word}"))
}

#[cfg(test)]
mod tests {
    use super::super::listed::steps_of;
    use super::super::{Location, Store};
    use super::*;
    use crate::clock::{Clock, Random};
    use guildhall_core::receipt::{Outcome, outcome as outcome_of, processor_word};

    #[test]
    fn the_whole_is_counted_from_an_index() {
        let steps = steps_of(COUNT_OF_ALL);
        assert!(steps[0].to_lowercase().contains("using covering index payments"), "{steps:#?}");
    }

    #[test]
    fn every_order_is_read_from_its_index() {
        let indexes = [
            (ReceiptOrder::CreatedAt, "payments_by_creation"),
            (ReceiptOrder::FinalAmount, "payments_by_amount"),
            (ReceiptOrder::PaidAt, "payments_by_payment"),
        ];
        assert_eq!(indexes.len(), ReceiptOrder::ALL.len());
        for (order, index) in indexes {
            for descending in [false, true] {
                let steps = steps_of(list_statement(order, descending));
                let range = format!("using index {index} (company_id=? and ").to_lowercase();
                let first = steps[0].to_lowercase();
                assert!(first.contains(&range), "{order:?}: {steps:#?}");
                assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{order:?}: {steps:#?}");
            }
        }
    }

    #[tokio::test]
    async fn the_conditions_say_what_the_rules_say() {
        let directory = tempfile::tempdir().expect("a directory");
        let location = Location::Sqlite(directory.path().join("store.sqlite3"));
        let store = Store::open(&location, Clock::frozen(0), Random::seeded(1)).expect("opens");
        let usd = Currency::parse("usd").expect("a currency");
        for stage in Stage::ALL {
            for (refunded_minor, lost_minor) in [(0, 0), (400, 0), (0, 999), (400, 600), (1000, 0)] {
                for is_chargeable in [true, false] {
                    for reason in [BillingReason::OneTime, BillingReason::SubscriptionCycle] {
                        for processor in [None, Some("sandbox"), Some("stripe"), Some("platform_balance")] {
                            let draft = Payment::draft(1000, usd).expect("sound");
                            let stage = *stage;
                            let payment =
                                Payment { stage, refunded_minor, lost_minor, is_chargeable, ..draft };
                            let words = store.read(move |read| words_of(read, payment, reason, processor));
                            let (outcome, taker) = words.await.expect("it is SQL");
                            let expected = outcome_of(&payment, reason).map_or("", Outcome::as_str);
                            assert_eq!(outcome, expected, "{payment:?}");
                            let expected = processor_word(&payment, processor);
                            assert_eq!(taker.as_deref(), expected, "{payment:?} {processor:?}");
                        }
                    }
                }
            }
        }
    }

    fn words_of(
        read: &mut Read<'_>,
        payment: Payment,
        reason: BillingReason,
        processor: Option<&str>,
    ) -> Result<(String, Option<String>)> {
        let row = read.first(
            concat!(
                "select ",
                outcome!(),
                ", ",
                processor_word!(),
                " from (
                   select cast($1 as text) as stage, cast($2 as bigint) as amount_minor,
                     cast($3 as bigint) as refunded_minor, cast($4 as bigint) as lost_minor,
                     cast($5 as bigint) as is_chargeable, cast($6 as text) as billing_reason,
                     cast($7 as text) as processor) y"
            ),
            params![
                payment.stage.as_str(),
                payment.amount_minor,
                payment.refunded_minor,
                payment.lost_minor,
                payment.is_chargeable,
                reason.as_str(),
                processor
            ],
        )?;
        let mut row = row.expect("one row");
        Ok((row.text(0)?, row.text_or_null(1)?))
    }
}
