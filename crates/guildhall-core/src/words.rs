//! Enumerations whose variants have a word on the wire or in the store.

/// Declares an enumeration with its words: `ALL`, `as_str` and `from_word`.
macro_rules! words {
    (
        $(#[$outer:meta])*
        pub enum $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal,)* }
    ) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$inner])* $variant,)* }

        impl $name {
            /// Every one, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The one of that word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    use crate::ledger::AccountKind;

    #[test]
    fn words_read_back() {
        for one in AccountKind::ALL {
            assert_eq!(AccountKind::from_word(one.as_str()), Some(*one));
        }
        assert_eq!(AccountKind::from_word("nobody"), None);
    }
}
