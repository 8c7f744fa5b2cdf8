//! `guildhall payments …`

use super::Place;
use crate::serve;
use clap::Subcommand;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::payment::{Shown, StrayCharge};
use guildhall_app::processor::Processor;
use guildhall_app::refund::{self, Wanted};
use guildhall_app::{Error, Guildhall, dispute, payment, processor};
use guildhall_core::ids::{CompanyId, DisputeId, Id, PaymentId};
use guildhall_core::moment::rfc3339;
use guildhall_core::money::{Currency, in_words};
use guildhall_core::receipt::friendly_status;
use guildhall_core::refund::RefundStatus;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List a company's payments, the newest first.
    List {
        /// The company.
        company: String,
        /// How many, at most 1000.
        #[arg(long, default_value_t = 50)]
        most: u16,
        #[command(flatten)]
        place: Place,
    },
    /// Show a payment: how it stands, what was given back of it, and what other attempts took beside it.
    Show {
        /// The payment.
        payment: String,
        #[command(flatten)]
        place: Place,
    },
    /// Give a payment back, in whole or in part.
    Refund {
        /// The payment.
        payment: String,
        /// How much, in major units such as 12.50 [default: all that is left].
        #[arg(long)]
        amount: Option<f64>,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
        /// The same key gives back once, however often it is said.
        #[arg(long)]
        key: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// List disputes, the newest first.
    Disputes {
        /// Of this company alone.
        #[arg(long)]
        company: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Answer a dispute of the sandbox: its bank reviews that, and finds for the seller.
    Answer {
        /// The dispute.
        dispute: String,
        #[command(flatten)]
        place: Place,
    },
    /// Hold the sandbox's books beside the ledger. Ends with 1 where they differ.
    Reconcile {
        #[command(flatten)]
        place: Place,
    },
}

impl Command {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        match self {
            Self::List { company, most, place } => list(&open(&place).await?, &company, most).await,
            Self::Show { payment, place } => show(&open(&place).await?, &payment).await,
            Self::Refund { payment, amount, reason, key, place } => {
                let wanted = Wanted { amount, reason, idempotence_key: key };
                give_back(&open(&place).await?, &payment, wanted).await
            }
            Self::Disputes { company, place } => disputes(&open(&place).await?, company.as_deref()).await,
            Self::Answer { dispute, place } => answer(&open(&place).await?, &dispute).await,
            Self::Reconcile { place } => reconcile(&open(&place).await?).await,
        }
    }
}

async fn open(place: &Place) -> Result<Guildhall, String> {
    let config = place.load(&[])?;
    let origin = serve::expected_origin(&config);
    serve::open_hall(&config, &origin, Clock::system(), Random::System).await
}

fn told(error: &Error) -> String {
    error.told()
}

