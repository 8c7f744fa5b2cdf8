//! Reads `demo.env`, which a demo server writes into its data directory: lines of `NAME="value"` for a shell.

use crate::Fallible;
use std::collections::HashMap;
use std::path::Path;

/// The ids and the key of a demo world.
#[derive(Debug)]
pub(crate) struct DemoEnv {
    values: HashMap<String, String>,
}

impl DemoEnv {
    pub(crate) fn read(path: &Path) -> Fallible<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Self::parse(&text)
    }

    /// Reads blank lines, comments, an optional `export`, and values bare or in quotes with backslash escapes.
    fn parse(text: &str) -> Fallible<Self> {
        let mut values = HashMap::new();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let line = line.strip_prefix("export ").unwrap_or(line);
            let Some((name, value)) = line.split_once('=') else {
                return Err(format!("demo.env holds a line that is not NAME=\"value\": {line}").into());
            };
            values.insert(name.trim().to_owned(), unquote(value.trim()));
        }
        Ok(Self { values })
    }

    /// Every name with its value, as a child's environment takes them.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&String, &String)> {
        self.values.iter()
    }

    /// The value of a name; an error that names it when the server did not write it.
    pub(crate) fn get(&self, name: &str) -> Fallible<&str> {
        match self.values.get(name) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => Err(format!("demo.env does not hold {name}").into()),
        }
    }
}

fn unquote(value: &str) -> String {
    if let Some(inner) = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return inner.to_owned();
    }
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_every_form_a_shell_reads() {
        let text = "# made by guildhall\n\nWHOP_API_KEY=\"key=with=signs\"\nexport ORIGIN='http://127.0.0.1:8003'\n\
                    BARE=exp_1\nESCAPED=\"a\\\"b\\\\c\\$d\"\n";
        let demo = DemoEnv::parse(text).expect("a readable file");
        assert_eq!(demo.get("WHOP_API_KEY").expect("the key"), "key=with=signs");
        assert_eq!(demo.get("ORIGIN").expect("the origin"), "http://127.0.0.1:8003");
        assert_eq!(demo.get("BARE").expect("the bare one"), "exp_1");
        assert_eq!(demo.get("ESCAPED").expect("the escaped one"), "a\"b\\c$d");
    }

    #[test]
    fn what_is_missing_is_named() {
        let demo = DemoEnv::parse("EMPTY=\"\"\n").expect("a readable file");
        for name in ["EMPTY", "DEMO_CHAT_EXPERIENCE_ID"] {
            let error = demo.get(name).expect_err("nothing there").to_string();
            assert_eq!(error, format!("demo.env does not hold {name}"));
        }
        assert!(DemoEnv::parse("not a pair").is_err());
    }
}
