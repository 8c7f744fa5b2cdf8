//! The PDF of an invoice: one page of A4 that can be read aloud, searched and copied from.
//!
//! Drawn from its [`Paper`] alone, so the same paper is the same file. Its bounds are the paper's: a line or a few, whose
//! long labels break and end in `…` after [`MOST_LABEL_LINES`].

use super::typeset::{Line, Weight, lines_of};
use super::{Mood, Paper};
use krilla::SerializeSettings;
use krilla::action::{Action, LinkAction};
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::document::Document;
use krilla::error::KrillaError;
use krilla::geom::{PathBuilder, Rect};
use krilla::metadata::Metadata;
use krilla::page::{Page, PageSettings};
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Node, SpanTag, TableHeaderScope, Tag, TagGroup, TagTree,
};
use std::num::NonZeroU16;

const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
const LEFT: f32 = 56.0;
const RIGHT: f32 = WIDTH - LEFT;
/// Where the columns of numbers end.
const QUANTITY: f32 = 372.0;
const UNIT_PRICE: f32 = 456.0;
/// The most lines that a label takes.
const MOST_LABEL_LINES: usize = 4;

type Colour = (u8, u8, u8);
const INK: Colour = (0x1d, 0x1b, 0x18);
const QUIET: Colour = (0x6b, 0x66, 0x5d);
const RULE: Colour = (0xe4, 0xdf, 0xd5);
const WASH: Colour = (0xfa, 0xf6, 0xf0);
const ACCENT: Colour = (0x7a, 0x3b, 0x12);
const WHITE: Colour = (0xff, 0xff, 0xff);

fn colour_of(mood: Mood) -> Colour {
    match mood {
        Mood::Open => ACCENT,
        Mood::Late => (0xa3, 0x21, 0x21),
        Mood::Done => (0x23, 0x68, 0x3c),
        Mood::Gone => QUIET,
    }
}

/// How a text is set.
#[derive(Clone, Copy)]
struct Style {
    weight: Weight,
    size: f32,
    colour: Colour,
}

const fn style(weight: Weight, size: f32, colour: Colour) -> Style {
    Style { weight, size, colour }
}

const CAPTION: Style = style(Weight::Regular, 8.5, QUIET);
const BODY: Style = style(Weight::Regular, 10.0, INK);
const STRONG: Style = style(Weight::Strong, 10.0, INK);

/// Draws the PDF.
///
/// # Errors
/// When the library refuses what it was given.
pub(super) fn draw(paper: &Paper) -> Result<Vec<u8>, KrillaError> {
    let settings = SerializeSettings { enable_tagging: true, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    document.set_metadata(
        Metadata::new()
            .title(format!("Invoice {} from {}", paper.number, paper.seller))
            .authors(vec![paper.seller.clone()])
            .language("en".into()),
    );
    let size = PageSettings::from_wh(WIDTH, HEIGHT).expect("A4 has a size");
    let mut page = document.start_page_with(size);
    let mut tags = TagTree::new().with_lang(Some("en".into()));
    let button = Sheet { surface: page.surface(), tags: &mut tags }.write(paper);
    if let Some((label, rect, link)) = button {
        link_to(&mut page, &mut tags, label, rect, link);
    }
    page.finish();
    document.set_tag_tree(tags);
    document.finish()
}

/// Makes a part of the page lead on.
fn link_to(page: &mut Page<'_>, tags: &mut TagTree, label: Node, rect: Rect, link: &str) {
    let target = Target::Action(Action::Link(LinkAction::new(link.to_owned())));
    let annotation = Annotation::new_link(LinkAnnotation::new(rect, target), Some("Pay this invoice".into()));
    let annotation = page.add_tagged_annotation(annotation);
    tags.push(TagGroup::with_children(Tag::Link, vec![label, annotation.into()]));
}

/// The page as it is drawn, from top to bottom, and what its parts are.
struct Sheet<'a> {
    surface: Surface<'a>,
    tags: &'a mut TagTree,
}

