//! The drill: the kill switch proved on the built-in exchange.
pub(crate) mod market;
