//! Runs indicators over rows of bars and collects their columns.
//!
//! Not here: reading names and arguments (spec), reading or writing files (market, cli).

use super::error::IndicatorError;
use super::registry::IndicatorKind as K;
use super::spec::IndicatorSpec;
use super::*;

/// One bar with what the calendar knows about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IndicatorRow {
    /// The bar.
    pub ohlcv: Ohlcv,
    /// Whether it is its session's first; [`Vwap`] starts again there.
    pub starts_session: bool,
}

/// One column beside the bars.
#[derive(Debug, Clone, PartialEq)]
pub struct IndicatorColumn {
    /// As in [`IndicatorSpec::column_names`].
    pub name: String,
    /// One value a row; `None` where the indicator is not defined.
    pub values: Vec<Option<f64>>,
}

/// Every column of `specs`, in their order, over `rows`, oldest first; the first row starts cold.
pub fn compute(specs: &[IndicatorSpec], rows: &[IndicatorRow]) -> Vec<IndicatorColumn> {
    specs.iter().flat_map(|spec| columns_of(spec, rows)).collect()
}

fn columns_of(spec: &IndicatorSpec, rows: &[IndicatorRow]) -> Vec<IndicatorColumn> {
    let mut run = runner(spec).expect("IndicatorSpec::new has built this indicator once");
    let with_room = |name| IndicatorColumn { name, values: Vec::with_capacity(rows.len()) };
    let mut columns: Vec<IndicatorColumn> = spec.column_names().into_iter().map(with_room).collect();
    for row in rows {
        let values = run(row);
        for (column, value) in columns.iter_mut().zip(values) {
            column.values.push(value);
        }
    }
    columns
}

/// Most columns of one indicator.
const OUTPUTS_MAX: usize = 3;

/// Values in the order of the registry's outputs; the rest stays `None`.
type Values = [Option<f64>; OUTPUTS_MAX];

/// Takes one row, returns the row's values.
type Runner = Box<dyn FnMut(&IndicatorRow) -> Values>;

/// Builds the indicator of `spec`.
///
/// Errors: those of the indicator's `new`.
pub(super) fn runner(spec: &IndicatorSpec) -> Result<Runner, IndicatorError> {
    let factor = |i: usize| spec.arguments()[i];
    let bars = |i: usize| spec.arguments()[i] as usize;
    Ok(match spec.info().kind {
        K::Sma => of_close(Sma::new(bars(0))?, Sma::update),
        K::Ema => of_close(Ema::new(bars(0))?, Ema::update),
        K::Wma => of_close(Wma::new(bars(0))?, Wma::update),
        K::Rsi => of_close(Rsi::new(bars(0))?, Rsi::update),
        K::Roc => of_close(Roc::new(bars(0))?, Roc::update),
        K::Momentum => of_close(Momentum::new(bars(0))?, Momentum::update),
        K::ZScore => of_close(ZScore::new(bars(0))?, ZScore::update),
        K::StdDev => of_close(StdDev::population(bars(0))?, StdDev::update),
        K::StdDevSample => of_close(StdDev::sample(bars(0))?, StdDev::update),
        K::LinearRegressionSlope => of_close(LinearRegressionSlope::new(bars(0))?, LinearRegressionSlope::update),
        K::RollingMax => of_close(RollingMax::new(bars(0))?, RollingMax::update),
        K::RollingMin => of_close(RollingMin::new(bars(0))?, RollingMin::update),
        K::Atr => of_bar(Atr::new(bars(0))?, Atr::update),
        K::AtrSimple => of_bar(Atr::simple(bars(0))?, Atr::update),
        K::Natr => of_bar(Natr::new(bars(0))?, Natr::update),
        K::Adx => of_bar(Adx::new(bars(0))?, Adx::update),
        K::Cci => of_bar(Cci::new(bars(0))?, Cci::update),
        K::WilliamsR => of_bar(WilliamsR::new(bars(0))?, WilliamsR::update),
        K::PlusDi => {
            let directional = Directional::named("plus_di", bars(0))?;
            of_bar(directional, |d, high, low, close| d.update(high, low, close).map(|v| v.plus))
        }
        K::MinusDi => {
            let directional = Directional::named("minus_di", bars(0))?;
            of_bar(directional, |d, high, low, close| d.update(high, low, close).map(|v| v.minus))
        }
        K::Macd => macd(Macd::new(bars(0), bars(1), bars(2))?),
        K::Bollinger => bollinger(Bollinger::new(bars(0), factor(1))?),
        K::Stochastic => stochastic(Stochastic::new(bars(0), bars(1), bars(2))?),
        K::Donchian => donchian(Donchian::new(bars(0))?),
        K::Keltner => keltner(Keltner::new(bars(0), bars(1), factor(2))?),
        K::Correlation => of_close_and_volume(Correlation::new(bars(0))?, Correlation::update),
        K::Obv => of_close_and_volume(Obv::new(), Obv::update),
        K::Vwap => vwap(Vwap::new()),
    })
}

fn of_close<I: 'static>(mut indicator: I, update: fn(&mut I, f64) -> Option<f64>) -> Runner {
    Box::new(move |row| [update(&mut indicator, row.ohlcv.close), None, None])
}

fn of_bar<I: 'static>(mut indicator: I, update: fn(&mut I, f64, f64, f64) -> Option<f64>) -> Runner {
    Box::new(move |IndicatorRow { ohlcv: bar, .. }| [update(&mut indicator, bar.high, bar.low, bar.close), None, None])
}

