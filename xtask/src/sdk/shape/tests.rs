use super::*;
use crate::schema::document::Schema;

const SCHEMA: &str = "
    type Query { file: File!, entries: [Entry!]!, me: User }
    interface File { id: ID! }
    type Image implements File { id: ID!, width: Int }
    type Sound implements File { id: ID!, duration: Float }
    union Entry = Image | User
    type User { name: String!, file(large: Boolean): File }
";

fn select_from_root(document: &str) -> Result<Selected, String> {
    let schema = Schema::parse(SCHEMA)?;
    let document = async_graphql_parser::parse_query(document).expect("the test's document parses");
    let (_, operation) = document.operations.iter().next().expect("the test's document has an operation");
    select(&schema, &document, "Query", &operation.node.selection_set.node)
}

fn keys(fields: &[SelectedField]) -> Vec<&str> {
    fields.iter().map(|field| field.key.as_str()).collect()
}

#[test]
fn a_case_holds_the_common_fields_and_its_own() {
    let selected = select_from_root("query a { file { __typename id ... on Image { width } } }").unwrap();
    let file = selected.fields[0].nested.as_ref().unwrap();
    assert_eq!(keys(&file.fields), ["__typename", "id"]);
    assert_eq!(keys(&file.cases[0].fields), ["__typename", "id", "width"]);
    assert_eq!(file.other_types, ["Sound"]);
}

#[test]
fn a_named_fragment_on_the_type_itself_is_part_of_every_answer() {
    let selected = select_from_root("query a { me { ...b } } fragment b on User { alias: name }").unwrap();
    let me = selected.fields[0].nested.as_ref().unwrap();
    assert_eq!(keys(&me.fields), ["alias"]);
    assert!(me.cases.is_empty() && me.other_types.is_empty());
}

#[test]
fn what_does_not_fit_the_schema_is_refused_with_its_name() {
    for (document, expected) in [
        ("query a { nothing }", "Query has no field nothing"),
        ("query a { me }", "Query.me answers User: its selection set does not fit"),
        ("query a { me { name { id } } }", "User.name answers String: its selection set does not fit"),
        ("query a { me { file(size: 1) { id } } }", "User.file takes no argument size"),
        ("query a { file { ... on User { name } } }", "... on User is no object type that File can be"),
        ("query a { me { a: name a: file { id } } }", "a is selected twice, differently"),
        (
            "query a { entries { ... on Image { id } ... on User { name } } }",
            "Entry: several fragments need __typename to be told apart",
        ),
    ] {
        assert_eq!(select_from_root(document).unwrap_err(), expected);
    }
}
