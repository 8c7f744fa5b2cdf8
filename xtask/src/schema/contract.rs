//! Our schema held against the wire facts: whatever both name must be of one shape.
//!
//! Ours may lack types and fields, which are built one after the other, and may have more of them. What a
//! published client sends must be understood, so arguments, input fields and enum values may not be missing;
//! what it cannot send may not be required.

use super::document::Schema;
use async_graphql_parser::Positioned;
use async_graphql_parser::types::{
    FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind, UnionType,
};
use std::collections::BTreeSet;

/// Where ours differs on purpose: the place, our type, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("CreateForumPostInput.content", "String", FORUM_POST),
    ("CreateForumPostInput.forumExperienceId", "String", FORUM_POST),
    ("CreateForumPostInput.forumPost", "ForumPostInput", FORUM_POST),
];
const FORUM_POST: &str = "no published client sends all three that the contract requires";

/// Every difference, as a sentence that begins with its place; and every exception that is none.
pub(super) fn differences(ours: &Schema, theirs: &Schema) -> Vec<String> {
    let mut comparison = Comparison::default();
    for (name, definition) in ours.definitions() {
        if let Some(contract) = theirs.definition(name) {
            comparison.compare_types(name, definition, contract);
        }
    }
    for (place, _, reason) in EXCEPTIONS {
        if !comparison.excused.contains(place) {
            comparison.differences.push(format!("{place} is listed as an exception ({reason}) and is none"));
        }
    }
    comparison.differences
}

#[derive(Debug, Default)]
struct Comparison {
    differences: Vec<String>,
    excused: BTreeSet<&'static str>,
}

impl Comparison {
    fn report(&mut self, place: &str, sentence: &str) {
        self.differences.push(format!("{place} {sentence}"));
    }

    fn compare_types(&mut self, name: &str, ours: &TypeDefinition, theirs: &TypeDefinition) {
        match (&ours.kind, &theirs.kind) {
            (TypeKind::Scalar, TypeKind::Scalar) => {}
            (TypeKind::Enum(_), TypeKind::Enum(_)) => self.compare_enums(name, ours, theirs),
            (TypeKind::Union(ours), TypeKind::Union(theirs)) => self.compare_unions(name, ours, theirs),
            (TypeKind::InputObject(ours), TypeKind::InputObject(theirs)) => {
                self.compare_inputs(name, &ours.fields, &theirs.fields);
            }
            (TypeKind::Interface(ours), TypeKind::Interface(theirs)) => {
                self.compare_fields(name, &ours.fields, &theirs.fields);
            }
            (TypeKind::Object(ours), TypeKind::Object(theirs)) => {
                self.compare_fields(name, &ours.fields, &theirs.fields);
                for interface in &theirs.implements {
                    if !ours.implements.iter().any(|ours| ours.node == interface.node) {
                        self.report(name, &format!("does not implement {}", interface.node));
                    }
                }
            }
            _ => self.report(name, "is of another kind in the contract"),
        }
    }

    fn compare_enums(&mut self, name: &str, ours: &TypeDefinition, theirs: &TypeDefinition) {
        let (ours, theirs) = (Schema::enum_values(ours), Schema::enum_values(theirs));
        for value in ours.iter().filter(|value| !theirs.contains(value)) {
            self.report(&format!("{name}.{value}"), "is no value in the contract");
        }
        for value in theirs.iter().filter(|value| !ours.contains(value)) {
            self.report(&format!("{name}.{value}"), "is a value of the contract and missing here");
        }
    }

    fn compare_unions(&mut self, name: &str, ours: &UnionType, theirs: &UnionType) {
        for member in &ours.members {
            if !theirs.members.iter().any(|theirs| theirs.node == member.node) {
                self.report(name, &format!("has no member {} in the contract", member.node));
            }
        }
    }

