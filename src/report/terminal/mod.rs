//! The summary that `backtest` prints: the answer, two lines over time, figures, doubts, where to look.
//!
//! Not here: asking what the terminal can show (cli), any number that is not in the model. The sentence
//! and the doubts are the report's own words, with the terminal's minus.
mod chart;
mod figures;
mod parity;
mod proof;
mod screen;
mod spent;
mod sweep;

pub use parity::parity_summary;
pub use proof::proof;
pub use screen::{Colours, Screen};
pub use spent::Spent;
pub use sweep::{SweepSpent, sweep_summary};

use super::format::{Numbers, date_in_table};
use super::model::ReportModel;
use super::notes::notes;
use super::reading;
use super::sentence::{Tone, sentence};
use chart::Curve;
use screen::Ink;

const N: Numbers = Numbers::PLAIN;
/// Columns of the words before a fact.
const LABEL: usize = 16;
/// Characters of the fingerprint that tell two runs apart.
const FINGERPRINT_SHOWN: usize = 16;

/// The summary of a run, ends with a line break. `shown`: what to open, and its path; `spent`: what it cost.
pub fn summary(model: &ReportModel<'_>, shown: (&str, &str), spent: &Spent, screen: &Screen) -> String {
    let traded = !model.trades.is_empty();
    let mut parts = vec![heading(model, screen), answer(model, screen)];
    if traded {
        parts.push(lines(model, screen));
        parts.push(figures::table(model, screen));
        parts.push(figures::trades(model, screen));
    }
    parts.push(doubts(model, screen));
    parts.push(places(model, shown, screen));
    parts.push(spent::lines(spent, screen));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn heading(model: &ReportModel<'_>, screen: &Screen) -> String {
    let mut scope = format!("{}, {}", reading::symbols(model, " "), model.timeframe.adjective());
    if let (Some(first), Some(last)) = (model.steps.first(), model.steps.last()) {
        scope.push_str(&format!(", {} to {}", date_in_table(*first), date_in_table(*last)));
    }
    headed(&model.name, &scope, screen)
}

/// The name of a scenario and what it is about, on one line or on two.
fn headed(name: &str, scope: &str, screen: &Screen) -> String {
    let taken = name.chars().count() + 3;
    let name = screen.set(Ink::Strong, name);
    if taken + scope.chars().count() <= screen.width() {
        return format!("{name}   {}\n", screen.set(Ink::Dim, scope));
    }
    format!("{name}\n{}\n", screen.wrap(&[(Ink::Dim, scope)], 0, 0))
}

fn answer(model: &ReportModel<'_>, screen: &Screen) -> String {
    let spans = sentence(model, N);
    let pieces: Vec<(Ink, &str)> = spans.iter().map(|span| (ink(span.tone), span.text.as_str())).collect();
    format!("{}\n", screen.wrap(&pieces, 0, 0))
}

fn ink(tone: Tone) -> Ink {
    match tone {
        Tone::Plain => Ink::Plain,
        Tone::Strong => Ink::Strong,
        Tone::Gain => Ink::Gain,
        Tone::Loss => Ink::Loss,
    }
}

fn lines(model: &ReportModel<'_>, screen: &Screen) -> String {
    if !screen.has_chart() {
        return String::new();
    }
    let reference = model.reference();
    let curves = [
        Curve { name: "strategy", values: model.equity.clone(), ink: Ink::Strong },
        Curve { name: &reference.name, values: reference.values.clone(), ink: Ink::Dim },
    ];
    chart::chart(screen, &model.steps, &curves)
}

fn doubts(model: &ReportModel<'_>, screen: &Screen) -> String {
    notes(model, N).iter().map(|note| warning(&note.text, screen)).collect()
}

/// A line that begins with `!`, wrapped under its text.
pub fn warning(text: &str, screen: &Screen) -> String {
    format!("{} {}\n", screen.set(Ink::Warn, "!"), screen.wrap(&[(Ink::Plain, text)], 2, 2))
}

fn places(model: &ReportModel<'_>, (name, path): (&str, &str), screen: &Screen) -> String {
    let fingerprint = model.fingerprint.get(..FINGERPRINT_SHOWN).unwrap_or(&model.fingerprint);
    let line = |name: &str, text: &str| format!("{name:<LABEL$}{}\n", screen.set(Ink::Plain, text));
    line(name, path) + &line("fingerprint", fingerprint)
}

/// `text` after its label, wrapped under itself.
fn fact(screen: &Screen, label: &str, text: &str) -> String {
    format!("{label:<LABEL$}{}\n", screen.wrap(&[(Ink::Plain, text)], LABEL, LABEL))
}
