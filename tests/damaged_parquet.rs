//! A damaged Parquet file is refused, where it can be told; the reader's own panics end in an error.
//!
//! A file of its own, since it silences the panics of this process. Spoiled is the description at the end
//! of the file, byte by byte: damage to the values themselves cannot be told from other values.
#![allow(clippy::unwrap_used)]
use std::fs;

use alphaflow::domain::Timeframe;
use alphaflow::market::{Calendar, Length, SyntheticSpec, read_parquet, synthesize, write_parquet};

#[test]
fn a_damaged_description_is_survived() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("SYN.parquet");
    let spec = SyntheticSpec {
        symbol: "SYN".parse().unwrap(),
        seed: 1,
        timeframe: Timeframe::Day1,
        from: "2020-01-02".parse().unwrap(),
        length: Length::Sessions(60),
        start_price: "100".parse().unwrap(),
        annual_drift: 0.0,
        annual_volatility: 0.2,
        calendar: Calendar::xnys(),
    };
    write_parquet(&path, Timeframe::Day1, &synthesize(&spec).unwrap()).unwrap();
    let whole = fs::read(&path).unwrap();
    // The last eight bytes are the length of the description and the mark of the format.
    let (body, end) = whole.split_at(whole.len() - 8);
    let described = u32::from_le_bytes(end[..4].try_into().unwrap()) as usize;
    std::panic::set_hook(Box::new(|_| {}));
    let outcomes: Vec<bool> = (body.len() - described..whole.len())
        .map(|at| {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            fs::write(&path, bytes).unwrap();
            std::panic::catch_unwind(|| read_parquet(&path, Timeframe::Day1).is_err()).map_err(|_| at)
        })
        .collect::<Result<_, _>>()
        .unwrap_or_else(|at| {
            let _ = std::panic::take_hook();
            panic!("a panic came through with byte {at} spoiled")
        });
    let _ = std::panic::take_hook();
    let refused = outcomes.iter().filter(|refused| **refused).count();
    assert!(refused > outcomes.len() / 2, "{refused} of {} were refused", outcomes.len());
}
