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

/// The day of a moment in milliseconds since 1970, in UTC, as people write it, e.g. `1 May 2024`.
#[must_use]
pub fn day_in_words(milliseconds: i64) -> String {
    let (year, month, day) = at(milliseconds).to_calendar_date();
    format!("{day} {month} {year}")
}

/// The minute of a moment in milliseconds since 1970 as pages show it, e.g. `2024-05-01 12:30 UTC`.
#[must_use]
pub fn minute(milliseconds: i64) -> String {
    let (hour, minute, _) = at(milliseconds).to_hms();
    format!("{} {hour:02}:{minute:02} UTC", day(milliseconds))
}

/// The year and the month, 1 to 12, of a moment in milliseconds since 1970, in UTC.
#[must_use]
pub fn year_and_month(milliseconds: i64) -> (i64, u32) {
    let (year, month, _) = at(milliseconds).to_calendar_date();
    (i64::from(year), u32::from(u8::from(month)))
}

/// The moment that an RFC 3339 text names, in milliseconds: a date, and a time to the minute, second or a fraction of it
/// if there is one, in UTC unless it says how far from it, e.g. `2024-05-01`, `2024-05-01T12:30Z`,
/// `2024-05-01T14:30:00.250+02:00`. What is finer than a millisecond is cut off.
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
    let since_midnight_ms = if time.is_empty() { 0 } else { time_of_day_ms(time)? };
    let midnight = PrimitiveDateTime::new(date, Time::MIDNIGHT).assume_utc().unix_timestamp();
    Some(midnight * 1000 + since_midnight_ms)
}

/// Milliseconds since the day began in UTC.
fn time_of_day_ms(text: &str) -> Option<i64> {
    let (clock, ahead_minutes) = match text.find(['Z', '+', '-']) {
        Some(end) if &text[end..] == "Z" => (&text[..end], 0),
        Some(end) => {
            let (hours, minutes) = text[end + 1..].split_once(':')?;
            let (hours, minutes): (u8, u8) = (number(hours, 2)?, number(minutes, 2)?);
            Time::from_hms(hours, minutes, 0).ok()?;
            let minutes = i64::from(hours) * 60 + i64::from(minutes);
            (&text[..end], if text[end..].starts_with('-') { -minutes } else { minutes })
        }
        None => (text, 0),
    };
    let mut parts = clock.split(':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let (second, thousandths) = match parts.next() {
        None => (0, 0),
        Some(second) => match second.split_once('.') {
            None => (number(second, 2)?, 0),
            Some((second, fraction)) => (number(second, 2)?, thousandths(fraction)?),
        },
    };
    if parts.next().is_some() {
        return None;
    }
    Time::from_hms(hour, minute, second).ok()?;
    let minutes = i64::from(hour) * 60 + i64::from(minute) - ahead_minutes;
    Some((minutes * 60 + i64::from(second)) * 1000 + thousandths)
}

/// The first three digits behind the point.
fn thousandths(fraction: &str) -> Option<i64> {
    number::<i64>(fraction, fraction.len().clamp(1, 9))?;
    let digits = fraction.get(..3).unwrap_or(fraction);
    number::<i64>(digits, digits.len()).map(|value| value * 10_i64.pow(3 - digits.len() as u32))
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
    fn days_are_written_out() {
        assert_eq!(day_in_words(1_714_521_600_000), "1 May 2024");
        assert_eq!(day_in_words(-1), "31 December 1969");
    }

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
            assert_eq!(parse(words), Some(milliseconds), "{words}");
        }
        assert_eq!(rfc3339(i64::MAX), "9999-12-31T23:59:59.999Z", "beyond the calendar");
        assert_eq!(day(i64::MIN), "-9999-01-01");
    }

    #[test]
    fn fractions_and_zones() {
        let table = [
            ("2024-05-01T14:30:00.250+02:00", 1_714_566_600_250),
            ("2024-05-01T00:00+02:00", 1_714_514_400_000),
            ("2024-04-30T19:00:00-05:00", 1_714_521_600_000),
            ("2024-05-01T00:00:00.5Z", 1_714_521_600_500),
            ("2024-05-01T00:00:00.000999999Z", 1_714_521_600_000),
        ];
        for (text, milliseconds) in table {
            assert_eq!(parse(text), Some(milliseconds), "{text}");
        }
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
            "2024-05-01T10:00:00.Z",
            "2024-05-01T10:00:00.0123456789Z",
            "2024-05-01T10:00:00.-1Z",
            "2024-05-01T10:00:00+2",
            "2024-05-01T10:00:00+25:00",
            "2024-05-01T10:00:00+0200",
            "2024-05-01T10:00:00Zulu",
            "2024-05-01T10:00:00.é",
            "yesterday",
        ] {
            assert_eq!(parse(text).filter(|_| text != "2024-05-01T"), None, "{text}");
        }
    }
}
