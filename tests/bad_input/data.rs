//! Bad bars: every malformed file is refused with its line, value and remedy.
use std::fs;

use alphaflow::domain::Timeframe;
use alphaflow::market::{read_csv, write_parquet};
use polars::prelude::{Column, DataFrame, ParquetWriter};

use super::bench::{Bench, HEADER, SCENARIO};

/// The stamp of the sixth row, which stands on line 7 and is the one that the cases spoil.
const STAMP: &str = "2010-01-06";

/// Name, what line 7 becomes, what standard error must say besides `SYN.csv:7: `.
const BAD_ROWS: &[(&str, &str, &[&str])] = &[
    ("NaN", "2010-01-06,NaN,111,90,100,1000", &["open `NaN` is not finite", "remove the row"]),
    ("infinity", "2010-01-06,100,inf,90,100,1000", &["high `inf` is not finite", "remove the row"]),
    ("minus infinity", "2010-01-06,100,111,-inf,100,1000", &["low `-inf`", "remove the row"]),
    ("a negative price", "2010-01-06,100,111,-90,100,1000", &["low `-90` is negative", "remove the row"]),
    ("a price of zero", "2010-01-06,100,111,0,100,1000", &["low is zero", "above 0", "remove it"]),
    ("a price that rounds to zero", "2010-01-06,100,111,0.0000000001,100,1000", &["low is zero", "above 0"]),
    ("high below low", "2010-01-06,100,90,111,100,1000", &["high 90 is below low 111", "vendor"]),
    ("open outside", "2010-01-06,120,111,90,100,1000", &["open 120 lies outside", "90 to 111", "vendor"]),
    ("close outside", "2010-01-06,100,111,90,89.99,1000", &["close 89.99 lies outside", "90 to 111"]),
    ("a duplicate", "2010-01-05,100,111,90,100,1000", &["duplicate timestamp 2010-01-05", "keep one"]),
    ("out of order", "2009-12-31,100,111,90,100,1000", &["2009-12-31 comes after 2010-01-05", "sort the file"]),
    ("an impossible date", "2010-02-30,100,111,90,100,1000", &["`2010-02-30` is impossible", "mend it"]),
    ("a thirteenth month", "2010-13-01,100,111,90,100,1000", &["`2010-13-01` is impossible", "mend it"]),
    ("a far year", "9999-01-06,100,111,90,100,1000", &["`9999-01-06` is outside the years", "mend it"]),
    ("no date", "yesterday,100,111,90,100,1000", &["`yesterday` is not a time", "write 2013-10-07"]),
    ("a time in a daily file", "2010-01-06T14:30:00Z,100,111,90,100,1000", &["time of day", "timeframe"]),
    ("a negative volume", "2010-01-06,100,111,90,100,-5", &["volume `-5` is negative", "remove the row"]),
    ("text in a number", "2010-01-06,100,111,90,abc,1000", &["close `abc` is not a number", "1234.56"]),
    ("a thousands separator", "2010-01-06,100,\"1,110\",90,100,1000", &["high `1,110` is not a number"]),
    ("an empty price", "2010-01-06,100,,90,100,1000", &["high is empty", "fill it in"]),
    ("a huge price", "2010-01-06,100,1e30,90,100,1000", &["high `1e30` is too large", "10,000,000 dollars"]),
    ("a price beyond the limit", "2010-01-06,100,10000000.01,90,100,1000", &["high `10000000.01` is too large"]),
    ("a huge volume", "2010-01-06,100,111,90,100,99999999999999999999", &["volume `99999999999999999999`", "most is"]),
    (
        "a hundred digits",
        concat!("2010-01-06,100,1111111111111111111111111111111111111111111111111111111111111111111111", ",90,100,1"),
        &["high `1111", "too large"],
    ),
    ("too few fields", "2010-01-06,100,111,90,100", &["5 fields, but the header has 6", "commas"]),
    ("too many fields", "2010-01-06,100,111,90,100,1000,7", &["7 fields, but the header has 6", "commas"]),
    ("an open quote", "2010-01-06,100,\"111,90,100,1000", &["quote", "mend the quotes"]),
    ("a NUL byte", "2010-01-06,100,11\x001,90,100,1000", &["high", "is not a number"]),
];

