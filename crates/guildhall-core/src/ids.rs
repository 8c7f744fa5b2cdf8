//! Ids: a prefix that names the kind, then base62 of 48 bits of milliseconds and 80 random bits.
//!
//! The digits are fixed width and in ASCII order, so ids of one kind sort by the time they were made.
//! Ids that other servers minted have other lengths; parsing therefore asks for the prefix and for
//! 1 to 40 letters, digits or underscores, and nothing more.

use crate::Invalid;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const WIDTH: usize = 22;
const LONGEST_TAIL: usize = 40;

/// One kind of id.
pub trait Id: Sized + Clone + std::fmt::Display {
    /// What the id starts with, underscore included.
    const PREFIX: &'static str;
    /// The kind in words, for error sentences.
    const NOUN: &'static str;

    /// Wraps text that is known to be such an id, e.g. because the store held it.
    fn from_stored(text: String) -> Self;

    /// The id as it stands on the wire.
    fn as_str(&self) -> &str;

    /// A new id for the given moment and 80 random bits.
    fn mint(milliseconds: i64, random: [u8; 10]) -> Self {
        Self::from_stored(format!("{}{}", Self::PREFIX, encode(milliseconds, random)))
    }

    /// Reads an id from the wire.
    ///
    /// # Errors
    /// When the text is not of this kind; the sentence names the kind and its prefix.
    fn parse(text: &str) -> Result<Self, Invalid> {
        match text.strip_prefix(Self::PREFIX) {
            Some(tail) if is_tail(tail) => Ok(Self::from_stored(text.to_owned())),
            _ => Err(refused(text, Self::NOUN, Self::PREFIX)),
        }
    }
}

fn refused(text: &str, noun: &str, prefix: &str) -> Invalid {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(64).collect();
    Invalid(format!("`{shown}` is not {noun} id: those start with `{prefix}`."))
}

fn is_tail(tail: &str) -> bool {
    (1..=LONGEST_TAIL).contains(&tail.len()) && tail.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn encode(milliseconds: i64, random: [u8; 10]) -> String {
    let mut bytes = [0_u8; 16];
    bytes[..6].copy_from_slice(&milliseconds.to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&random);
    let mut rest = u128::from_be_bytes(bytes);
    let mut text = [b'0'; WIDTH];
    for place in text.iter_mut().rev() {
        let digit = usize::try_from(rest % 62).expect("a remainder of 62 fits");
        *place = DIGITS[digit];
        rest /= 62;
    }
    text.iter().map(|&byte| char::from(byte)).collect()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal $noun:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl Id for $name {
            const PREFIX: &'static str = $prefix;
            const NOUN: &'static str = $noun;
            fn from_stored(text: String) -> Self {
                Self(text)
            }
            fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A company: the seller, and the owner of a community.
    CompanyId "biz_" "a company";
    /// One person as one company's team member.
    AuthorizedUserId "ausr_" "an authorized user";
    /// One person as one company's member.
    CompanyMemberId "mber_" "a member";
    /// A person, or an app's agent.
    UserId "user_" "a user";
    /// A third-party app.
    AppId "app_" "an app";
    /// One build of an app for one platform.
    AppBuildId "apb_" "an app build";
    /// What is sold: it opens experiences.
    AccessPassId "prod_" "an access pass";
    /// A price of an access pass.
    PlanId "plan_" "a plan";
    /// A chat, a forum, an app inside a community.
    ExperienceId "exp_" "an experience";
    /// One user's hold of one access pass.
    MembershipId "mem_" "a membership";
    /// A payment, and its receipt.
    PaymentId "pay_" "a payment";
    /// How somebody pays.
    PaymentMethodId "payt_" "a payment method";
    /// What a seller gives back of a payment.
    RefundId "refd_" "a refund";
    /// A charge in the books of the sandbox.
    SandboxChargeId "sbx_" "a charge of the sandbox";
    /// What was given back of one there.
    SandboxRefundId "sbxr_" "a refund of the sandbox";
    /// A payment that the buyer's bank takes back, or may.
    DisputeId "dspt_" "a dispute";
    /// Money that its holder takes out.
    PayoutId "wdrl_" "a payout";
    /// A code that takes something off a price.
    PromoCodeId "promo_" "a promo code";
    /// Who brings a company buyers.
    AffiliateId "aff_" "an affiliate";
    /// A request for money with a number and a due date.
    InvoiceId "inv_" "an invoice";
    /// One person's place on a waitlist or in a raffle.
    EntryId "entry_" "an entry";
    /// A hosted checkout waiting for its buyer.
    CheckoutSessionId "ch_" "a checkout session";
    /// An account of the ledger.
    LedgerAccountId "ldgr_" "a ledger account";
    /// One balanced movement of money.
    TransferId "xfer_" "a transfer";
    /// A chat message, direct message or forum post.
    PostId "post_" "a post";
    /// An uploaded file; also the id of its direct upload.
    AttachmentId "file_" "an attachment";
    /// A notification.
    NotificationId "ntf_" "a notification";
    /// An API key's record (not the key).
    ApiKeyId "key_" "an API key";
    /// An entry of the audit log.
    AuditEntryId "audit_" "an audit entry";
    /// One person's signing in to one app, and the tokens that came of it.
    GrantId "grant_" "a grant";
    /// Work that is to be done after the transaction that wanted it.
    JobId "job_" "a job";
    /// One runner's hold of one job.
    LeaseId "lease_" "a lease";
    /// A signed-in browser (not its cookie).
    SessionId "sess_" "a session";
    /// An upload in several parts.
    MultipartUploadId "mpu_" "a multipart upload";
    /// Where events of a company or for an app are sent.
    WebhookId "hook_" "a webhook";
    /// Something that happened, as webhooks tell it; the same on every try.
    WebhookEventId "evt_" "a webhook event";
    /// One event on its way to one webhook.
    WebhookDeliveryId "dlv_" "a webhook delivery";
}

/// The kinds of feed that posts stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedKind {
    /// A chat experience's messages.
    Chat,
    /// A forum experience's posts.
    Forum,
    /// A direct conversation.
    DirectMessage,
}

impl FeedKind {
    /// What ids of such feeds start with.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Chat => "chat_feed_",
            Self::Forum => "forum_feed_",
            Self::DirectMessage => "dms_feed_",
        }
    }

    /// The word the store and the log use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Forum => "forum",
            Self::DirectMessage => "direct_message",
        }
    }
}

