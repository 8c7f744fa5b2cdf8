//! What became of a payment, step by step.

use guildhall_app::payment::StrayCharge;
use guildhall_app::receipt::Dossier;
use guildhall_app::refund::Refund;
use guildhall_core::dispute::DisputeStatus;
use guildhall_core::moment::minute;
use guildhall_core::plan_words::price;
use guildhall_core::refund::RefundStatus;

/// What became of it, in order: when, and what.
pub(super) fn course(dossier: &Dossier) -> Vec<(String, String)> {
    let mut course = of_payment(dossier);
    for refund in &dossier.refunds {
        course.push((refund.created_at, of_refund(refund)));
    }
    for dispute in &dossier.disputes {
        let amount = price(dispute.amount_minor, dispute.currency);
        let what = match dispute.status.is_warning() || dispute.status == DisputeStatus::WarningClosed {
            true => format!("The buyer's bank warned that it may take {amount} back."),
            false => format!("The buyer's bank took {amount} back: a dispute."),
        };
        course.push((dispute.created_at, what));
        let end = match dispute.status {
            DisputeStatus::Won => "The dispute was won, and the money came back.",
            DisputeStatus::Lost => "The dispute was lost, and the money is gone.",
            DisputeStatus::WarningClosed => "The warning came to nothing.",
            DisputeStatus::UnderReview | DisputeStatus::WarningUnderReview => "It was contested.",
            DisputeStatus::NeedsResponse | DisputeStatus::WarningNeedsResponse => continue,
        };
        course.push((dispute.updated_at, end.to_owned()));
    }
    course.sort_by_key(|(at, _)| *at);
    course.into_iter().map(|(at, what)| (minute(at), what)).collect()
}

fn of_payment(dossier: &Dossier) -> Vec<(i64, String)> {
    let receipt = &dossier.receipt;
    let mut course = vec![(receipt.created_at, "The payment began.".to_owned())];
    if dossier.failures > 0 || receipt.failure_message.is_some() {
        let count = match dossier.failures {
            0 | 1 => "An attempt was declined".to_owned(),
            many => format!("{many} attempts were declined"),
        };
        let why = receipt.failure_message.as_deref();
        let what = why.map_or_else(|| format!("{count}."), |why| format!("{count}: {why}"));
        let at = receipt.last_attempt_at.filter(|_| receipt.paid_at.is_none());
        course.push((at.unwrap_or(receipt.created_at), what));
    }
    for stray in &dossier.stray_charges {
        let is_own = dossier.charge.as_ref() == Some(&stray.reference);
        course.push((stray.created_at, of_stray(stray, is_own)));
    }
    if let Some(at) = receipt.paid_at {
        let is_charged = receipt.payment.is_chargeable;
        let what = if is_charged { "It was paid." } else { "It was recorded; nothing was charged." };
        course.push((at, what.to_owned()));
    }
    course.extend(dossier.next_attempt_at.map(|at| (at, "It is tried again.".to_owned())));
    course
}

/// What became of a charge that goes back: the payment's own, or another attempt's.
fn of_stray(stray: &StrayCharge, is_own: bool) -> String {
    let amount = price(stray.amount_minor, stray.currency);
    let what = match is_own {
        true => format!("{amount} was charged for what could not be had any more"),
        false => format!("{amount} of another attempt was charged as well"),
    };
    let end = match stray.status {
        _ if stray.disputed_minor > 0 => "is held by the buyer's bank",
        _ if stray.lost_minor == stray.amount_minor => "was taken back by the buyer's bank",
        RefundStatus::Succeeded => "was given back",
        RefundStatus::Pending => "is being given back",
        RefundStatus::Failed => "could not be given back",
    };
    format!("{what}, and {end}.")
}

fn of_refund(refund: &Refund) -> String {
    let amount = price(refund.amount_minor, refund.currency);
    match refund.status {
        RefundStatus::Succeeded => format!("{amount} was given back."),
        RefundStatus::Pending => format!("{amount} is on its way back."),
        RefundStatus::Failed => format!("{amount} could not be given back; you have it again."),
    }
}
