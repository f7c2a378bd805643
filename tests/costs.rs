//! What fills cost, through files as the program reads them: fees by date, impact, spreads, part fills.
//!
//! Starting cash is 100,000; figures are worked out by hand beside each case.
#![allow(clippy::unwrap_used)]
mod cli_binary;
mod micro;

use std::fs;
use std::path::Path;

use cli_binary::{alphaflow, done, fails};
use micro::{Micro, Outcome, run_micro};
use proptest::prelude::*;

/// `day open high low close volume` a bar of January 2024 (or of the year and month given).
fn bars(month: &str, rows: &[&str]) -> String {
    let row = |row: &&str| format!("{month}-{}", row.split_whitespace().collect::<Vec<_>>().join(","));
    rows.iter().map(row).collect::<Vec<_>>().join("\n")
}

fn play(month: &str, rows: &[&str], script: &[&str], set: &[&str]) -> Outcome {
    let script = script.iter().map(|row| format!("{month}-{row}")).collect::<Vec<_>>().join("\n");
    let bars = [("TST", bars(month, rows))];
    run_micro(&Micro { bars: &bars, script, set: set.iter().map(ToString::to_string).collect(), ..Micro::default() })
        .unwrap()
}

const ALPACA: &str = "execution.commission=alpaca";

/// Three sales of one day and one of the next: each day is rounded up once, and cash is exact at every fill.
#[test]
fn alpaca_rounds_a_day_once() {
    let flat = [
        "03 100 101 99 100 100000",
        "04 100 101 99 100 100000",
        "05 100 101 99 100 100000",
        "08 100 101 99 100 100000",
    ];
    let script = [
        "03,submit,B,TST,buy,300,market,,,,,gtc,,,",
        "04,submit,S1,TST,sell,100,market,,,,,gtc,,,",
        "04,submit,S2,TST,sell,50,market,,,,,gtc,,,",
        "04,submit,S3,TST,sell,50,market,,,,,gtc,,,",
        "05,submit,S4,TST,sell,100,market,,,,,gtc,,,",
    ];
    let outcome = play("2024-01", &flat, &script, &[ALPACA]);
    // The SEC's 8.00 per million: 0.08, 0.12, 0.16. FINRA's 0.000166 a share: 0.0166, 0.0249, 0.0332.
    assert_eq!(
        outcome.fills,
        [
            "B 2024-01-04 buy 300 @ 100",
            "S1 2024-01-05 sell 100 @ 100 fee 0.1",
            "S2 2024-01-05 sell 50 @ 100 fee 0.05",
            "S3 2024-01-05 sell 50 @ 100 fee 0.05",
            "S4 2024-01-08 sell 100 @ 100 fee 0.1",
        ]
    );
    assert_eq!(outcome.cash, "99999.7");
}

/// The same sale on the last day of one rate and on the first of the next.
#[test]
fn the_rate_is_that_of_the_trade() {
    let sale = |month: &str, days: [&str; 3]| {
        let rows: Vec<String> = days.iter().map(|day| format!("{day} 100 101 99 100 100000")).collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let buy = format!("{},submit,B,TST,buy,500,market,,,,,gtc,,,", days[0]);
        let sell = format!("{},submit,S,TST,sell,500,market,,,,,gtc,,,", days[1]);
        play(month, &rows, &[&buy, &sell], &[ALPACA]).fills.last().unwrap().clone()
    };
    // 0.000166 × 500 is 0.083 throughout; 27.80 per million of 50,000 is 1.39.
    assert_eq!(sale("2025-05", ["09", "12", "13"]), "S 2025-05-13 sell 500 @ 100 fee 1.48");
    assert_eq!(sale("2025-05", ["12", "13", "14"]), "S 2025-05-14 sell 500 @ 100 fee 0.09");
}

