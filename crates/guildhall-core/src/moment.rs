//! Moments in words.

use std::str::FromStr;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

/// A moment in milliseconds since 1970 as RFC 3339 in UTC, e.g. `2024-05-01T00:00:00.000Z`.
#[must_use]
pub fn rfc3339(milliseconds: i64) -> String {
    let (hour, minute, second, thousandths) = at(milliseconds).to_hms_milli();
    format!("{}T{hour:02}:{minute:02}:{second:02}.{thousandths:03}Z", day(milliseconds))
}

/// The day of a moment in milliseconds since 1970, in UTC, e.g. `2024-05-01`.
#[must_use]
pub fn day(milliseconds: i64) -> String {
    let (year, month, day) = at(milliseconds).to_calendar_date();
    format!("{year:04}-{:02}-{day:02}", u8::from(month))
}

/// The minute of a moment in milliseconds since 1970 as pages show it, e.g. `2024-05-01 12:30 UTC`.
#[must_use]
pub fn minute(milliseconds: i64) -> String {
    let (hour, minute, _) = at(milliseconds).to_hms();
    format!("{} {hour:02}:{minute:02} UTC", day(milliseconds))
}

/// The moment that an RFC 3339 text in UTC names, in milliseconds: a date, and a time to the minute or second if there
/// is one, e.g. `2024-05-01`, `2024-05-01T12:30Z`.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let (day, time) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let mut parts = day.split('-');
    let year = number(parts.next()?, 4)?;
    let month = Month::try_from(number::<u8>(parts.next()?, 2)?).ok()?;
    let date = Date::from_calendar_date(year, month, number(parts.next()?, 2)?).ok()?;
    if parts.next().is_some() {
        return None;
    }
    let time = match time {
        "" => Time::MIDNIGHT,
        time => {
            let mut parts = time.strip_suffix('Z').unwrap_or(time).split(':');
            let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
            let second = parts.next().map_or(Some(0), |second| number(second, 2))?;
            if parts.next().is_some() {
                return None;
            }
            Time::from_hms(hour, minute, second).ok()?
        }
    };
    Some(PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp() * 1000)
}

/// The moment in UTC; beyond the years that a calendar of four digits has, the nearest one within them.
fn at(milliseconds: i64) -> OffsetDateTime {
    let end = if milliseconds < 0 { PrimitiveDateTime::MIN } else { PrimitiveDateTime::MAX };
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000);
    moment.unwrap_or(end.assume_utc())
}

/// A number of exactly so many digits.
fn number<T: FromStr>(digits: &str, width: usize) -> Option<T> {
    let is_plain = digits.len() == width && digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_in_words() {
        let table = [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_714_521_600_000, "2024-05-01T00:00:00.000Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ];
        for (milliseconds, words) in table {
            assert_eq!(rfc3339(milliseconds), words);
            assert_eq!(day(milliseconds), words[..10]);
            assert_eq!(minute(milliseconds), format!("{} {} UTC", &words[..10], &words[11..16]));
            assert_eq!(parse(&words[..19]), Some(milliseconds.div_euclid(1000) * 1000), "{words}");
        }
        assert_eq!(rfc3339(i64::MAX), "9999-12-31T23:59:59.999Z", "beyond the calendar");
        assert_eq!(day(i64::MIN), "-9999-01-01");
    }

    #[test]
    fn what_names_no_moment_is_refused() {
        for text in [
            "",
            "2024",
            "2024-5-1",
            "2024-02-30",
            "2023-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-05-01-01",
            "+024-05-01",
            "2024-05-01T",
            "2024-05-01T25:00",
            "2024-05-01T10:60Z",
            "2024-05-01T10",
            "2024-05-01T10:00:00:00",
            "yesterday",
        ] {
            assert_eq!(parse(text).filter(|_| text != "2024-05-01T"), None, "{text}");
        }
    }
}
