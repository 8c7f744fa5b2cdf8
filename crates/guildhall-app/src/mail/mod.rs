//! Mail: letters with a link, to one address each, sent as jobs.
//!
//! Owns what a mail is, its letters ([`Letter`]) and the way to the SMTP server. A mail is queued in the
//! transaction that wants it and sent after its commit; without an SMTP server its link is written to the
//! log. Bounds: [`LONGEST_SILENCE`] for each answer of the server, [`LONGEST_SEND`] for one mail.

mod letter;
mod purchase;
mod settings;

pub use letter::{
    AccountExists, ConfirmEmail, EntryApproved, EntryDenied, InvoiceLetter, Letter, PayoutFailed, PayoutPaid,
    ResetPassword,
};
pub use purchase::{ChoosePassword, NotSold, Receipt};
pub use settings::{Sender, Settings, SmtpUrl};

use crate::Guildhall;
use crate::error::{Error, Result};
use crate::jobs::{self, Work};
use crate::store::Tx;
use guildhall_core::ids::JobId;
use guildhall_core::job::{Failure, MAIL_LANE};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::response::Category;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use serde::{Deserialize, Serialize};
use std::time::{Duration, UNIX_EPOCH};

/// How long the server may take for one answer.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);
/// How long one mail may take.
const LONGEST_SEND: Duration = Duration::from_secs(120);

/// A mail that is to be sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Mail {
    to: Address,
    letter: Letter,
}

/// Whether mail can be sent to an address.
///
/// # Errors
/// `Invalid` when the text is not an e-mail address.
pub(crate) fn check_address(to: &str) -> Result<&str> {
    match to.parse::<Address>() {
        Ok(_) => Ok(to),
        Err(_) => Err(no_address(to)),
    }
}

fn no_address(to: &str) -> Error {
    let shown: String = to.chars().filter(|c| !c.is_control()).take(64).collect();
    Error::Invalid(format!("`{shown}` is not an e-mail address."))
}

/// Queues a letter to an address; it is sent after the commit.
///
/// # Errors
/// `Invalid` when the text is not an address that mail can be sent to.
pub(crate) fn queue(tx: &mut Tx<'_>, to: &str, letter: Letter) -> Result<JobId> {
    let Ok(to) = to.trim().parse() else {
        return Err(no_address(to));
    };
    jobs::enqueue(tx, &Work::Mail(Mail { to, letter }), MAIL_LANE, None)
}

/// The way to the SMTP server, when there is one.
#[derive(Debug)]
pub(crate) struct Mailer(Option<(AsyncSmtpTransport<Tokio1Executor>, Sender)>);

impl Mailer {
    pub(crate) fn open(settings: Option<&Settings>) -> Self {
        Self(settings.map(|settings| {
            let builder = settings.smtp.builder().timeout(Some(LONGEST_SILENCE));
            (builder.build(), settings.from.clone())
        }))
    }
}

/// Whether mail is sent; otherwise its links are written to the log.
#[must_use]
pub fn is_configured(hall: &Guildhall) -> bool {
    hall.mailer.0.is_some()
}

/// Sends one mail. Its message id follows from the job's, so that a receiver can tell a second try.
pub(crate) async fn send(hall: &Guildhall, job: &JobId, mail: &Mail) -> std::result::Result<(), Failure> {
    let Some((transport, sender)) = &hall.mailer.0 else {
        let (to, subject, link) = (&mail.to, mail.letter.subject(), mail.letter.link());
        tracing::info!("mail to {to}: {subject} {link} (mail is not configured: set smtp_url to send it)");
        return Ok(());
    };
    let message = compose(hall, job, mail, sender)?;
    match tokio::time::timeout(LONGEST_SEND, transport.send(message)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(refused(&error)),
        Err(_) => Err(Failure::Temporary(format!("the SMTP server took longer than {LONGEST_SEND:?}"))),
    }
}

fn compose(
    hall: &Guildhall,
    job: &JobId,
    mail: &Mail,
    sender: &Sender,
) -> std::result::Result<Message, Failure> {
    let permanent = |cause: String| Failure::Permanent(format!("the mail cannot be written: {cause}"));
    let (text, html) = mail.letter.write().map_err(|error| permanent(error.to_string()))?;
    let now_ms = u64::try_from(hall.now_ms()).unwrap_or(0);
    Message::builder()
        .from(sender.mailbox().clone())
        .to(Mailbox::new(None, mail.to.clone()))
        .subject(mail.letter.subject().into_owned())
        .date(UNIX_EPOCH + Duration::from_millis(now_ms))
        .message_id(Some(format!("<{job}@{}>", sender.mailbox().email.domain())))
        .multipart(MultiPart::alternative_plain_html(text, html))
        .map_err(|error| permanent(error.to_string()))
}

/// What the refusal of an SMTP server means. Replies 55x are about this mail, and final. All others, a wrong
/// password's too, may be gone at the next try.
fn refused(error: &lettre::transport::smtp::Error) -> Failure {
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        reason = format!("{reason}: {deeper}");
        cause = deeper.source();
    }
    let is_about_mail = error.status().is_some_and(|code| code.category == Category::MailSystem);
    match (error.is_permanent() && is_about_mail) || error.is_client() {
        true => Failure::Permanent(reason),
        false => Failure::Temporary(reason),
    }
}
