//! Webhooks: which events there are, what each is called in which version, and what a receiver may be.
//!
//! An event happens in a company. The company's own webhooks hear it under its own name; those of apps
//! hear its `app_` twin, where it has one, from every company that installed the app.

mod dispute;
mod invoice;
mod membership;
mod payload;
mod payment;
mod sample;

pub use dispute::{Dispute, DisputeAlert, Refund, Resolution};
pub use invoice::{Invoice, LineItem};
pub use membership::{CustomFieldResponse, Membership};
pub use payload::{Company, Money, Person, Product, Subject};
pub use payment::Payment;
pub use sample::sample;

use crate::{Invalid, invalid};

/// The longest address of a receiver, in characters.
pub const LONGEST_URL: usize = 2000;
/// How many webhooks a company may have, those of its apps included.
pub const MOST_WEBHOOKS: i64 = 100;
/// How long an event and what became of it are kept, in milliseconds (30 days).
pub const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// The form in which events are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiVersion {
    /// The Standard Webhooks specification.
    V1,
    /// `x-whop-signature`, `action` and `data`.
    V5,
}

impl ApiVersion {
    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V5 => "v5",
        }
    }

    /// The version of the wire's word.
    ///
    /// # Errors
    /// For a version whose events are sent by nobody any more.
    pub fn parse(word: &str) -> Result<Self, Invalid> {
        match word {
            "v1" => Ok(Self::V1),
            "v5" => Ok(Self::V5),
            other => invalid(format!("Webhooks are not sent in the version `{other}`: choose `v5` or `v1`.")),
        }
    }
}

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectKind {
    /// A membership.
    Membership,
    /// A payment.
    Payment,
    /// A refund.
    Refund,
    /// A dispute.
    Dispute,
    /// A warning of a dispute.
    DisputeAlert,
    /// A case of the resolution center.
    Resolution,
    /// An invoice.
    Invoice,
}

macro_rules! events {
    ($($name:ident $word:literal $action:literal $type:literal $kind:ident;)*) => {
        /// An event, or the `app_` twin of one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is named by its word in the table below")]
        pub enum Event { $($name),* }

        impl Event {
            /// Every event, in the order of its word.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The wire's word, e.g. `membership_went_valid`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// What version v5 calls it, e.g. `membership.went_valid`.
            #[must_use]
            pub fn action(self) -> &'static str {
                match self { $(Self::$name => $action),* }
            }

            /// What version v1 calls it, e.g. `membership.activated`.
            #[must_use]
            pub fn standard_type(self) -> &'static str {
                match self { $(Self::$name => $type),* }
            }

            /// What it is about.
            #[must_use]
            pub fn subject(self) -> SubjectKind {
                match self { $(Self::$name => SubjectKind::$kind),* }
            }
        }
    };
}

// name, word, action in v5, type in v1, what it is about. The types of v1 are those of the published client; the twins
// have none of their own there.
events! {
    AppMembershipCancelAtPeriodEndChanged "app_membership_cancel_at_period_end_changed"
        "app_membership.cancel_at_period_end_changed" "membership.cancel_at_period_end_changed" Membership;
    AppMembershipWentInvalid "app_membership_went_invalid"
        "app_membership.went_invalid" "membership.deactivated" Membership;
    AppMembershipWentValid "app_membership_went_valid"
        "app_membership.went_valid" "membership.activated" Membership;
    AppPaymentFailed "app_payment_failed" "app_payment.failed" "payment.failed" Payment;
    AppPaymentPending "app_payment_pending" "app_payment.pending" "payment.pending" Payment;
    AppPaymentSucceeded "app_payment_succeeded" "app_payment.succeeded" "payment.succeeded" Payment;
    DisputeAlertCreated "dispute_alert_created" "dispute_alert.created" "dispute_alert.created" DisputeAlert;
    DisputeCreated "dispute_created" "dispute.created" "dispute.created" Dispute;
    DisputeUpdated "dispute_updated" "dispute.updated" "dispute.updated" Dispute;
    InvoiceCreated "invoice_created" "invoice.created" "invoice.created" Invoice;
    InvoicePaid "invoice_paid" "invoice.paid" "invoice.paid" Invoice;
    InvoicePastDue "invoice_past_due" "invoice.past_due" "invoice.past_due" Invoice;
    InvoiceVoided "invoice_voided" "invoice.voided" "invoice.voided" Invoice;
    MembershipCancelAtPeriodEndChanged "membership_cancel_at_period_end_changed"
        "membership.cancel_at_period_end_changed" "membership.cancel_at_period_end_changed" Membership;
    MembershipExperienceClaimed "membership_experience_claimed"
        "membership.experience_claimed" "membership.experience_claimed" Membership;
    MembershipMetadataUpdated "membership_metadata_updated"
        "membership.metadata_updated" "membership.metadata_updated" Membership;
    MembershipWentInvalid "membership_went_invalid"
        "membership.went_invalid" "membership.deactivated" Membership;
    MembershipWentValid "membership_went_valid" "membership.went_valid" "membership.activated" Membership;
    PaymentAffiliateRewardCreated "payment_affiliate_reward_created"
        "payment.affiliate_reward_created" "payment.affiliate_reward_created" Payment;
    PaymentFailed "payment_failed" "payment.failed" "payment.failed" Payment;
    PaymentPending "payment_pending" "payment.pending" "payment.pending" Payment;
    PaymentSucceeded "payment_succeeded" "payment.succeeded" "payment.succeeded" Payment;
    RefundCreated "refund_created" "refund.created" "refund.created" Refund;
    RefundUpdated "refund_updated" "refund.updated" "refund.updated" Refund;
    ResolutionCreated "resolution_created"
        "resolution.created" "resolution_center_case.created" Resolution;
    ResolutionDecided "resolution_decided"
        "resolution.decided" "resolution_center_case.decided" Resolution;
    ResolutionUpdated "resolution_updated"
        "resolution.updated" "resolution_center_case.updated" Resolution;
}