/// A short sale pays, and its own fee alone is set aside; the purchase that ends it pays nothing.
#[test]
fn a_short_sale_pays_and_its_cover_does_not() {
    let flat = ["03 100 101 99 100 100000", "04 100 101 99 100 100000", "05 100 101 99 100 100000"];
    let script = ["03,submit,S,TST,sell,max,market,,,,,gtc,,,", "04,submit,C,TST,buy,500,market,,,,,gtc,,,"];
    let outcome = play("2024-01", &flat, &script, &[ALPACA]);
    // 1,000 shares would need 100,000 and 0.97 of fees.
    assert_eq!(outcome.fills, ["S 2024-01-04 sell 999 @ 100 fee 0.97", "C 2024-01-05 buy 500 @ 100"]);
    let script = ["03,submit,S,TST,sell,1000,market,,,,,gtc,,,"];
    let refused = play("2024-01", &flat, &script, &[ALPACA]);
    assert_eq!(refused.refusals, ["S buying_power 100000.97 100000"]);
}

/// The least of an order is due once, with its first fill, however many fills it takes.
#[test]
fn the_least_of_an_order_is_paid_once() {
    let thin = ["03 100 101 99 100 100000", "04 100 101 99 100 100", "05 100 101 99 100 100", "08 100 101 99 100 1000"];
    let set = [
        r#"execution.commission={ kind = "per_share", value = "0.01", min = "1.5", cap_bps = "100" }"#,
        "execution.participation=0.5",
    ];
    let outcome = play("2024-01", &thin, &["03,submit,B,TST,buy,200,market,,,,,gtc,,,"], &set);
    // 50 and 100 shares owe less than 1.50; 200 owe 2.00.
    assert_eq!(
        outcome.fills,
        ["B 2024-01-04 buy 50 @ 100 fee 1.5", "B 2024-01-05 buy 50 @ 100", "B 2024-01-08 buy 100 @ 100 fee 0.5"]
    );
}

