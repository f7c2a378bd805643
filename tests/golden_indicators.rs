//! Every indicator against TA-Lib 0.8.2 on real prices: each column, each row, 1e-9.
//!
//! Not here: what an indicator does on made-up prices (unit tests in `core/src/indicator`).
//!
//! `sh-20` (IBM daily) and `sh-21` (SPY hourly) are golden cases of `../shared/golden`; the table of the first is
//! committed beside this file, the second runs only where `../shared` (or `ALPHAFLOW_SHARED`) is.
//! `talib-more-ibm-daily` holds what they leave out, made in the same way: WMA, MOM, CCI, WILLR, STDDEV,
//! LINEARREG_SLOPE, CORREL(close, volume) by TA-Lib; sample deviation and z-score from its STDDEV and SMA, the
//! simple ATR as numpy means of its TRANGE, Keltner from its EMA and ATR, VWAP as numpy sums, one session a month.

use alphaflow::indicator::{IndicatorColumn, IndicatorRow, Ohlcv, compute, parse_indicators};
use std::path::{Path, PathBuf};

const TOLERANCE: f64 = 1e-9;

const INDICATORS: &str = "sma(20),ema(20),rsi(14),atr(14),natr(14),macd(12,26,9),bollinger(20,2),plus_di(14),\
    minus_di(14),adx(14),stochastic(14,3,3),roc(10),obv,donchian(20)";

/// (golden column, our column, index of the first value).
const COLUMNS: [(&str, &str, usize); 20] = [
    ("sma_20", "sma_20", 19),
    ("ema_20", "ema_20", 19),
    ("rsi_14", "rsi_14", 14),
    ("atr_14", "atr_14", 14),
    ("natr_14", "natr_14", 14),
    ("macd", "macd_12_26_9", 33),
    ("macd_signal", "macd_12_26_9_signal", 33),
    ("macd_hist", "macd_12_26_9_histogram", 33),
    ("bb_upper", "bollinger_20_2_upper", 19),
    ("bb_middle", "bollinger_20_2_middle", 19),
    ("bb_lower", "bollinger_20_2_lower", 19),
    ("plus_di_14", "plus_di_14", 14),
    ("minus_di_14", "minus_di_14", 14),
    ("adx_14", "adx_14", 27),
    ("stoch_k", "stochastic_14_3_3_k", 17),
    ("stoch_d", "stochastic_14_3_3_d", 17),
    ("roc_10", "roc_10", 10),
    ("obv", "obv", 0),
    ("donchian_high_20", "donchian_20_high", 19),
    ("donchian_low_20", "donchian_20_low", 19),
];

const MORE_INDICATORS: &str = "wma(20),momentum(10),cci(20),williams_r(14),stddev(20),linreg_slope(14),\
    correlation(20),stddev_sample(20),zscore(20),atr_simple(14),keltner(20,10,2),vwap";

/// Named alike on both sides.
const MORE_COLUMNS: [(&str, usize); 14] = [
    ("wma_20", 19),
    ("momentum_10", 10),
    ("cci_20", 19),
    ("williams_r_14", 13),
    ("stddev_20", 19),
    ("linreg_slope_14", 13),
    ("correlation_20", 19),
    ("stddev_sample_20", 19),
    ("zscore_20", 19),
    ("atr_simple_14", 14),
    ("keltner_20_10_2_upper", 19),
    ("keltner_20_10_2_middle", 19),
    ("keltner_20_10_2_lower", 19),
    ("vwap", 0),
];

#[test]
fn sh_20_ibm_daily() {
    let bars = Bars::read(&project().join("data/bokeh_IBM_daily.csv"), "2008-01-02", "2012-12-31");
    assert_eq!(bars.rows.len(), 1259);
    let golden = project().join("tests/golden/sh-20-indicators-ibm-daily.indicators.csv");
    compare(&bars, INDICATORS, &Table::read(&golden), &COLUMNS);
}

#[test]
fn sh_21_spy_hourly() {
    let Some(shared) = shared() else {
        return eprintln!("skipped sh-21: no ../shared and no ALPHAFLOW_SHARED");
    };
    let (start, end) = ("2018-01-02T14:30:00Z", "2018-12-31T20:00:00Z");
    let bars = Bars::read(&shared.join("data/lean_SPY_hourly.csv"), start, end);
    assert_eq!(bars.rows.len(), 1748);
    let golden = shared.join("golden/sh-21-indicators-spy-hourly.indicators.csv");
    compare(&bars, INDICATORS, &Table::read(&golden), &COLUMNS);
}

