//! The commands, which follow from the seed alone.
//!
//! Whichever way they are interleaved, the same number of each kind succeeds: buyers differ, what runs out is asked for
//! in equal pieces, and what a refund takes back is named by the purchase it is of. So what must come out is known
//! before anything is sent.

use super::Storm;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// What the plans cost, in cents of usd.
pub(super) const PRICES_MINOR: [i64; 3] = [500, 2_000, 9_999];
/// What a promo code takes off, in cents.
pub(super) const OFF_MINOR: i64 = 125;
/// How many promo codes there are.
pub(super) const PROMO_CODES: usize = 8;
/// What one transfer from the account that runs out takes, in cents.
pub(super) const SCARCE_MINOR: i64 = 7;
/// How many people are paid.
pub(super) const PAYEES: usize = 4;
/// A refund is of a purchase at least so many commands before it.
const REFUND_DISTANCE: usize = 100;
/// The longest that a command of an operator lives before it is killed, in milliseconds.
const LONGEST_LIFE_MS: u64 = 150;

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// The company pays somebody.
    Pay { payee: usize, amount_minor: i64 },
    /// The agent pays somebody out of an account that runs out.
    PayScarce { payee: usize },
    /// Somebody buys by the checkout page.
    Buy { plan: usize, card: Card, promo: Option<usize> },
    /// The operator gives a purchase back.
    Refund { purchase: usize, amount_minor: i64, is_whole: bool, dies_after_ms: Option<u64> },
}

/// The sandbox's test cards that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Card {
    Good,
    Declined,
    ProcessorDown,
}

impl Card {
    pub(super) fn number(self) -> &'static str {
        match self {
            Self::Good => "4242424242424242",
            Self::Declined => "4000000000009995",
            Self::ProcessorDown => "4000000000000119",
        }
    }
}

/// Everything that one seed makes.
#[derive(Debug)]
pub(super) struct Commands {
    pub(super) seed: u64,
    pub(super) all: Vec<Command>,
    /// Which are sent twice at once.
    twice: Vec<bool>,
    /// After how many commands a server is killed, ascending.
    pub(super) kills: Vec<usize>,
}

impl Commands {
    pub(super) fn seeded(storm: Storm) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(storm.seed);
        let count = usize::try_from(storm.commands).expect("a count fits in memory");
        let mut all = Vec::with_capacity(count);
        // Purchases that went well and that no refund is of yet.
        let mut refundable: Vec<usize> = Vec::new();
        for index in 0..count {
            let command = one(&mut random, &mut refundable, &all);
            if matches!(command, Command::Buy { card: Card::Good, promo: None, .. }) {
                refundable.push(index);
            }
            all.push(command);
        }
        let twice = (0..count).map(|_| random.random_ratio(1, 20)).collect();
        let mut kills: Vec<usize> = (0..storm.kills).map(|_| random.random_range(0..count)).collect();
        kills.sort_unstable();
        Self { seed: storm.seed, all, twice, kills }
    }

    pub(super) fn is_sent_twice(&self, index: usize) -> bool {
        self.twice[index]
    }

    /// The key of a command, which no other has.
    pub(super) fn key(&self, index: usize) -> String {
        format!("chaos-{}-{index}", self.seed)
    }

    /// The checkout session of a purchase.
    pub(super) fn session(&self, index: usize) -> String {
        format!("ch_chaos{}x{index}", self.seed)
    }

    fn count(&self, wanted: impl Fn(&Command) -> bool) -> usize {
        self.all.iter().filter(|command| wanted(command)).count()
    }

    /// What the company pays in all, in cents.
    pub(super) fn paid_by_company_minor(&self) -> i64 {
        let amounts = self.all.iter().map(|command| match command {
            Command::Pay { amount_minor, .. } => *amount_minor,
            _ => 0,
        });
        amounts.sum()
    }

    /// What the account that runs out holds: about half of what is asked of it, in cents, and a remainder that is too
    /// little for one more.
    pub(super) fn scarce_funds_minor(&self) -> i64 {
        let asked = self.count(|command| matches!(command, Command::PayScarce { .. }));
        i64::try_from(asked / 2).expect("few") * SCARCE_MINOR + SCARCE_MINOR - 1
    }

    /// How many transfers from the account that runs out succeed.
    pub(super) fn scarce_payments(&self) -> usize {
        let asked = self.count(|command| matches!(command, Command::PayScarce { .. }));
        asked / 2
    }

    /// How often a promo code can be used: by about half of those who want to.
    pub(super) fn promo_stock(&self, code: usize) -> usize {
        (self.wanting(code) / 2).max(1)
    }

    /// How many purchases want a promo code.
    pub(super) fn wanting(&self, code: usize) -> usize {
        self.count(|command| matches!(command, Command::Buy { promo: Some(wanted), .. } if *wanted == code))
    }
}

