//! indicator
