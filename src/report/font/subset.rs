//! Inter cut down to what a report prints: a small static TrueType file written from outlines.
//!
//! Not here: which page embeds it. Layout of every table: OpenType 1.9 specification. The file has
//! no hinting and no layout tables; digits map straight to their tabular forms.
use ttf_parser::OutlineBuilder;

use super::{Typeface, Weight};

/// Signs beside Latin-1 that tables, axes and sentences use.
const SIGNS: &str = "–—‘’“”•…−×÷±≈≠≤≥∞←↑→↓↔▲△▼▽◆◇■□●○✓✗σΣ€";

/// The characters of the subset in the order of their code points.
pub fn characters() -> impl Iterator<Item = char> {
    let mut all: Vec<char> = (' '..='~').chain('\u{a0}'..='ÿ').chain(SIGNS.chars()).collect();
    all.retain(|c| *c != '\u{ad}');
    all.sort_unstable();
    all.dedup();
    all.into_iter()
}

/// `typeface` as a TrueType file of [`characters`].
pub fn truetype(typeface: &Typeface, weight: Weight) -> Vec<u8> {
    let characters: Vec<char> = characters().filter(|c| typeface.has(*c)).collect();
    let mut glyphs = vec![Glyph::of(typeface, '\u{fffd}')];
    glyphs.extend(characters.iter().map(|c| Glyph::of(typeface, *c)));
    let (mut glyf, mut loca, mut hmtx) = (Table::default(), Table::default(), Table::default());
    for glyph in &glyphs {
        loca.u32(glyf.len());
        let bounds = glyph.write(&mut glyf);
        hmtx.u16(glyph.advance).i16(bounds.map_or(0, |b| b.0));
    }
    loca.u32(glyf.len());
    let count = u16::try_from(glyphs.len()).unwrap_or(u16::MAX);
    let face = &typeface.face;
    let tables = [
        (*b"OS/2", os2(face, weight, &characters)),
        (*b"cmap", cmap(&characters)),
        (*b"glyf", glyf),
        (*b"head", head(face)),
        (*b"hhea", hhea(face, &glyphs, count)),
        (*b"hmtx", hmtx),
        (*b"loca", loca),
        (*b"maxp", maxp(&glyphs, count)),
        (*b"name", name(weight)),
        (*b"post", post()),
    ];
    assemble(&tables)
}

/// Big-endian bytes under construction.
#[derive(Default)]
struct Table(Vec<u8>);

impl Table {
    fn u8(&mut self, value: u8) -> &mut Self {
        self.0.push(value);
        self
    }
    fn u16(&mut self, value: u16) -> &mut Self {
        self.0.extend(value.to_be_bytes());
        self
    }
    fn i16(&mut self, value: i16) -> &mut Self {
        self.0.extend(value.to_be_bytes());
        self
    }
    fn u32(&mut self, value: u32) -> &mut Self {
        self.0.extend(value.to_be_bytes());
        self
    }
    fn zeros(&mut self, count: usize) -> &mut Self {
        self.0.resize(self.0.len() + count, 0);
        self
    }
    fn len(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }
    fn checksum(&self) -> u32 {
        self.0.chunks(4).fold(0u32, |sum, chunk| {
            let mut word = [0; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            sum.wrapping_add(u32::from_be_bytes(word))
        })
    }
}

/// One glyph as contours of (x, y, on the curve?), whole font units.
#[derive(Default)]
struct Glyph {
    advance: u16,
    contours: Vec<Vec<(i16, i16, bool)>>,
}

impl Glyph {
    fn of(typeface: &Typeface, character: char) -> Glyph {
        let id = typeface.glyph(character);
        let mut glyph = Glyph { advance: typeface.advance_units(id).round() as u16, contours: Vec::new() };
        typeface.outline(id, &mut glyph);
        glyph
    }

    fn point(&mut self, x: f32, y: f32, on_curve: bool) {
        if let Some(contour) = self.contours.last_mut() {
            contour.push((x.round() as i16, y.round() as i16, on_curve));
        }
    }

