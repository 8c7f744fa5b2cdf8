//! Views of apps: the paths at which an app shows itself, and deep links into them.
//!
//! An app says each path with placeholders, which are filled in when a view is opened. What comes out is a path of the
//! app's own origin, whatever stood in the link that was followed.

use crate::ids::{CompanyId, ExperienceId, Id};
use crate::{Invalid, invalid};
use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode,
};

/// Where an app shows an experience, when it says nothing else.
pub const EXPERIENCE_VIEW: &str = "/experiences/[experienceId]";
/// Where it shows itself to a company's team, when it says nothing else.
pub const DASHBOARD_VIEW: &str = "/dashboard/[companyId]";
/// Where it shows itself to those who look around, when it says nothing else.
pub const DISCOVER_VIEW: &str = "/discover";

/// The longest path of a view, in bytes.
pub const LONGEST_PATH: usize = 300;
/// The longest rest of a path that a link may hold, in bytes.
pub const LONGEST_REST: usize = 1_000;

const EXPERIENCE: &str = "experienceId";
const COMPANY: &str = "companyId";
const REST: &str = "restPath";
/// What may stand between brackets in a path.
const PLACEHOLDERS: [&str; 3] = [EXPERIENCE, COMPANY, REST];

/// What of a deep link is written in another way: all that is not the same everywhere in an address.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Checks the path of a view, such as `/experiences/[experienceId]`.
///
/// # Errors
/// When it does not start with one `/`, is too long, holds what no path holds, or has a placeholder nobody knows.
pub fn check_path(path: &str, field: &str) -> Result<String, Invalid> {
    let path = path.trim();
    if !path.starts_with('/') || path.starts_with("//") {
        return invalid(format!("`{field}` must start with one `/`, as in `{EXPERIENCE_VIEW}`."));
    }
    if path.len() > LONGEST_PATH {
        return invalid(format!("`{field}` is at most {LONGEST_PATH} bytes long."));
    }
    if path.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '\\' | '#')) {
        return invalid(format!("`{field}` must not hold spaces, control characters, `\\` or `#`."));
    }
    let mut rest = path;
    while let Some(at) = rest.find(['[', ']']) {
        let known = rest[at..].strip_prefix('[').and_then(|inside| inside.split_once(']'));
        let Some((_, after)) = known.filter(|(name, _)| PLACEHOLDERS.contains(name)) else {
            return invalid(format!(
                "`{field}` holds a placeholder nobody knows: there are `[{EXPERIENCE}]`, `[{COMPANY}]` and `[{REST}]`."
            ));
        };
        rest = after;
    }
    Ok(path.to_owned())
}

/// The part of a link that is for the app: steps with `/` between them, escaped; empty when there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestPath(String);

impl RestPath {
    /// Reads it as it stands in an address, escaped.
    ///
    /// # Errors
    /// When it is too long, leads upwards as any server may read it, or holds control characters.
    pub fn read(escaped: &str) -> Result<Self, Invalid> {
        if escaped.len() > LONGEST_REST {
            return invalid(format!(
                "What a link says after the app's view is at most {LONGEST_REST} bytes long."
            ));
        }
        if climbs(escaped) {
            return invalid("A link into an app must not lead upwards.");
        }
        let mut path = String::new();
        for step in escaped.split('/').filter(|step| !step.is_empty()) {
            let plain: Vec<u8> = percent_decode_str(step).collect();
            if plain.iter().any(u8::is_ascii_control) {
                return invalid("A link into an app must not hold control characters.");
            }
            if !path.is_empty() {
                path.push('/');
            }
            path.extend(percent_encode(&plain, ESCAPED));
        }
        Ok(Self(path))
    }
}

/// Whether a path has a step upwards in it, as any server may read one: also one that takes `\` for a slash, or `;` for the
/// end of a step.
#[must_use]
pub fn climbs(escaped: &str) -> bool {
    let plain: Vec<u8> = percent_decode_str(escaped).collect();
    let mut steps = plain.split(|byte| matches!(byte, b'/' | b'\\'));
    steps.any(|step| matches!(step.split(|byte| *byte == b';').next(), Some(b"." | b"..")))
}

/// What a view shows, for the placeholders of its path.
#[derive(Debug, Clone, Default)]
pub struct Shown<'a> {
    /// The experience, in its view.
    pub experience: Option<&'a ExperienceId>,
    /// The company, in the views of an experience and of a team.
    pub company: Option<&'a CompanyId>,
    /// What the link says beyond the view. A path without `[restPath]` has no place for it, and begins at the view.
    pub rest: RestPath,
}

