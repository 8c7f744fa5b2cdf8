//! Lines of text for a PDF: which letters come from which font, how wide they are, where they break.
//!
//! Three fonts are part of the binary (`fonts/README.md` says whose they are). Inter, in two weights, has the letters of
//! Latin (Vietnamese too), Greek and Cyrillic; Droid Sans Fallback those of Chinese, Japanese and Korean. What neither
//! has, such as Arabic, Hebrew, Thai or emoji, is drawn as an empty box; copied out of the PDF it is what it was. Text
//! runs from left to right.

use krilla::geom::Point;
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::ttf_parser::Tag;
use rustybuzz::{Direction, Face, Feature, UnicodeBuffer};
use std::ops::Range;
use std::sync::OnceLock;

const REGULAR: &[u8] = include_bytes!("../../fonts/Inter-Regular.otf");
const STRONG: &[u8] = include_bytes!("../../fonts/Inter-SemiBold.otf");
const WIDE: &[u8] = include_bytes!("../../fonts/DroidSansFallback.ttf");

/// The weight of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Strong,
}

/// A font, to draw with and to measure by.
struct Cut {
    font: Font,
    face: Face<'static>,
}

impl Cut {
    fn new(bytes: &'static [u8]) -> Self {
        let font = Font::new(bytes.into(), 0).expect("an embedded font is sound");
        let face = Face::from_slice(bytes, 0).expect("an embedded font is sound");
        Self { font, face }
    }

    fn has(&self, letter: char) -> bool {
        self.face.glyph_index(letter).is_some()
    }
}

struct Fonts {
    regular: Cut,
    strong: Cut,
    wide: Cut,
}

fn fonts() -> &'static Fonts {
    static FONTS: OnceLock<Fonts> = OnceLock::new();
    FONTS.get_or_init(|| Fonts { regular: Cut::new(REGULAR), strong: Cut::new(STRONG), wide: Cut::new(WIDE) })
}

/// A part of a line whose letters are of one font.
struct Run {
    cut: &'static Cut,
    text: String,
    glyphs: Vec<KrillaGlyph>,
    /// In ems.
    width: f32,
}

/// A line of text that can be drawn.
pub(super) struct Line {
    runs: Vec<Run>,
}

impl Line {
    pub(super) fn new(text: &str, weight: Weight) -> Self {
        Self {
            runs: runs_of(text, weight).into_iter().map(|(cut, range)| shape(cut, &text[range])).collect(),
        }
    }

    /// How wide it is at a size, in points.
    pub(super) fn width(&self, size: f32) -> f32 {
        self.runs.iter().map(|run| run.width).sum::<f32>() * size
    }

    /// Draws it from a point on its base line.
    pub(super) fn draw(&self, surface: &mut Surface<'_>, x: f32, y: f32, size: f32) {
        let mut at = x;
        for run in &self.runs {
            let start = Point::from_xy(at, y);
            surface.draw_glyphs(start, &run.glyphs, run.cut.font.clone(), &run.text, size, false);
            at += run.width * size;
        }
    }
}

/// Which parts of a text are of which font. What no font has, and what goes with any, stays with what is before it.
fn runs_of(text: &str, weight: Weight) -> Vec<(&'static Cut, Range<usize>)> {
    let fonts = fonts();
    let main = if weight == Weight::Strong { &fonts.strong } else { &fonts.regular };
    let mut runs: Vec<(&'static Cut, Range<usize>)> = Vec::new();
    for (at, letter) in text.char_indices() {
        let end = at + letter.len_utf8();
        let wanted = if main.has(letter) || !fonts.wide.has(letter) { main } else { &fonts.wide };
        match runs.last_mut() {
            Some((cut, range)) if std::ptr::eq(*cut, wanted) || (letter == ' ' && cut.has(' ')) => {
                range.end = end;
            }
            _ => runs.push((wanted, at..end)),
        }
    }
    runs
}

#[expect(clippy::cast_precision_loss, reason = "units of a font are far below what a float holds")]
fn shape(cut: &'static Cut, text: &str) -> Run {
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    buffer.guess_segment_properties();
    buffer.set_direction(Direction::LeftToRight);
    // Figures of one width stand under each other.
    let features = [Feature::new(Tag::from_bytes(b"tnum"), 1, ..)];
    let shaped = rustybuzz::shape(&cut.face, &features, buffer);
    let units = cut.face.units_per_em() as f32;
    let (infos, positions) = (shaped.glyph_infos(), shaped.glyph_positions());
    let mut glyphs = Vec::with_capacity(infos.len());
    let mut width = 0.0;
    for (index, (info, position)) in infos.iter().zip(positions).enumerate() {
        let begin = info.cluster as usize;
        let next = infos[index..].iter().map(|info| info.cluster as usize).find(|next| *next > begin);
        let advance = position.x_advance as f32 / units;
        glyphs.push(KrillaGlyph::new(
            GlyphId::new(info.glyph_id),
            advance,
            position.x_offset as f32 / units,
            position.y_offset as f32 / units,
            position.y_advance as f32 / units,
            begin..next.unwrap_or(text.len()),
            None,
        ));
        width += advance;
    }
    Run { cut, text: text.to_owned(), glyphs, width }
}

/// Breaks a text into lines of at most a width, in points: between words, between letters of scripts that do not part
/// their words, and inside a word that is wider than a line. Keeps at most so many lines; the last one ends in `…` when
/// there would be more.
pub(super) fn lines_of(text: &str, weight: Weight, size: f32, width: f32, most: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let fits = fitting(rest, weight, size, width);
        if lines.len() + 1 == most && fits < rest.len() {
            let kept = fitting(rest, weight, size, width - size);
            lines.push(Line::new(&format!("{}…", rest[..kept].trim_end()), weight));
            break;
        }
        lines.push(Line::new(rest[..fits].trim_end(), weight));
        rest = rest[fits..].trim_start();
    }
    lines
}

/// How many bytes of a text that is not empty fit, at least one letter's.
fn fitting(text: &str, weight: Weight, size: f32, width: f32) -> usize {
    let (mut fits, mut fits_by_letter) = (0, 0);
    for (at, letter) in text.char_indices() {
        let end = at + letter.len_utf8();
        let is_wide = Line::new(text[..end].trim_end(), weight).width(size) > width;
        if is_wide && fits_by_letter > 0 {
            return if fits > 0 { fits } else { fits_by_letter };
        }
        fits_by_letter = end;
        let next = text[end..].chars().next();
        if next.is_none_or(|next| letter == ' ' || is_ideograph(letter) || is_ideograph(next)) {
            fits = end;
        }
    }
    text.len()
}

/// Whether a line may break before and after a letter.
fn is_ideograph(letter: char) -> bool {
    matches!(letter, '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}
