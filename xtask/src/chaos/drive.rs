//! Sending: many commands at once, kills among them, and each sent until it is answered.

use super::client::{Answer, order};
use super::commands::{Command, Commands};
use super::hall::Hall;
use super::scene::Scene;
use crate::Fallible;
use crate::clock::pause;
use futures_util::future::try_join_all;
use std::cell::Cell;
use std::time::Duration;
use tokio::sync::watch;

/// How many commands are under way at once.
const AT_ONCE: usize = 32;
/// How long whoever was not answered waits before it asks again.
const REST: Duration = Duration::from_millis(20);
/// How often a command of an operator may find the database busy.
const OPERATOR_TRIES: usize = 20;

/// What every command was answered in the end.
#[derive(Debug)]
pub(super) struct Answers {
    all: Vec<Cell<Option<bool>>>,
    /// How many sends were cut off.
    pub(super) resent: u64,
}

impl Answers {
    /// Whether a command did what it asked for; `false` when it was refused.
    pub(super) fn is_done(&self, index: usize) -> bool {
        self.all[index].get() == Some(true)
    }
}

/// One run under way.
struct Run<'a> {
    hall: &'a Hall,
    scene: &'a Scene,
    commands: &'a Commands,
    answers: Vec<Cell<Option<bool>>>,
    next: Cell<usize>,
    resent: Cell<u64>,
    /// How many commands were begun, and how many were answered.
    progress: watch::Sender<(usize, usize)>,
}

/// Sends every command and kills servers meanwhile; ends when each command was answered.
pub(super) async fn drive(hall: &Hall, scene: &Scene, commands: &Commands) -> Fallible<Answers> {
    let run = Run {
        hall,
        scene,
        commands,
        answers: vec![Cell::new(None); commands.all.len()],
        next: Cell::new(0),
        resent: Cell::new(0),
        progress: watch::Sender::new((0, 0)),
    };
    let workers = try_join_all((0..AT_ONCE).map(|_| run.work()));
    tokio::try_join!(workers, run.kill())?;
    Ok(Answers { all: run.answers, resent: run.resent.get() })
}

impl Run<'_> {
    async fn work(&self) -> Fallible<()> {
        loop {
            let index = self.next.get();
            if index == self.commands.all.len() {
                return Ok(());
            }
            self.next.set(index + 1);
            self.progress.send_modify(|(begun, _)| *begun += 1);
            let is_done = if self.commands.is_sent_twice(index) {
                let (one, other) = tokio::try_join!(self.carry_out(index, 0), self.carry_out(index, 1))?;
                if one != other {
                    return Err(format!("command {index}, sent twice, was done and refused").into());
                }
                one
            } else {
                self.carry_out(index, 0).await?
            };
            self.answers[index].set(Some(is_done));
            self.progress.send_modify(|(_, answered)| *answered += 1);
        }
    }

    /// Kills a server whenever so many commands were begun.
    async fn kill(&self) -> Fallible<()> {
        let mut progress = self.progress.subscribe();
        for (turn, moment) in self.commands.kills.iter().enumerate() {
            progress.wait_for(|(begun, _)| begun > moment).await?;
            self.hall.kill(turn).await?;
        }
        Ok(())
    }

    /// Sends a command until it is answered; says whether it was done or refused. `turn` names who is asked first.
    async fn carry_out(&self, index: usize, turn: usize) -> Fallible<bool> {
        if let Command::Refund { purchase, amount_minor, dies_after_ms, .. } = &self.commands.all[index] {
            return self.give_back(index, *purchase, *amount_minor, *dies_after_ms).await;
        }
        for attempt in 0.. {
            match self.send(index, &self.hall.origin(index + turn + attempt)).await? {
                Answer::Done => return Ok(true),
                Answer::Refused => return Ok(false),
                Answer::Gone => self.rest().await,
            }
        }
        unreachable!("attempts do not run out")
    }

    async fn rest(&self) {
        self.resent.set(self.resent.get() + 1);
        pause(REST).await;
    }

    async fn send(&self, index: usize, origin: &str) -> Fallible<Answer> {
        let (scene, client) = (self.scene, &self.scene.client);
        let key = self.commands.key(index);
        match &self.commands.all[index] {
            Command::Pay { payee, amount_minor } => {
                let ends = (scene.company_account.as_str(), scene.payees[*payee].as_str());
                client.transfer(origin, ends, *amount_minor, &key).await
            }
            Command::PayScarce { payee } => {
                let ends = (scene.scarce_account.as_str(), scene.payees[*payee].as_str());
                client.transfer(origin, ends, super::commands::SCARCE_MINOR, &key).await
            }
            Command::Buy { plan, card, promo } => {
                client.order(origin, &order(scene, self.commands, index, (*plan, *card, *promo))).await
            }
            Command::Refund { .. } => Err("a refund is an operator's".into()),
        }
    }

    /// Gives a purchase back by the operator's command, once its purchase was answered.
    async fn give_back(
        &self,
        index: usize,
        purchase: usize,
        amount_minor: i64,
        dies_after_ms: Option<u64>,
    ) -> Fallible<bool> {
        let mut progress = self.progress.subscribe();
        progress.wait_for(|_| self.answers[purchase].get().is_some()).await?;
        let payment = self.payment_of(purchase).await?;
        let amount = super::client::major(amount_minor).to_string();
        let key = self.commands.key(index);
        let words = ["payments", "refund", &payment, "--amount", &amount, "--key", &key];
        if let Some(after) = dies_after_ms {
            self.hall.run_and_kill(&words, Duration::from_millis(after)).await?;
        }
        for _ in 0..OPERATOR_TRIES {
            match self.hall.run(&words).await {
                Ok(_) => return Ok(true),
                Err(error) if error.to_string().contains("locked") => self.rest().await,
                Err(error) => return Err(error),
            }
        }
        Err(format!("the database was busy {OPERATOR_TRIES} times for refund {key}").into())
    }

    async fn payment_of(&self, purchase: usize) -> Fallible<String> {
        let session = self.commands.session(purchase);
        for attempt in 0.. {
            match self.scene.client.payment_of(&self.hall.origin(attempt), &session).await {
                Ok(Some(payment)) => return Ok(payment),
                Ok(None) => return Err(format!("the purchase {session} was taken, and is not paid").into()),
                Err(_) => self.rest().await,
            }
        }
        unreachable!("attempts do not run out")
    }
}
