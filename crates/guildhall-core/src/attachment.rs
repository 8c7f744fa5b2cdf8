//! Attachments: sizes, parts, kinds, and how a file may be shown.

use crate::media_type;
use crate::{Invalid, invalid};

/// The size of every part but the last of an upload in several parts, in bytes (5 MiB).
pub const PART_BYTES: i64 = 5 * 1024 * 1024;
/// The longest file name, in characters.
pub const LONGEST_FILENAME: usize = 255;

/// What a file is, as the wire tells it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// Sound.
    Audio,
    /// A picture.
    Image,
    /// Anything else.
    Other,
    /// A film.
    Video,
}

impl Media {
    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Image => "image",
            Self::Other => "other",
            Self::Video => "video",
        }
    }

    /// The media of the wire's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Audio, Self::Image, Self::Other, Self::Video].into_iter().find(|media| media.as_str() == word)
    }

    /// The media of a content type such as `image/png`.
    #[must_use]
    pub fn of_content_type(content_type: &str) -> Self {
        match content_type.split('/').next().unwrap_or_default() {
            "audio" => Self::Audio,
            "image" => Self::Image,
            "video" => Self::Video,
            _ => Self::Other,
        }
    }
}

/// Checks a declared size against the largest allowed one, both in bytes.
///
/// # Errors
/// When it is not positive or too large.
pub fn check_size(bytes: i64, largest: i64) -> Result<i64, Invalid> {
    if bytes <= 0 {
        return invalid("`byteSizeV2` must be more than zero.");
    }
    if bytes > largest {
        return invalid(format!("The file is {bytes} bytes large; {largest} is the most."));
    }
    Ok(bytes)
}

/// Checks a file name: no path, no control characters, not too long.
///
/// # Errors
/// When nothing usable is left of it.
pub fn check_filename(name: &str) -> Result<String, Invalid> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| !c.is_control()).take(LONGEST_FILENAME).collect();
    match clean.trim() {
        "" | "." | ".." => invalid("`filename` must name a file."),
        clean => Ok(clean.to_owned()),
    }
}

/// How many parts a file of this size is sent in.
#[must_use]
pub fn part_count(bytes: i64) -> i64 {
    (bytes + PART_BYTES - 1) / PART_BYTES
}

/// The size of part `number` (from 1) of a file of this size, in bytes; `None` when there is no such part.
#[must_use]
pub fn part_size(bytes: i64, number: i64) -> Option<i64> {
    let parts = part_count(bytes);
    match number {
        number if number < 1 || number > parts => None,
        number if number < parts => Some(PART_BYTES),
        _ => Some(bytes - (parts - 1) * PART_BYTES),
    }
}

/// Whether a browser may show the file in place: nothing that can carry a script.
#[must_use]
pub fn is_shown_inline(content_type: &str) -> bool {
    let essence = media_type::essence(content_type);
    match Media::of_content_type(essence) {
        Media::Image => essence != "image/svg+xml",
        Media::Audio | Media::Video => true,
        Media::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up() {
        for bytes in [1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES, 3 * PART_BYTES + 7] {
            let sum: i64 = (1..=part_count(bytes)).filter_map(|number| part_size(bytes, number)).sum();
            assert_eq!(sum, bytes);
            assert_eq!(part_size(bytes, part_count(bytes) + 1), None);
            assert_eq!(part_size(bytes, 0), None);
        }
    }

    #[test]
    fn names_lose_their_paths() {
        assert_eq!(check_filename("../../etc/passwd").as_deref(), Ok("passwd"));
        assert_eq!(check_filename("C:\\x\\a\u{0}b.png").as_deref(), Ok("ab.png"));
        assert!(check_filename("a/..").is_err());
        assert!(check_filename("").is_err());
    }

    #[test]
    fn scripts_are_never_shown_inline() {
        for (content_type, inline) in [
            ("image/png", true),
            ("video/mp4", true),
            ("image/svg+xml", false),
            ("text/html; charset=utf-8", false),
            ("application/pdf", false),
        ] {
            assert_eq!(is_shown_inline(content_type), inline, "{content_type}");
        }
    }

    #[test]
    fn sizes() {
        assert!(check_size(0, 10).is_err());
        assert!(check_size(11, 10).is_err());
        assert_eq!(check_size(10, 10), Ok(10));
    }
}
