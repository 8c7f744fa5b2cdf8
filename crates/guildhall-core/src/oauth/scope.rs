//! Scopes: what an access token opens of a person's account.

use super::{Refusal, RefusalKind};

/// One thing that an app may be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Who the person is: profile and e-mail address.
    ReadUser,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 1] = [Self::ReadUser];

    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadUser => "read_user",
        }
    }

    /// What it opens, as the person who is asked reads it.
    #[must_use]
    pub fn in_words(self) -> &'static [&'static str] {
        match self {
            Self::ReadUser => &["Your name, username and profile picture", "Your e-mail address"],
        }
    }
}

/// Several scopes, each once; never none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Reads `scope`: words with a space between; without any, `read_user` is meant.
    ///
    /// # Errors
    /// `invalid_scope` for a word that is none.
    pub fn parse(text: Option<&str>) -> Result<Self, Refusal> {
        let mut scopes = Vec::new();
        for word in text.unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
            let scope = Scope::ALL.into_iter().find(|scope| scope.as_str() == word).ok_or_else(|| {
                let shown: String = word.chars().take(64).collect();
                let sentence = format!("There is no scope `{shown}`: this server knows `read_user`.");
                Refusal::new(RefusalKind::InvalidScope, &sentence)
            })?;
            scopes.push(scope);
        }
        if scopes.is_empty() {
            scopes.push(Scope::ReadUser);
        }
        Ok(Self::of(scopes))
    }

    /// Reads what the store holds; words of a newer version count for nothing.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        let known = |word: &str| Scope::ALL.into_iter().find(|scope| scope.as_str() == word);
        Self::of(text.split(' ').filter_map(known).collect())
    }

    fn of(mut scopes: Vec<Scope>) -> Self {
        scopes.sort_unstable();
        scopes.dedup();
        Self(scopes)
    }

    /// Each of them, in one order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// Whether a scope is among them.
    #[must_use]
    pub fn holds(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether all of the other's are among them.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.iter().all(|scope| self.holds(scope))
    }

    /// These and the other's.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self::of(self.iter().chain(other.iter()).collect())
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<&str> = self.iter().map(Scope::as_str).collect();
        formatter.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_once_each_and_strange_ones_refused() {
        for text in [None, Some(""), Some(" "), Some("read_user"), Some("read_user  read_user ")] {
            let scopes = Scopes::parse(text).expect("sound");
            assert_eq!(scopes.to_string(), "read_user");
            assert_eq!(Scopes::from_stored(&scopes.to_string()), scopes);
        }
        for text in ["openid", "read_user email", "READ_USER", "read_user,read_user", "read_user\t"] {
            let refused = Scopes::parse(Some(text)).expect_err("no scope");
            assert_eq!(refused.kind, RefusalKind::InvalidScope, "{text}");
            assert!(refused.sentence.contains("this server knows `read_user`"), "{text}");
        }
    }

    #[test]
    fn what_the_store_holds_of_another_version_counts_for_nothing() {
        let none = Scopes::from_stored("write_everything");
        let some = Scopes::from_stored("read_user");
        assert!(!none.holds(Scope::ReadUser));
        assert!(some.covers(&none) && !none.covers(&some));
        assert_eq!(none.and(&some), some);
    }
}
