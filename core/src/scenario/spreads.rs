//! The spread of every bar of a scenario: from its quote files, else from the model.
//!
//! Not here: what a fill pays of it (venue). Invariant: the model of a bar sees only bars before it.
use std::sync::Arc;

use super::share::{Share, days_of, missing};
use super::spec::SlippageRule;
use super::{Diagnostic, LoadedScenario, MarketData};
use crate::domain::{Bar, Ratio, Timestamp};
use crate::indicator::CorwinSchultz;
use crate::market::{QuoteBar, read_quotes};
use crate::venue::{Spread, SpreadSource, Spreads};

/// Closed bars that the model looks back on.
const MODEL_BARS: usize = 20;

impl MarketData {
    /// Reads the quotes of the scenario and works out the spread of every bar, where its slippage is one.
    ///
    /// Errors: whatever is wrong with a quote file.
    pub(super) fn load_spreads(&mut self, loaded: &LoadedScenario, shares: &[Share]) -> Result<(), Box<Diagnostic>> {
        let slippage = &loaded.spec.execution.slippage;
        if !matches!(slippage.rule, SlippageRule::Spread(_)) {
            return Ok(());
        }
        let mut symbols = Vec::with_capacity(self.bars.len());
        for (index, share) in shares.iter().enumerate() {
            let quotes = self.quotes_of(loaded, share)?;
            symbols.push(of_symbol(&self.bars[index], &quotes));
        }
        let source = if slippage.quotes.is_some() { SpreadSource::Quotes } else { SpreadSource::Model };
        self.spreads = Some(Arc::new(Spreads::new(symbols, source)));
        Ok(())
    }

    /// The quotes of a share, each from the file of the name that it had then; none without such files.
    fn quotes_of(&mut self, loaded: &LoadedScenario, share: &Share) -> Result<Vec<QuoteBar>, Box<Diagnostic>> {
        let data = &loaded.spec.data;
        let Some(written) = &loaded.spec.execution.slippage.quotes else { return Ok(Vec::new()) };
        let mut all = Vec::new();
        for name in share.names_between(data.first_time(), data.last_time()) {
            let Some(path) = loaded.quotes_path_for(name.symbol) else { continue };
            let quotes = read_quotes(&path, data.timeframe).map_err(|error| missing(loaded, name, error))?;
            self.hash(&written.replace("{symbol}", name.symbol.as_str()), &path)?;
            let (from, until) = days_of(data, name);
            all.extend(quotes.into_iter().filter(|quote| from <= quote.time && quote.time < until));
        }
        Ok(all)
    }
}

/// The spread of each bar; both lists are in order of time.
fn of_symbol(bars: &[Bar], quotes: &[QuoteBar]) -> Vec<(Timestamp, Spread)> {
    let mut model = CorwinSchultz::new(MODEL_BARS).expect("twenty bars are a period");
    let mut quotes = quotes.iter().peekable();
    let row = |bar: &Bar| {
        while quotes.next_if(|quote| quote.time < bar.time).is_some() {}
        let spread = match quotes.next_if(|quote| quote.time == bar.time) {
            Some(quote) => Spread::Quoted { open: quote.open_spread, close: quote.close_spread },
            None => Spread::Modelled(model.value().map_or(Ratio::ZERO, as_ratio)),
        };
        // A bar without a trade shows no range.
        if !bar.volume.is_zero() {
            model.update(bar.high.to_f64(), bar.low.to_f64(), bar.close.to_f64());
        }
        (bar.time, spread)
    };
    bars.iter().map(row).collect()
}

/// The nearest billionth.
fn as_ratio(fraction: f64) -> Ratio {
    Ratio::from_units((fraction * 1e9).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Price, Volume};

    fn price(text: &str) -> Price {
        text.parse().expect("price")
    }

    /// A share that trades at 99.5 and 100.5 and at nothing else.
    fn bar(day: i32, volume: i64) -> Bar {
        Bar {
            time: Timestamp::from_days(day).expect("day"),
            open: price("99.5"),
            high: price("100.5"),
            low: price("99.5"),
            close: price("100.5"),
            volume: Volume::from_shares(volume).expect("volume"),
        }
    }

    #[test]
    fn a_bar_has_its_quote_or_the_model_of_the_bars_before_it() {
        let bars = [bar(1, 10), bar(2, 0), bar(3, 10), bar(4, 10), bar(5, 10)];
        let quote =
            |day: i32| QuoteBar { open_spread: price("0.02"), close_spread: price("0.03"), time: bar(day, 1).time };
        let spreads: Vec<Spread> =
            of_symbol(&bars, &[quote(0), quote(4), quote(9)]).into_iter().map(|row| row.1).collect();
        let none = Spread::Modelled(Ratio::ZERO);
        // Two bars with trades come before the fourth bar, not before the third.
        assert_eq!(spreads[..3], [none, none, none]);
        assert_eq!(spreads[3], Spread::Quoted { open: price("0.02"), close: price("0.03") });
        let Spread::Modelled(fraction) = spreads[4] else { panic!("{:?}", spreads[4]) };
        assert!((fraction.to_f64() - 0.01).abs() < 1e-6, "{fraction}");
    }

    /// Poison from a bar on: no spread of a bar up to it changes.
    #[test]
    fn the_future_says_nothing() {
        let bars: Vec<Bar> =
            (0..40).map(|day| Bar { high: price(&format!("{}", 101 + day % 3)), ..bar(day, 10) }).collect();
        let mut poisoned = bars.clone();
        poisoned[30].high = price("900");
        let (plain, other) = (of_symbol(&bars, &[]), of_symbol(&poisoned, &[]));
        assert_eq!(plain[..=30], other[..=30]);
        assert_ne!(plain[31], other[31]);
    }
}
