//! Bars out of CSV files, block by block and on every core.
//!
//! Not here: the fields of a line (`csv_row`), names of columns (`csv_header`), the calendar
//! (`validate`). Accepted: the columns `timestamp,open,high,low,close,volume` in any order and case
//! with their common other names, more columns, a BOM, CRLF, blank lines, quotes; times as dates,
//! RFC 3339 or `YYYY-MM-DD HH:MM:SS` (UTC); prices rounded half to even to 1e-9.
//! Invariant: bars and errors do not depend on the number of threads or the size of a block.
use std::fs::File;
use std::io::{Read, Take};
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use super::csv_header::{self, Role};
use super::csv_row::{RowReader, split_fields};
use super::error::{DataError, Fault, Place};
use super::file;
use super::series::{BarFile, in_order};
use crate::domain::{Bar, Timeframe, Timestamp};

/// Bytes read at once for each thread: large enough that starting a thread costs nothing beside it,
/// small enough that a file costs little more memory than its bars.
const BLOCK_BYTES: usize = 2 << 20;
/// Threads beyond this wait for memory, not for work.
const THREADS_MAX: usize = 8;
/// Longest line: a bar has some 60 bytes; 1 MiB without an end is no table.
const LINE_BYTES_MAX: usize = 1 << 20;
/// Shortest line a bar can have, `2013-10-07,1,1,1,1,1\n`: bounds the room reserved.
const LINE_BYTES_MIN: u64 = 21;

/// The bars of a CSV file, in order and each [`checked`](Bar::checked).
///
/// Errors: [`DataError`] with the first line that cannot be right; nothing is skipped or mended.
pub fn read_csv(path: &Path, timeframe: Timeframe) -> Result<BarFile, DataError> {
    read_csv_on(path, timeframe, thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
}

/// [`read_csv`] on a number of threads; the answer is the same on any.
pub fn read_csv_on(path: &Path, timeframe: Timeframe, threads: NonZeroUsize) -> Result<BarFile, DataError> {
    read_blocks(path, timeframe, threads.get().min(THREADS_MAX), BLOCK_BYTES)
}

fn read_blocks(path: &Path, timeframe: Timeframe, threads: usize, block: usize) -> Result<BarFile, DataError> {
    let mut blocks = Blocks::open(path, threads * block)?;
    let Some(header_end) = blocks.fill_past(|bytes| bytes.iter().position(|byte| *byte == b'\n'))? else {
        return Err(DataError::Empty { path: path.to_owned(), wanted: csv_header::WANTED });
    };
    let roles = header(path, &blocks.buffer[..header_end])?;
    blocks.consume(header_end);
    let mut table = Table {
        roles: &roles,
        timeframe,
        bars: Vec::new(),
        lines: 1,
        blank_seen: false,
        rows_contiguous: true,
        pieces: Vec::new(),
    };
    table.pieces.resize_with(threads, Piece::default);
    loop {
        let end = blocks.fill_past(|bytes| bytes.iter().rposition(|byte| *byte == b'\n'));
        match end {
            Ok(Some(end)) => {
                table.reserve(&blocks, end);
                table.read(&blocks.buffer[..end]).map_err(|(line, fault)| malformed(path, line, fault))?;
                blocks.consume(end);
            }
            Ok(None) => break,
            // The blocks know that a line is too long, the table knows its number.
            Err(DataError::Malformed { fault, .. }) => return Err(malformed(path, table.lines + 1, fault)),
            Err(error) => return Err(error),
        }
    }
    if table.bars.is_empty() {
        return Err(DataError::NoRows { path: path.to_owned() });
    }
    Ok(BarFile { first_line: table.rows_contiguous.then_some(2), bars: table.bars })
}

fn malformed(path: &Path, line: u64, fault: Fault) -> DataError {
    DataError::Malformed { path: path.to_owned(), place: Place::Line(line), fault }
}

/// The roles of the columns, out of the header line and whatever surrounds it.
fn header(path: &Path, line: &[u8]) -> Result<Vec<Role>, DataError> {
    if line.starts_with(&[0xff, 0xfe]) || line.starts_with(&[0xfe, 0xff]) {
        return Err(DataError::Encoding { path: path.to_owned() });
    }
    let line = String::from_utf8_lossy(line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line));
    let names = split_fields(line.trim_end()).ok_or_else(|| malformed(path, 1, Fault::Quote))?;
    let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    csv_header::roles(path, &names)
}

/// The file in blocks that end with a line.
struct Blocks<'a> {
    path: &'a Path,
    file: Take<File>,
    block: u64,
    length: u64,
    buffer: Vec<u8>,
}

impl<'a> Blocks<'a> {
    fn open(path: &'a Path, block: usize) -> Result<Self, DataError> {
        let file = file::open(path)?;
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        Ok(Self { path, file: file.take(0), block: block as u64, length, buffer: Vec::new() })
    }

    /// Reads until `line_end` finds a newline in the buffer; answers the place after it, the end of
    /// the buffer at the end of the file, and `None` when nothing is left.
    fn fill_past(&mut self, line_end: impl Fn(&[u8]) -> Option<usize>) -> Result<Option<usize>, DataError> {
        loop {
            self.file.set_limit(self.block);
            let read = self
                .file
                .read_to_end(&mut self.buffer)
                .map_err(|source| DataError::Read { path: self.path.to_owned(), source })?;
            if let Some(end) = line_end(&self.buffer) {
                return Ok(Some(end + 1));
            }
            if read == 0 {
                return Ok((!self.buffer.is_empty()).then_some(self.buffer.len()));
            }
            if self.buffer.len() > LINE_BYTES_MAX.max(self.block as usize) {
                return Err(malformed(self.path, 1, Fault::LineTooLong { bytes_max: LINE_BYTES_MAX }));
            }
        }
    }

