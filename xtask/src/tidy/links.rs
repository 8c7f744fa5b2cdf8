//! Documents that point at files which are not there.

use super::tree::{Tree, folder};

/// Relative links and pictures of `.md` files that lead nowhere.
pub(super) fn dead_links(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in tree.texts(".md") {
        for (line, target) in links(text) {
            if is_relative(target) && !leads_somewhere(tree, path, target) {
                found.push(format!("{path}:{line}: the link to {target} leads nowhere"));
            }
        }
    }
    found
}

/// Every link with its line, those in blocks of code aside.
fn links(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_code = false;
    let lines = text.lines().enumerate().filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    lines.flat_map(|(index, line)| {
        let inline = targets(line, "](", ')');
        let pictures = targets(line, "src=\"", '"').chain(targets(line, "href=\"", '"'));
        let named = line.starts_with('[').then(|| line.split_once("]: ")).flatten().map(|(_, target)| target);
        inline.chain(pictures).chain(named).map(move |target| (index + 1, target))
    })
}

fn targets<'a>(line: &'a str, before: &'a str, after: char) -> impl Iterator<Item = &'a str> {
    line.split(before).skip(1).filter_map(move |rest| rest.split(after).next())
}

fn is_relative(target: &str) -> bool {
    !target.is_empty() && !target.starts_with(['#', '/']) && !target.contains(':')
}

fn leads_somewhere(tree: &Tree, from: &str, target: &str) -> bool {
    let target = target.split(['#', '?', ' ']).next().unwrap_or(target);
    let mut place: Vec<&str> = folder(from).split('/').filter(|name| !name.is_empty()).collect();
    for name in target.split('/').filter(|name| !name.is_empty() && *name != ".") {
        if name != ".." {
            place.push(name);
        } else if place.pop().is_none() {
            return false;
        }
    }
    tree.holds(&place.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_that_lead_nowhere_are_found() {
        let text = "[a](guide.md#part) [b](../README.md) [web](https://example.com) [here](#part) [c](../crates)\n\
                    ```\n[code](nowhere.md)\n```\n[d](gone.md)\n<img src=\"gone.png\">\n[e]: ../../outside.md\n";
        let tree = Tree::of(&[
            ("README.md", ""),
            ("crates/a/src/lib.rs", ""),
            ("docs/guide.md", ""),
            ("docs/tour.md", text),
        ]);
        let expected = [(5, "gone.md"), (6, "gone.png"), (7, "../../outside.md")];
        let expected =
            expected.map(|(line, target)| format!("docs/tour.md:{line}: the link to {target} leads nowhere"));
        assert_eq!(dead_links(&tree), expected);
    }
}