#[test]
fn a_malformed_row_is_refused_with_line_value_and_remedy() {
    for (case, row, needles) in BAD_ROWS {
        let bench = Bench::new();
        let mut rows = Bench::rows();
        assert!(rows[5].starts_with(STAMP));
        rows[5] = (*row).to_owned();
        bench.write("SYN.csv", Bench::csv(&rows));
        let mut all = vec!["SYN.csv:7: "];
        all.extend(*needles);
        bench.assert_refused(case, &[], &all);
    }
}

#[test]
fn the_line_counts_blank_lines_and_a_byte_order_mark() {
    let bench = Bench::new();
    let mut rows = Bench::rows();
    rows[5] = format!("\n{STAMP},100,90,111,100,1000");
    bench.write("SYN.csv", format!("\u{feff}{}", Bench::csv(&rows)).replace('\n', "\r\n"));
    bench.assert_refused("line", &[], &["SYN.csv:8: ", "high 90 is below low 111"]);
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_line() {
    let bench = Bench::new();
    let mut bytes = Bench::csv(&Bench::rows()).into_bytes();
    let at = bytes.windows(STAMP.len()).position(|window| window == STAMP.as_bytes()).unwrap() + STAMP.len() + 1;
    bytes[at] = 0xff;
    bench.write("SYN.csv", bytes);
    bench.assert_refused("invalid UTF-8", &[], &["SYN.csv:7: ", "open", "is not a number"]);
    bench.write("SYN.csv", [0xff, 0xfe, b't', 0, b'\n', 0]);
    bench.assert_refused("UTF-16", &[], &["SYN.csv: ", "UTF-16", "save it as UTF-8"]);
    bench.write("SYN.csv", vec![0u8; 3 << 20]);
    bench.assert_refused("zeros", &[], &["SYN.csv"]);
    bench.write("SYN.csv", [HEADER.as_bytes(), b"\n", &vec![b'1'; 3 << 20]].concat());
    bench.assert_refused("a line without end", &[], &["SYN.csv:2: ", "longer than", "CSV"]);
}

#[test]
fn a_file_without_the_right_columns_is_refused() {
    let rows = Bench::rows().join("\n");
    let headers = [
        ("missing column", "timestamp,open,high,low,close,x", "no column `volume`"),
        ("wrong header", "a,b,c,d,e,f", "no column `timestamp`"),
        ("no header", "2010-01-01,1,1,1,1,1", "no column `timestamp`"),
        ("a column twice", "timestamp,open,high,low,close,close", "both `close` and `close`"),
    ];
    for (case, header, needle) in headers {
        let bench = Bench::new();
        bench.write("SYN.csv", format!("{header}\n{rows}\n"));
        bench.assert_refused(case, &[], &["SYN.csv: ", needle, "name"]);
    }
}

#[test]
fn a_file_without_rows_is_refused() {
    let bench = Bench::new();
    for (case, text, needle) in [
        ("empty", "", "the file is empty"),
        ("only blank lines", "\n\n", "no column"),
        ("header only", "timestamp,open,high,low,close,volume\n", "a header but no rows"),
        ("header without a line end", "timestamp,open,high,low,close,volume", "a header but no rows"),
    ] {
        bench.write("SYN.csv", text);
        bench.assert_refused(case, &[], &["SYN.csv: ", needle]);
    }
}

#[test]
fn a_file_that_is_not_there_or_no_file_is_refused() {
    let bench = Bench::new();
    bench.write("SYM.csv", "");
    fs::remove_file(bench.path("SYN.csv")).unwrap();
    bench.assert_refused("missing", &[], &["SYN.csv: there is no such file", "nearest file", "SYM.csv"]);
    fs::create_dir(bench.path("SYN.csv")).unwrap();
    bench.assert_refused("a folder", &[], &["SYN.csv: ", "it is a folder", "check the path"]);
    bench.assert_refused("another kind", &["--set", "data.path=SYN.xlsx"], &["SYN.xlsx", "neither .csv nor .parquet"]);
}

/// A byte order mark, Windows line ends, blank lines at the end and a missing last line end change nothing.
#[test]
fn harmless_differences_are_accepted() {
    let plain = Bench::csv(&Bench::rows());
    let fills = |text: String| {
        let bench = Bench::new();
        bench.write("SYN.csv", text);
        let ran = bench.backtest(&[]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        fs::read_to_string(bench.path("out/fills.csv")).unwrap()
    };
    let expected = fills(plain.clone());
    assert!(expected.lines().count() > 3, "the bench trades: {expected}");
    for text in [
        format!("\u{feff}{plain}"),
        plain.replace('\n', "\r\n"),
        format!("\u{feff}{}", plain.replace('\n', "\r\n")),
        format!("{plain}\n\n"),
        plain.trim_end().to_owned(),
        plain.replace(HEADER, "Date, Open ,HIGH,low,Close,Volume"),
    ] {
        assert_eq!(fills(text), expected);
    }
}

/// The bench with its bars as Parquet.
fn parquet_bench() -> Bench {
    let bench = Bench::new();
    bench.write("scenario.toml", SCENARIO.replace("{symbol}.csv", "{symbol}.parquet"));
    let bars = read_csv(&bench.path("SYN.csv"), Timeframe::Day1).unwrap().bars;
    write_parquet(&bench.path("SYN.parquet"), Timeframe::Day1, &bars).unwrap();
    bench
}

#[test]
fn a_parquet_cut_anywhere_is_refused() {
    let bench = parquet_bench();
    assert_eq!(bench.backtest_bare(&["--out", "good"]).code, 0);
    let whole = fs::read(bench.path("SYN.parquet")).unwrap();
    for length in [whole.len() / 2, whole.len() - 1, 12, 4, 1] {
        bench.write("SYN.parquet", &whole[..length]);
        bench.assert_refused("cut", &[], &["SYN.parquet: not a Parquet file", "use CSV"]);
    }
    bench.write("SYN.parquet", b"");
    bench.assert_refused("empty", &[], &["SYN.parquet: the file is empty"]);
    bench.write("SYN.parquet", Bench::csv(&Bench::rows()));
    bench.assert_refused("a CSV", &[], &["SYN.parquet: not a Parquet file"]);
}

#[test]
fn a_parquet_with_columns_of_other_types_is_refused() {
    let bench = parquet_bench();
    let numbers = |name: &str| Column::new(name.into(), [100.0, 101.0]);
    let texts = |name: &str| Column::new(name.into(), ["100", "101"]);
    let stamps = || Column::new("timestamp".into(), ["2010-01-04", "2010-01-05"]);
    let columns = |first: Column, close: Column| {
        vec![first, numbers("open"), numbers("high"), numbers("low"), close, numbers("volume")]
    };
    let cases = [
        ("text stamps", columns(stamps(), numbers("close")), "column `timestamp` is"),
        (
            "counts for stamps",
            columns(Column::new("timestamp".into(), [1i64, 2]), numbers("close")),
            "must be Datetime",
        ),
        ("no columns", vec![numbers("a")], "no column"),
    ];
    for (case, columns, needle) in cases {
        let mut frame = DataFrame::new(2, columns).unwrap();
        ParquetWriter::new(fs::File::create(bench.path("SYN.parquet")).unwrap()).finish(&mut frame).unwrap();
        bench.assert_refused(case, &[], &["SYN.parquet: ", needle]);
    }
    let bars = read_csv(&bench.path("SYN.csv"), Timeframe::Day1).unwrap().bars;
    write_parquet(&bench.path("SYN.parquet"), Timeframe::Day1, &bars[..2]).unwrap();
    let mut frame = polars_frame(&bench);
    frame.with_column(texts("close")).unwrap();
    ParquetWriter::new(fs::File::create(bench.path("SYN.parquet")).unwrap()).finish(&mut frame).unwrap();
    bench.assert_refused(
        "text prices",
        &[],
        &["SYN.parquet: column `close` is", "must be Float64", "convert the column"],
    );
}

fn polars_frame(bench: &Bench) -> DataFrame {
    use polars::prelude::{ParquetReader, SerReader};
    ParquetReader::new(fs::File::open(bench.path("SYN.parquet")).unwrap()).finish().unwrap()
}
