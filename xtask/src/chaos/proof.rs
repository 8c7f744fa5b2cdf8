//! The proof: what was answered is what the books hold, once each.

use super::commands::{Card, Command, Commands, OFF_MINOR, PRICES_MINOR, SCARCE_MINOR};
use super::drive::Answers;
use super::hall::Hall;
use super::scene::Scene;
use crate::Fallible;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::HashMap;
use std::fmt;

/// The most entries that one statement shows.
const PAGE: usize = 10_000;
/// How many purchases are looked at at once.
const AT_ONCE: usize = 16;

/// How a run ended. It follows from the seed alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    transfers: usize,
    transfers_refused: usize,
    purchases: usize,
    purchases_declined: usize,
    promo_codes_refused: usize,
    refunds: usize,
    memberships: u64,
    taken_minor: i64,
    /// What each kind of account holds together, as `guildhall ledger accounts` shows it.
    totals: String,
}

impl fmt::Display for Ending {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "    transfers {}, refused {}", self.transfers, self.transfers_refused)?;
        writeln!(
            to,
            "    purchases {}, cards declined {}, promo codes used up {}",
            self.purchases, self.purchases_declined, self.promo_codes_refused
        )?;
        writeln!(to, "    refunds {}, memberships {}", self.refunds, self.memberships)?;
        writeln!(to, "    the sandbox holds {}.{:02} usd", self.taken_minor / 100, self.taken_minor % 100)?;
        write!(to, "{}", self.totals)
    }
}

/// Lets what was left behind end, and holds the books beside the answers.
pub(super) async fn prove(
    hall: &Hall,
    scene: &Scene,
    commands: &Commands,
    answers: &Answers,
) -> Fallible<Ending> {
    // Whoever was left behind is looked after a minute later; what fails then, some minutes after that.
    for _ in 0..3 {
        hall.run(&["clock", "advance", "10m"]).await?;
    }
    hall.run(&["ledger", "audit"]).await?;
    let (transfers, transfers_refused) = transfers(hall, scene, commands, answers).await?;
    let sales = Sales::count(hall, scene, commands, answers).await?;
    let memberships = memberships(hall, scene, commands, &sales).await?;
    let books = hall.run(&["payments", "reconcile"]).await?;
    let taken_minor = scene.taken_before_minor + sales.paid_minor - sales.given_back_minor;
    let taken = format!("{}.{:02} usd", taken_minor / 100, taken_minor % 100);
    if !books.lines().any(|line| line.contains(&format!(" {taken} ")) && line.contains("usd")) {
        return Err(format!("the sandbox should hold {taken}: {books}").into());
    }
    let accounts = hall.run(&["ledger", "accounts"]).await?;
    let totals = accounts.split("\n\n").last().unwrap_or_default();
    Ok(Ending {
        transfers,
        transfers_refused,
        purchases: sales.payments.len(),
        purchases_declined: sales.declined,
        promo_codes_refused: sales.promo_refused,
        refunds: sales.refunds,
        memberships,
        taken_minor,
        totals: totals.lines().map(|line| format!("    {line}\n")).collect(),
    })
}

/// Every transfer that was done has one entry of its amount, and none that was refused has any.
async fn transfers(
    hall: &Hall,
    scene: &Scene,
    commands: &Commands,
    answers: &Answers,
) -> Fallible<(usize, usize)> {
    let mut booked = entries_with_keys(hall, &scene.company_account).await?;
    booked.extend(entries_with_keys(hall, &scene.scarce_account).await?);
    let (mut done, mut refused, mut scarce) = (0, 0, 0);
    for (index, command) in commands.all.iter().enumerate() {
        let amount_minor = match command {
            Command::Pay { amount_minor, .. } => *amount_minor,
            Command::PayScarce { .. } => SCARCE_MINOR,
            Command::Buy { .. } | Command::Refund { .. } => continue,
        };
        let key = commands.key(index);
        let expected = if answers.is_done(index) { vec![-amount_minor] } else { Vec::new() };
        let found = booked.remove(&key).unwrap_or_default();
        if found != expected {
            return Err(
                format!("the transfer {key} should have the entries {expected:?}, not {found:?}").into()
            );
        }
        let (is_done, is_scarce) = (answers.is_done(index), matches!(command, Command::PayScarce { .. }));
        done += usize::from(is_done);
        refused += usize::from(!is_done);
        scarce += usize::from(is_done && is_scarce);
        if !is_done && !is_scarce {
            return Err(format!("the transfer {key} was refused, though the company has enough").into());
        }
    }
    booked.remove(&format!("chaos-{}-funds", commands.seed));
    if let Some(key) = booked.keys().next() {
        return Err(format!("an entry names {key}, which no transfer was sent under").into());
    }
    if scarce != commands.scarce_payments() {
        let most = commands.scarce_payments();
        return Err(format!("{scarce} transfers from the account that runs out, not {most}").into());
    }
    Ok((done, refused))
}

