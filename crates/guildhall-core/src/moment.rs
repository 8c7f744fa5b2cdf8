//! Moments in words.

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A moment in milliseconds since 1970 as RFC 3339 in UTC, e.g. `2024-05-01T00:00:00.000Z`.
#[must_use]
pub fn rfc3339(milliseconds: i64) -> String {
    let (year, month, day) = date(milliseconds.div_euclid(DAY_MS));
    let rest = milliseconds.rem_euclid(DAY_MS);
    let (seconds, thousandths) = (rest / 1000, rest % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{thousandths:03}Z")
}

/// The moment that an RFC 3339 text in UTC names, in milliseconds: a date, and a time to the minute or second if there
/// is one, e.g. `2024-05-01`, `2024-05-01T12:30Z`.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let (day, time) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let number = |digits: &str, width: usize| {
        let is_plain = digits.len() == width && digits.bytes().all(|digit| digit.is_ascii_digit());
        digits.parse::<i64>().ok().filter(|_| is_plain)
    };
    let mut parts = day.split('-');
    let (year, month, day) =
        (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let days = day_of(year, month, day);
    if parts.next().is_some() || date(days) != (year, month, day) {
        return None;
    }
    let mut seconds = 0;
    if !time.is_empty() {
        let mut parts = time.strip_suffix('Z').unwrap_or(time).split(':');
        let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
        let second = parts.next().map_or(Some(0), |second| number(second, 2))?;
        if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        seconds = (hour * 60 + minute) * 60 + second;
    }
    Some(days * DAY_MS + seconds * 1000)
}

/// The day since 1970 of a date; [`date`] the other way round.
fn day_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
}

/// The year, month and day of a day since 1970: years begin in March, so that the leap day comes last.
fn date(day: i64) -> (i64, i64, i64) {
    let since = day + 719_468;
    let (era, of_era) = (since.div_euclid(146_097), since.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_month)
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
        ];
        for (milliseconds, words) in table {
            assert_eq!(rfc3339(milliseconds), words);
            assert_eq!(parse(&words[..19]), Some(milliseconds.div_euclid(1000) * 1000), "{words}");
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
            "yesterday",
        ] {
            assert_eq!(parse(text).filter(|_| text != "2024-05-01T"), None, "{text}");
        }
    }
}
