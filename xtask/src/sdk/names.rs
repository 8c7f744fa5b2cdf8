//! Spelling a GraphQL name the way each language spells it.

/// `byteSizeV2` → `byte_size_v2`, `moneyEarned24Hours` → `money_earned_24_hours`, `s80` stays.
pub(super) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut previous = '_';
    let mut word_length = 0;
    for character in name.trim_start_matches('_').chars() {
        let starts_word = character.is_ascii_uppercase()
            || (character.is_ascii_digit() && previous.is_ascii_lowercase() && word_length > 1);
        if starts_word && !snake.is_empty() && previous != '_' {
            snake.push('_');
            word_length = 0;
        }
        snake.push(character.to_ascii_lowercase());
        word_length = if character == '_' { 0 } else { word_length + 1 };
        previous = character;
    }
    snake
}

/// `no_access` and `noAccess` → `NoAccess`.
pub(super) fn pascal_case(name: &str) -> String {
    let mut pascal = String::with_capacity(name.len());
    let mut at_start = true;
    for character in name.chars() {
        if character == '_' {
            at_start = true;
        } else if at_start {
            pascal.push(character.to_ascii_uppercase());
            at_start = false;
        } else {
            pascal.push(character);
        }
    }
    pascal
}

/// `findOrCreateChat` → `FIND_OR_CREATE_CHAT`.
pub(super) fn screaming_case(name: &str) -> String {
    snake_case(name).to_ascii_uppercase()
}

/// What serde's `rename_all = "camelCase"` makes of a field name, to tell where a `rename` is needed.
pub(super) fn serde_camel_case(snake: &str) -> String {
    let pascal = pascal_case(snake);
    let mut characters = pascal.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + characters.as_str())
}

/// A field's name in Rust; a keyword is written raw.
pub(super) fn rust_field(name: &str) -> String {
    let snake = snake_case(name);
    match snake.as_str() {
        "type" | "ref" | "move" | "match" | "in" | "where" | "use" | "enum" | "struct" | "static" => {
            format!("r#{snake}")
        }
        _ => snake,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_words() {
        for (name, snake, pascal) in [
            ("findOrCreateChat", "find_or_create_chat", "FindOrCreateChat"),
            ("byteSizeV2", "byte_size_v2", "ByteSizeV2"),
            ("moneyEarned24Hours", "money_earned_24_hours", "MoneyEarned24Hours"),
            ("__typename", "typename", "Typename"),
            ("no_access", "no_access", "NoAccess"),
            ("s80", "s80", "S80"),
        ] {
            assert_eq!(snake_case(name), snake);
            assert_eq!(pascal_case(name), pascal);
        }
    }

    #[test]
    fn a_field_comes_back_from_serde_as_it_was() {
        for name in ["byteSizeV2", "moneyEarned24Hours", "inAppPurchase", "route"] {
            assert_eq!(serde_camel_case(&snake_case(name)), name);
        }
    }
}