/// The entries of an account that name a key, in cents.
async fn entries_with_keys(hall: &Hall, account: &str) -> Fallible<HashMap<String, Vec<i64>>> {
    let mut found: HashMap<String, Vec<i64>> = HashMap::new();
    for line in statement(hall, account).await? {
        let mut parts = line.split('"');
        if let (Some(_), Some(key), Some(rest)) = (parts.next(), parts.next(), parts.next()) {
            found.entry(key.to_owned()).or_default().push(first_amount(rest)?);
        }
    }
    // What the account took in under the same key is its counterpart's.
    found.retain(|_, amounts| {
        amounts.retain(|amount| *amount < 0);
        !amounts.is_empty()
    });
    Ok(found)
}

/// The lines of an account's whole statement.
async fn statement(hall: &Hall, account: &str) -> Fallible<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    loop {
        let (after, most) = (lines.len().to_string(), PAGE.to_string());
        let words = ["ledger", "statement", account, "--currency", "usd", "--after", &after, "--most", &most];
        let printed = hall.run(&words).await?;
        let entries = printed.lines().filter(|line| is_entry(line));
        let before = lines.len();
        lines.extend(entries.map(str::to_owned));
        if lines.len() - before < PAGE {
            return Ok(lines);
        }
    }
}

/// Whether a line of a statement begins with a number and a day; those around them say where it goes on.
fn is_entry(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let is_number = words.next().is_some_and(|word| word.parse::<u32>().is_ok());
    let is_day = |word: &str| word.len() == 10 && word.as_bytes()[4] == b'-';
    is_number && words.next().is_some_and(is_day)
}

/// The first amount with a sign, in cents.
fn first_amount(text: &str) -> Fallible<i64> {
    let signed = |word: &&str| word.starts_with(['+', '-']) && word.contains('.');
    let word = text.split_whitespace().find(signed).ok_or_else(|| format!("no amount in {text}"))?;
    Ok(word.replace(['.', '+'], "").parse()?)
}

/// What was sold and given back.
#[derive(Debug, Default)]
struct Sales {
    /// The payments, with the purchase that each is of.
    payments: HashMap<String, usize>,
    paid_minor: i64,
    given_back_minor: i64,
    declined: usize,
    promo_refused: usize,
    refunds: usize,
    /// How many of each plan were paid for and not given back whole.
    kept: [u64; PRICES_MINOR.len()],
}

impl Sales {
    async fn count(hall: &Hall, scene: &Scene, commands: &Commands, answers: &Answers) -> Fallible<Self> {
        let mut sales = Self::default();
        let mut payments = payments(hall, scene, commands).await?;
        for (index, command) in commands.all.iter().enumerate() {
            match command {
                Command::Buy { plan, card, promo } => {
                    // Whom the processor was down for is charged when it is asked again.
                    let is_meant = *card != Card::Declined && answers.is_done(index);
                    let session = commands.session(index);
                    let payment = payments.remove(&index);
                    sales.look_at(payment, &session, (index, *plan, *promo), is_meant)?;
                    sales.declined += usize::from(*card == Card::Declined);
                    sales.promo_refused += usize::from(promo.is_some() && !answers.is_done(index));
                }
                Command::Refund { purchase, amount_minor, is_whole, .. } => {
                    sales.given_back_minor += amount_minor;
                    sales.refunds += 1;
                    let Command::Buy { plan, .. } = &commands.all[*purchase] else { continue };
                    sales.kept[*plan] -= u64::from(*is_whole);
                }
                Command::Pay { .. } | Command::PayScarce { .. } => {}
            }
        }
        for code in 0..scene.promo_codes.len() {
            let used = commands.all.iter().enumerate().filter(|(index, command)| {
                matches!(command, Command::Buy { promo: Some(one), .. } if *one == code)
                    && answers.is_done(*index)
            });
            let (used, most) = (used.count(), commands.promo_stock(code).min(commands.wanting(code)));
            if used != most {
                return Err(format!("the promo code {code} was used {used} times, not {most}").into());
            }
        }
        sales.check_books(hall).await?;
        Ok(sales)
    }

