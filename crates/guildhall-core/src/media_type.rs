//! Media types as headers write them.

/// A media type without its parameters, e.g. `text/html` of `text/html; charset=utf-8`. Capitals stay.
#[must_use]
pub fn essence(text: &str) -> &str {
    text.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::essence;

    #[test]
    fn parameters_are_left_out() {
        for (text, expected) in
            [("text/html; charset=utf-8", "text/html"), (" image/PNG ;", "image/PNG"), ("", ""), (";a=b", "")]
        {
            assert_eq!(essence(text), expected);
        }
    }
}
