//! The parameters of a request, each of which may stand there once.

use super::Refusal;

/// The most parameters a request may have.
const MOST: usize = 50;

/// Names and values as they came, in their order.
#[derive(Debug, Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The parameters of these pairs.
    #[must_use]
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The value of a parameter; one without a value counts as left out.
    ///
    /// # Errors
    /// `invalid_request` when it stands there twice.
    pub fn get(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(Refusal::malformed(&format!("`{name}` stands there twice.")));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// The value of a parameter that must be there.
    ///
    /// # Errors
    /// `invalid_request` when it is missing, or stands there twice.
    pub fn require(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name)?.ok_or_else(|| Refusal::malformed(&format!("`{name}` is missing.")))
    }

    /// That every name stands there once.
    ///
    /// # Errors
    /// `invalid_request` naming one that does not, or when there are more than 50.
    pub fn check_single(&self) -> Result<(), Refusal> {
        if self.0.len() > MOST {
            return Err(Refusal::malformed("There are more than 50 parameters."));
        }
        self.0.iter().try_for_each(|(name, _)| self.get(name).map(|_| ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stands_there_once_or_is_refused() {
        let of = |pairs: &[(&str, &str)]| {
            Parameters::new(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
        };
        let sound = of(&[("a", "1"), ("b", "")]);
        assert_eq!(sound.get("a"), Ok(Some("1")));
        assert_eq!((sound.get("b"), sound.get("c")), (Ok(None), Ok(None)));
        assert_eq!(sound.check_single(), Ok(()));
        assert_eq!(sound.require("b"), Err(Refusal::malformed("`b` is missing.")));
        for twice in [of(&[("a", "1"), ("a", "1")]), of(&[("a", ""), ("b", "2"), ("a", "1")])] {
            let refused = Refusal::malformed("`a` stands there twice.");
            assert_eq!(twice.get("a"), Err(refused.clone()));
            assert_eq!(twice.check_single(), Err(refused));
        }
        let many: Vec<_> = (0..51).map(|number| (number.to_string(), String::new())).collect();
        assert!(Parameters::new(many).check_single().is_err());
    }
}
