//! News of processors, on its way from whoever heard it to the payment that it is about.
//!
//! It is queued in the transaction that remembers its event, so that it is told once and never lost, and those who
//! bring it are answered quickly. News of one charge is told in the order in which it came.

use super::{News, Processor, WhatIsNew};
use crate::Guildhall;
use crate::error::Result;
use crate::jobs::{self, Work};
use crate::payment;
use crate::store::Tx;
use guildhall_core::dispute::DisputeStatus;
use guildhall_core::ids::JobId;
use guildhall_core::job::Failure;
use guildhall_core::refund::RefundStatus;
use serde::{Deserialize, Serialize};

/// News as a job keeps it: enumerations by their words.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    processor: String,
    charge: String,
    what: KeptWhat,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum KeptWhat {
    Charge,
    Refund {
        reference: String,
        status: String,
        message: Option<String>,
    },
    Dispute {
        reference: String,
        status: String,
        amount_minor: i64,
        fee_minor: i64,
        reason: Option<String>,
        needs_response_by: Option<i64>,
    },
}

impl Kept {
    fn of(news: &News) -> Self {
        let what = match &news.what {
            WhatIsNew::Charge => KeptWhat::Charge,
            WhatIsNew::Refund { reference, status, message } => KeptWhat::Refund {
                reference: reference.clone(),
                status: status.as_str().to_owned(),
                message: message.clone(),
            },
            WhatIsNew::Dispute { reference, status, amount_minor, fee_minor, reason, needs_response_by } => {
                KeptWhat::Dispute {
                    reference: reference.clone(),
                    status: status.as_str().to_owned(),
                    amount_minor: *amount_minor,
                    fee_minor: *fee_minor,
                    reason: reason.clone(),
                    needs_response_by: *needs_response_by,
                }
            }
        };
        Self { processor: news.processor.as_str().to_owned(), charge: news.charge.clone(), what }
    }

    /// The news; `None` when a word is of a newer server.
    fn read(self) -> Option<News> {
        let what = match self.what {
            KeptWhat::Charge => WhatIsNew::Charge,
            KeptWhat::Refund { reference, status, message } => {
                WhatIsNew::Refund { reference, status: RefundStatus::from_word(&status)?, message }
            }
            KeptWhat::Dispute { reference, status, amount_minor, fee_minor, reason, needs_response_by } => {
                let status = DisputeStatus::from_word(&status)?;
                WhatIsNew::Dispute { reference, status, amount_minor, fee_minor, reason, needs_response_by }
            }
        };
        Some(News { processor: Processor::from_word(&self.processor)?, charge: self.charge, what })
    }
}

/// Queues news, to be told after the commit.
///
/// # Errors
/// `Internal` only.
pub(crate) fn queue(tx: &mut Tx<'_>, news: &News) -> Result<JobId> {
    let lane = format!("news of {}", news.processor.as_str());
    let charge = format!("{lane} {}", news.charge);
    jobs::enqueue(tx, &Work::ProcessorNews(Kept::of(news)), &lane, Some(&charge))
}

/// Tells the payment that news is about.
///
/// # Errors
/// `Temporary` until the payment is known and has heard it.
pub(crate) async fn tell(hall: &Guildhall, kept: Kept) -> std::result::Result<(), Failure> {
    let unknown = || Failure::Temporary("its news is of a newer server".into());
    payment::hear(hall, &kept.read().ok_or_else(unknown)?).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_is_read_back_as_it_was_kept() {
        let refund = WhatIsNew::Refund {
            reference: "re_1".into(),
            status: RefundStatus::Failed,
            message: Some("expired_or_canceled_card".into()),
        };
        let dispute = WhatIsNew::Dispute {
            reference: "dp_1".into(),
            status: DisputeStatus::WarningUnderReview,
            amount_minor: 1000,
            fee_minor: 1500,
            reason: Some("fraudulent".into()),
            needs_response_by: Some(1),
        };
        for what in [WhatIsNew::Charge, refund, dispute] {
            let news = News { processor: Processor::Stripe, charge: "pi_1".into(), what };
            let text = serde_json::to_string(&Kept::of(&news)).expect("JSON");
            let kept: Kept = serde_json::from_str(&text).expect("it reads back");
            assert_eq!(kept.read(), Some(news));
        }
        let newer = r#"{"processor": "stripe", "charge": "pi_1", "what": {"kind": "refund", "reference": "re_1", "status": "x", "message": null}}"#;
        assert_eq!(serde_json::from_str::<Kept>(newer).expect("JSON").read(), None);
    }
}
