//! A strategy of one's own: long while the close is above its mean, but only after so many closes in a row.
//!
//! `cargo run --example my_strategy -- backtest examples/my_strategy.toml`; `-- strategies` lists it; with `--prove`
//! behind the scenario the run is held against others that have another future or another start.
use alphaflow::domain::{Bar, Ratio, SymbolIndex};
use alphaflow::indicator::Sma;
use alphaflow::strategy::*;

/// State: the shared entry rule, and per symbol the mean, the closes above it in a row, and signals.
pub struct AboveMean {
    closes_above: usize,
    signal: SignalRule,
    symbols: Vec<(Sma, usize, SignalState)>,
}

impl Listed for AboveMean {
    const INFO: StrategyInfo = StrategyInfo {
        id: "above_mean",
        rule: "long after closes_above closes in a row above the mean of sma_period; out at the first not above it",
        params: &[
            ParamInfo::whole("sma_period", 50, 2, 1_000, "bars of the mean"),
            ParamInfo::whole("closes_above", 3, 1, 100, "closes in a row"),
        ],
        signals: true, // direction, reenter and cooldown_bars too
    };

    fn build(params: &Params, setup: &Setup) -> Result<Self, ParamError> {
        let sma = Sma::new(params.whole("sma_period")).map_err(|e| ParamError::value("sma_period", e.to_string()))?;
        let symbols = vec![(sma, 0, SignalState::default()); setup.symbols];
        Ok(AboveMean { closes_above: params.whole("closes_above"), signal: params.signal_rule(), symbols })
    }

    fn lines(params: &Params, _setup: &Setup, bars: &[Bar]) -> Vec<ChartLine> {
        let mut sma = Sma::new(params.whole("sma_period")).expect("a checked parameter");
        vec![ChartLine::each("Mean", bars, |bar| sma.update(bar.close.to_f64()))]
    }
}

impl Strategy for AboveMean {
    fn on_bar(&mut self, symbol: SymbolIndex, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        let (sma, above, state) = &mut self.symbols[symbol.get()];
        let close = bar.close.to_f64();
        let Some(mean) = sma.update(close) else { return };
        *above = if close > mean { *above + 1 } else { 0 };
        self.signal.apply(state, symbol, *above >= self.closes_above, *above == 0, view, intents);
    }

    // Raw prices only: what is remembered in dollars is restated, or the split would look like a fall.
    fn on_split(&mut self, symbol: SymbolIndex, ratio: Ratio) {
        self.symbols[symbol.get()].0.rescale(1.0 / ratio.to_f64());
    }
}

fn main() -> std::process::ExitCode {
    alphaflow::cli::main_with(BuiltIn.and::<AboveMean>())
}