fn one(random: &mut ChaCha8Rng, refundable: &mut Vec<usize>, all: &[Command]) -> Command {
    match random.random_range(0..1000) {
        0..640 => {
            Command::Pay { payee: random.random_range(0..PAYEES), amount_minor: random.random_range(1..=20) }
        }
        640..700 => Command::PayScarce { payee: random.random_range(0..PAYEES) },
        700..960 => buy(random),
        960..995 => Command::Buy {
            // One plan for what a code takes off, so that the sum is known whoever gets it.
            plan: 1,
            card: Card::Good,
            promo: Some(random.random_range(0..PROMO_CODES)),
        },
        _ => refund(random, refundable, all).unwrap_or_else(|| buy(random)),
    }
}

fn buy(random: &mut ChaCha8Rng) -> Command {
    let card = match random.random_range(0..100) {
        0..90 => Card::Good,
        90..98 => Card::Declined,
        _ => Card::ProcessorDown,
    };
    Command::Buy { plan: random.random_range(0..PRICES_MINOR.len()), card, promo: None }
}

fn refund(random: &mut ChaCha8Rng, refundable: &mut Vec<usize>, all: &[Command]) -> Option<Command> {
    let old_enough = refundable.partition_point(|purchase| purchase + REFUND_DISTANCE < all.len());
    if old_enough == 0 {
        return None;
    }
    let purchase = refundable.remove(random.random_range(0..old_enough));
    let Command::Buy { plan, .. } = &all[purchase] else { return None };
    let price = PRICES_MINOR[*plan];
    let is_whole = random.random_bool(0.5);
    let amount_minor = if is_whole { price } else { random.random_range(1..price) };
    let dies = random.random_bool(0.3).then(|| random.random_range(0..LONGEST_LIFE_MS));
    Some(Command::Refund { purchase, amount_minor, is_whole, dies_after_ms: dies })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_commands_again_and_another_others() {
        let storm = Storm { commands: 2_000, kills: 5, seed: 7 };
        let (one, same) = (Commands::seeded(storm), Commands::seeded(storm));
        assert_eq!((&one.all, &one.twice, &one.kills), (&same.all, &same.twice, &same.kills));
        assert_ne!(one.all, Commands::seeded(Storm { seed: 8, ..storm }).all);
    }

    #[test]
    fn every_kind_is_there_and_refunds_are_of_earlier_purchases_once_each() {
        let commands = Commands::seeded(Storm { commands: 5_000, kills: 5, seed: 7 });
        let mut given_back = std::collections::HashSet::new();
        for (index, command) in commands.all.iter().enumerate() {
            if let Command::Refund { purchase, .. } = command {
                assert!(purchase + REFUND_DISTANCE < index);
                assert!(given_back.insert(*purchase));
                assert!(matches!(
                    commands.all[*purchase],
                    Command::Buy { card: Card::Good, promo: None, .. }
                ));
            }
        }
        assert!(given_back.len() > 10);
        assert!(commands.scarce_payments() > 50);
        assert!((0..PROMO_CODES).all(|code| commands.promo_stock(code) < commands.wanting(code)));
    }
}
