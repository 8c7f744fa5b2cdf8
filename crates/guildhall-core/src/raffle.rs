//! Raffles: a draw that anyone can compute again.
//!
//! 1. When the raffle opens, 32 random bytes are made, its **seed**, and kept secret. Published is the **commitment**,
//!    `SHA-256("guildhall raffle commitment v1\n" ‖ seed)`, in hexadecimal.
//! 2. When entries are closed, their ids are sorted as bytes, and their **digest** is published, which holds how many
//!    win, too: `SHA-256("guildhall raffle entries v2\n" ‖ raffle ‖ "\n" ‖ winners ‖ "\n" ‖ each id followed by "\n")`,
//!    in hexadecimal, the winners in decimal.
//! 3. The draw publishes the seed. The **ticket** of an entry is
//!    `HMAC-SHA256(key = seed, "guildhall raffle ticket v1\n" ‖ digest ‖ "\n" ‖ id)`, the digest in hexadecimal. Entries
//!    are ordered by their tickets, as bytes, then by their ids; the first `winners` of them win, in that order.
//!
//! The commitment shows that the seed was not chosen after the entries were known, and the digest in each ticket that
//! no entry and no place was added, removed or exchanged after the list was published. What no such draw shows is that the list
//! itself is honest: whoever runs the server knows the seed, and could enter before the list is closed.

use crate::{Invalid, invalid};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// A raffle's secret, until it is drawn.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl std::fmt::Debug for Seed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Seed(..)")
    }
}

impl Seed {
    /// A seed of random bytes.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// Its bytes, for the store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What is published before the draw: 64 hexadecimal digits.
    #[must_use]
    pub fn commitment(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(b"guildhall raffle commitment v1\n");
        digest.update(self.0);
        hexadecimal(&digest.finalize())
    }
}

/// A draw as it is published: all that is needed to compute it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// What was raffled off: the plan's id.
    pub raffle: String,
    /// What was published when it opened.
    pub commitment: String,
    /// The seed, in hexadecimal.
    pub seed: String,
    /// Every entry's id, sorted.
    pub entries: Vec<String>,
    /// The digest of the entries and the places, in hexadecimal.
    pub entries_digest: String,
    /// How many were to win.
    pub places: usize,
    /// The entries that won, in order; fewer than places when there are fewer entries.
    pub winners: Vec<String>,
}

/// The digest of a raffle's entries, whose order does not matter, and of how many win: 64 hexadecimal digits.
#[must_use]
pub fn entries_digest<S: AsRef<str>>(raffle: &str, places: usize, entries: &[S]) -> String {
    let mut sorted: Vec<&str> = entries.iter().map(AsRef::as_ref).collect();
    sorted.sort_unstable();
    let mut digest = Sha256::new();
    digest.update(b"guildhall raffle entries v2\n");
    digest.update(raffle.as_bytes());
    digest.update(b"\n");
    digest.update(places.to_string().as_bytes());
    digest.update(b"\n");
    for entry in sorted {
        digest.update(entry.as_bytes());
        digest.update(b"\n");
    }
    hexadecimal(&digest.finalize())
}

/// Draws.
///
/// # Errors
/// When an entry is there twice, or an id holds a line break.
pub fn draw(raffle: &str, seed: &Seed, mut entries: Vec<String>, places: usize) -> Result<Draw, Invalid> {
    entries.sort_unstable();
    if let Some(pair) = entries.windows(2).find(|pair| pair[0] == pair[1]) {
        return invalid(format!("The entry `{}` is there twice.", pair[0]));
    }
    if raffle.contains('\n') || entries.iter().any(|entry| entry.is_empty() || entry.contains('\n')) {
        return invalid("An id is not empty, and holds no line break.");
    }
    let entries_digest = entries_digest(raffle, places, &entries);
    let mut ordered: Vec<([u8; 32], &String)> =
        entries.iter().map(|entry| (ticket(seed, &entries_digest, entry), entry)).collect();
    ordered.sort_unstable();
    let winners = ordered.iter().take(places).map(|(_, entry)| (*entry).clone()).collect();
    Ok(Draw {
        raffle: raffle.to_owned(),
        commitment: seed.commitment(),
        seed: hexadecimal(&seed.0),
        entries,
        entries_digest,
        places,
        winners,
    })
}

/// Computes a published draw again. `commitment` and `digest` are what was published before it, where the reader kept
/// them: a draw that is sound in itself proves nothing about another's.
///
/// # Errors
/// With the sentence for the first thing that does not hold.
pub fn verify(published: &Draw, commitment: Option<&str>, digest: Option<&str>) -> Result<(), Invalid> {
    if commitment.is_some_and(|kept| !kept.eq_ignore_ascii_case(&published.commitment)) {
        return invalid("The commitment is not the one that was published before the draw.");
    }
    if digest.is_some_and(|kept| !kept.eq_ignore_ascii_case(&published.entries_digest)) {
        return invalid(
            "The entries are not those that were published before the draw, or more or fewer were to win.",
        );
    }
    let Some(seed) = bytes_of(&published.seed).map(Seed) else {
        return invalid("The seed is not 64 hexadecimal digits.");
    };
    if seed.commitment() != published.commitment {
        return invalid("The seed is not the one that was committed to.");
    }
    let again = draw(&published.raffle, &seed, published.entries.clone(), published.places)?;
    if again.entries_digest != published.entries_digest {
        return invalid("The entries and places do not have the digest that was published.");
    }
    if again.winners != published.winners {
        return invalid("The winners are not those that the seed and the entries give.");
    }
    if again.entries != published.entries {
        return invalid("The entries are not sorted.");
    }
    Ok(())
}

fn ticket(seed: &Seed, entries_digest: &str, entry: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(&seed.0).expect("an HMAC takes a key of any length");
    mac.update(b"guildhall raffle ticket v1\n");
    mac.update(entries_digest.as_bytes());
    mac.update(b"\n");
    mac.update(entry.as_bytes());
    mac.finalize().into_bytes().into()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes_of(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0_u8; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
