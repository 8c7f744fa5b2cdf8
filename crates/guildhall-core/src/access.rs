//! Who may enter: the one place that decides access.
//!
//! The store hands over what it knows of one user and one thing; the answer is a level.

use crate::permission::Role;

/// How far a user may go into a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessLevel {
    /// On the company's team.
    Admin,
    /// Holds a valid membership.
    Customer,
    /// Neither.
    NoAccess,
}

/// What is known of one user before one thing (a company, an access pass or an experience).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// The user's role on the team of the company that the thing belongs to.
    pub role: Option<Role>,
    /// The user is an agent of an app that the company installed: it has what the app has.
    pub agent: bool,
    /// A company-wide ban, or one of the pass that would open the thing.
    pub banned: bool,
    /// A valid membership that opens the thing (and of its upsell, where it has one).
    pub member: bool,
    /// The thing is deleted or its time is over: nobody enters.
    pub gone: bool,
}

impl Standing {
    /// The level this standing gives. A ban overrides everything but ownership.
    #[must_use]
    pub fn level(&self) -> AccessLevel {
        let barred = self.banned && self.role != Some(Role::Owner);
        match self {
            Self { gone: true, .. } => AccessLevel::NoAccess,
            _ if barred => AccessLevel::NoAccess,
            Self { role: Some(_), .. } | Self { agent: true, .. } => AccessLevel::Admin,
            Self { member: true, .. } => AccessLevel::Customer,
            _ => AccessLevel::NoAccess,
        }
    }
}

/// One way into an experience: the pass it is attached to and, if any, the upsell's pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door<'a> {
    /// The access pass the experience is attached to.
    pub access_pass: &'a str,
    /// The hidden pass of the attachment's upsell plan.
    pub upsell_pass: Option<&'a str>,
}

/// Whether a user holding valid memberships of `held`, and banned from `barred`, passes any door.
#[must_use]
pub fn opens<'a>(doors: &[Door<'a>], held: &[&'a str], barred: &[&'a str]) -> bool {
    let usable = |pass: &str| held.contains(&pass) && !barred.contains(&pass);
    doors.iter().any(|door| usable(door.access_pass) && door.upsell_pass.is_none_or(usable))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_levels() {
        let on_team = Some(Role::Support);
        let owner = Some(Role::Owner);
        let table = [
            // role, banned, member, gone → level
            (None, false, false, false, AccessLevel::NoAccess),
            (None, false, true, false, AccessLevel::Customer),
            (None, true, true, false, AccessLevel::NoAccess),
            (None, false, true, true, AccessLevel::NoAccess),
            (on_team, false, false, false, AccessLevel::Admin),
            (on_team, true, false, false, AccessLevel::NoAccess),
            (on_team, true, true, false, AccessLevel::NoAccess),
            (owner, false, true, false, AccessLevel::Admin),
            (owner, true, false, false, AccessLevel::Admin),
            (owner, false, false, true, AccessLevel::NoAccess),
        ];
        for (role, banned, member, gone, expected) in table {
            let standing = Standing { role, banned, member, gone, agent: false };
            assert_eq!(standing.level(), expected, "{standing:?}");
        }
    }

    #[test]
    fn an_agent_has_what_its_app_has_unless_banned() {
        let agent = Standing { agent: true, ..Standing::default() };
        assert_eq!(agent.level(), AccessLevel::Admin);
        assert_eq!(Standing { banned: true, ..agent }.level(), AccessLevel::NoAccess);
    }

    #[test]
    fn an_upsell_asks_for_both_memberships() {
        let plain = Door { access_pass: "prod_a", upsell_pass: None };
        let upsold = Door { access_pass: "prod_a", upsell_pass: Some("prod_up") };
        assert!(opens(std::slice::from_ref(&plain), &["prod_a"], &[]));
        assert!(!opens(std::slice::from_ref(&plain), &["prod_b"], &[]));
        assert!(!opens(std::slice::from_ref(&upsold), &["prod_a"], &[]));
        assert!(!opens(std::slice::from_ref(&upsold), &["prod_up"], &[]));
        assert!(opens(std::slice::from_ref(&upsold), &["prod_a", "prod_up"], &[]));
        assert!(!opens(std::slice::from_ref(&upsold), &["prod_a", "prod_up"], &["prod_a"]));
        assert!(opens(&[upsold, plain], &["prod_a"], &[]), "any door is enough");
        assert!(!opens(&[], &["prod_a"], &[]), "attached to no pass: team only");
    }
}