#[test]
fn more_of_ta_lib_ibm_daily() {
    let table = Table::read(&project().join("tests/golden/talib-more-ibm-daily.indicators.csv"));
    let bars = Bars::read(&project().join("data/bokeh_IBM_daily.csv"), "2008-01-02", "2009-03-11");
    assert_eq!(bars.rows.len(), 300);
    compare(&bars, MORE_INDICATORS, &table, &MORE_COLUMNS.map(|(name, first)| (name, name, first)));
}

/// The committed table of sh-20 is the shared one, byte for byte.
#[test]
fn the_committed_table_is_the_shared_one() {
    let Some(shared) = shared() else {
        return eprintln!("skipped: no ../shared and no ALPHAFLOW_SHARED");
    };
    let read = |path: PathBuf| std::fs::read(path).expect("a golden table");
    let name = "sh-20-indicators-ibm-daily.indicators.csv";
    assert!(read(project().join("tests/golden").join(name)) == read(shared.join("golden").join(name)));
}

/// Every cell of every column: empty where the golden one is empty, else equal within the tolerance.
fn compare(bars: &Bars, indicators: &str, golden: &Table, columns: &[(&str, &str, usize)]) {
    assert_eq!(golden.column("timestamp"), bars.stamps);
    assert_eq!(golden.header.len(), 1 + columns.len(), "a golden column is not compared");
    let ours = compute(&parse_indicators(indicators).expect("a valid list"), &bars.rows);
    assert_eq!(ours.len(), columns.len(), "a column of ours is not compared");
    for (golden_name, our_name, first) in columns {
        let IndicatorColumn { values, .. } =
            ours.iter().find(|c| c.name == *our_name).unwrap_or_else(|| panic!("no column {our_name}"));
        assert_eq!(values.iter().position(Option::is_some), Some(*first), "first index of {our_name}");
        for (i, (value, cell)) in values.iter().zip(golden.column(golden_name)).enumerate() {
            let expected = (!cell.is_empty()).then(|| cell.parse::<f64>().expect("a number"));
            assert!(agree(*value, expected), "{our_name}, row {i}: {value:?}, TA-Lib {expected:?}");
        }
    }
}

fn agree(value: Option<f64>, expected: Option<f64>) -> bool {
    match (value, expected) {
        (Some(a), Some(b)) => (a - b).abs() <= TOLERANCE * b.abs().max(1.0),
        (a, b) => a == b,
    }
}

struct Bars {
    stamps: Vec<String>,
    rows: Vec<IndicatorRow>,
}

impl Bars {
    /// The bars stamped `start` to `end`, both included; a session starts with each month.
    fn read(path: &Path, start: &str, end: &str) -> Self {
        let table = Table::read(path);
        let (mut stamps, mut rows) = (Vec::<String>::new(), Vec::new());
        for record in table.records.iter().filter(|r| (start..=end).contains(&r[0].as_str())) {
            let [open, high, low, close, volume] = [1, 2, 3, 4, 5].map(|i| record[i].parse().expect("a number"));
            let starts_session = stamps.last().is_none_or(|last| last[..7] != record[0][..7]);
            rows.push(IndicatorRow { ohlcv: Ohlcv { open, high, low, close, volume }, starts_session });
            stamps.push(record[0].clone());
        }
        Self { stamps, rows }
    }
}

struct Table {
    header: Vec<String>,
    records: Vec<Vec<String>>,
}

impl Table {
    fn read(path: &Path) -> Self {
        let mut reader = csv::Reader::from_path(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let fields = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
        let header = fields(reader.headers().expect("a header"));
        let records = reader.records().map(|record| fields(&record.expect("a row"))).collect();
        Self { header, records }
    }

    fn column(&self, name: &str) -> Vec<&str> {
        let at = self.header.iter().position(|h| h == name).unwrap_or_else(|| panic!("no column {name}"));
        self.records.iter().map(|record| record[at].as_str()).collect()
    }
}

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn shared() -> Option<PathBuf> {
    let given = std::env::var_os("ALPHAFLOW_SHARED").map(PathBuf::from);
    let folder = given.unwrap_or_else(|| project().join("../shared"));
    folder.join("golden").is_dir().then_some(folder)
}
