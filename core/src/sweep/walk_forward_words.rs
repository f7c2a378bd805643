//! A walk-forward in one paragraph.
//!
//! Not here: numbers (`walk_forward_results`).
use super::results::in_words;
use super::verdict::{percent, ratio};
use super::walk_forward_results::{Drift, Line, WalkForward};
use crate::scenario::spec::{Period, PeriodUnit};

impl WalkForward {
    /// What came of it, in plain words.
    pub fn in_words(&self) -> String {
        let mut text = vec![self.made(), self.kept(), self.tests(), self.beside()];
        text.extend(self.moved());
        text.extend(self.untold());
        text.join(" ")
    }

    /// What the picks made out of sample.
    fn made(&self) -> String {
        let windows = self.windows.len();
        let (train, test) = (span(self.spans.0), span(self.spans.1));
        let trained = if self.anchored { format!("all data before, {train} at first,") } else { train };
        let picked = match self.candidates {
            1 => "the only run".to_owned(),
            count => format!("the best of {count} runs by {} over {trained}", in_words(self.objective)),
        };
        format!(
            "In {windows} {} {picked} was traded over the next {test}; chained, the tests made {} a year, with a Sharpe \
             ratio of {}.",
            if windows == 1 { "window" } else { "windows" },
            annual(&self.line),
            known(self.line.metrics.number("sharpe"))
        )
    }

    /// Efficiency.
    fn kept(&self) -> String {
        match &self.efficiency {
            Ok(all) => format!(
                "In training the picks made {} a year, in the tests {}: {} of it was left.",
                percent(all.in_sample),
                percent(all.out_of_sample),
                percent(all.ratio)
            ),
            Err(reason) => format!("How much of training was left in the tests is unknown: {reason}."),
        }
    }

    fn tests(&self) -> String {
        let (gained, tested) = self.gained();
        format!("{gained} of {tested} {} gained.", if tested == 1 { "test" } else { "tests" })
    }

    /// What others made over the same sessions.
    fn beside(&self) -> String {
        let holding = format!("holding the symbols made {} a year", annual(&self.holding));
        match &self.hindsight {
            Some(best) if self.candidates > 1 => format!(
                "Over the same sessions the run that is best in everything made {} a year, which nobody could have \
                 known, and {holding}.",
                annual(&best.line)
            ),
            _ => format!("Over the same sessions {holding}."),
        }
    }

    /// How the pick moved.
    fn moved(&self) -> Option<String> {
        let steps = self.windows.iter().filter(|window| window.pick.is_ok()).count().checked_sub(1)?;
        let drifting: Vec<&Drift> = self.drift.iter().filter(|drift| drift.values > 1).collect();
        if steps == 0 || drifting.is_empty() {
            return None;
        }
        let one = |drift: &&Drift| {
            let spread = match &drift.spread {
                Some((first, last)) if first != last => format!(", between {first} and {last}"),
                _ => String::new(),
            };
            let key = drift.key.strip_prefix("strategy.params.").unwrap_or(&drift.key);
            format!("{key} {} of {steps} times{spread}", drift.moves)
        };
        let list: Vec<String> = drifting.iter().map(one).collect();
        Some(format!("From window to window the pick changed: {}.", list.join("; ")))
    }

    /// What is not as one would expect.
    fn untold(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(last) = self.windows.last().filter(|window| window.is_short) {
            notes.push(format!(
                "The last test ends with the data, on {}, before its {} is over.",
                last.test.1,
                span(self.spans.1)
            ));
        }
        let idle = self.windows.iter().filter(|window| window.pick.is_err()).count();
        if idle > 0 {
            notes.push(format!("In {idle} of the windows nothing could be picked; their tests hold cash."));
        }
        let broken = self.windows.iter().filter_map(|window| window.pick.as_ref().ok()?.test_return.as_ref().err());
        if let Some(reason) = broken.clone().next() {
            notes.push(format!("{} did not get to the end of the test: {reason}.", broken.count()));
        }
        notes
    }
}

/// `3 years`.
fn span(period: Period) -> String {
    let unit = match period.unit {
        PeriodUnit::Years => "year",
        PeriodUnit::Months => "month",
        PeriodUnit::Weeks => "week",
        PeriodUnit::Days => "day",
    };
    if period.count == 1 { unit.to_owned() } else { format!("{} {unit}s", period.count) }
}

fn annual(line: &Line) -> String {
    line.metrics.number("annual_return").map_or_else(|| "an unknown return".to_owned(), percent)
}

fn known(value: Option<f64>) -> String {
    value.map_or_else(|| "unknown size".to_owned(), ratio)
}
