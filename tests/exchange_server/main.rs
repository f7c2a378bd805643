//! The server of the exchange from outside: real sockets on the loopback interface, as any client opens them.
#![allow(clippy::unwrap_used)]
mod control;
mod data;
mod faults;
mod kit;
mod pace;
mod rest;
mod trading;
