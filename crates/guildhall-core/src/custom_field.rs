//! Custom fields: what a buyer answers to what a plan asks.

use crate::plan::CustomField;
use crate::{Invalid, invalid};

/// The longest answer, in characters.
pub const LONGEST_ANSWER: usize = 2000;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The field's id.
    pub field: String,
    /// What was answered, trimmed; never empty.
    pub value: String,
}

/// Checks what a buyer answered, as pairs of a field's id and a text; answers what is kept, in the fields' order. Empty
/// answers count as none.
///
/// # Errors
/// When a field is not asked by the plan or answered twice, an answer is too long, or a required one is missing.
pub fn check_answers(fields: &[CustomField], given: &[(String, String)]) -> Result<Vec<Answer>, Invalid> {
    for (index, (id, value)) in given.iter().enumerate() {
        let Some(field) = fields.iter().find(|field| field.id == *id) else {
            let shown: String = id.chars().filter(|c| !c.is_control()).take(64).collect();
            return invalid(format!("The plan does not ask for `{shown}`."));
        };
        if given[..index].iter().any(|(earlier, _)| earlier == id) {
            return invalid(format!("“{}” is answered twice.", field.name));
        }
        if value.chars().count() > LONGEST_ANSWER {
            return invalid(format!("“{}” takes at most {LONGEST_ANSWER} characters.", field.name));
        }
    }
    let mut answers = Vec::new();
    for field in fields {
        let answer = given.iter().find(|(id, _)| *id == field.id);
        match answer.map(|(_, value)| value.trim()).filter(|value| !value.is_empty()) {
            Some(value) => answers.push(Answer { field: field.id.clone(), value: value.to_owned() }),
            None if field.required => return invalid(format!("“{}” must be filled in.", field.name)),
            None => {}
        }
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(id: &str, name: &str, required: bool) -> CustomField {
        CustomField { id: id.into(), name: name.into(), placeholder: None, order: 0, required }
    }

    fn given(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(id, value)| ((*id).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn answers_are_kept_in_the_order_of_the_fields() {
        let fields = [field("a", "Handle", true), field("b", "Team", false), field("c", "Size", false)];
        let answers =
            check_answers(&fields, &given(&[("c", " M "), ("a", "@kim"), ("b", " ")])).expect("sound");
        let kept: Vec<(&str, &str)> =
            answers.iter().map(|answer| (answer.field.as_str(), answer.value.as_str())).collect();
        assert_eq!(kept, [("a", "@kim"), ("c", "M")]);
        assert_eq!(check_answers(&[], &[]), Ok(vec![]));
    }

    #[test]
    fn each_refusal_has_its_sentence() {
        let fields = [field("a", "Handle", true), field("b", "Team", false)];
        let long = "x".repeat(2001);
        let table = [
            (vec![], "“Handle” must be filled in."),
            (vec![("a", "  ")], "“Handle” must be filled in."),
            (vec![("a", "x"), ("a", "y")], "“Handle” is answered twice."),
            (vec![("a", "x"), ("z", "y")], "The plan does not ask for `z`."),
            (vec![("a", "x"), ("b", long.as_str())], "“Team” takes at most 2000 characters."),
        ];
        for (pairs, sentence) in table {
            assert_eq!(check_answers(&fields, &given(&pairs)).expect_err(sentence).0, sentence);
        }
    }
}
