//! Inter, cut to the glyphs a report writes, at the weight asked for.
//!
//! Not here: laying out text. Digits are the tabular ones: without OpenType features (a PNG, a
//! subset) every column of numbers still lines up.
mod sfnt;

use subsetter::{GlyphRemapper, Tag, subset_with_variations};
use ttf_parser::gsub::{SingleSubstitution, SubstitutionSubtable};
use ttf_parser::{Face, GlyphId};

/// Letters, digits, punctuation, arrows and shapes that reports write besides ASCII and Latin-1.
const EXTRA: &str = "–—‘’“”•…−×≥≤≠≈→←↑↓▲△▼▽◆◇■●Δσρ✓⁄′″";

/// What stands in for a character Inter lacks.
const STAND_INS: [(char, char); 1] = [('✕', '×')];

/// Weight of the strokes, on the scale of CSS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weight {
    /// 400: text.
    Regular,
    /// 500: column heads and names of lines.
    Medium,
    /// 600: headings and figures.
    SemiBold,
}

impl Weight {
    /// The number CSS uses.
    pub const fn css(self) -> u16 {
        match self {
            Weight::Regular => 400,
            Weight::Medium => 500,
            Weight::SemiBold => 600,
        }
    }
}

/// A TrueType font with the report's characters at `weight`; `None` only if the bundled font were
/// damaged. Deterministic. Inter is © The Inter Project Authors, under the SIL Open Font License.
pub fn inter(weight: Weight) -> Option<Vec<u8>> {
    let source = ttf_inter::REGULAR;
    let face = Face::parse(source, 0).ok()?;
    let mut glyphs = GlyphRemapper::new();
    let mut map: Vec<(u32, u16)> = Vec::new();
    for character in characters() {
        let drawn = STAND_INS.iter().find(|(wanted, _)| *wanted == character).map_or(character, |(_, other)| *other);
        let Some(glyph) = face.glyph_index(drawn) else { continue };
        let glyph = if character.is_ascii_digit() { tabular(&face, glyph).unwrap_or(glyph) } else { glyph };
        map.push((u32::from(character), glyphs.remap(glyph.0)));
    }
    map.sort_unstable();
    let place = [(Tag::new(b"wght"), f32::from(weight.css()))];
    let cut = subset_with_variations(source, 0, &place, &glyphs).ok()?;
    let os2 = face.raw_face().table(ttf_parser::Tag::from_bytes(b"OS/2"))?;
    sfnt::with_tables(&cut, &[(*b"OS/2", sfnt::weighted_os2(os2, weight.css())), (*b"cmap", sfnt::cmap(&map))])
}

/// Every character the font is cut to, without duplicates.
fn characters() -> impl Iterator<Item = char> {
    let latin = (0x20_u8..=0x7E).chain(0xA0..=0xFF).map(char::from);
    latin.chain(EXTRA.chars()).chain(STAND_INS.iter().map(|(wanted, _)| *wanted))
}

/// The glyph that the feature `tnum` puts in place of `glyph`.
fn tabular(face: &Face, glyph: GlyphId) -> Option<GlyphId> {
    let gsub = face.tables().gsub?;
    let feature = gsub.features.find(ttf_parser::Tag::from_bytes(b"tnum"))?;
    for index in feature.lookup_indices {
        let lookup = gsub.lookups.get(index)?;
        for subtable in lookup.subtables.into_iter::<SubstitutionSubtable>() {
            let SubstitutionSubtable::Single(single) = subtable else { continue };
            let Some(place) = single.coverage().get(glyph) else { continue };
            return match single {
                SingleSubstitution::Format1 { delta, .. } => Some(GlyphId(glyph.0.wrapping_add_signed(delta))),
                SingleSubstitution::Format2 { substitutes, .. } => substitutes.get(place),
            };
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cut_font_has_tabular_digits_and_stays_small() {
        for weight in [Weight::Regular, Weight::Medium, Weight::SemiBold] {
            let font = inter(weight).expect("font");
            assert!(font.len() < 60_000, "{} bytes", font.len());
            let face = Face::parse(&font, 0).expect("a valid font");
            assert_eq!(face.weight().to_number(), weight.css());
            let width = |c: char| face.glyph_hor_advance(face.glyph_index(c).expect("glyph")).expect("width");
            assert!(('0'..='9').all(|digit| width(digit) == width('0')), "digits of one width");
            assert_eq!(width('+'), width('−'), "signs of one width");
            assert!("Aé$%−▲▽✕◆…".chars().all(|c| face.glyph_index(c).is_some()));
        }
    }

    #[test]
    fn heavier_is_wider_and_the_bytes_are_the_same_each_time() {
        let width = |font: &[u8]| {
            let face = Face::parse(font, 0).expect("a valid font");
            face.glyph_hor_advance(face.glyph_index('m').expect("glyph"))
        };
        let (regular, bold) = (inter(Weight::Regular).expect("font"), inter(Weight::SemiBold).expect("font"));
        assert!(width(&regular) < width(&bold));
        assert_eq!(regular, inter(Weight::Regular).expect("font"));
    }
}
