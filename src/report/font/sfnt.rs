//! The container of a TrueType font: its table directory, character map and checksums.
//!
//! Not here: choosing glyphs. Source: OpenType specification, "Font file", "cmap" and "OS/2".

/// `font` with `added` tables put in (or replaced); `None` if its directory is cut short.
pub(super) fn with_tables(font: &[u8], added: &[([u8; 4], Vec<u8>)]) -> Option<Vec<u8>> {
    let count = usize::from(u16::from_be_bytes(font.get(4..6)?.try_into().ok()?));
    let mut tables: Vec<([u8; 4], &[u8])> = Vec::new();
    for record in font.get(12..12 + count * 16)?.as_chunks::<16>().0 {
        let tag = [record[0], record[1], record[2], record[3]];
        let number =
            |at: usize| u32::from_be_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]) as usize;
        let (offset, length) = (number(8), number(12));
        if added.iter().all(|(other, _)| *other != tag) {
            tables.push((tag, font.get(offset..offset + length)?));
        }
    }
    tables.extend(added.iter().map(|(tag, bytes)| (*tag, bytes.as_slice())));
    tables.sort_unstable_by_key(|(tag, _)| *tag);
    Some(assemble(font.get(..4)?, &tables))
}

/// The bytes of a font made of `tables`, sorted by tag.
fn assemble(version: &[u8], tables: &[([u8; 4], &[u8])]) -> Vec<u8> {
    let count = tables.len() as u16;
    let power = count.ilog2() as u16;
    let mut font = version.to_vec();
    for field in [count, 16 << power, power, (count - (1 << power)) * 16] {
        font.extend(field.to_be_bytes());
    }
    let mut offset = 12 + tables.len() * 16;
    let mut head = None;
    for (tag, bytes) in tables {
        if tag == b"head" {
            head = Some(offset);
        }
        font.extend(tag);
        for field in [checksum(&without_adjustment(*tag, bytes)), offset as u32, bytes.len() as u32] {
            font.extend(field.to_be_bytes());
        }
        offset += bytes.len().next_multiple_of(4);
    }
    for (tag, bytes) in tables {
        font.extend(without_adjustment(*tag, bytes));
        font.resize(font.len().next_multiple_of(4), 0);
    }
    if let Some(at) = head {
        let adjustment = 0xB1B0_AFBA_u32.wrapping_sub(checksum(&font));
        font[at + 8..at + 12].copy_from_slice(&adjustment.to_be_bytes());
    }
    font
}

/// The table as it counts in checksums: `head` with its own adjustment as zero.
fn without_adjustment(tag: [u8; 4], bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if &tag == b"head" && bytes.len() >= 12 {
        bytes[8..12].fill(0);
    }
    bytes
}

/// Sum of big-endian words, padded with zeros.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.chunks(4).fold(0, |sum: u32, word| {
        let mut padded = [0; 4];
        padded[..word.len()].copy_from_slice(word);
        sum.wrapping_add(u32::from_be_bytes(padded))
    })
}

/// A character map in format 12, one group a character. `map`: (character, glyph), sorted.
pub(super) fn cmap(map: &[(u32, u16)]) -> Vec<u8> {
    let mut table = Vec::new();
    // Version 0, one encoding: platform 3 (Windows), encoding 10 (full Unicode), at offset 12.
    for field in [0_u16, 1, 3, 10] {
        table.extend(field.to_be_bytes());
    }
    table.extend(12_u32.to_be_bytes());
    table.extend(12_u16.to_be_bytes());
    table.extend(0_u16.to_be_bytes());
    for field in [16 + 12 * map.len() as u32, 0, map.len() as u32] {
        table.extend(field.to_be_bytes());
    }
    for (character, glyph) in map {
        for field in [*character, *character, u32::from(*glyph)] {
            table.extend(field.to_be_bytes());
        }
    }
    table
}

/// The `OS/2` table with another weight class.
pub(super) fn weighted_os2(table: &[u8], weight: u16) -> Vec<u8> {
    let mut table = table.to_vec();
    if let Some(field) = table.get_mut(4..6) {
        field.copy_from_slice(&weight.to_be_bytes());
    }
    table
}
