//! The typeface of every picture: Inter, its weights, its tabular figures and its kerning.
//!
//! Not here: colours, sizes and places of text (report::chart), and the web (font::subset writes
//! the bytes, the report embeds them). Invariant: every digit has the same advance.
mod subset;

use std::sync::OnceLock;

use ttf_parser::gpos::{PairAdjustment, PositioningSubtable};
use ttf_parser::gsub::{SingleSubstitution, SubstitutionSubtable};
use ttf_parser::{Face, GlyphId, OutlineBuilder, Tag};

/// How heavy the letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// 400: text.
    Regular,
    /// 600: titles, names and the numbers that matter.
    SemiBold,
}

/// What is wrong with the typeface the program was built with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the built-in typeface cannot be used: {0}; rebuild with an unchanged Cargo.lock")]
pub struct FontError(String);

/// Inter at one weight and one optical size.
pub struct Typeface {
    face: Face<'static>,
    /// Tabular forms of the digits 0 to 9.
    digits: [GlyphId; 10],
}

/// A character placed on a line of text: its glyph and where it starts, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placed {
    /// The glyph.
    pub glyph: GlyphId,
    /// Distance from the start of the line, pixels.
    pub x: f32,
}

/// Inter Regular (400) as a TrueType file of the characters a report needs, tabular figures as the
/// only figures. Empty when the built-in typeface is broken (then the page falls back to its list).
pub fn regular() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| subset_of(Weight::Regular))
}

/// Inter SemiBold (600); see [`regular`].
pub fn semibold() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| subset_of(Weight::SemiBold))
}

/// The optical size of the report's text, pixels: a body face, not a headline face.
const REPORT_TEXT_PX: f32 = 14.0;

fn subset_of(weight: Weight) -> Vec<u8> {
    Typeface::new(weight, REPORT_TEXT_PX).map(|typeface| subset::truetype(&typeface, weight)).unwrap_or_default()
}

impl Typeface {
    /// Inter at `weight`, drawn for text of `size_px` pixels (larger text gets finer, tighter forms).
    pub fn new(weight: Weight, size_px: f32) -> Result<Typeface, FontError> {
        let mut face = Face::parse(damascene_fonts_inter::INTER_VARIABLE, 0).map_err(|e| FontError(e.to_string()))?;
        let weight_axis = match weight {
            Weight::Regular => 400.0,
            Weight::SemiBold => 600.0,
        };
        // Both axes exist in Inter 4; a face without one keeps its only form.
        let _ = face.set_variation(Tag::from_bytes(b"wght"), weight_axis);
        let _ = face.set_variation(Tag::from_bytes(b"opsz"), size_px.clamp(14.0, 32.0));
        let mut digits = [GlyphId(0); 10];
        for (glyph, digit) in digits.iter_mut().zip('0'..='9') {
            let plain = face.glyph_index(digit).ok_or_else(|| FontError(format!("no glyph for {digit}")))?;
            *glyph = tabular(&face, plain).unwrap_or(plain);
        }
        Ok(Typeface { face, digits })
    }

    /// The glyph of `character`, digits in their tabular form; the missing-glyph box when there is none.
    pub fn glyph(&self, character: char) -> GlyphId {
        match character.to_digit(10) {
            Some(digit) => self.digits[digit as usize],
            None => self.face.glyph_index(character).unwrap_or(GlyphId(0)),
        }
    }

    /// Is there a glyph for `character`?
    pub fn has(&self, character: char) -> bool {
        self.face.glyph_index(character).is_some()
    }

    /// Pixels per font unit at a text size of `size_px`.
    pub fn scale(&self, size_px: f32) -> f32 {
        size_px / f32::from(self.face.units_per_em())
    }

    /// Height of a capital letter at `size_px`, pixels.
    pub fn cap_height(&self, size_px: f32) -> f32 {
        const INTER_CAP_HEIGHT: i16 = 1490;
        f32::from(self.face.capital_height().unwrap_or(INTER_CAP_HEIGHT)) * self.scale(size_px)
    }

    /// Every visible character of `text` in its place, and the width of the whole, pixels.
    pub fn layout(&self, text: &str, size_px: f32) -> (Vec<Placed>, f32) {
        let scale = self.scale(size_px);
        let (mut placed, mut x, mut previous) = (Vec::with_capacity(text.len()), 0.0, None);
        for character in text.chars() {
            let glyph = self.glyph(character);
            if let Some(previous) = previous {
                x += self.kerning(previous, glyph) * scale;
            }
            placed.push(Placed { glyph, x });
            x += self.advance_units(glyph) * scale;
            previous = Some(glyph);
        }
        (placed, x)
    }