fn of_close_and_volume<I: 'static>(mut indicator: I, update: fn(&mut I, f64, f64) -> Option<f64>) -> Runner {
    Box::new(move |row| [update(&mut indicator, row.ohlcv.close, row.ohlcv.volume), None, None])
}

fn macd(mut macd: Macd) -> Runner {
    Box::new(move |row| {
        let value = macd.update(row.ohlcv.close);
        [value.map(|v| v.macd), value.map(|v| v.signal), value.map(|v| v.histogram)]
    })
}

fn bollinger(mut bollinger: Bollinger) -> Runner {
    Box::new(move |row| {
        let bands = bollinger.update(row.ohlcv.close);
        [bands.map(|b| b.upper), bands.map(|b| b.middle), bands.map(|b| b.lower)]
    })
}

fn stochastic(mut stochastic: Stochastic) -> Runner {
    Box::new(move |IndicatorRow { ohlcv: bar, .. }| {
        let value = stochastic.update(bar.high, bar.low, bar.close);
        [value.map(|v| v.k), value.map(|v| v.d), None]
    })
}

fn donchian(mut donchian: Donchian) -> Runner {
    Box::new(move |row| {
        let channel = donchian.update(row.ohlcv.high, row.ohlcv.low);
        [channel.map(|c| c.high), channel.map(|c| c.low), None]
    })
}

fn keltner(mut keltner: Keltner) -> Runner {
    Box::new(move |IndicatorRow { ohlcv: bar, .. }| {
        let channel = keltner.update(bar.high, bar.low, bar.close);
        [channel.map(|c| c.upper), channel.map(|c| c.middle), channel.map(|c| c.lower)]
    })
}

fn vwap(mut vwap: Vwap) -> Runner {
    Box::new(move |IndicatorRow { ohlcv: bar, starts_session }| {
        if *starts_session {
            vwap.start_session();
        }
        [vwap.update(bar.high, bar.low, bar.close, bar.volume), None, None]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bars: usize) -> Vec<IndicatorRow> {
        let closes = testing::seeded_walk(1, bars, 100.0, 1.0);
        let around = testing::bars_around(&closes);
        let row = |(i, &(high, low, close)): (usize, &(f64, f64, f64))| IndicatorRow {
            ohlcv: Ohlcv { open: close, high, low, close, volume: 1e6 + (i * i % 7919) as f64 },
            starts_session: i % 10 == 0,
        };
        around.iter().enumerate().map(row).collect()
    }

    /// Where every indicator of the registry with its defaults gives its first value.
    #[test]
    fn first_index_of_every_indicator() {
        let expected = [
            ("sma", 19),
            ("ema", 19),
            ("wma", 19),
            ("rsi", 14),
            ("atr", 14),
            ("atr_simple", 14),
            ("natr", 14),
            ("macd", 33),
            ("bollinger", 19),
            ("plus_di", 14),
            ("minus_di", 14),
            ("adx", 27),
            ("stochastic", 17),
            ("roc", 10),
            ("momentum", 10),
            ("cci", 19),
            ("williams_r", 13),
            ("obv", 0),
            ("vwap", 0),
            ("donchian", 19),
            ("keltner", 19),
            ("zscore", 19),
            ("stddev", 19),
            ("stddev_sample", 19),
            ("linreg_slope", 13),
            ("correlation", 19),
            ("rolling_max", 19),
            ("rolling_min", 19),
        ];
        assert_eq!(expected.len(), registry().len());
        let rows = rows(60);
        for (id, first) in expected {
            let spec = IndicatorSpec::new(id, &[]).unwrap();
            let columns = compute(&[spec], &rows);
            for column in columns {
                assert_eq!(column.values.iter().position(Option::is_some), Some(first), "{}", column.name);
                assert!(column.values[first..].iter().all(|v| v.is_some_and(f64::is_finite)), "{}", column.name);
                assert_eq!(column.values.len(), rows.len());
            }
        }
    }

    #[test]
    fn columns_come_in_the_order_asked_for() {
        let specs = parse_indicators("donchian(2),sma(1)").unwrap();
        let columns = compute(&specs, &rows(5));
        let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["donchian_2_high", "donchian_2_low", "sma_1"]);
        assert!(compute(&specs, &[]).iter().all(|c| c.values.is_empty()));
    }

    /// A later bar changes no earlier value.
    #[test]
    fn the_future_changes_nothing() {
        let ids = registry().iter().map(|info| info.id).collect::<Vec<_>>().join(",");
        let specs = parse_indicators(&ids).unwrap();
        let rows = rows(120);
        let all = compute(&specs, &rows);
        for (short, long) in compute(&specs, &rows[..77]).iter().zip(&all) {
            assert_eq!(short.values[..], long.values[..77], "{}", short.name);
        }
    }

    /// A bar of NaN never panics, and windows forget it once it has left.
    #[test]
    fn nan_does_not_panic() {
        let ids = registry().iter().map(|info| info.id).collect::<Vec<_>>().join(",");
        let mut rows = rows(120);
        let nan = f64::NAN;
        rows[40].ohlcv = Ohlcv { open: nan, high: nan, low: nan, close: nan, volume: nan };
        for column in compute(&parse_indicators(&ids).unwrap(), &rows) {
            let recovers = ["sma_20", "wma_20", "stddev_20", "cci_20", "roc_10", "zscore_20"];
            if recovers.contains(&column.name.as_str()) {
                assert!(column.values[119].is_some_and(f64::is_finite), "{}", column.name);
            }
        }
    }
}
