//! What an operation answers: its selection sets with the schema's types written in.

use crate::schema::document::Schema;
use async_graphql_parser::types::{
    BaseType, ExecutableDocument, Field, Selection, SelectionSet, Type, TypeKind,
};

/// The answer to one selection set.
#[derive(Debug)]
pub(super) struct Selected {
    /// Fields every answer holds, in the document's order.
    pub(super) fields: Vec<SelectedField>,
    /// Empty unless the type is a union or an interface that the document tells apart.
    pub(super) cases: Vec<Case>,
    /// The object types that are possible and have no case.
    pub(super) other_types: Vec<String>,
}

/// The fields answered when the object is of one type: those of every answer, then its own.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) type_name: String,
    pub(super) fields: Vec<SelectedField>,
}

/// One field under the key it is answered with.
#[derive(Debug, Clone)]
pub(super) struct SelectedField {
    pub(super) key: String,
    pub(super) value_type: Type,
    pub(super) description: Option<String>,
    /// `None` for scalars and enums.
    pub(super) nested: Option<std::rc::Rc<Selected>>,
}

/// The innermost name of a type, its lists taken off.
pub(super) fn base_name(value_type: &Type) -> &str {
    match &value_type.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => base_name(item),
    }
}

/// Resolves a selection set on a type of the schema.
///
/// # Errors
/// A sentence when a field or type is not in the schema, a key stands for two things, or the answer's type
/// could not be told because several fragments stand without `__typename`.
pub(super) fn select(
    schema: &Schema,
    document: &ExecutableDocument,
    type_name: &str,
    selection_set: &SelectionSet,
) -> Result<Selected, String> {
    let resolver = Resolver { schema, document };
    let mut common = Vec::new();
    let mut own = Vec::new();
    resolver.collect(type_name, selection_set, &mut common, &mut own)?;

    let mut cases: Vec<Case> = Vec::new();
    for (case_type, field) in own {
        if !cases.iter().any(|case| case.type_name == case_type) {
            cases.push(Case { type_name: case_type.clone(), fields: common.clone() });
        }
        let case = cases.iter_mut().find(|case| case.type_name == case_type);
        add(&mut case.expect("the case was pushed above").fields, field)?;
    }
    let is_told = common.iter().any(|field| field.key == "__typename");
    if cases.len() > 1 && !is_told {
        return Err(format!("{type_name}: several fragments need __typename to be told apart"));
    }
    cases.sort_by(|left, right| left.type_name.cmp(&right.type_name));
    let mut other_types = Vec::new();
    if schema.is_abstract(type_name) {
        other_types = schema.possible_types(type_name);
        other_types.retain(|name| cases.iter().all(|case| case.type_name != *name));
    }
    Ok(Selected { fields: common, cases, other_types })
}

struct Resolver<'a> {
    schema: &'a Schema,
    document: &'a ExecutableDocument,
}

impl Resolver<'_> {
    fn collect(
        &self,
        type_name: &str,
        selection_set: &SelectionSet,
        common: &mut Vec<SelectedField>,
        own: &mut Vec<(String, SelectedField)>,
    ) -> Result<(), String> {
        for item in &selection_set.items {
            let (condition, inner) = match &item.node {
                Selection::Field(field) => {
                    add(common, self.field(type_name, &field.node)?)?;
                    continue;
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    (condition, &fragment.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let fragment = self.document.fragments.get(name).ok_or(format!("no fragment {name}"))?;
                    (Some(&fragment.node.type_condition), &fragment.node.selection_set.node)
                }
            };
            let narrowed = condition.map_or(type_name, |condition| condition.node.on.node.as_str());
            self.fragment(type_name, narrowed, inner, common, own)?;
        }
        Ok(())
    }

    fn fragment(
        &self,
        type_name: &str,
        narrowed: &str,
        inner: &SelectionSet,
        common: &mut Vec<SelectedField>,
        own: &mut Vec<(String, SelectedField)>,
    ) -> Result<(), String> {
        let always_applies = narrowed == type_name
            || (!self.schema.is_abstract(type_name)
                && self.schema.possible_types(narrowed).iter().any(|name| name == type_name));
        if always_applies {
            return self.collect(type_name, inner, common, own);
        }
        if !self.schema.possible_types(type_name).iter().any(|name| name == narrowed) {
            return Err(format!("... on {narrowed} is no object type that {type_name} can be"));
        }
        let mut fields = Vec::new();
        self.collect(narrowed, inner, &mut fields, own)?;
        own.extend(fields.into_iter().map(|field| (narrowed.to_owned(), field)));
        Ok(())
    }

    fn field(&self, type_name: &str, field: &Field) -> Result<SelectedField, String> {
        let name = field.name.node.as_str();
        let key = field.response_key().node.to_string();
        if name == "__typename" {
            let value_type = Type::new("String!").expect("String! is a type");
            return Ok(SelectedField { key, value_type, description: None, nested: None });
        }
        let definition =
            self.schema.field(type_name, name).ok_or_else(|| format!("{type_name} has no field {name}"))?;
        for (argument, _) in &field.arguments {
            if !definition.arguments.iter().any(|known| known.node.name.node == argument.node) {
                return Err(format!("{type_name}.{name} takes no argument {}", argument.node));
            }
        }
        let value_type = definition.ty.node.clone();
        let answered = base_name(&value_type);
        let has_fields = !matches!(
            self.schema.definition(answered).map(|definition| &definition.kind),
            None | Some(TypeKind::Scalar | TypeKind::Enum(_))
        );
        let inner = &field.selection_set.node;
        if has_fields == inner.items.is_empty() {
            return Err(format!("{type_name}.{name} answers {answered}: its selection set does not fit"));
        }
        let nested = has_fields
            .then(|| select(self.schema, self.document, answered, inner).map(std::rc::Rc::new))
            .transpose()?;
        let description = definition.description.as_ref().map(|description| description.node.clone());
        Ok(SelectedField { key, value_type, description, nested })
    }
}

/// Adds a field once; the same scalar under the same key twice is the same field.
fn add(fields: &mut Vec<SelectedField>, field: SelectedField) -> Result<(), String> {
    match fields.iter().find(|known| known.key == field.key) {
        None => fields.push(field),
        Some(known) if known.nested.is_none() && known.value_type == field.value_type => {}
        Some(_) => return Err(format!("{} is selected twice, differently", field.key)),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
