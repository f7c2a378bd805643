//! The sequences of `tests/risk_model` out of a fuzzer's bytes: the gate and the model of it must agree.
#![no_main]
#[allow(dead_code, reason = "seeds are the test's way in")]
#[path = "../../tests/risk_model/draw.rs"]
mod draw;
#[path = "../../tests/risk_model/history.rs"]
mod history;
#[path = "../../tests/risk_model/judge.rs"]
mod judge;
#[path = "../../tests/risk_model/steps.rs"]
mod steps;
#[allow(dead_code, reason = "what must be seen is counted by the test")]
#[path = "../../tests/risk_model/world.rs"]
mod world;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let sequence = draw::Sequence::of_bytes(bytes);
    if let Err((step, what)) = steps::play(&sequence, &mut world::Tally::new()) {
        panic!("step {step}:\n{what}\n{sequence:?}");
    }
});