    /// Whether one purchase is paid, which it must be when it was answered and its card is good.
    fn look_at(
        &mut self,
        payment: Option<String>,
        session: &str,
        (index, plan, promo): (usize, usize, Option<usize>),
        is_meant: bool,
    ) -> Fallible<()> {
        match payment {
            Some(payment) if is_meant => {
                if let Some(other) = self.payments.insert(payment.clone(), index) {
                    return Err(format!("{payment} is the payment of purchases {other} and {index}").into());
                }
                self.paid_minor += PRICES_MINOR[plan] - if promo.is_some() { OFF_MINOR } else { 0 };
                self.kept[plan] += 1;
                Ok(())
            }
            None if !is_meant => Ok(()),
            Some(_) => Err(format!("{session} is paid, though it should not be").into()),
            None => Err(format!("{session} is not paid, though it was taken").into()),
        }
    }

    /// Every payment was charged once, every refund given back once, and nothing else was.
    async fn check_books(&self, hall: &Hall) -> Fallible<()> {
        let accounts = hall.run(&["ledger", "accounts"]).await?;
        let funding = accounts.lines().find(|line| line.contains("funding (sandbox)"));
        let account =
            funding.and_then(|line| line.split_whitespace().next()).ok_or("the sandbox has no account")?;
        let mut charged: HashMap<String, usize> = HashMap::new();
        let (mut refunds, mut given_back_minor) = (0, 0);
        for line in statement(hall, account).await? {
            let words: Vec<&str> = line.split_whitespace().collect();
            // Its number, the day and the time; then why, and about what.
            match (words.get(3), words.get(4)) {
                (Some(&"sale"), Some(payment)) => *charged.entry((*payment).to_owned()).or_default() += 1,
                (Some(&"refund"), Some(_)) => {
                    refunds += 1;
                    given_back_minor += first_amount(&line)?;
                }
                _ => return Err(format!("the sandbox's account holds what was not asked for: {line}").into()),
            }
        }
        if (refunds, given_back_minor) != (self.refunds, self.given_back_minor) {
            let expected = (self.refunds, self.given_back_minor);
            return Err(format!("{refunds} refunds of {given_back_minor} cents, not {expected:?}").into());
        }
        for payment in self.payments.keys() {
            match charged.remove(payment) {
                Some(1) => {}
                found => return Err(format!("{payment} was charged {} times", found.unwrap_or(0)).into()),
            }
        }
        // The sale that the company's funds are from.
        match charged.len() {
            1 => Ok(()),
            more => Err(format!("{more} charges belong to no purchase, and one should").into()),
        }
    }
}

/// The payments of the purchases that are paid, as the page of each shows it.
async fn payments(hall: &Hall, scene: &Scene, commands: &Commands) -> Fallible<HashMap<usize, String>> {
    let purchases = commands.all.iter().enumerate();
    let purchases = purchases.filter(|(_, command)| matches!(command, Command::Buy { .. }));
    let looks = purchases.map(|(index, _)| async move {
        let session = commands.session(index);
        let payment = scene.client.payment_of(&hall.origin(index), &session).await?;
        Fallible::Ok(payment.map(|payment| (index, payment)))
    });
    let found: Vec<Option<(usize, String)>> = stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// Whoever paid and was not given everything back is a member.
async fn memberships(hall: &Hall, scene: &Scene, commands: &Commands, sales: &Sales) -> Fallible<u64> {
    let mut all = 0;
    for (plan, kept) in scene.plans.iter().zip(sales.kept) {
        let found = scene.client.memberships(&hall.origin(0), &scene.company, plan).await?;
        if found != kept {
            let seed = commands.seed;
            return Err(format!("{plan} has {found} memberships, not {kept} (seed {seed})").into());
        }
        all += found;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_told_from_what_stands_around_them() {
        let entry = "10000  2026-11-30 22:09:31  transfer  \"chaos-3-15530\"  user user_1  -0.07  48410.33";
        assert!(is_entry(entry));
        assert_eq!(first_amount(entry).expect("an amount"), -7);
        let after =
            "2872 more entries follow: guildhall ledger statement ldgr_1 --currency usd --after 10000";
        for other in [after, "#  WHEN (UTC)  WHY", "           closing balance   48410.33", ""] {
            assert!(!is_entry(other), "{other}");
        }
    }
}