    fn consume(&mut self, end: usize) {
        self.buffer.drain(..end);
    }
}

/// The bars read so far.
struct Table<'a> {
    roles: &'a [Role],
    timeframe: Timeframe,
    bars: Vec<Bar>,
    /// Lines read, the header included.
    lines: u64,
    blank_seen: bool,
    /// No blank line stands between rows, so bar `i` is line `i + 2`.
    rows_contiguous: bool,
    pieces: Vec<Piece>,
}

/// What one thread made of its part of a block.
#[derive(Default)]
struct Piece {
    bars: Vec<Bar>,
    lines: u64,
    /// The line of the first bar, within the piece.
    first_bar_line: u64,
    blank_seen: bool,
    rows_contiguous: bool,
    fault: Option<(u64, Fault)>,
}

impl Table<'_> {
    /// Room for the whole file, by the length of the lines of its first block.
    fn reserve(&mut self, blocks: &Blocks<'_>, block_end: usize) {
        if self.bars.capacity() == 0 {
            let sample = &blocks.buffer[..block_end.min(64 << 10)];
            let lines = sample.iter().filter(|byte| **byte == b'\n').count().max(1) as u64;
            let line_bytes = (sample.len() as u64 / lines).max(LINE_BYTES_MIN);
            // A little more: lines grow and shrink with the digits of prices.
            self.bars.reserve((blocks.length / line_bytes + blocks.length / line_bytes / 64 + 1) as usize);
        }
    }

    /// Adds a block of whole lines. Errors: the first line of the file that is wrong, and why.
    fn read(&mut self, block: &[u8]) -> Result<(), (u64, Fault)> {
        let (roles, timeframe) = (self.roles, self.timeframe);
        let parts = split_lines(block, self.pieces.len());
        let (first_part, other_parts) = parts.split_first().expect("a block has at least one part");
        let (first_piece, other_pieces) = self.pieces.split_first_mut().expect("at least one thread");
        thread::scope(|scope| {
            for (part, piece) in other_parts.iter().zip(other_pieces) {
                scope.spawn(move || piece.read(part, roles, timeframe));
            }
            first_piece.read(first_part, roles, timeframe);
        });
        let used = parts.len();
        for index in 0..used {
            self.append(index)?;
        }
        Ok(())
    }

    fn append(&mut self, index: usize) -> Result<(), (u64, Fault)> {
        let piece = &mut self.pieces[index];
        if let (Some(last), Some(first)) = (self.bars.last(), piece.bars.first()) {
            in_order(last.time, first.time, self.timeframe)
                .map_err(|fault| (self.lines + piece.first_bar_line, fault))?;
        }
        if let Some((line, fault)) = piece.fault.take() {
            return Err((self.lines + line, fault));
        }
        let rows_after_blank = self.blank_seen && !piece.bars.is_empty();
        self.rows_contiguous &= piece.rows_contiguous && !rows_after_blank;
        self.blank_seen |= piece.blank_seen;
        self.lines += piece.lines;
        self.bars.append(&mut piece.bars);
        Ok(())
    }
}

impl Piece {
    /// Reads whole lines, up to the first wrong one.
    fn read(&mut self, bytes: &[u8], roles: &[Role], timeframe: Timeframe) {
        *self = Piece { bars: std::mem::take(&mut self.bars), rows_contiguous: true, ..Piece::default() };
        let mut reader = RowReader::new(roles, timeframe);
        let mut previous = Timestamp::MIN;
        let mut at = 0;
        while at < bytes.len() {
            let fast = reader.fast(bytes, at);
            if let Some((bar, next)) = fast.filter(|(bar, next)| bar.time > previous && next - at <= LINE_BYTES_MAX) {
                self.lines += 1;
                self.push(bar);
                previous = bar.time;
                at = next;
                continue;
            }
            let line = bytes[at..].split(|byte| *byte == b'\n').next().unwrap_or_default();
            self.lines += 1;
            match self.exact(&reader, line, previous) {
                Ok(time) => previous = time,
                Err(fault) => {
                    self.fault = Some((self.lines, fault));
                    return;
                }
            }
            at += line.len() + 1;
        }
    }

    #[inline]
    fn push(&mut self, bar: Bar) {
        if self.bars.is_empty() {
            self.first_bar_line = self.lines;
        }
        self.rows_contiguous &= !self.blank_seen;
        self.bars.push(bar);
    }

    /// Any line the fast way left; answers the time of the last bar.
    #[cold]
    fn exact(&mut self, reader: &RowReader<'_>, line: &[u8], previous: Timestamp) -> Result<Timestamp, Fault> {
        if line.len() > LINE_BYTES_MAX {
            return Err(Fault::LineTooLong { bytes_max: LINE_BYTES_MAX });
        }
        let Some(bar) = reader.exact(line)? else {
            self.blank_seen = true;
            return Ok(previous);
        };
        if !self.bars.is_empty() {
            in_order(previous, bar.time, reader.timeframe())?;
        }
        self.push(bar);
        Ok(bar.time)
    }
}

/// At most `parts_max` parts of whole lines, of about equal size; one when the block is small.
fn split_lines(block: &[u8], parts_max: usize) -> Vec<&[u8]> {
    /// Below this, starting a thread costs more than it saves.
    const PART_BYTES_MIN: usize = 64 << 10;
    let size = (block.len() / parts_max).max(PART_BYTES_MIN);
    let mut parts = Vec::with_capacity(parts_max);
    let mut rest = block;
    while parts.len() + 1 < parts_max && rest.len() > size {
        let Some(newline) = rest[size..].iter().position(|byte| *byte == b'\n') else { break };
        let (part, after) = rest.split_at(size + newline + 1);
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}
