//! What a sweep looks like: the page (`sweep.html`) and the picture (`heatmap.png`).
//!
//! Not here: the runs and what they say together (sweep); its summary on the terminal (report::terminal). The model is
//! plain, so that this room knows nothing of how a sweep is made; cli fills it.
pub mod model;