/// An order takes its part of each bar and pays for the share it takes; the bar it ends on is cheaper.
#[test]
fn impact_follows_what_each_bar_gives() {
    let thin =
        ["03 100 101 99 100 100000", "04 100 101 99 100 1009", "05 100 101 99 100 2000", "08 100 101 99 100 1000"];
    let set = [r#"execution.slippage={ kind = "volume_share", value = "0.1" }"#, "execution.participation=0.1"];
    let script = ["03,submit,B,TST,buy,320,market,,,,,gtc,,,", "08,submit,X,TST,sell,1,market,,,,,gtc,,,"];
    let outcome = play("2024-01", &thin, &script, &set);
    // 100 of 1,009: 100 × 0.1 × (100 ÷ 1009)² = 0.09822401…; 200 of 2,000: 0.1; 20 of 1,000: 0.004.
    assert_eq!(
        outcome.fills,
        ["B 2024-01-04 buy 100 @ 100.098224012", "B 2024-01-05 buy 200 @ 100.1", "B 2024-01-08 buy 20 @ 100.004"]
    );
}

/// Limits wait for their price, so they pay no slippage; stops take what there is. Exits pay only where
/// slippage applies to both.
#[test]
fn who_takes_pays() {
    let rows = ["03 100 101 99 100 1000", "04 100 101 99 100 1000", "05 100 101 89 90 1000", "08 90 91 89 90 1000"];
    let script = ["03,submit,B,TST,buy,100,limit,100,,,,gtc,,,", "04,submit,S,TST,sell,100,stop,,95,,,gtc,,,"];
    let impact = r#"kind = "volume_share", value = "0.1""#;
    let fills = |applies_to: &str| {
        let slippage = format!("execution.slippage={{ {impact}, applies_to = \"{applies_to}\" }}");
        play("2024-01", &rows, &script, &[&slippage]).fills
    };
    // 95 × 0.1 × 0.1² is 0.095, below the stop; the bar's own low is not its bound.
    assert_eq!(fills("both"), ["B 2024-01-04 buy 100 @ 100", "S 2024-01-05 sell 100 @ 94.905"]);
    assert_eq!(fills("entry"), ["B 2024-01-04 buy 100 @ 100", "S 2024-01-05 sell 100 @ 95"]);
}

/// A share of cash is sized at the price of the most it could buy, and filled at the price of what it buys.
#[test]
fn a_share_of_cash_is_not_overspent_by_its_own_impact() {
    let rows = ["03 100 101 99 100 2000", "04 100 101 99 100 2000"];
    let folder = scenario(&[("TST.csv", &table("2024-01", &rows))], BUY_AND_HOLD);
    done(folder.path(), &["backtest", "s.toml", "--out", "run", "--no-report"]);
    let fills = fs::read_to_string(folder.path().join("run/fills.csv")).unwrap();
    // 1,000 shares of 2,000 would cost 100 × (1 + 1 × 0.25) = 125: sized at that, 800 shares; those cost
    // 100 × (1 + 0.16) = 116.
    assert!(fills.ends_with("1,2024-01-04,TST,buy,800,116,0\n"), "{fills}");
}

/// With fractional shares a bar gives a fraction; without, whole shares.
#[test]
fn a_bar_gives_whole_shares_unless_the_order_is_for_parts() {
    let rows = ["03 10 11 9 10 1009", "04 10 11 9 10 1009", "05 10 11 9 10 1009"];
    let fills = |fractional: &str, order: &str| {
        let set = ["execution.participation=0.05", fractional];
        play("2024-01", &rows, &[&format!("03,submit,B,TST,buy,{order},,,")], &set).fills
    };
    let whole = ["B 2024-01-04 buy 50 @ 10", "B 2024-01-05 buy 10 @ 10"];
    assert_eq!(fills("sizing.fractional=false", "60,market,,,,,gtc"), whole);
    // At Alpaca an order for whole shares trades in whole shares, whatever the account may hold.
    assert_eq!(fills("sizing.fractional=true", "60,market,,,,,gtc"), whole);
    assert_eq!(fills("sizing.fractional=true", "60.5,market,,,,,day"), ["B 2024-01-04 buy 50.45 @ 10"]);
}

/// Without quotes and with one bar before the fill, the spread is one tick; at a share of 0.5 half of it.
#[test]
fn the_model_starts_with_a_tick_and_grows_into_the_range() {
    let rows = ["03 100 100.5 99.5 100.5 1000", "04 100 100.5 99.5 100.5 1000", "05 100 100.5 99.5 100.5 1000"];
    let set = [r#"execution.slippage={ kind = "spread", value = "0.5" }"#];
    let script = ["03,submit,B,TST,buy,1,market,,,,,gtc,,,", "04,submit,C,TST,buy,1,market,,,,,gtc,,,"];
    let fills = play("2024-01", &rows, &script, &set).fills;
    // Two bars that trade at 99.5 and 100.5 show a spread of 1 % of the price (0.0099999 by its logarithm).
    assert_eq!(fills[0], "B 2024-01-04 buy 1 @ 100.005");
    let paid: f64 = fills[1].rsplit(' ').next().unwrap().parse().unwrap();
    assert!((paid - 100.5).abs() < 0.001, "{fills:?}");
}

const BUY_AND_HOLD: &str = r#"[strategy]
name = "buy_and_hold"
[sizing]
kind = "cash_fraction"
value = "1"
[execution]
participation = "1"
slippage = { kind = "volume_share", value = "1" }
"#;

fn table(month: &str, rows: &[&str]) -> String {
    format!("timestamp,open,high,low,close,volume\n{}\n", bars(month, rows))
}

/// A folder with `s.toml` of daily bars of TST and these files.
fn scenario(files: &[(&str, &str)], rest: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let head = "[scenario]\nname = \"costs\"\n[data]\ntimeframe = \"1d\"\npath = \"{symbol}.csv\"\nsymbols = [\"TST\"]\n\
                [account]\ncash = \"100000\"\n";
    let risk = "[risk]\nmax_daily_loss = \"1\"\nmax_position_size = \"10\"\nmax_portfolio_heat = \"10\"\n\
                max_correlated_exposure = \"10\"\nmax_drawdown = \"1\"\nmax_gross_exposure = \"10\"\n\
                max_open_positions = 100\nmax_orders_per_minute = 1000\nmax_order_notional = \"10000000\"\n\
                price_collar = \"1\"\non_daily_loss = \"halt\"\non_breach = \"reject\"\n";
    fs::write(folder.path().join("s.toml"), format!("{head}{rest}{risk}")).unwrap();
    folder
}

/// The scenario of this folder: minutes of SPY, a script, quotes with a hole, Alpaca's fees.
fn golden() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/costs")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    folder
}

/// A fill pays its own moment's spread; a bar without a quote falls back to the model, and the run says so.
#[test]
fn quotes_decide_the_spread_and_a_hole_is_told() {
    let folder = golden();
    let text = done(folder.path(), &["backtest", "spread.toml", "--out", "run"]);
    assert!(text.contains("SEC $"), "{text}");
    let fills = fs::read_to_string(folder.path().join("run/fills.csv")).unwrap();
    let expected = fs::read_to_string(folder.path().join("fills.csv")).unwrap();
    assert_eq!(fills, expected);
    let metrics: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path().join("run/metrics.json")).unwrap()).unwrap();
    let number = |key: &str| metrics[key].as_f64().unwrap();
    assert!((number("sec_fee") + number("taf_fee") - number("commission")).abs() < 1e-9);
    assert!((number("sec_fee") - 0.3).abs() < 1e-12 && (number("taf_fee") - 0.02).abs() < 1e-12, "{metrics}");
    // Half a cent on 100, 40, 20 and 20 shares; 0.012224636 on the 20 of the bar without a quote.
    assert!((number("slippage") - 1.14449272).abs() < 1e-9, "{}", metrics["slippage"]);
    let page = fs::read_to_string(folder.path().join("run/report.html")).unwrap();
    assert!(page.contains("1 of 5 fills had no quote of their bar; the spread they paid is the model"), "no warning");
    assert!(page.contains("; SEC $0.30, TAF $0.02"), "no fees by kind");
    // The report made again reads the same quotes.
    fs::remove_file(folder.path().join("run/report.html")).unwrap();
    done(folder.path(), &["report", "run"]);
    assert_eq!(fs::read_to_string(folder.path().join("run/report.html")).unwrap(), page);
    let run: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path().join("run/run.json")).unwrap()).unwrap();
    let files: Vec<&str> = run["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(files, ["SPY_minute.csv", "SPY_quotes.csv", "orders.csv"]);
}