    fn compare_fields(
        &mut self,
        name: &str,
        ours: &[Positioned<FieldDefinition>],
        theirs: &[Positioned<FieldDefinition>],
    ) {
        for ours in ours.iter().map(|field| &field.node) {
            let place = format!("{name}.{}", ours.name.node);
            match theirs.iter().find(|theirs| theirs.node.name.node == ours.name.node) {
                Some(theirs) => {
                    self.compare_type(&place, &ours.ty.node, &theirs.node.ty.node);
                    self.compare_inputs(&place, &ours.arguments, &theirs.node.arguments);
                }
                // Nobody selects it; but whoever does must be able to without knowing more than its name.
                None => self.compare_inputs(&place, &ours.arguments, &[]),
            }
        }
    }

    /// Arguments of a field, or fields of an input type.
    fn compare_inputs(
        &mut self,
        name: &str,
        ours: &[Positioned<InputValueDefinition>],
        theirs: &[Positioned<InputValueDefinition>],
    ) {
        for ours in ours.iter().map(|input| &input.node) {
            let place = format!("{name}.{}", ours.name.node);
            match theirs.iter().find(|theirs| theirs.node.name.node == ours.name.node) {
                Some(theirs) => self.compare_type(&place, &ours.ty.node, &theirs.node.ty.node),
                None if ours.ty.node.nullable || ours.default_value.is_some() => {}
                None => self.report(&place, "is required here and unknown to the contract"),
            }
        }
        for theirs in theirs.iter().map(|input| &input.node.name.node) {
            if !ours.iter().any(|ours| ours.node.name.node == *theirs) {
                self.report(&format!("{name}.{theirs}"), "is what clients may send, and is missing here");
            }
        }
    }

    fn compare_type(&mut self, place: &str, ours: &Type, theirs: &Type) {
        if ours == theirs {
            return;
        }
        let excuse = EXCEPTIONS.iter().find(|(excused, _, _)| *excused == place);
        match excuse {
            Some((excused, expected, _)) if ours.to_string() == *expected => {
                self.excused.insert(excused);
            }
            _ => self.report(place, &format!("is {ours} here and {theirs} in the contract")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: &str = "enum Level { low high } union Thing = Cat | Dog interface Named { name: String }
        type Cat implements Named { name: String lives(left: Int!): Int! } type Dog { name: String }
        input Wish { what: ID! level: Level }";

    /// The differences of a schema, the exceptions of the real one aside.
    fn found(ours: &str) -> Vec<String> {
        let schema = |text| Schema::parse(text).expect("a sound schema");
        let mut differences = differences(&schema(ours), &schema(CONTRACT));
        differences.retain(|difference| !difference.contains("is listed as an exception"));
        differences
    }

    #[test]
    fn less_and_more_may_be_selected() {
        assert_eq!(found(CONTRACT), [""; 0]);
        let ours = "enum Level { high low } union Thing = Cat
            type Cat implements Named { age: Int! lives(left: Int!, lost: Int, times: Int! = 1): Int! } type Fish { fins: Int }
            input Wish { what: ID! level: Level note: String }";
        assert_eq!(found(ours), [""; 0]);
    }

    #[test]
    fn every_difference_is_named() {
        for (ours, sentence) in [
            ("enum Level { low }", "Level.high is a value of the contract and missing here"),
            ("enum Level { low high top }", "Level.top is no value in the contract"),
            ("union Thing = Cat | Fish", "Thing has no member Fish in the contract"),
            ("type Cat { name: String }", "Cat does not implement Named"),
            ("type Dog { name: String! }", "Dog.name is String! here and String in the contract"),
            (
                "type Dog { tail(wags: Int!): Int }",
                "Dog.tail.wags is required here and unknown to the contract",
            ),
            ("type Level { low: Int }", "Level is of another kind in the contract"),
            ("input Wish { what: ID level: Level }", "Wish.what is ID here and ID! in the contract"),
            ("input Wish { what: ID! }", "Wish.level is what clients may send, and is missing here"),
        ] {
            assert_eq!(found(ours), [sentence], "{ours}");
        }
    }
}
