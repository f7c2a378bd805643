//! The dashboard over real sockets: what it shows, what it does, and every attack that it must refuse.
//!
//! Not here: what a browser makes of it (tests/dashboard_py).
#![allow(clippy::unwrap_used)]
mod attacks;
#[path = "../cli_binary/mod.rs"]
mod cli_binary;
mod doors;
mod halting;
mod kit;
mod limits;
mod session;
mod showing;
mod states;
mod wire;
