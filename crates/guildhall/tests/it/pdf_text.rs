//! The text of a PDF, as somebody gets it who copies it out: a line for each part that is marked as one. Reads what our own
//! PDFs consist of, and nothing more.

use flate2::read::ZlibDecoder;
use std::collections::BTreeMap;
use std::io::Read;

type Letters = BTreeMap<u16, String>;

/// The text of a PDF's only page.
pub(crate) fn text_of(pdf: &[u8]) -> String {
    assert!(pdf.starts_with(b"%PDF-"), "it is a PDF");
    // A byte a letter, so that it can be searched as text.
    let text: String = pdf.iter().map(|byte| char::from(*byte)).collect();
    let objects: BTreeMap<&str, &str> = text.split("\nendobj").filter_map(object).collect();
    let fonts = fonts(&objects);
    let page = objects.values().filter_map(|body| stream(body)).find(|body| body.contains(" Tf "));
    let page = page.expect("a page with text");
    let lines: Vec<String> = page.split("EMC").map(|part| line(part, &fonts)).collect();
    lines.join("\n")
}

/// The number and the body of an object.
fn object(part: &str) -> Option<(&str, &str)> {
    let (before, body) = part.split_once(" 0 obj\n")?;
    Some((before.rsplit('\n').next()?, body))
}

/// What an object's stream holds, uncompressed.
fn stream(body: &str) -> Option<String> {
    let (_, rest) = body.split_once("stream\n")?;
    let (packed, _) = rest.rsplit_once("\nendstream")?;
    let packed: Vec<u8> = packed.chars().map(|letter| u8::try_from(letter).expect("a byte")).collect();
    let mut bytes = Vec::new();
    ZlibDecoder::new(packed.as_slice()).read_to_end(&mut bytes).ok()?;
    Some(bytes.into_iter().map(char::from).collect())
}

/// Which letters the glyphs of each font stand for.
fn fonts(objects: &BTreeMap<&str, &str>) -> BTreeMap<String, Letters> {
    let listed = objects.values().find_map(|body| body.split_once("/Font<<")).expect("fonts are listed").1;
    let listed = listed.split(">>").next().expect("a list");
    let fonts = listed.split('/').filter(|entry| !entry.is_empty()).map(|entry| {
        let mut words = entry.split_whitespace();
        let (name, number) = (words.next().expect("a name"), words.next().expect("a number"));
        let (_, map) = objects[number].split_once("/ToUnicode ").expect("its letters are known");
        let map = stream(objects[map.split(' ').next().expect("a number")]).expect("a map");
        (name.to_owned(), letters(&map))
    });
    fonts.collect()
}

fn letters(map: &str) -> Letters {
    let pairs = map.lines().filter_map(|line| line.strip_prefix('<')?.strip_suffix('>')?.split_once("> <"));
    let letters = pairs.filter_map(|(glyph, text)| {
        let units: Vec<u16> = (0..text.len() / 4)
            .filter_map(|unit| u16::from_str_radix(&text[unit * 4..unit * 4 + 4], 16).ok())
            .collect();
        Some((u16::from_str_radix(glyph, 16).ok()?, String::from_utf16(&units).ok()?))
    });
    letters.collect()
}

/// The text of a marked part: of all its runs.
fn line(part: &str, fonts: &BTreeMap<String, Letters>) -> String {
    let runs = part.split("BT\n").skip(1).chain(part.split("BT ").skip(1));
    let mut text = String::new();
    for run in runs {
        let Some((before, _)) = run.split_once(" Tf") else { continue };
        let name = before.rsplit('/').next().and_then(|font| font.split(' ').next()).expect("a font");
        for glyph in glyphs(run) {
            text.push_str(fonts[name].get(&glyph).map_or("", String::as_str));
        }
    }
    text
}

/// The glyphs of the strings in a run.
fn glyphs(run: &str) -> Vec<u16> {
    let mut bytes = Vec::new();
    let mut letters = run.chars();
    // Brackets in pairs may stand in a string as they are.
    let mut depth = 0;
    while let Some(letter) = letters.next() {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        match letter {
            '(' if depth == 1 => {}
            '\\' if depth > 0 => bytes.push(match letters.next().expect("something is escaped") {
                'n' => b'\n',
                'r' => b'\r',
                't' => b'\t',
                'b' => 8,
                'f' => 12,
                digit @ '0'..='7' => {
                    let mut value = digit.to_digit(8).expect("a digit");
                    for _ in 0..2 {
                        let next = letters.next().and_then(|digit| digit.to_digit(8));
                        value = value * 8 + next.expect("three digits");
                    }
                    u8::try_from(value).expect("a byte")
                }
                other => u8::try_from(other).expect("a byte"),
            }),
            letter if depth > 0 => bytes.push(u8::try_from(letter).expect("a byte")),
            _ => {}
        }
    }
    bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}
