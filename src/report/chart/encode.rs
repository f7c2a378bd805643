//! Pixels to a PNG file: small, and the same bytes for the same pixels.
//!
//! Not here: drawing. A chart has few inks, so its 256 most frequent colours carry it: a file with
//! a palette takes a third of the bytes and of the time, and no eye sees the difference.
use super::ChartError;

/// Colours a palette holds.
const COLOURS_MAX: usize = 256;

/// `pixels` (RGB, row by row) as a PNG file.
pub fn png(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>, ChartError> {
    let (palette, indices) = indexed(pixels);
    let mut file = Vec::with_capacity(1 << 17);
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.iter().flat_map(|colour| colour.to_be_bytes()[1..].to_vec()).collect::<Vec<u8>>());
    // Neighbouring palette entries are not alike in value, so differences would only cost bytes.
    encoder.set_filter(png::Filter::NoFilter);
    // Half the time of the default for a tenth more bytes.
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&indices)?;
    writer.finish()?;
    Ok(file)
}

/// The palette, most frequent colour first, and every pixel's place in it.
fn indexed(pixels: &[u8]) -> (Vec<u32>, Vec<u8>) {
    let colours = || pixels.chunks_exact(3).map(|p| u32::from_be_bytes([0, p[0], p[1], p[2]]));
    // Most pixels repeat their neighbour: counting runs instead of pixels is ten times less work.
    let mut runs: Vec<(u32, u32)> = Vec::with_capacity(pixels.len() / 30);
    for colour in colours() {
        match runs.last_mut() {
            Some((last, length)) if *last == colour => *length += 1,
            _ => runs.push((colour, 1)),
        }
    }
    let mut known = runs.clone();
    known.sort_unstable();
    known.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    let mut by_count = known.clone();
    by_count.sort_unstable_by_key(|(colour, count)| (std::cmp::Reverse(*count), *colour));
    let palette: Vec<u32> = by_count.into_iter().take(COLOURS_MAX).map(|(colour, _)| colour).collect();
    let places: Vec<u8> = known.iter().map(|(colour, _)| nearest(&palette, *colour)).collect();
    let mut indices = Vec::with_capacity(pixels.len() / 3);
    for (colour, length) in runs {
        let place = known.binary_search_by_key(&colour, |(known, _)| *known).map_or(0, |at| places[at]);
        indices.resize(indices.len() + length as usize, place);
    }
    (palette, indices)
}

/// Place in the palette of the colour least different from `colour`; the first of equals.
fn nearest(palette: &[u32], colour: u32) -> u8 {
    let difference = |other: u32| {
        let channels = colour.to_be_bytes().into_iter().zip(other.to_be_bytes());
        channels.map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum::<u32>()
    };
    let best = palette.iter().enumerate().min_by_key(|(_, other)| difference(**other));
    // A palette has at most 256 entries, so every place fits.
    best.map_or(0, |(place, _)| place as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `pixels` as a viewer of the file sees them.
    fn seen(pixels: &[u8], width: u32, height: u32) -> Vec<u8> {
        let file = png(pixels, width, height).expect("file");
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().expect("info");
        let mut bytes = vec![0; reader.output_buffer_size().expect("size")];
        reader.next_frame(&mut bytes).expect("frame");
        bytes
    }

    #[test]
    fn few_colours_come_back_exactly() {
        let pixels: Vec<u8> =
            (0..40 * 30).flat_map(|i| [(i % 200) as u8, 7, (i % 3) as u8]).take(40 * 30 * 3).collect();
        let few: Vec<u8> = pixels.chunks_exact(3).flat_map(|p| [p[0] / 8 * 8, p[1], p[2]]).collect();
        assert_eq!(seen(&few, 40, 30), few);
    }

    #[test]
    fn beyond_256_colours_the_rare_ones_move_to_a_neighbour() {
        // Every grey three times, and 200 faintly blue greys once.
        let grey = |level: u8| [level, level, level];
        let greys = (0..=255u8).flat_map(|level| [grey(level); 3]).flatten();
        let blues = (20..220u8).flat_map(|level| [level, level, level + 6]);
        let pixels: Vec<u8> = greys.chain(blues).collect();
        let width = (pixels.len() / 3) as u32;
        let back = seen(&pixels, width, 1);
        assert_eq!(back[..256 * 9], pixels[..256 * 9], "frequent colours are exact");
        let worst = pixels.iter().zip(&back).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(5), "{worst:?}");
    }
}