    /// Sends the outline of `glyph` to `builder`, in font units, y upwards.
    pub fn outline(&self, glyph: GlyphId, builder: &mut dyn OutlineBuilder) {
        self.face.outline_glyph(glyph, builder);
    }

    fn advance_units(&self, glyph: GlyphId) -> f32 {
        f32::from(self.face.glyph_hor_advance(glyph).unwrap_or(0))
    }

    /// Kerning of the default master, font units: at other weights it differs by less than a pixel.
    fn kerning(&self, left: GlyphId, right: GlyphId) -> f32 {
        let Some(table) = self.face.tables().gpos else { return 0.0 };
        let Some(feature) = table.features.find(Tag::from_bytes(b"kern")) else { return 0.0 };
        for index in feature.lookup_indices {
            let Some(lookup) = table.lookups.get(index) else { continue };
            for subtable in lookup.subtables.into_iter::<PositioningSubtable<'_>>() {
                let PositioningSubtable::Pair(pair) = subtable else { continue };
                if let Some(units) = pair_units(&pair, left, right) {
                    return f32::from(units);
                }
            }
        }
        0.0
    }
}

/// The shift of a pair, `None` when this subtable does not speak of it.
fn pair_units(pair: &PairAdjustment<'_>, left: GlyphId, right: GlyphId) -> Option<i16> {
    let index = pair.coverage().get(left)?;
    match pair {
        PairAdjustment::Format1 { sets, .. } => sets.get(index)?.get(right).map(|(first, _)| first.x_advance),
        PairAdjustment::Format2 { classes, matrix, .. } => {
            matrix.get((classes.0.get(left), classes.1.get(right))).map(|(first, _)| first.x_advance)
        }
    }
}

/// The tabular form of a digit, by the font's own `tnum` feature.
fn tabular(face: &Face<'_>, digit: GlyphId) -> Option<GlyphId> {
    let table = face.tables().gsub?;
    let feature = table.features.find(Tag::from_bytes(b"tnum"))?;
    let mut lookups = feature.lookup_indices.into_iter().filter_map(|index| table.lookups.get(index));
    lookups.find_map(|lookup| {
        lookup.subtables.into_iter::<SubstitutionSubtable<'_>>().find_map(|subtable| match subtable {
            SubstitutionSubtable::Single(single) => substitute(&single, digit),
            _ => None,
        })
    })
}

fn substitute(single: &SingleSubstitution<'_>, glyph: GlyphId) -> Option<GlyphId> {
    let index = single.coverage().get(glyph)?;
    match single {
        SingleSubstitution::Format1 { delta, .. } => Some(GlyphId(glyph.0.wrapping_add_signed(*delta))),
        SingleSubstitution::Format2 { substitutes, .. } => substitutes.get(index),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_as_wide_as_each_other_in_both_weights() {
        for weight in [Weight::Regular, Weight::SemiBold] {
            let typeface = Typeface::new(weight, 22.0).expect("typeface");
            let widths: Vec<f32> = ('0'..='9').map(|d| typeface.advance_units(typeface.glyph(d))).collect();
            assert!(widths.iter().all(|w| *w == widths[0]), "{weight:?}: {widths:?}");
            assert!(widths[0] > 0.0);
        }
    }

    #[test]
    fn semibold_is_wider_and_kerning_pulls_together() {
        let width = |weight, text: &str| Typeface::new(weight, 32.0).expect("typeface").layout(text, 32.0).1;
        assert!(width(Weight::SemiBold, "Strategy") > width(Weight::Regular, "Strategy"));
        let typeface = Typeface::new(Weight::Regular, 32.0).expect("typeface");
        assert!(typeface.kerning(typeface.glyph('A'), typeface.glyph('V')) < 0.0);
        assert_eq!(typeface.kerning(typeface.glyph('H'), typeface.glyph('H')), 0.0);
    }

    #[test]
    fn every_character_a_report_prints_exists() {
        let typeface = Typeface::new(Weight::Regular, 14.0).expect("typeface");
        let missing: String = subset::characters().filter(|c| !typeface.has(*c)).collect();
        assert_eq!(missing, "");
    }
}
