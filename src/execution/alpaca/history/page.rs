//! One page of bars as the venue sends it.
//!
//! Not here: asking for it, joining pages (pull).
use super::super::decode::plain_bar;
use super::super::reader::{DecodeError, Fields, Reader, Value};
use super::super::reader_json::JsonReader;
use crate::domain::{Bar, Symbol};

/// Bars of one share, and where to go on.
#[derive(Debug)]
pub(super) struct Page {
    /// In the order of the page, stamped as they came.
    pub(super) bars: Vec<Bar>,
    /// The token of the next page; `None` at the end.
    pub(super) next: Option<String>,
}

/// Reads `{"bars": {"AAPL": [...]}, "next_page_token": null}`. Errors: what is wrong, in words.
pub(super) fn read(body: &[u8], symbol: Symbol) -> Result<Page, String> {
    let broken = |error: DecodeError| format!("it is no JSON as expected ({error})");
    let mut reader = JsonReader::new(body).map_err(broken)?;
    let mut fields = Fields::new();
    fields.read(&mut reader).map_err(broken)?;
    reader.finish().map_err(broken)?;
    let bars = match fields.get(b"bars") {
        Some(Value::Map(map)) => bars(map, symbol)?,
        // Go's empty map.
        None if fields.all().iter().any(|(key, _)| *key == b"bars") => Vec::new(),
        _ => return Err("it has no map of bars".to_owned()),
    };
    let next = match fields.get(b"next_page_token") {
        None => None,
        Some(value) => {
            Some(value.text().filter(|token| !token.is_empty()).ok_or("its page token is no text")?.into_owned())
        }
    };
    Ok(Page { bars, next })
}

fn bars(map: &[u8], symbol: Symbol) -> Result<Vec<Bar>, String> {
    let broken = |error: DecodeError| format!("its bars are no JSON as expected ({error})");
    let mut reader = JsonReader::new(map).map_err(broken)?;
    let mut open = reader.open_map().map_err(broken)?;
    let (mut bars, mut fields) = (Vec::new(), Fields::new());
    while reader.more_in_map(&mut open).map_err(broken)? {
        let key = reader.key().map_err(broken)?;
        if key != symbol.as_str().as_bytes() {
            return Err(format!("it has bars of {}", String::from_utf8_lossy(key)));
        }
        if !reader.is_at_list() {
            match reader.value().map_err(broken)? {
                Value::Null => continue,
                _ => return Err("its bars are no list".to_owned()),
            }
        }
        let mut list = reader.open_list().map_err(broken)?;
        while reader.more_in_list(&mut list).map_err(broken)? {
            fields.read(&mut reader).map_err(broken)?;
            let bar = plain_bar(&fields).map_err(|field| {
                let time = fields.text(b"t").unwrap_or_default();
                format!("bar {} of a page, at {time}, has a wrong {field}", bars.len() + 1)
            })?;
            bars.push(bar);
        }
    }
    Ok(bars)
}