#[test]
fn a_quote_that_cannot_be_is_refused_with_its_line() {
    let folder = golden();
    let path = folder.path().join("SPY_quotes.csv");
    let text = fs::read_to_string(&path).unwrap();
    let (first, rest) = text.split_at(text.rfind("2013-10-04T13:34").unwrap());
    fs::write(&path, format!("{first}2013-10-04T13:34:00Z,9,9,9,9,1,8,9,9,9,1\n{rest}")).unwrap();
    let error = fails(folder.path(), 2, &["backtest", "spread.toml"]);
    assert!(
        error.contains("SPY_quotes.csv:5: bid_open `9` is above ask_open `8`; mend the row or remove it"),
        "{error}"
    );
    fs::remove_file(&path).unwrap();
    let error = fails(folder.path(), 2, &["backtest", "spread.toml"]);
    assert!(error.contains("SPY_quotes.csv: there is no such file"), "{error}");
    // Nothing else of the scenario needs it.
    let other =
        alphaflow(folder.path(), &["backtest", "spread.toml", "--set", "execution.slippage.kind=none", "--no-report"]);
    assert_eq!(other.code, Some(0), "{}", other.err);
}

/// `(open, high over, low under, close, volume)` in cents and shares.
type Move = (i64, i64, i64, i64, i64);

