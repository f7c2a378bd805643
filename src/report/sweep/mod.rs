//! What a sweep looks like: the page (`sweep.html`) and the picture (`heatmap.png`).
//!
//! Not here: the runs and what they say together (sweep); its summary on the terminal (report::terminal). The model is
//! plain, so that this room knows nothing of how a sweep is made; cli fills it.
mod data;
pub mod grid;
mod head;
pub mod html;
pub mod measure;
pub mod model;
mod studies;
mod table;
#[cfg(test)]
pub(crate) mod testing;
