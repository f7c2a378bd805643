//! Words of a fixed vocabulary, read back from text: fields, types and states that a refusal names.
//!
//! Not here: which words there are (whoever names them writes them as literals).
//! A word that was read lives as long as the program, since a literal does; each is kept once, and there are few.
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Deserializer};

/// A literal, such as `limit_price`.
pub(super) type Word = &'static str;

/// Longest word that is read: the longest sentence of Alpaca's in a refusal has 40 letters.
const LENGTH_MAX: usize = 64;
/// Most words that are kept: the catalogue of refusals has some thirty.
const WORDS_MAX: usize = 256;

static WORDS: Mutex<BTreeSet<Word>> = Mutex::new(BTreeSet::new());

/// Reads a word.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Word, D::Error> {
    let text = String::deserialize(deserializer)?;
    let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(word) = words.get(text.as_str()) {
        return Ok(word);
    }
    if text.len() > LENGTH_MAX || words.len() == WORDS_MAX {
        let what = format!("`{text}` is no word of a refusal; this program has written none like it");
        return Err(serde::de::Error::custom(what));
    }
    let word: Word = Box::leak(text.into_boxed_str());
    words.insert(word);
    Ok(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Holder(#[serde(deserialize_with = "read")] Word);

    #[test]
    fn a_word_is_kept_once_and_a_long_one_not_at_all() {
        let read = |text: &str| serde_json::from_str::<Holder>(&format!("\"{text}\"")).map(|holder| holder.0);
        let (first, second) = (read("stop_price").expect("word"), read("stop_price").expect("word"));
        assert_eq!(first, "stop_price");
        assert!(std::ptr::eq(first, second));
        assert!(read(&"x".repeat(LENGTH_MAX)).is_ok());
        assert!(read(&"x".repeat(LENGTH_MAX + 1)).is_err());
    }
}
