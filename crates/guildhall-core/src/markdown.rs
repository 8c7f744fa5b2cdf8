//! Markdown as a document tree: the same text, for editors that want structure.
//!
//! The tree has the shape editors of the ProseMirror family read: nodes `{type, attrs?, content?}`,
//! text `{type: "text", text, marks?}`. Raw HTML becomes text, so none ever reaches a page.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};
use serde_json::{Map, Value, json};

/// Deepest nesting that is kept; what lies deeper is joined to the level above.
const DEEPEST: usize = 32;

/// The document tree of a Markdown text.
#[must_use]
pub fn document(markdown: &str) -> Value {
    let mut builder = Builder { open: vec![node("doc", None)], marks: Vec::new(), skipped: 0 };
    for event in Parser::new_ext(markdown, Options::ENABLE_STRIKETHROUGH) {
        builder.take(event);
    }
    builder.finish()
}

struct Builder {
    open: Vec<Map<String, Value>>,
    marks: Vec<Value>,
    /// How many open tags were too deep to get a node of their own.
    skipped: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text, None),
            Event::Code(text) => self.text(&text, Some(json!({"type": "code"}))),
            Event::SoftBreak => self.text("\n", None),
            Event::HardBreak => self.push(json!({"type": "hardBreak"})),
            Event::Rule => self.push(json!({"type": "horizontalRule"})),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        if let Some(mark) = mark_of(tag) {
            self.marks.push(mark);
        } else if self.open.len() >= DEEPEST {
            self.skipped += 1;
        } else {
            self.open.push(node_of(tag));
        }
    }

    fn end(&mut self, tag: pulldown_cmark::TagEnd) {
        use pulldown_cmark::TagEnd::{Emphasis, Image, Link, Strikethrough, Strong};
        if matches!(tag, Emphasis | Strong | Strikethrough | Link | Image) {
            self.marks.pop();
        } else if self.skipped > 0 {
            self.skipped -= 1;
        } else if self.open.len() > 1 {
            let done = self.open.pop().expect("more than the document is open");
            self.push(Value::Object(done));
        }
    }

    fn text(&mut self, text: &str, mark: Option<Value>) {
        if text.is_empty() {
            return;
        }
        let marks: Vec<Value> = self.marks.iter().cloned().chain(mark).collect();
        self.push(if marks.is_empty() {
            json!({"type": "text", "text": text})
        } else {
            json!({"type": "text", "text": text, "marks": marks})
        });
    }

    fn push(&mut self, child: Value) {
        let parent = self.open.last_mut().expect("the document is always open");
        let content = parent.entry("content").or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(children) = content {
            children.push(child);
        }
    }

    fn finish(mut self) -> Value {
        Value::Object(self.open.swap_remove(0))
    }
}

fn mark_of(tag: &Tag<'_>) -> Option<Value> {
    match tag {
        Tag::Emphasis => Some(json!({"type": "italic"})),
        Tag::Strong => Some(json!({"type": "bold"})),
        Tag::Strikethrough => Some(json!({"type": "strike"})),
        Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
            Some(json!({"type": "link", "attrs": {"href": safe_address(dest_url)}}))
        }
        _ => None,
    }
}

/// The address, or nothing when following it could run a script.
fn safe_address(address: &str) -> &str {
    let scheme = address.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        None | Some("http" | "https" | "mailto") => address,
        Some(_) => "",
    }
}

fn node_of(tag: &Tag<'_>) -> Map<String, Value> {
    match tag {
        Tag::Heading { level, .. } => node("heading", Some(json!({"level": *level as u8}))),
        Tag::BlockQuote(_) => node("blockquote", None),
        Tag::CodeBlock(CodeBlockKind::Fenced(language)) if !language.is_empty() => {
            node("codeBlock", Some(json!({"language": language.as_ref()})))
        }
        Tag::CodeBlock(_) => node("codeBlock", None),
        Tag::List(Some(start)) => node("orderedList", Some(json!({"start": start}))),
        Tag::List(None) => node("bulletList", None),
        Tag::Item => node("listItem", None),
        _ => node("paragraph", None),
    }
}

fn node(kind: &str, attributes: Option<Value>) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("type".into(), kind.into());
    if let Some(attributes) = attributes {
        map.insert("attrs".into(), attributes);
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn marks_and_nodes() {
        assert_eq!(
            document("Hi **you**\n\n- one"),
            json!({"type": "doc", "content": [
                {"type": "paragraph", "content": [
                    {"type": "text", "text": "Hi "},
                    {"type": "text", "text": "you", "marks": [{"type": "bold"}]},
                ]},
                {"type": "bulletList", "content": [
                    {"type": "listItem", "content": [{"type": "text", "text": "one"}]},
                ]},
            ]})
        );
    }

    #[test]
    fn html_is_text_and_scripts_lead_nowhere() {
        let tree = document("<script>alert(1)</script>\n\n[x](javascript:alert(1))").to_string();
        assert!(tree.contains("<script>"), "kept as text: {tree}");
        assert!(!tree.contains("javascript:"), "{tree}");
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = "> ".repeat(5000) + "x";
        let tree = document(&deep);
        let mut depth = 0;
        let mut here = &tree;
        while let Some(child) = here["content"].get(0) {
            depth += 1;
            here = child;
        }
        assert!(depth <= DEEPEST + 1, "{depth}");
        assert_eq!(here["text"], "x");
    }

    proptest! {
        #[test]
        fn any_text_becomes_a_tree(text in "\\PC{0,200}") {
            prop_assert_eq!(&document(&text)["type"], "doc");
        }
    }
}
