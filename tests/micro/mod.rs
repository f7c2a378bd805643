//! Runs a script on a handful of bars through files, as the program does, and reads the run folder back.
#![allow(clippy::unwrap_used, dead_code)]
use std::fs;
use std::path::Path;

use alphaflow::domain::{Timeframe, Timestamp};
use alphaflow::engine::HaltRecord;
use alphaflow::scenario::{account_rows, compute_metrics, load, load_market, round_trips, run, write_folder};

/// The first line of every script.
pub const HEADER: &str = "time,action,id,symbol,side,qty,type,limit_price,stop_price,trail_price,trail_percent,time_in_force,order_class,take_profit,stop_loss";

/// What a run is made of.
#[derive(Default)]
pub struct Micro<'a> {
    /// Symbol and bars, `time,open,high,low,close,volume` a line.
    pub bars: &'a [(&'a str, String)],
    /// Rows below [`HEADER`] and `columns`.
    pub script: String,
    /// More columns of the script, each after a comma.
    pub columns: &'a str,
    /// Rows `symbol,ex_date,kind,ratio_or_amount`.
    pub actions: &'a str,
    /// `1d` unless set.
    pub timeframe: &'a str,
    /// Further files, by name.
    pub files: &'a [(&'a str, String)],
    /// Changes of the scenario, as `--set` takes them.
    pub set: Vec<String>,
}

/// What came out of it, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// `E1 2024-01-03 buy 50 @ 60`, with ` fee 1` where there is one.
    pub fills: Vec<String>,
    /// `E1 filled`, with ` (reason)` where there is one.
    pub orders: Vec<String>,
    /// Why each was sent.
    pub purposes: Vec<String>,
    /// `E1 50 of 100`: what has filled and what the order is for.
    pub quantities: Vec<String>,
    /// `E2 position_size 10290 10000`.
    pub refusals: Vec<String>,
    /// `daily_loss 2024-01-04 to 2024-01-05 lost 2000 of 100000`; `to -` where it stands at the end, without a loss
    /// where somebody asked for it.
    pub halts: Vec<String>,
    /// Time and equity.
    pub equity: Vec<(String, String)>,
    /// Cash at the end.
    pub cash: String,
    /// Exit reasons of the round trips.
    pub exits: Vec<String>,
    /// `2.5 120 128 20 0 signal`: shares, mean prices, profit, income and reason of the round trips.
    pub trades: Vec<String>,
    /// Profit of the round trips.
    pub pnl: Vec<String>,
    /// Heat at every step.
    pub heat: Vec<String>,
    /// Data files named in run.json, with the length of their hash.
    pub files: Vec<(String, usize)>,
    /// Cash at every step.
    pub cash_rows: Vec<String>,
    /// metrics.json.
    pub metrics: serde_json::Value,
    /// Stops and targets that shared a bar.
    pub ambiguous_bars: u64,
    /// Entries that shared a bar with an exit of their own.
    pub unclear_entry_bars: u64,
    /// Bars that finer bars did not tell, and the first.
    pub unread_bars: (u64, Option<String>),
    /// Lowest, own and highest equity at the end, from the measures.
    pub band: [String; 3],
}

/// Runs it; the message of a refused input is the error.
pub fn run_micro(micro: &Micro<'_>) -> Result<Outcome, String> {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    for (symbol, bars) in micro.bars {
        put(&format!("{symbol}.csv"), &format!("timestamp,open,high,low,close,volume\n{bars}\n"));
    }
    for (name, text) in micro.files {
        put(name, text);
    }
    put("orders.csv", &format!("{HEADER}{}\n{}\n", micro.columns, micro.script));
    put("actions.csv", &format!("symbol,ex_date,kind,ratio_or_amount\n{}\n", micro.actions));
    let symbols: Vec<&str> = micro.bars.iter().map(|(symbol, _)| *symbol).collect();
    let timeframe = if micro.timeframe.is_empty() { "1d" } else { micro.timeframe };
    put(
        "micro.toml",
        &format!(
            "[scenario]\nname = \"micro\"\n[data]\ntimeframe = \"{timeframe}\"\npath = \"{{symbol}}.csv\"\nsymbols = {symbols:?}\n\
             corporate_actions = \"actions.csv\"\n[account]\ncash = \"100000\"\nallow_short = true\n\
             [strategy]\nname = \"order_script\"\nparams = {{ file = \"orders.csv\" }}\n[sizing]\nkind = \"fixed_shares\"\nvalue = 1\n\
             [execution]\nparticipation = \"1\"\n[risk]\nmax_daily_loss = \"1\"\nmax_position_size = \"1\"\n\
             max_portfolio_heat = \"10\"\nmax_correlated_exposure = \"10\"\nmax_drawdown = \"1\"\nmax_gross_exposure = \"10\"\n\
             max_open_positions = 100\nmax_orders_per_minute = 1000\nmax_order_notional = \"10000000\"\nprice_collar = \"1\"\n\
             on_daily_loss = \"halt\"\non_breach = \"reject\"\n"
        ),
    );
    let outcome = through_files(folder.path(), &micro.set);
    folder.close().unwrap();
    outcome
}

