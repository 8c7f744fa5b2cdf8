//! Enums of the schema, which a newer server may widen.

/// Declares an enum sent and read as a string, with a variant for values this client does not know.
macro_rules! string_enum {
    (
        $(#[$documentation:meta])*
        pub enum $name:ident { $($variant:ident = $value:literal,)+ }
    ) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = concat!("`", $value, "`")] $variant,)+
            /// A value that this client does not know, as the server spells it.
            Unrecognized(String),
        }

        impl $name {
            /// As it is spelled on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $value,)+
                    Self::Unrecognized(value) => value,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                match value {
                    $($value => Self::$variant,)+
                    _ => Self::Unrecognized(value.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Ok(Self::from(value.as_ref()))
            }
        }
    };
}

pub(crate) use string_enum;

#[cfg(test)]
mod tests {
    use crate::AccessLevel;

    #[test]
    fn a_value_of_a_newer_server_is_kept_as_it_is_spelled() {
        let levels: Vec<AccessLevel> = serde_json::from_str(r#"["no_access", "owner"]"#).unwrap();
        assert_eq!(levels, [AccessLevel::NoAccess, AccessLevel::Unrecognized("owner".into())]);
        assert_eq!(serde_json::to_string(&levels).unwrap(), r#"["no_access","owner"]"#);
    }
}
