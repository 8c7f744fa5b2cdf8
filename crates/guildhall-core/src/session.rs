//! Sessions: how long one lasts, and how its device is called.

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How long a session lasts that nobody uses, in milliseconds.
pub const IDLE_MS: i64 = 30 * DAY_MS;
/// How long a session lasts however much it is used, in milliseconds.
pub const LONGEST_MS: i64 = 180 * DAY_MS;
/// How exactly it is known when a session was last used, in milliseconds.
pub const SEEN_EVERY_MS: i64 = 5 * 60 * 1000;

/// When a session ends that began and was last used at these moments, in milliseconds since 1970.
#[must_use]
pub fn expires_at(created_at: i64, last_seen_at: i64) -> i64 {
    (created_at + LONGEST_MS).min(last_seen_at + IDLE_MS)
}

/// Whether a use of a session is to be written down.
#[must_use]
pub fn is_to_be_noted(last_seen_at: i64, now: i64) -> bool {
    now - last_seen_at >= SEEN_EVERY_MS
}

/// Browsers by what they call themselves; of names that stand together the first counts.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];

/// Systems likewise.
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// A device in words, such as `Firefox on Linux`, from what its browser called itself.
#[must_use]
pub fn device_in_words(agent: &str) -> String {
    let named = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    match (named(BROWSERS), named(SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => "Unknown device".to_owned(),
    }
}

/// How long ago something was, in words, from milliseconds.
#[must_use]
pub fn ago(elapsed_ms: i64) -> String {
    let (number, unit) = match elapsed_ms / 60_000 {
        ..=0 => return "just now".to_owned(),
        minutes @ 1..60 => (minutes, "minute"),
        minutes @ 60..1440 => (minutes / 60, "hour"),
        minutes => (minutes / 1440, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural} ago")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_it_rests_and_in_any_case() {
        assert_eq!(expires_at(0, 0), IDLE_MS);
        assert_eq!(expires_at(0, 20 * DAY_MS), 20 * DAY_MS + IDLE_MS);
        assert_eq!(expires_at(0, 179 * DAY_MS), LONGEST_MS);
    }

    #[test]
    fn a_use_is_noted_every_few_minutes() {
        assert!(!is_to_be_noted(0, SEEN_EVERY_MS - 1));
        assert!(is_to_be_noted(0, SEEN_EVERY_MS));
    }

    #[test]
    fn times_past_have_words() {
        const MINUTE_MS: i64 = 60_000;
        let table = [
            (-5, "just now"),
            (59_999, "just now"),
            (MINUTE_MS, "1 minute ago"),
            (59 * MINUTE_MS, "59 minutes ago"),
            (119 * MINUTE_MS, "1 hour ago"),
            (DAY_MS - 1, "23 hours ago"),
            (12 * DAY_MS, "12 days ago"),
        ];
        for (elapsed_ms, words) in table {
            assert_eq!(ago(elapsed_ms), words);
        }
    }

    #[test]
    fn devices_have_names() {
        let table = [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.5.0", "curl"),
            ("", "Unknown device"),
        ];
        for (agent, words) in table {
            assert_eq!(device_in_words(agent), words);
        }
    }
}
