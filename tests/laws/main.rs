//! What holds for every run, whatever the strategy, the stop, the size and the bars.
#![allow(clippy::unwrap_used)]
mod bytes;
#[path = "../harness/mod.rs"]
mod harness;
mod money;
mod orders;
mod past;
mod scale;
mod strangers;
mod world;