impl Shown<'_> {
    /// A view's path with its placeholders filled in: it begins with exactly one `/`. What is not known is left out.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        let experience = self.experience.map(Id::as_str).unwrap_or_default();
        let company = self.company.map(Id::as_str).unwrap_or_default();
        let mut filled = path.to_owned();
        for (name, value) in [(EXPERIENCE, experience), (COMPANY, company), (REST, self.rest.0.as_str())] {
            if value.is_empty() {
                filled = filled.replace(&format!("/[{name}]"), "");
            }
            filled = filled.replace(&format!("[{name}]"), value);
        }
        // Otherwise browsers would take what follows for a host.
        format!("/{}", utf8_percent_encode(filled.trim_start_matches('/'), CONTROLS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::return_to::local_path;

    #[test]
    fn paths() {
        for good in [
            "/",
            EXPERIENCE_VIEW,
            DASHBOARD_VIEW,
            DISCOVER_VIEW,
            "/e/[experienceId]/[restPath]",
            "/d/[companyId]?tab=1",
            "/a/[restPath][companyId]",
        ] {
            assert_eq!(check_path(good, "experiencePath"), Ok(good.to_owned()));
        }
        for (bad, words) in [
            ("", "must start with one `/`"),
            ("experiences", "must start with one `/`"),
            ("//evil.example", "must start with one `/`"),
            ("/a b", "must not hold spaces"),
            ("/a\\b", "must not hold spaces"),
            ("/a#b", "must not hold spaces"),
            ("/[userId]", "a placeholder nobody knows"),
            ("/[experienceId", "a placeholder nobody knows"),
            ("/experienceId]", "a placeholder nobody knows"),
            ("/[[companyId]]", "a placeholder nobody knows"),
        ] {
            let refused = check_path(bad, "experiencePath").expect_err(bad).0;
            assert!(refused.contains(words), "{bad}: {refused}");
        }
    }

    #[test]
    fn placeholders_are_filled_in() {
        let (experience, company) = ids();
        let table = [
            // Path, rest of the link, what is asked of the app.
            (EXPERIENCE_VIEW, "", "/experiences/exp_1"),
            (EXPERIENCE_VIEW, "notes/7", "/experiences/exp_1"),
            (DASHBOARD_VIEW, "", "/dashboard/biz_1"),
            (DISCOVER_VIEW, "", "/discover"),
            ("/", "a", "/"),
            ("/x/[experienceId]/[restPath]?a=b", "", "/x/exp_1?a=b"),
            ("/x/[experienceId]/[restPath]?a=b", "notes/7", "/x/exp_1/notes/7?a=b"),
            ("/[companyId]/[experienceId]/[restPath]", "a", "/biz_1/exp_1/a"),
            ("/x?at=[restPath]&in=[companyId]", "a/b&in=c", "/x?at=a/b%26in%3Dc&in=biz_1"),
            ("/[restPath]", "", "/"),
            ("/[restPath]", "a", "/a"),
            ("/[restPath][companyId]", "", "/biz_1"),
            ("/x[restPath]", "a", "/xa"),
            ("/é/[restPath]", "ü", "/%C3%A9/%C3%BC"),
        ];
        for (path, rest, expected) in table {
            let rest = RestPath::read(rest).expect(rest);
            let shown = Shown { experience: Some(&experience), company: Some(&company), rest };
            assert_eq!(shown.at(path), expected, "{path}");
        }
        let nothing = Shown::default();
        for (path, expected) in [
            ("/d/[companyId]/x", "/d/x"),
            ("/[companyId]//evil.example", "/evil.example"),
            ("/[experienceId]?x=[companyId]", "/?x="),
        ] {
            assert_eq!(nothing.at(path), expected, "{path}");
        }
    }

    #[test]
    fn links_lead_to_the_app_alone() {
        let (experience, company) = ids();
        let table = [
            // As it stands in the address, what is asked of the app.
            ("notes/7", "/notes/7"),
            ("notes/7/", "/notes/7"),
            ("//evil.example/a", "/evil.example/a"),
            ("%2F%2Fevil.example", "/%2F%2Fevil.example"),
            ("%5C%5Cevil.example", "/%5C%5Cevil.example"),
            ("https://evil.example", "/https%3A/evil.example"),
            ("javascript:alert(1)", "/javascript%3Aalert%281%29"),
            ("a%3Fb=c%23d", "/a%3Fb%3Dc%23d"),
            ("a%20b", "/a%20b"),
            ("100%", "/100%25"),
            ("[companyId]", "/%5BcompanyId%5D"),
            ("%FF", "/%FF"),
            ("...", "/..."),
            ("%252e%252e", "/%252e%252e"),
        ];
        for (link, expected) in table {
            let rest = RestPath::read(link).expect(link);
            let shown = Shown { experience: Some(&experience), company: Some(&company), rest };
            let path = shown.at("/[restPath]");
            assert_eq!((path.as_str(), local_path(&path)), (expected, Some(expected)), "{link}");
        }
        for (link, words) in [
            ("..", "must not lead upwards"),
            (".", "must not lead upwards"),
            ("a/../b", "must not lead upwards"),
            ("a/%2e%2E/b", "must not lead upwards"),
            ("a/.%2e", "must not lead upwards"),
            ("a%2F..%2Fb", "must not lead upwards"),
            ("a%5C..", "must not lead upwards"),
            ("..;x=y", "must not lead upwards"),
            ("..%3Bx=y", "must not lead upwards"),
            ("a%00", "must not hold control characters"),
            ("a%0d%0aSet-Cookie:%20b", "must not hold control characters"),
            ("%7f", "must not hold control characters"),
        ] {
            let refused = RestPath::read(link).expect_err(link).0;
            assert!(refused.contains(words), "{link}: {refused}");
        }
        assert!(RestPath::read(&"a".repeat(LONGEST_REST)).is_ok());
        assert!(RestPath::read(&"a".repeat(LONGEST_REST + 1)).expect_err("long").0.contains("at most 1000"));
    }

    fn ids() -> (ExperienceId, CompanyId) {
        (ExperienceId::parse("exp_1").expect("an id"), CompanyId::parse("biz_1").expect("an id"))
    }
}
