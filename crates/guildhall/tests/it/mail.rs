//! Mail: what arrives at a server, what is tried again, and what is written to the log without one.

use crate::harness::{NOW_MS, config};
use crate::process::{Home, Server, run};
use crate::smtp::Smtp;
use guildhall::config::Config;
use guildhall::serve::{self, open_hall};
use guildhall_app::clock::{Clock, Random};
use guildhall_app::mail::{ConfirmEmail, Letter, ResetPassword, Sender, SmtpUrl};
use guildhall_app::{Guildhall, founding, jobs};
use guildhall_core::ids::{Id, JobId};
use guildhall_core::job::RESTS_MS;
use std::time::Duration;
use tempfile::TempDir;

/// How long the server may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A hall without a server, whose jobs run when the test says so.
struct Desk {
    hall: Guildhall,
    clock: Clock,
    smtp: Smtp,
    _directory: TempDir,
}

impl Desk {
    async fn open() -> Self {
        let (directory, smtp) = (tempfile::tempdir().expect("a directory"), Smtp::start().await);
        let clock = Clock::frozen(NOW_MS);
        let config = with_smtp(config(&directory), &smtp);
        let hall = open_hall(&config, "https://hall.example.com", clock.clone(), Random::seeded(7)).await;
        Self { hall: hall.expect("it opens"), clock, smtp, _directory: directory }
    }

    async fn only_job(&self) -> jobs::Shown {
        let mut listed = jobs::list(&self.hall, false, 10).await.expect("a list");
        assert_eq!(listed.len(), 1, "{listed:?}");
        listed.remove(0)
    }
}

pub(crate) fn with_smtp(config: Config, smtp: &Smtp) -> Config {
    Config {
        smtp_url: Some(SmtpUrl::parse(&smtp.url()).expect("an address")),
        mail_from: Some(Sender::parse("Our Hall <hall@example.com>").expect("a sender")),
        ..config
    }
}

async fn queue(hall: &Guildhall, to: &'static str, letter: Letter) -> guildhall_app::Result<JobId> {
    founding::found(hall, move |founder| founder.mail(to, letter.clone())).await
}

fn reset() -> Letter {
    let link = "https://hall.example.com/reset?token=t0k3n".into();
    Letter::ResetPassword(ResetPassword { name: "Mira".into(), link, valid_hours: 1 })
}

fn confirm() -> Letter {
    let link = "https://hall.example.com/confirm?token=t0k3n".into();
    Letter::ConfirmEmail(ConfirmEmail { name: "Mira".into(), link, valid_hours: 24 })
}

