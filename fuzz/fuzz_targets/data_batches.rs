//! Batches of Alpaca's market data out of a fuzzer's bytes: the first byte says in which notation, the rest is the batch.
//!
//! Laws: nothing panics; each message counted is handed out; what is handed out does not depend on what came before; a
//! list of JSON objects is never refused, however strange they are, so that one message cannot cost the connection
//! (unless it has more than 64 fields).
#![no_main]
use alphaflow::execution::alpaca::{Decoder, Encoding, MarketMessage};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

/// The messages in words, and whether the batch was read to its end.
fn read(decoder: &mut Decoder, batch: &[u8]) -> (Vec<String>, bool) {
    let mut messages = Vec::new();
    let before = decoder.counts();
    let each = |message: MarketMessage<'_>| messages.push(format!("{message:?}"));
    let is_whole = decoder.decode(batch, each).is_ok();
    let counted = decoder.counts().messages - before.messages;
    assert_eq!(counted, messages.len() as u64, "each message counted is handed out");
    (messages, is_whole)
}

/// A message has at most so many fields; each has a colon.
const FIELDS_MAX: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    let Some((notation, batch)) = bytes.split_first() else { return };
    let encoding = if notation % 2 == 0 { Encoding::Json } else { Encoding::MessagePack };
    let mut decoder = Decoder::new(encoding);
    let first = read(&mut decoder, batch);
    assert_eq!(first, read(&mut decoder, batch), "the same again");
    let colons = batch.iter().filter(|byte| **byte == b':').count();
    if encoding == Encoding::Json
        && colons <= FIELDS_MAX
        && let Ok(objects) = serde_json::from_slice::<Vec<Map<String, Value>>>(batch)
    {
        assert!(first.1, "a list of objects is refused: {}", String::from_utf8_lossy(batch));
        assert_eq!(first.0.len(), objects.len(), "as many messages as objects");
    }
});
