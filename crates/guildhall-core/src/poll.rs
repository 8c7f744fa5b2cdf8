//! Polls: what options a poll may have.

use crate::{Invalid, invalid};

/// How many options a poll has.
pub const OPTION_COUNTS: std::ops::RangeInclusive<usize> = 2..=10;
/// The longest option, in characters.
pub const LONGEST_OPTION: usize = 100;

/// One option, as the wire gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollOption {
    /// "1", "2", … in order.
    pub id: String,
    /// What it says.
    pub text: String,
}

/// Checks a poll's options.
///
/// # Errors
/// When there are too few or too many, an id is out of order, or a text is empty, too long or doubled.
pub fn check(options: &[PollOption]) -> Result<(), Invalid> {
    if !OPTION_COUNTS.contains(&options.len()) {
        let (fewest, most) = (OPTION_COUNTS.start(), OPTION_COUNTS.end());
        return invalid(format!("A poll has {fewest} to {most} options."));
    }
    for (index, option) in options.iter().enumerate() {
        let expected = (index + 1).to_string();
        if option.id != expected {
            return invalid(format!(
                "The ids of a poll's options are \"1\", \"2\", … in order; \"{expected}\" is missing."
            ));
        }
        let text = option.text.trim();
        if text.is_empty() || text.chars().count() > LONGEST_OPTION {
            return invalid(format!("A poll's option is 1 to {LONGEST_OPTION} characters long."));
        }
        if options[..index].iter().any(|earlier| earlier.text.trim() == text) {
            return invalid("Two options of the poll say the same.");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(options: &[(&str, &str)]) -> Vec<PollOption> {
        options.iter().map(|(id, text)| PollOption { id: (*id).into(), text: (*text).into() }).collect()
    }

    #[test]
    fn polls() {
        assert_eq!(check(&poll(&[("1", "yes"), ("2", "no")])), Ok(()));
        let long = "x".repeat(LONGEST_OPTION + 1);
        let eleven: Vec<(String, String)> = (1..=11).map(|n| (n.to_string(), n.to_string())).collect();
        let eleven: Vec<(&str, &str)> =
            eleven.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
        let table: [(&[(&str, &str)], &str); 7] = [
            (&[("1", "yes")], "2 to 10"),
            (&eleven, "2 to 10"),
            (&[("1", "yes"), ("3", "no")], "in order"),
            (&[("a", "yes"), ("b", "no")], "in order"),
            (&[("1", " "), ("2", "no")], "1 to 100"),
            (&[("1", &long), ("2", "no")], "1 to 100"),
            (&[("1", "same"), ("2", "same ")], "say the same"),
        ];
        for (options, sentence) in table {
            let error = check(&poll(options)).expect_err(sentence);
            assert!(error.0.contains(sentence), "{error}");
        }
    }
}
