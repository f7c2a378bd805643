//! AlphaFlow's command line.
fn main() {}