fn through_files(folder: &Path, set: &[String]) -> Result<Outcome, String> {
    let loaded = load(&folder.join("micro.toml"), set).map_err(|errors| errors.to_string())?;
    let market = load_market(&loaded).map_err(|error| error.to_string())?;
    let journal = run(&loaded, &market).map_err(|error| error.to_string())?;
    let rows = account_rows(&market, &journal, loaded.spec.account.cash);
    let trips = round_trips(&market, &journal);
    let metrics = compute_metrics(&loaded, &market, &journal, &trips);
    write_folder(folder, &loaded, &market, &journal, &rows, &trips, &metrics).unwrap();
    let with = |mark: &str, text: &str, end: &str| match text {
        "" => String::new(),
        text => format!(" {mark}{text}{end}"),
    };
    let equity = read(folder, "equity.csv", &["timestamp", "equity", "cash"]);
    Ok(Outcome {
        fills: read(folder, "fills.csv", &["order", "time", "side", "qty", "price", "fee"])
            .into_iter()
            .map(|f| {
                format!(
                    "{} {} {} {} @ {}{}",
                    f[0],
                    f[1],
                    f[2],
                    f[3],
                    f[4],
                    with("fee ", if f[5] == "0" { "" } else { &f[5] }, "")
                )
            })
            .collect(),
        orders: read(folder, "orders.csv", &["id", "status", "reason"])
            .into_iter()
            .map(|o| format!("{} {}{}", o[0], o[1], with("(", &o[2], ")")))
            .collect(),
        purposes: read(folder, "orders.csv", &["purpose"]).into_iter().flatten().collect(),
        quantities: read(folder, "orders.csv", &["id", "filled_qty", "qty"])
            .into_iter()
            .map(|o| format!("{} {} of {}", o[0], o[1], o[2]))
            .collect(),
        refusals: read(folder, "refusals.csv", &["order", "reason", "need", "have"])
            .into_iter()
            .map(|r| format!("{} {}{}{}", r[0], r[1], with("", &r[2], ""), with("", &r[3], "")))
            .collect(),
        halts: journal.halts.iter().map(|record| halt(record, loaded.spec.data.timeframe)).collect(),
        cash: equity.last().map_or(String::new(), |row| row[2].clone()),
        equity: equity.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect(),
        exits: read(folder, "trades.csv", &["exit_reason"]).into_iter().map(|row| row[0].clone()).collect(),
        trades: read(folder, "trades.csv", &["qty", "entry_price", "exit_price", "pnl", "income", "exit_reason"])
            .into_iter()
            .map(|row| row.join(" "))
            .collect(),
        pnl: read(folder, "trades.csv", &["pnl"]).into_iter().flatten().collect(),
        heat: read(folder, "equity.csv", &["heat"]).into_iter().flatten().collect(),
        files: files(folder),
        cash_rows: read(folder, "equity.csv", &["cash"]).into_iter().flatten().collect(),
        metrics: metrics.to_json(),
        ambiguous_bars: journal.ambiguous_bars,
        unclear_entry_bars: journal.unclear_entry_bars,
        unread_bars: (journal.unread_bars.0, journal.unread_bars.1.map(|time| time.to_string())),
        band: ["final_equity_low", "final_equity", "final_equity_high"]
            .map(|key| metrics.number(key).unwrap().to_string()),
    })
}

/// A halt in one line, times as the files of the run have them.
fn halt(record: &HaltRecord, timeframe: Timeframe) -> String {
    let stamp = |time: Timestamp| time.text(timeframe);
    let loss = record.loss.map_or(String::new(), |loss| format!(" lost {} of {}", loss.lost, loss.of));
    let until = record.until.map_or("-".to_owned(), stamp);
    format!("{} {} to {until}{loss}", record.cause.name(), stamp(record.from))
}

/// The data files of run.json.
fn files(folder: &Path) -> Vec<(String, usize)> {
    let run: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("run.json")).unwrap()).unwrap();
    let file =
        |file: &serde_json::Value| (file["path"].as_str().unwrap().to_owned(), file["sha256"].as_str().unwrap().len());
    run["files"].as_array().unwrap().iter().map(file).collect()
}

/// The named columns of a file of the run folder.
fn read(folder: &Path, name: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(folder.join(name)).unwrap();
    let header = reader.headers().unwrap().clone();
    let place = |column: &&str| header.iter().position(|name| name == *column).unwrap();
    let places: Vec<usize> = columns.iter().map(place).collect();
    reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            places.iter().map(|&at| record[at].to_owned()).collect()
        })
        .collect()
}

/// `1 submit S1 sell 50 stop stop_price=57` as a row of the file: the bar's number in `times`, then action, id,
/// side, quantity (`-`: none) and type, then columns by name; `more` are columns beyond [`HEADER`], as in
/// [`Micro::columns`].
pub fn row(times: &[impl AsRef<str>], more: &str, text: &str) -> String {
    let header = format!("{HEADER}{more}");
    let names: Vec<&str> = header.split(',').collect();
    let mut fields = vec![""; names.len()];
    let mut place = |name: &str, value| fields[names.iter().position(|known| *known == name).unwrap()] = value;
    let (named, plain): (Vec<&str>, Vec<&str>) = text.split_whitespace().partition(|word| word.contains('='));
    place("time", times[plain[0].parse::<usize>().unwrap()].as_ref());
    place("symbol", if plain[1] == "submit" { "TST" } else { "" });
    for (name, value) in ["action", "id", "side", "qty", "type"].into_iter().zip(&plain[1..]) {
        place(name, if *value == "-" { "" } else { value });
    }
    for word in named {
        let (name, value) = word.split_once('=').unwrap();
        place(name, value);
    }
    fields.join(",")
}
