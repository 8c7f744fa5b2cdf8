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
//!
//! Servers published another digest before, the first **version**: that of the entries alone,
//! `SHA-256("guildhall raffle entries v1\n" ‖ raffle ‖ "\n" ‖ each id followed by "\n")`. What was closed with one is drawn
//! and verified with it. It does not show that the number of winners stayed, which is why nothing is closed with it now.

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

/// How the digest of a raffle's entries is made; a number in the published draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Version {
    /// Of the entries alone, as it was once.
    One,
    /// Of the entries and of how many win.
    Two,
}

impl Version {
    /// The one of which a published digest is, when it is the digest of these entries and places. It is of no more than
    /// one, since what is hashed begins with the version.
    #[must_use]
    pub fn of_digest<S: AsRef<str>>(
        digest: &str,
        raffle: &str,
        places: usize,
        entries: &[S],
    ) -> Option<Self> {
        [Self::One, Self::Two]
            .into_iter()
            .find(|version| entries_digest(*version, raffle, places, entries) == digest)
    }

    /// Whether the digest shows that the number of winners stayed.
    #[must_use]
    pub fn holds_places(self) -> bool {
        self == Self::Two
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

impl From<Version> for u8 {
    fn from(version: Version) -> Self {
        version.number()
    }
}

impl TryFrom<u8> for Version {
    type Error = Invalid;

    fn try_from(number: u8) -> Result<Self, Invalid> {
        match number {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            _ => invalid(format!("its version {number} is not known here")),
        }
    }
}

/// A draw as it is published: all that is needed to compute it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// How its digest is made; draws that were published before there was a second way do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// What was raffled off: the plan's id.
    pub raffle: String,
    /// What was published when it opened.
    pub commitment: String,
    /// The seed, in hexadecimal.
    pub seed: String,
    /// Every entry's id, sorted.
    pub entries: Vec<String>,
    /// The digest of the entries, and of the places since the second version, in hexadecimal.
    pub entries_digest: String,
    /// How many were to win.
    pub places: usize,
    /// The entries that won, in order; fewer than places when there are fewer entries.
    pub winners: Vec<String>,
}

/// The digest of a raffle's entries, whose order does not matter, and of how many win where the version holds that: 64
/// hexadecimal digits.
#[must_use]
pub fn entries_digest<S: AsRef<str>>(version: Version, raffle: &str, places: usize, entries: &[S]) -> String {
    let mut sorted: Vec<&str> = entries.iter().map(AsRef::as_ref).collect();
    sorted.sort_unstable();
    let mut digest = Sha256::new();
    digest.update(format!("guildhall raffle entries v{}\n", version.number()).as_bytes());
    digest.update(raffle.as_bytes());
    digest.update(b"\n");
    if version.holds_places() {
        digest.update(places.to_string().as_bytes());
        digest.update(b"\n");
    }
    for entry in sorted {
        digest.update(entry.as_bytes());
        digest.update(b"\n");
    }
    hexadecimal(&digest.finalize())
}

/// Draws, with the digest of the version that the entries were closed with.
///
/// # Errors
/// When an entry is there twice, or an id holds a line break.
pub fn draw(
    version: Version,
    raffle: &str,
    seed: &Seed,
    mut entries: Vec<String>,
    places: usize,
) -> Result<Draw, Invalid> {
    entries.sort_unstable();
    if let Some(pair) = entries.windows(2).find(|pair| pair[0] == pair[1]) {
        return invalid(format!("The entry `{}` is there twice.", pair[0]));
    }
    if raffle.contains('\n') || entries.iter().any(|entry| entry.is_empty() || entry.contains('\n')) {
        return invalid("An id is not empty, and holds no line break.");
    }
    let entries_digest = entries_digest(version, raffle, places, &entries);
    let mut ordered: Vec<([u8; 32], &String)> =
        entries.iter().map(|entry| (ticket(seed, &entries_digest, entry), entry)).collect();
    ordered.sort_unstable();
    let winners = ordered.iter().take(places).map(|(_, entry)| (*entry).clone()).collect();
    Ok(Draw {
        version: Some(version),
        raffle: raffle.to_owned(),
        commitment: seed.commitment(),
        seed: hexadecimal(&seed.0),
        entries,
        entries_digest,
        places,
        winners,
    })
}

/// Computes a published draw again, and answers the version of its digest. `commitment` and `digest` are what was
/// published before it, where the reader kept them: a draw that is sound in itself proves nothing about another's.
///
/// # Errors
/// With the sentence for the first thing that does not hold.
pub fn verify(published: &Draw, commitment: Option<&str>, digest: Option<&str>) -> Result<Version, Invalid> {
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
    let (raffle, entries, places) = (&published.raffle, &published.entries, published.places);
    let version = published
        .version
        .or_else(|| Version::of_digest(&published.entries_digest, raffle, places, entries))
        .unwrap_or(Version::Two);
    let again = draw(version, raffle, &seed, entries.clone(), places)?;
    if again.entries_digest != published.entries_digest {
        return invalid("The entries and places do not have the digest that was published.");
    }
    if again.winners != published.winners {
        return invalid("The winners are not those that the seed and the entries give.");
    }
    if again.entries != published.entries {
        return invalid("The entries are not sorted.");
    }
    Ok(version)
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
