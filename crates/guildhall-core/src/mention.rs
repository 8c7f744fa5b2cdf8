//! Mentions: who a text calls by `@username`, and whether it calls everyone.

use crate::user;

/// The most users one text can mention; further ones stay plain text.
pub const MOST_MENTIONS: usize = 50;

/// What a text mentions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mentions {
    /// Keys of the mentioned usernames, each once, in order of appearance.
    pub username_keys: Vec<String>,
    /// The text says `@everyone`.
    pub everyone: bool,
}

/// Reads the mentions of a text. An `@` inside a word (as in an address) mentions nobody.
#[must_use]
pub fn read(text: &str) -> Mentions {
    let mut mentions = Mentions::default();
    let mut before = None;
    for (index, character) in text.char_indices() {
        if character == '@' && before.is_none_or(|c: char| !c.is_alphanumeric()) {
            note(&text[index + 1..], &mut mentions);
        }
        before = Some(character);
    }
    mentions
}

fn note(rest: &str, mentions: &mut Mentions) {
    let end = rest.find(|c| !user::is_username_character(c)).unwrap_or(rest.len());
    let name = rest[..end].trim_end_matches(['.', '-']);
    let key = user::username_key(name);
    if key == "everyone" {
        mentions.everyone = true;
    } else if user::check_username(name).is_ok()
        && mentions.username_keys.len() < MOST_MENTIONS
        && !mentions.username_keys.contains(&key)
    {
        mentions.username_keys.push(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_once_and_in_order() {
        let mentions = read("hi @Zoe, meet @amir. (@zoe) mail me@example.com @everyone!");
        assert_eq!(mentions.username_keys, ["zoe", "amir"]);
        assert!(mentions.everyone);
        assert_eq!(read("@ @@ no one"), Mentions::default());
    }
}