fn any_move() -> impl Strategy<Value = Move> {
    (9_000i64..11_000, 0i64..300, 0i64..300, 9_000i64..11_000, prop_oneof![1 => Just(0i64), 6 => 50i64..5_000])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever slippage and commission: the reference lies inside the bar, the price is never for us, no
    /// order takes more of a bar than its part, and cash is what fills and fees leave.
    #[test]
    fn costs_keep_the_laws(
        moves in proptest::collection::vec(any_move(), 4..14),
        orders in proptest::collection::vec((0usize..12, any::<bool>(), 1i64..400, 0usize..4, 9_000i64..11_000), 1..12),
        slippage in prop_oneof![
            Just("\"none\""),
            Just("{ kind = \"bps\", value = 7 }"),
            Just("{ kind = \"volume_share\", value = \"0.4\" }"),
            Just("{ kind = \"spread\", value = \"0.5\" }"),
        ],
        commission in prop_oneof![
            Just("\"alpaca\""),
            Just("{ kind = \"per_share\", value = \"0.005\", min = 1, cap_bps = 50 }"),
        ],
    ) {
        let folder = law_folder(&moves, &orders, (slippage, commission));
        let loaded = alphaflow::scenario::load(&folder.path().join("s.toml"), &[]).unwrap();
        let market = alphaflow::scenario::load_market(&loaded).unwrap();
        let journal = alphaflow::scenario::run(&loaded, &market).unwrap();
        let mut cash: alphaflow::domain::Money = "100000".parse().unwrap();
        for fill in &journal.fills {
            let bar = market.bars[0].iter().find(|bar| bar.time == fill.time).unwrap();
            prop_assert!(bar.low <= fill.reference && fill.reference <= bar.high, "{fill:?} {bar:?}");
            prop_assert!(fill.slippage() >= alphaflow::domain::Money::ZERO && fill.fee >= alphaflow::domain::Money::ZERO);
            let of_order = journal.fills.iter().filter(|other| other.order == fill.order && other.time == fill.time);
            let taken = of_order.fold(alphaflow::domain::Quantity::ZERO, |sum, other| sum + other.quantity);
            prop_assert!(taken <= bar.volume.share("0.1".parse().unwrap()), "{fill:?}");
            cash -= fill.price.notional(fill.quantity.signed(fill.side)) + fill.fee;
        }
        let rows = alphaflow::scenario::account_rows(&market, &journal, loaded.spec.account.cash);
        prop_assert_eq!(rows.last().unwrap().cash, cash);
        let trips = alphaflow::scenario::round_trips(&market, &journal);
        // Also asserts that the days' fees are those of the fills.
        alphaflow::scenario::compute_metrics(&loaded, &market, &journal, &trips);
    }
}

fn law_folder(
    moves: &[Move],
    orders: &[(usize, bool, i64, usize, i64)],
    (slippage, commission): (&str, &str),
) -> tempfile::TempDir {
    const DAYS: [&str; 14] = ["02", "03", "04", "05", "08", "09", "10", "11", "12", "16", "17", "18", "19", "22"];
    let cents = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
    let bar = |(day, (open, over, under, close, volume)): (&&str, &Move)| {
        let (high, low) = (open.max(close) + over, open.min(close) - under);
        format!("2024-01-{day},{},{},{},{},{volume}", cents(*open), cents(high), cents(low), cents(*close))
    };
    let bars: Vec<String> = DAYS.iter().zip(moves).map(bar).collect();
    let order = |(id, (at, buys, shares, kind, level)): (usize, &(usize, bool, i64, usize, i64))| {
        let (day, side) = (DAYS[*at.min(&(moves.len() - 1))], if *buys { "buy" } else { "sell" });
        let level = cents(*level);
        let kind = match kind {
            0 => "market,,,,".to_owned(),
            1 => format!("limit,{level},,,"),
            2 => format!("stop,,{level},,"),
            _ => "trailing_stop,,,1.5,".to_owned(),
        };
        (day, format!("2024-01-{day},submit,O{id},TST,{side},{shares},{kind},gtc,,,"))
    };
    let mut rows: Vec<(&str, String)> = orders.iter().enumerate().map(order).collect();
    rows.sort_by_key(|(day, _)| *day);
    let script: Vec<String> = rows.into_iter().map(|(_, row)| row).collect();
    let rest = format!(
        "allow_short = true\n[strategy]\nname = \"order_script\"\nparams = {{ file = \"orders.csv\" }}\n[sizing]\n\
         kind = \"fixed_shares\"\nvalue = 1\n[execution]\nslippage = {slippage}\ncommission = {commission}\n"
    );
    let table = format!("timestamp,open,high,low,close,volume\n{}\n", bars.join("\n"));
    let orders = format!("{}\n{}\n", micro::HEADER, script.join("\n"));
    scenario(&[("TST.csv", &table), ("orders.csv", &orders)], &rest)
}