/// A feed of posts; its prefix tells its kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeedId(String);

impl FeedId {
    /// A new feed id of the given kind.
    #[must_use]
    pub fn mint_of(kind: FeedKind, milliseconds: i64, random: [u8; 10]) -> Self {
        Self(format!("{}{}", kind.prefix(), encode(milliseconds, random)))
    }
}

impl Id for FeedId {
    const PREFIX: &'static str = "feed_";
    const NOUN: &'static str = "a feed";
    fn from_stored(text: String) -> Self {
        Self(text)
    }
    fn as_str(&self) -> &str {
        &self.0
    }
    fn parse(text: &str) -> Result<Self, Invalid> {
        let kinds = [FeedKind::Chat, FeedKind::Forum, FeedKind::DirectMessage];
        let known = kinds.iter().map(|kind| kind.prefix()).chain([Self::PREFIX]);
        for prefix in known {
            if text.strip_prefix(prefix).is_some_and(is_tail) {
                return Ok(Self(text.to_owned()));
            }
        }
        Err(refused(text, Self::NOUN, "chat_feed_`, `forum_feed_` or `dms_feed_"))
    }
}

impl std::fmt::Display for FeedId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_sort_by_time(earlier in 0_i64..1 << 47, gap in 1_i64..1 << 40, a: [u8; 10], b: [u8; 10]) {
            prop_assert!(PostId::mint(earlier, a) < PostId::mint(earlier + gap, b));
        }

        #[test]
        fn a_minted_id_parses(at in 0_i64..1 << 47, random: [u8; 10]) {
            let id = UserId::mint(at, random);
            prop_assert_eq!(UserId::parse(id.as_str()), Ok(id.clone()));
            prop_assert!(CompanyId::parse(id.as_str()).is_err());
        }
    }

    #[test]
    fn ids_of_other_kinds_and_garbage_are_refused_with_the_prefix_named() {
        for text in ["", "user_", "biz_1\0", "biz_a b", "biz_é", "user_1", &format!("biz_{}", "a".repeat(41))]
        {
            let error = CompanyId::parse(text).expect_err("not a company id");
            assert!(error.0.contains("`biz_`"), "{error}");
        }
        assert!(CompanyId::parse("biz_ScNtnn5Pb1A4Gx").is_ok());
    }

    #[test]
    fn feeds_know_their_kinds() {
        assert!(FeedId::parse("chat_feed_1").is_ok());
        assert!(FeedId::parse("dms_feed_1").is_ok());
        assert!(FeedId::parse("feed_1").is_ok());
        assert!(FeedId::parse("exp_1").is_err());
    }
}
