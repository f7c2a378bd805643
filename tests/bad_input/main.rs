//! Bad input through the real binary: exit code 2 (1 for the machine's fault), file, line, value and
//! remedy on standard error, no panic, nothing half-written.
#![allow(clippy::unwrap_used)]
mod bench;
mod data;
mod edges;
mod extremes;
mod folder;
mod scenario;