impl Sheet<'_> {
    /// Writes all of it; answers the button that leads on to paying.
    fn write(mut self, paper: &Paper) -> Option<(Node, Rect, &str)> {
        let below_head = self.head(paper);
        let below_parties = self.parties(paper, below_head + 34.0);
        let button = self.due(paper, below_parties + 26.0);
        let below_table = self.table(paper, below_parties + 126.0);
        self.sums(paper, below_table + 18.0);
        self.foot(paper);
        button
    }

    /// The seller on the left, what it is on the right; answers where it ends.
    fn head(&mut self, paper: &Paper) -> f32 {
        let top = 54.0;
        self.decorate(|surface| block(surface, Rect::from_xywh(LEFT, top, 34.0, 34.0), 9.0, ACCENT));
        let initial = Line::new(&paper.initial(), Weight::Strong);
        let middle = LEFT + 17.0 - initial.width(17.0) / 2.0;
        self.decorate(|surface| {
            fill(surface, WHITE);
            initial.draw(surface, middle, top + 23.2, 17.0);
        });
        let name = style(Weight::Strong, 13.0, INK);
        let mut base = top + 21.5;
        for line in lines_of(&paper.seller, name.weight, name.size, 230.0, 3) {
            let part = self.line(&line, name, LEFT + 46.0, base);
            self.tag(Tag::P.into(), part);
            base += 17.0;
        }
        let title = style(Weight::Strong, 25.0, INK);
        let part = self.ending_at("Invoice", title, RIGHT, top + 21.0);
        let level = NonZeroU16::new(1).expect("one is not zero");
        self.tag(Tag::Hn(level, Some(format!("Invoice {}", paper.number))).into(), part);
        let number = style(Weight::Regular, 10.5, QUIET);
        let part = self.ending_at(&paper.number, number, RIGHT, top + 39.0);
        self.tag(Tag::P.into(), part);
        if paper.mood != Mood::Open {
            self.stamp(paper, top + 52.0);
        }
        base.max(top + 78.0)
    }

    /// Where it stands, as a stamp whose top is given.
    fn stamp(&mut self, paper: &Paper, top: f32) {
        let words = Line::new(paper.stamp, Weight::Strong);
        let size = 9.0;
        let width = words.width(size) + 18.0;
        let colour = colour_of(paper.mood);
        let at = Rect::from_xywh(RIGHT - width, top, width, 18.0);
        self.decorate(|surface| block(surface, at, 9.0, colour));
        let part = self.line(&words, style(Weight::Strong, size, WHITE), RIGHT - width + 9.0, top + 12.2);
        self.tag(Tag::P.into(), part);
    }

    /// For whom and when; answers where it ends.
    fn parties(&mut self, paper: &Paper, top: f32) -> f32 {
        self.rule(top - 22.0, LEFT, RIGHT, 0.8);
        self.caption("Billed to", LEFT, top);
        self.caption("Issued", 330.0, top);
        self.caption("Due", 446.0, top);
        let mut base = top + 16.0;
        for (index, text) in paper.buyer.iter().enumerate() {
            let face = if index == 0 { STRONG } else { BODY };
            for line in lines_of(text, face.weight, face.size, 250.0, 3) {
                let part = self.line(&line, face, LEFT, base);
                self.tag(Tag::P.into(), part);
                base += 14.5;
            }
        }
        for (text, x) in [(&paper.issued, 330.0), (&paper.due, 446.0)] {
            let part = self.text(text, BODY, x, top + 16.0);
            self.tag(Tag::P.into(), part);
        }
        base.max(top + 30.5)
    }

    /// What is asked for, and the button that pays it; answers the button.
    fn due<'p>(&mut self, paper: &'p Paper, top: f32) -> Option<(Node, Rect, &'p str)> {
        let ground = Rect::from_xywh(LEFT, top, RIGHT - LEFT, 66.0);
        self.decorate(|surface| block(surface, ground, 10.0, WASH));
        self.caption(&paper.standing, LEFT + 18.0, top + 23.0);
        let amount = style(Weight::Strong, 21.0, colour_of(paper.mood));
        let part = self.text(&paper.amount, amount, LEFT + 18.0, top + 48.0);
        self.tag(Tag::P.into(), part);
        let link = paper.pay_link.as_deref()?;
        let label = Line::new("Pay online", Weight::Strong);
        let (size, width) = (10.5, label.width(10.5) + 36.0);
        let at = Rect::from_xywh(RIGHT - 18.0 - width, top + 17.0, width, 32.0)?;
        self.decorate(|surface| block(surface, Some(at), 8.0, ACCENT));
        let x = at.left() + 18.0;
        let part = self.line(&label, style(Weight::Strong, size, WHITE), x, top + 36.8);
        Some((part, at, link))
    }

    /// What it is for, line by line; answers where it ends.
    fn table(&mut self, paper: &Paper, top: f32) -> f32 {
        let mut table = TagGroup::new(Tag::Table);
        let label = self.text("Description", CAPTION, LEFT, top);
        let mut head = vec![label];
        for (name, right) in [("Quantity", QUANTITY), ("Unit price", UNIT_PRICE), ("Amount", RIGHT)] {
            head.push(self.ending_at(name, CAPTION, right, top));
        }
        let cells = head
            .into_iter()
            .map(|part| TagGroup::with_children(Tag::TH(TableHeaderScope::Column), vec![part]).into());
        table.push(TagGroup::with_children(Tag::TR, cells.collect()));
        self.rule(top + 9.0, LEFT, RIGHT, 1.0);
        let mut base = top + 29.0;
        for line in &paper.lines {
            let labels =
                lines_of(&line.label, STRONG.weight, STRONG.size, QUANTITY - LEFT - 70.0, MOST_LABEL_LINES);
            let height = 14.5 * (labels.len().max(1) - 1) as f32;
            let mut cells = vec![TagGroup::new(Tag::TD)];
            for (index, label) in labels.iter().enumerate() {
                let part = self.line(label, STRONG, LEFT, base + 14.5 * index as f32);
                cells[0].push(part);
            }
            for (text, right) in
                [(&line.quantity, QUANTITY), (&line.unit_price, UNIT_PRICE), (&line.total, RIGHT)]
            {
                let part = self.ending_at(text, BODY, right, base);
                cells.push(TagGroup::with_children(Tag::TD, vec![part]));
            }
            table.push(TagGroup::with_children(Tag::TR, cells.into_iter().map(Node::from).collect()));
            base += height + 13.0;
            self.rule(base, LEFT, RIGHT, 0.8);
            base += 20.0;
        }
        self.tags.push(table);
        base - 20.0
    }

    /// How the lines add up.
    fn sums(&mut self, paper: &Paper, top: f32) {
        let from = 330.0;
        let mut base = top + 8.0;
        let mut table = TagGroup::new(Tag::Table);
        for (name, amount) in &paper.sums {
            let parts = [
                self.text(name, style(Weight::Regular, 10.0, QUIET), from, base),
                self.ending_at(amount, BODY, RIGHT, base),
            ];
            table.push(row(parts));
            base += 19.0;
        }
        self.rule(base - 8.0, from, RIGHT, 0.8);
        let total = style(Weight::Strong, 12.0, INK);
        let name = format!("Total ({})", paper.currency);
        let parts = [
            self.text(&name, total, from, base + 11.0),
            self.ending_at(&paper.total, total, RIGHT, base + 11.0),
        ];
        table.push(row(parts));
        self.tags.push(table);
    }

    /// Where it is shown, and what the page belongs to.
    fn foot(&mut self, paper: &Paper) {
        let (small, base) = (style(Weight::Regular, 7.5, QUIET), HEIGHT - 46.0);
        self.rule(base - 15.0, LEFT, RIGHT, 0.8);
        let lead = format!("Invoice {} from {}", paper.number, paper.seller);
        let mut y = base;
        for text in [lead.as_str(), paper.link.as_str()] {
            for line in lines_of(text, small.weight, small.size, RIGHT - LEFT, 1) {
                let part = self.line(&line, small, LEFT, y);
                self.tag(Tag::P.into(), part);
                y += 11.0;
            }
        }
    }

    fn caption(&mut self, text: &str, x: f32, y: f32) {
        let part = self.text(text, CAPTION, x, y);
        self.tag(Tag::P.into(), part);
    }

    /// Writes down what a part of the page is.
    fn tag(&mut self, tag: krilla::tagging::TagKind, part: Node) {
        self.tags.push(TagGroup::with_children(tag, vec![part]));
    }

    fn text(&mut self, text: &str, style: Style, x: f32, y: f32) -> Node {
        self.line(&Line::new(text, style.weight), style, x, y)
    }

    /// A text that ends at a place.
    fn ending_at(&mut self, text: &str, style: Style, right: f32, y: f32) -> Node {
        let line = Line::new(text, style.weight);
        let x = right - line.width(style.size);
        self.line(&line, style, x, y)
    }

    fn line(&mut self, line: &Line, style: Style, x: f32, y: f32) -> Node {
        let part = self.surface.start_tagged(ContentTag::Span(SpanTag::empty()));
        fill(&mut self.surface, style.colour);
        line.draw(&mut self.surface, x, y, style.size);
        self.surface.end_tagged();
        part.into()
    }

    /// Draws what says nothing.
    fn decorate(&mut self, draw: impl FnOnce(&mut Surface<'_>)) {
        self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
        draw(&mut self.surface);
        self.surface.end_tagged();
    }

    fn rule(&mut self, y: f32, from: f32, to: f32, width: f32) {
        self.decorate(|surface| block(surface, Rect::from_xywh(from, y, to - from, width), 0.0, RULE));
    }
}

