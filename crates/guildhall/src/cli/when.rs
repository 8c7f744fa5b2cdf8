//! Moments as people write them on a command line.

use guildhall_core::moment;

/// A moment in milliseconds, from a span before now or from a date.
pub(super) fn when(text: &str, now: i64) -> Result<i64, String> {
    let span = || {
        let unit_ms = match text.chars().last()? {
            's' => 1000,
            'm' => 60_000,
            'h' => 3_600_000,
            'd' => 86_400_000,
            _ => return None,
        };
        let count: i64 = text[..text.len() - 1].parse().ok().filter(|count| *count >= 0)?;
        now.checked_sub(count.checked_mul(unit_ms)?)
    };
    span().or_else(|| moment::parse(text)).ok_or_else(|| {
        format!("\"{text}\" is neither a span such as 90m, 2h or 7d nor a moment such as 2024-05-01T12:30Z")
    })
}

#[cfg(test)]
mod tests {
    use super::when;

    #[test]
    fn moments_are_spans_before_now_or_dates() {
        let now = 1_714_521_600_000;
        let table = [
            ("0s", now),
            ("90m", now - 5_400_000),
            ("2h", now - 7_200_000),
            ("7d", now - 604_800_000),
            ("2024-05-01", now),
            ("2024-05-01T12:30Z", now + 45_000_000),
        ];
        for (text, expected) in table {
            assert_eq!(when(text, now), Ok(expected), "{text}");
        }
        for text in ["", "h", "-1h", "two hours", "2024", "2024-13-01", "99999999999999999d", "é"] {
            assert!(when(text, now).is_err(), "{text}");
        }
    }
}