/// The text without the line breaks of quoted-printable.
pub(crate) fn unfolded(text: &str) -> String {
    text.replace("=\n", "").replace("=3D", "=")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_arrives_with_both_its_parts() {
    let mut desk = Desk::open().await;
    let id = queue(&desk.hall, " mira@example.org ", confirm()).await.expect("queued");
    assert!(desk.smtp.is_empty(), "nothing is sent in the transaction");
    assert_eq!(jobs::run_due(&desk.hall).await.expect("it ran"), 1);
    let mail = desk.smtp.next().await;
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("hall@example.com", &["mira@example.org".to_owned()][..])
    );
    for header in [
        "From: \"Our Hall\" <hall@example.com>",
        "To: mira@example.org",
        "Subject: Confirm your e-mail",
        "Date: Wed, 01 May 2024 00:00:00 +0000",
        &format!("Message-ID: <{id}@example.com>"),
        "Content-Type: multipart/alternative;",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/html; charset=utf-8",
    ] {
        assert!(mail.text.lines().any(|line| line.starts_with(header)), "no \"{header}\" in {}", mail.text);
    }
    let text = unfolded(&mail.text);
    assert!(text.contains("\nhttps://hall.example.com/confirm?token=t0k3n\n"), "{text}");
    assert!(text.contains("href=\"https://hall.example.com/confirm?token=t0k3n\""), "{text}");
    assert_eq!(jobs::count(&desk.hall).await.expect("a count"), jobs::Count { waiting: 0, dead: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_busy_is_asked_again_and_one_that_knows_better_is_not() {
    let mut desk = Desk::open().await;
    queue(&desk.hall, "mira@example.org", reset()).await.expect("queued");
    desk.smtp.refuse_next("451 come back later");
    assert_eq!(jobs::run_due(&desk.hall).await.expect("it ran"), 1);
    let job = desk.only_job().await;
    assert_eq!((job.standing, job.tries), (jobs::Standing::Waiting, 1));
    assert!(job.last_error.as_deref().is_some_and(|why| why.contains("come back later")), "{job:?}");
    desk.clock.advance_ms(RESTS_MS[0] * 2);
    assert_eq!(jobs::run_due(&desk.hall).await.expect("it ran"), 1);
    assert!(desk.smtp.next().await.text.contains("Subject: Reset your password"));

    queue(&desk.hall, "nobody@example.org", reset()).await.expect("queued");
    desk.smtp.refuse_next("550 no such user");
    jobs::run_due(&desk.hall).await.expect("it ran");
    let job = desk.only_job().await;
    assert_eq!((job.standing, job.tries), (jobs::Standing::Dead, 1));
    assert!(job.last_error.as_deref().is_some_and(|why| why.contains("no such user")), "{job:?}");

    // A refusal that is not about the mail, such as a wrong password, is for the operator to mend.
    jobs::discard(&desk.hall, job.id).await.expect("discarded");
    queue(&desk.hall, "mira@example.org", reset()).await.expect("queued");
    desk.smtp.refuse_next("530 authentication required");
    jobs::run_due(&desk.hall).await.expect("it ran");
    assert_eq!(desk.only_job().await.standing, jobs::Standing::Waiting);
    assert!(desk.smtp.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_address_is_refused_and_queues_nothing() {
    let desk = Desk::open().await;
    for to in ["", "mira", "mira@", "@example.org", "a@b.c\r\nBcc: x@y.z", "a@b.c, x@y.z", "M <a@b.c>"] {
        let refused = queue(&desk.hall, to, reset()).await.expect_err(to);
        assert!(refused.to_string().ends_with("is not an e-mail address."), "{refused}");
    }
    assert_eq!(jobs::count(&desk.hall).await.expect("a count").waiting, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_served_hall_sends_by_itself() {
    let (directory, mut smtp) = (tempfile::tempdir().expect("a directory"), Smtp::start().await);
    let config = with_smtp(config(&directory), &smtp);
    let running =
        serve::start(&config, Clock::frozen(NOW_MS), Random::seeded(7), false).await.expect("it opens");
    for _ in 0..3 {
        queue(&running.hall, "mira@example.org", reset()).await.expect("queued");
        assert!(smtp.next().await.text.contains("Subject: Reset your password"));
    }
    jobs::run_due(&running.hall).await.expect("it settles");
    let figures = reqwest::get(format!("{}/metrics", running.origin)).await.expect("an answer");
    let figures = figures.text().await.expect("text");
    assert!(figures.contains("\nguildhall_jobs_waiting 0\n"), "{figures}");
    assert!(figures.contains("\nguildhall_jobs_dead 0\n"), "{figures}");
    running.stop().await.expect("it stops");
}

/// Opens the hall of a home beside its server, as a command does.
async fn beside(home: &Home, smtp: Option<&Smtp>) -> Guildhall {
    let postgres = home.postgres();
    let config = Config {
        data_dir: home.data_dir(),
        database_schema: postgres.as_ref().map_or_else(String::new, |(_, schema)| (*schema).to_owned()),
        database_url: postgres.map(|(url, _)| url),
        ..Config::default()
    };
    let config = match smtp {
        Some(smtp) => with_smtp(config, smtp),
        None => config,
    };
    open_hall(&config, "http://localhost", Clock::system(), Random::System).await.expect("it opens")
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_the_link_is_in_the_log() {
    let home = Home::new();
    let mut server: Server = home.serve(&[]).await;
    server.logged("mail is not configured: the links of mails are written to this log (set smtp_url)").await;
    let hall = beside(&home, None).await;
    queue(&hall, "mira@example.org", reset()).await.expect("queued");
    let told = "mail to mira@example.org: Reset your password https://hall.example.com/reset?token=t0k3n (mail is not configured";
    server.logged(told).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_list_retry_and_discard() {
    let (home, mut smtp) = (Home::new(), Smtp::start().await);
    let said = async |arguments: &[&str]| {
        let output = run(&mut home.over_data(arguments)).await;
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (output.status.success(), text(output.stdout), text(output.stderr))
    };
    std::fs::create_dir_all(home.data_dir()).expect("a directory");
    let hall = beside(&home, Some(&smtp)).await;
    assert_eq!(said(&["jobs", "list"]).await.1, "0 waiting, 0 dead; 0 of 0 shown.\n");

    smtp.refuse_next("550 no such user");
    let dead = queue(&hall, "mira@example.org", reset()).await.expect("queued");
    jobs::run_due(&hall).await.expect("it ran");
    let waiting = queue(&hall, "mira@example.org", confirm()).await.expect("queued");
    let (_, listed, _) = said(&["jobs", "list"]).await;
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[0].starts_with("JOB ") && lines[0].ends_with("TRIES  WHY THE LAST TRY FAILED"), "{listed}");
    assert!(
        lines[1].starts_with(waiting.as_str()) && lines[1].contains("  mail  ") && lines[1].contains("now"),
        "{listed}"
    );
    assert!(lines[2].starts_with(dead.as_str()) && lines[2].contains("no such user"), "{listed}");
    assert_eq!(lines[4], "1 waiting, 1 dead; 2 of 2 shown.");
    assert!(!listed.contains("t0k3n"), "a secret is shown: {listed}");
    let (_, listed, _) = said(&["jobs", "list", "--dead", "--limit", "1"]).await;
    assert!(listed.contains(dead.as_str()) && !listed.contains(waiting.as_str()), "{listed}");

    let (_, told, _) = said(&["jobs", "discard", waiting.as_str()]).await;
    assert_eq!(told, format!("The job {waiting} is discarded.\n"));
    let (fine, _, sentence) = said(&["jobs", "discard", waiting.as_str()]).await;
    assert!(!fine);
    assert_eq!(sentence, format!("guildhall: There is no job `{waiting}`; it may be done already.\n"));
    let (fine, _, sentence) = said(&["jobs", "retry", "post_1"]).await;
    assert!(!fine && sentence.contains("is not a job id: those start with `job_`"), "{sentence}");
    assert!(!said(&["jobs", "retry"]).await.0);

    assert_eq!(said(&["jobs", "retry", dead.as_str()]).await.1, format!("The job {dead} is due now.\n"));
    smtp.refuse_next("550 still no such user");
    let server = home.serve(&["--smtp-url", &smtp.url(), "--mail-from", "hall@example.com"]).await;
    // The served hall tries it by itself; the command sees the outcome beside it.
    let died = async { while !said(&["jobs", "list", "--dead"]).await.1.contains("0 waiting, 1 dead") {} };
    tokio::time::timeout(PATIENCE, died).await.expect("it dies again in time");
    assert_eq!(said(&["jobs", "retry", "--all-dead"]).await.1, "1 dead job is due now.\n");
    assert!(smtp.next().await.text.contains(dead.as_str()));
    server.stop().await;
    assert_eq!(said(&["jobs", "list"]).await.1, "0 waiting, 0 dead; 0 of 0 shown.\n");
}