fn row(parts: [Node; 2]) -> TagGroup {
    let cells = parts.into_iter().map(|part| TagGroup::with_children(Tag::TD, vec![part]).into());
    TagGroup::with_children(Tag::TR, cells.collect())
}

fn fill(surface: &mut Surface<'_>, (red, green, blue): Colour) {
    let paint = rgb::Color::new(red, green, blue).into();
    surface.set_fill(Some(Fill { paint, ..Fill::default() }));
}

/// Fills a rectangle with round corners; one without a size is nothing.
fn block(surface: &mut Surface<'_>, rect: Option<Rect>, radius: f32, colour: Colour) {
    let Some(rect) = rect else { return };
    let (left, top, right, bottom) = (rect.left(), rect.top(), rect.right(), rect.bottom());
    // How far the handles of a quarter of a circle stand off.
    let bend = radius * (1.0 - 0.552_285);
    let mut path = PathBuilder::new();
    path.move_to(left + radius, top);
    path.line_to(right - radius, top);
    path.cubic_to(right - bend, top, right, top + bend, right, top + radius);
    path.line_to(right, bottom - radius);
    path.cubic_to(right, bottom - bend, right - bend, bottom, right - radius, bottom);
    path.line_to(left + radius, bottom);
    path.cubic_to(left + bend, bottom, left, bottom - bend, left, bottom - radius);
    path.line_to(left, top + radius);
    path.cubic_to(left, top + bend, left + bend, top, left + radius, top);
    path.close();
    let Some(path) = path.finish() else { return };
    fill(surface, colour);
    surface.draw_path(&path);
}