impl Event {
    /// The event of a word, also with a full stop for its first underscore that stands for one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.as_str() == word || event.action() == word)
    }

    /// Whether it is what apps hear.
    #[must_use]
    pub fn is_for_apps(self) -> bool {
        self.as_str().starts_with("app_")
    }

    /// The same as the company hears it.
    #[must_use]
    pub fn plain(self) -> Self {
        self.as_str().strip_prefix("app_").and_then(Self::from_word).unwrap_or(self)
    }

    /// The same as apps hear it, if they do.
    #[must_use]
    pub fn twin(self) -> Option<Self> {
        Self::from_word(&format!("app_{}", self.plain().as_str()))
    }
}

/// Checks what a webhook listens to: at least one event, each of its own side.
///
/// # Errors
/// A sentence that names the event in question.
pub fn check_events(events: &[Event], is_app: bool) -> Result<(), Invalid> {
    if events.is_empty() {
        return invalid("A webhook listens to at least one event.");
    }
    let Some(event) = events.iter().find(|event| event.is_for_apps() != is_app) else { return Ok(()) };
    match (is_app, event.twin()) {
        (false, _) => invalid(format!(
            "`{}` is what a webhook of an app hears: set `resourceId` to the app, or listen to `{}`.",
            event.as_str(),
            event.plain().as_str()
        )),
        (true, Some(twin)) => invalid(format!(
            "`{}` is what a webhook of a company hears: a webhook of an app listens to `{}`.",
            event.as_str(),
            twin.as_str()
        )),
        (true, None) => invalid(format!("`{}` is heard by webhooks of companies alone.", event.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unique_and_read_back_in_both_forms() {
        for (index, event) in Event::ALL.iter().enumerate() {
            assert_eq!(Event::from_word(event.as_str()), Some(*event));
            assert_eq!(Event::from_word(event.action()), Some(*event));
            assert!(Event::ALL[index + 1..].iter().all(|later| later.as_str() > event.as_str()), "{event:?}");
        }
        assert_eq!(Event::from_word("membership_went_away"), None);
    }

    #[test]
    fn twins_go_both_ways_and_are_about_the_same() {
        for event in Event::ALL {
            assert!(!event.plain().is_for_apps());
            assert_eq!(event.plain().subject(), event.subject());
            if let Some(twin) = event.twin() {
                assert!(twin.is_for_apps());
                assert_eq!((twin.plain(), twin.standard_type()), (event.plain(), event.standard_type()));
            }
        }
        let with_twin =
            Event::ALL.iter().filter(|event| !event.is_for_apps() && event.twin().is_some()).count();
        assert_eq!(with_twin, Event::ALL.iter().filter(|event| event.is_for_apps()).count());
    }

    #[test]
    fn a_webhook_listens_to_events_of_its_own_side() {
        use Event::{AppMembershipWentValid, MembershipWentValid, RefundCreated};
        let refused = |events: &[Event], is_app| check_events(events, is_app).expect_err("refused").0;
        assert!(check_events(&[MembershipWentValid, RefundCreated], false).is_ok());
        assert!(check_events(&[AppMembershipWentValid], true).is_ok());
        assert_eq!(refused(&[], false), "A webhook listens to at least one event.");
        assert_eq!(
            refused(&[MembershipWentValid, AppMembershipWentValid], false),
            "`app_membership_went_valid` is what a webhook of an app hears: set `resourceId` to the app, or listen to \
             `membership_went_valid`."
        );
        assert_eq!(
            refused(&[MembershipWentValid], true),
            "`membership_went_valid` is what a webhook of a company hears: a webhook of an app listens to \
             `app_membership_went_valid`."
        );
        assert_eq!(
            refused(&[RefundCreated], true),
            "`refund_created` is heard by webhooks of companies alone."
        );
    }

    #[test]
    fn only_versions_that_are_sent_are_taken() {
        for version in [ApiVersion::V1, ApiVersion::V5] {
            assert_eq!(ApiVersion::parse(version.as_str()), Ok(version));
        }
        let refused = ApiVersion::parse("v2").expect_err("not sent");
        assert_eq!(refused.0, "Webhooks are not sent in the version `v2`: choose `v5` or `v1`.");
    }
}