    /// Appends the `glyf` entry, padded to four bytes; returns (x min, y min, x max, y max).
    fn write(&self, table: &mut Table) -> Option<(i16, i16, i16, i16)> {
        let points: Vec<(i16, i16, bool)> = self.contours.iter().flatten().copied().collect();
        let bounds = points.iter().fold(None, |bounds: Option<(i16, i16, i16, i16)>, (x, y, _)| {
            let (x0, y0, x1, y1) = bounds.unwrap_or((*x, *y, *x, *y));
            Some((x0.min(*x), y0.min(*y), x1.max(*x), y1.max(*y)))
        });
        let (x0, y0, x1, y1) = bounds?;
        table.i16(self.contours.len() as i16).i16(x0).i16(y0).i16(x1).i16(y1);
        let mut last = 0;
        for contour in &self.contours {
            last += contour.len() as u16;
            table.u16(last - 1);
        }
        table.u16(0);
        write_points(table, &points);
        table.zeros((4 - table.0.len() % 4) % 4);
        bounds
    }
}

/// Flags, then x, then y of every point, each as its distance from the point before; a distance
/// under 256 takes one byte and its sign a flag, no distance takes none.
fn write_points(table: &mut Table, points: &[(i16, i16, bool)]) {
    const ON_CURVE: u8 = 0x01;
    const SHORT: [u8; 2] = [0x02, 0x04];
    const SAME_OR_POSITIVE: [u8; 2] = [0x10, 0x20];
    // Contours of a variable font may overlap; the first point says so.
    const OVERLAP: u8 = 0x40;
    let (mut axes, mut previous) = ([Table::default(), Table::default()], [0i16, 0]);
    for (index, (x, y, on_curve)) in points.iter().enumerate() {
        let mut flags = if *on_curve { ON_CURVE } else { 0 } | if index == 0 { OVERLAP } else { 0 };
        for (axis, value) in [*x, *y].into_iter().enumerate() {
            let distance = value - previous[axis];
            previous[axis] = value;
            match u8::try_from(distance.unsigned_abs()) {
                Ok(0) => flags |= SAME_OR_POSITIVE[axis],
                Ok(short) => {
                    flags |= SHORT[axis] | if distance > 0 { SAME_OR_POSITIVE[axis] } else { 0 };
                    axes[axis].u8(short);
                }
                Err(_) => {
                    axes[axis].i16(distance);
                }
            }
        }
        table.u8(flags);
    }
    axes.iter().for_each(|axis| table.0.extend(&axis.0));
}

impl OutlineBuilder for Glyph {
    fn move_to(&mut self, x: f32, y: f32) {
        self.contours.push(Vec::new());
        self.point(x, y, true);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.point(x, y, true);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.point(x1, y1, false);
        self.point(x, y, true);
    }
    fn curve_to(&mut self, _: f32, _: f32, _: f32, _: f32, x: f32, y: f32) {
        // Inter's outlines are quadratic; a cubic would be drawn as its chord.
        self.point(x, y, true);
    }
    fn close(&mut self) {
        // The file closes contours itself: a last point equal to the first is one too many.
        if let Some(contour) = self.contours.last_mut()
            && contour.len() > 1
            && contour.first() == contour.last()
        {
            contour.pop();
        }
    }
}

/// Character to glyph, format 4: glyph 1 is the first character, and so on in order.
fn cmap(characters: &[char]) -> Table {
    let mut segments: Vec<(u16, u16, u16)> = Vec::new();
    for (glyph, character) in (1u16..).zip(characters) {
        let Ok(code) = u16::try_from(u32::from(*character)) else { continue };
        match segments.last_mut() {
            Some((_, end, _)) if *end + 1 == code => *end = code,
            _ => segments.push((code, code, glyph.wrapping_sub(code))),
        }
    }
    segments.push((0xffff, 0xffff, 1));
    let count = segments.len() as u16;
    let power = 1u16 << count.ilog2();
    let mut table = Table::default();
    table.u16(0).u16(1).u16(3).u16(1).u32(12);
    table.u16(4).u16(16 + 8 * count).u16(0);
    table.u16(2 * count).u16(2 * power).u16(count.ilog2() as u16).u16(2 * (count - power));
    for segment in &segments {
        table.u16(segment.1);
    }
    table.u16(0);
    for segment in &segments {
        table.u16(segment.0);
    }
    for segment in &segments {
        table.u16(segment.2);
    }
    table.zeros(2 * segments.len());
    table
}

fn head(face: &ttf_parser::Face<'_>) -> Table {
    let bounds = face.global_bounding_box();
    let mut table = Table::default();
    table.u32(0x0001_0000).u32(0x0004_0000).u32(0).u32(0x5f0f_3cf5);
    table.u16(0b11).u16(face.units_per_em()).zeros(16);
    table.i16(bounds.x_min).i16(bounds.y_min).i16(bounds.x_max).i16(bounds.y_max);
    table.u16(0).u16(6).i16(2).i16(1).i16(0);
    table
}

fn hhea(face: &ttf_parser::Face<'_>, glyphs: &[Glyph], count: u16) -> Table {
    let mut table = Table::default();
    table.u32(0x0001_0000).i16(face.ascender()).i16(face.descender()).i16(face.line_gap());
    table.u16(glyphs.iter().map(|g| g.advance).max().unwrap_or(0)).zeros(6);
    table.i16(1).zeros(14).u16(count);
    table
}

fn maxp(glyphs: &[Glyph], count: u16) -> Table {
    let points = |glyph: &Glyph| glyph.contours.iter().map(Vec::len).sum::<usize>();
    let mut table = Table::default();
    table.u32(0x0001_0000).u16(count);
    table.u16(glyphs.iter().map(points).max().unwrap_or(0) as u16);
    table.u16(glyphs.iter().map(|g| g.contours.len()).max().unwrap_or(0) as u16);
    table.zeros(4).u16(2).zeros(16);
    table
}

fn os2(face: &ttf_parser::Face<'_>, weight: Weight, characters: &[char]) -> Table {
    let (class, bits) = match weight {
        Weight::Regular => (400, 0x40),
        Weight::SemiBold => (600, 0),
    };
    let code = |c: Option<&char>| c.map_or(0, |c| u32::from(*c).min(0xffff) as u16);
    let mut table = Table::default();
    table.u16(4).i16((face.units_per_em() / 2) as i16).u16(class).u16(5).u16(0).zeros(22).zeros(10);
    // Latin, Latin-1, punctuation, currency, arrows, mathematical operators, geometric shapes.
    table.u32(0x8000_0003).u32(0x0000_2063).u32(0).u32(0).u32(0x4e4f_4e45);
    table.u16(bits).u16(code(characters.first())).u16(code(characters.last()));
    table.i16(face.ascender()).i16(face.descender()).i16(face.line_gap());
    table.u16(face.ascender().unsigned_abs()).u16(face.descender().unsigned_abs()).u32(1).u32(0);
    table.i16(face.x_height().unwrap_or(0)).i16(face.capital_height().unwrap_or(0)).u16(0).u16(u16::from(b' ')).u16(1);
    table
}

fn name(weight: Weight) -> Table {
    let style = match weight {
        Weight::Regular => "Regular",
        Weight::SemiBold => "SemiBold",
    };
    let full = format!("Inter {style}");
    let texts = [
        (0u16, "Copyright 2020 The Inter Project Authors (https://github.com/rsms/inter)".to_owned()),
        (1, full.clone()),
        (2, "Regular".to_owned()),
        (3, format!("{full} subset")),
        (4, full.clone()),
        (5, "Version 4.0 subset".to_owned()),
        (6, full.replace(' ', "-")),
        (13, "SIL Open Font License, Version 1.1, https://openfontlicense.org".to_owned()),
    ];
    let (mut records, mut strings) = (Table::default(), Table::default());
    records.u16(0).u16(texts.len() as u16).u16(6 + 12 * texts.len() as u16);
    for (id, text) in texts {
        records.u16(3).u16(1).u16(0x409).u16(id).u16(2 * text.len() as u16).u16(strings.0.len() as u16);
        for unit in text.encode_utf16() {
            strings.u16(unit);
        }
    }
    records.0.extend(strings.0);
    records
}

fn post() -> Table {
    let mut table = Table::default();
    table.u32(0x0003_0000).u32(0).i16(-300).i16(150).zeros(20);
    table
}

/// The table directory and the tables, each on a four-byte boundary, with their checksums.
fn assemble(tables: &[([u8; 4], Table)]) -> Vec<u8> {
    let count = tables.len() as u16;
    let power = 1u16 << count.ilog2();
    let mut file = Table::default();
    file.u32(0x0001_0000).u16(count).u16(16 * power).u16(count.ilog2() as u16).u16(16 * (count - power));
    let mut offset = 12 + 16 * u32::from(count);
    for (tag, table) in tables {
        file.0.extend(tag);
        file.u32(table.checksum()).u32(offset).u32(table.len());
        offset += table.len().next_multiple_of(4);
    }
    let mut head_at = 0;
    for (tag, table) in tables {
        if tag == b"head" {
            head_at = file.0.len();
        }
        file.0.extend(&table.0);
        file.zeros((4 - file.0.len() % 4) % 4);
    }
    const WHOLE_FILE: u32 = 0xb1b0_afba;
    let adjustment = WHOLE_FILE.wrapping_sub(file.checksum());
    file.0[head_at + 8..head_at + 12].copy_from_slice(&adjustment.to_be_bytes());
    file.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use ttf_parser::Face;

    #[test]
    fn the_file_reads_back_with_the_same_letters() {
        for weight in [Weight::Regular, Weight::SemiBold] {
            let typeface = Typeface::new(weight, 14.0).expect("typeface");
            let bytes = truetype(&typeface, weight);
            let face = Face::parse(&bytes, 0).expect("a TrueType file");
            assert!(bytes.len() < 60_000, "{} bytes", bytes.len());
            for character in characters() {
                let glyph = face.glyph_index(character).expect("mapped");
                let (mut ours, theirs) = (Glyph::default(), Glyph::of(&typeface, character));
                face.outline_glyph(glyph, &mut ours);
                assert_eq!(ours.contours, theirs.contours, "{character}");
                assert_eq!(face.glyph_hor_advance(glyph), Some(theirs.advance), "{character}");
            }
            assert_eq!(face.units_per_em(), typeface.face.units_per_em());
            assert_eq!(face.weight().to_number(), if weight == Weight::Regular { 400 } else { 600 });
        }
    }

    #[test]
    fn the_checksum_of_the_whole_file_is_the_one_required() {
        let typeface = Typeface::new(Weight::Regular, 14.0).expect("typeface");
        assert_eq!(Table(truetype(&typeface, Weight::Regular)).checksum(), 0xb1b0_afba);
    }
}