async fn list(hall: &Guildhall, company: &str, most: u16) -> Result<ExitCode, String> {
    let company = CompanyId::parse(company).map_err(|error| error.0)?;
    let payments = payment::list(hall, company, most).await.map_err(|error| told(&error))?;
    if payments.is_empty() {
        println!("There are no payments.");
    }
    for one in payments {
        let status = friendly_status(&one.state, one.billing_reason).as_str();
        let amount = in_words(one.state.amount_minor, one.currency);
        println!("{}  {amount:>16}  {status:<18}  {}  {}", rfc3339(one.created_at), one.user, one.id);
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(hall: &Guildhall, payment: &str) -> Result<ExitCode, String> {
    let payment = PaymentId::parse(payment).map_err(|error| error.0)?;
    let Shown { payment, refunds, stray_charges } =
        payment::show(hall, payment).await.map_err(|error| told(&error))?;
    let line = |name: &str, value: &str| println!("{name:<14}{value}");
    let say = |name: &str, value: Option<&str>| value.into_iter().for_each(|value| line(name, value));
    println!("{}", payment.id);
    line("company", payment.company.as_str());
    line("buyer", payment.user.as_str());
    line("plan", payment.plan.as_str());
    say("membership", payment.membership.as_ref().map(Id::as_str));
    line("amount", &in_words(payment.state.amount_minor, payment.currency));
    line("status", friendly_status(&payment.state, payment.billing_reason).as_str());
    say("processor", payment.processor.map(Processor::as_str));
    say("charge", payment.reference.as_deref());
    if let Some(sale) = payment.sale {
        line("its fee", &in_words(sale.shares.processor_fee_minor, payment.currency));
    }
    line("attempts", &format!("{}, {} declined", payment.state.attempt, payment.failures));
    say("last decline", payment.failure.as_ref().map(|(_, sentence)| sentence.as_str()));
    line("made", &rfc3339(payment.created_at));
    say("paid", payment.paid_at.map(rfc3339).as_deref());
    for refund in refunds {
        let amount = in_words(refund.amount_minor, refund.currency);
        let why = refund.failure_message.map_or_else(String::new, |why| format!(": {why}"));
        line("refund", &format!("{} of {amount} {}{why}", refund.id, refund.status.as_str()));
    }
    for stray in stray_charges {
        line("stray charge", &stray_in_words(&stray));
    }
    Ok(ExitCode::SUCCESS)
}

/// What became of a charge that goes back: another attempt took it, or it paid for what could not be had any more.
fn stray_in_words(stray: &StrayCharge) -> String {
    let amount = in_words(stray.amount_minor, stray.currency);
    let refund = stray.refund_reference.as_deref().unwrap_or("no name yet");
    let why = stray.failure_message.as_deref();
    let held = in_words(stray.disputed_minor, stray.currency);
    let standing = match (stray.status, why) {
        _ if stray.disputed_minor > 0 => {
            let dispute = stray.dispute.as_ref().map_or("no name", |(reference, _)| reference);
            format!("is disputed, and the buyer's bank holds {held} of it ({dispute}): answer it there")
        }
        _ if stray.lost_minor == stray.amount_minor => "was taken back by the buyer's bank".to_owned(),
        (RefundStatus::Succeeded, _) => format!("was given back ({refund})"),
        (RefundStatus::Pending, None) => "is being given back".to_owned(),
        (RefundStatus::Pending, Some(why)) => format!("could not be given back, which is tried again: {why}"),
        (RefundStatus::Failed, why) => {
            format!("came back when it was given back ({refund}): {}", why.unwrap_or("no reason was told"))
        }
    };
    format!("{} of {amount} {standing}", stray.reference)
}

async fn give_back(hall: &Guildhall, payment: &str, wanted: Wanted) -> Result<ExitCode, String> {
    let payment = PaymentId::parse(payment).map_err(|error| error.0)?;
    let refund = refund::create_by_operator(hall, payment, wanted).await.map_err(|error| told(&error))?;
    let amount = in_words(refund.amount_minor, refund.currency);
    println!("{} of {} is given back: {} ({}).", amount, refund.payment, refund.id, refund.status.as_str());
    Ok(ExitCode::SUCCESS)
}

async fn disputes(hall: &Guildhall, company: Option<&str>) -> Result<ExitCode, String> {
    let company = company.map(CompanyId::parse).transpose().map_err(|error| error.0)?;
    let disputes = dispute::list(hall, company).await.map_err(|error| told(&error))?;
    if disputes.is_empty() {
        println!("There are no disputes.");
    }
    for one in disputes {
        let (status, amount) = (one.status.as_str(), in_words(one.amount_minor, one.currency));
        println!("{}  {amount:>16}  {status:<22}  {}  {}", rfc3339(one.created_at), one.payment, one.id);
    }
    Ok(ExitCode::SUCCESS)
}

async fn answer(hall: &Guildhall, dispute: &str) -> Result<ExitCode, String> {
    let dispute = DisputeId::parse(dispute).map_err(|error| error.0)?;
    let answered = dispute::answer(hall, dispute).await.map_err(|error| told(&error))?;
    println!("{} is {}.", answered.id, answered.status.as_str());
    Ok(ExitCode::SUCCESS)
}

async fn reconcile(hall: &Guildhall) -> Result<ExitCode, String> {
    let books = processor::reconcile_sandbox(hall).await.map_err(|error| told(&error))?;
    let mut differ = false;
    for one in books {
        let words = |minor: i64| {
            Currency::parse(&one.currency)
                .map_or_else(|_| format!("{minor} {}", one.currency), |known| in_words(minor, known))
        };
        println!(
            "taken by the sandbox {:>18}   booked {:>18}",
            words(one.taken_minor),
            words(one.booked_minor)
        );
        differ |= one.taken_minor != one.booked_minor;
    }
    println!("{}", if differ { "They differ: something is under way, or wrong." } else { "They agree." });
    Ok(if differ { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[cfg(test)]
mod tests {
    use super::*;
    use guildhall_core::dispute::DisputeStatus;

    #[test]
    fn a_stray_charge_says_whether_its_money_is_back() {
        let stray = |status, why: Option<&str>, disputed_minor, lost_minor| {
            stray_in_words(&StrayCharge {
                reference: "pi_1".into(),
                processor: Processor::Stripe,
                payment: PaymentId::from_stored("pay_1".into()),
                amount_minor: 2000,
                currency: Currency::parse("usd").expect("a currency"),
                status,
                refund_reference: Some("re_1".into()),
                failure_message: why.map(str::to_owned),
                dispute: Some(("dp_1".into(), DisputeStatus::NeedsResponse)),
                disputed_minor,
                lost_minor,
                failures: i64::from(why.is_some()),
                created_at: 0,
            })
        };
        for (status, why, words) in [
            (RefundStatus::Pending, None, "is being given back"),
            (RefundStatus::Pending, Some("No."), "could not be given back, which is tried again: No."),
            (RefundStatus::Succeeded, None, "was given back (re_1)"),
            (RefundStatus::Failed, Some("No."), "came back when it was given back (re_1): No."),
        ] {
            assert_eq!(stray(status, why, 0, 0), format!("pi_1 of 20.00 usd {words}"));
        }
        let held = "is disputed, and the buyer's bank holds 15.00 usd of it (dp_1): answer it there";
        assert_eq!(stray(RefundStatus::Pending, Some("No."), 1500, 0), format!("pi_1 of 20.00 usd {held}"));
        let lost = "was taken back by the buyer's bank";
        assert_eq!(stray(RefundStatus::Succeeded, None, 0, 2000), format!("pi_1 of 20.00 usd {lost}"));
    }
}
