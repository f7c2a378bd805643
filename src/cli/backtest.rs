//! `alphaflow backtest`: one run on history.
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Failure, error_style};
use crate::domain::OrderPurpose;
use crate::report::chart::{ChartError, drawdown_png, equity_png, price_png};
use crate::report::gather::{Finished, gather};
use crate::report::html;
use crate::report::model::ReportModel;
use crate::scenario::{
    Diagnostic, LoadedScenario, MarketData, Metrics, account_rows, chart_lines, check_strategy, compute_metrics,
    fingerprint, load, load_market, round_trips, run_with, write_folder,
};
use crate::strategy::Catalog;

/// Arguments of `alphaflow backtest`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: alphaflow backtest scenarios/ma_crossover_tech4.toml --set stop.multiple=3 --out reports/wider"
)]
pub(super) struct BacktestArgs {
    /// Scenario file
    scenario: PathBuf,
    /// Run folder; `reports/<name>` without it
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Change a key of the scenario, e.g. `stop.multiple=3`; may be given more than once
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Refuse data that is suspicious, not only what is malformed
    #[arg(long)]
    strict: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A summary for people
    Text,
    /// metrics.json on standard output
    Json,
}

/// `[risk]` keys that are read and checked but that the gate does not hold an order to yet.
const NOT_ENFORCED: &[&str] = &[
    "max_daily_loss",
    "max_portfolio_heat",
    "max_correlated_exposure",
    "max_drawdown",
    "max_gross_exposure",
    "max_open_positions",
    "max_orders_per_minute",
    "max_order_notional",
    "price_collar",
];

/// Runs the scenario, writes the run folder, prints the summary.
pub(super) fn run<C: Catalog>(args: &BacktestArgs, catalog: &C, out: &mut impl Write) -> Result<(), Failure> {
    let input = |diagnostic: Box<Diagnostic>| Failure::Input(diagnostic.render(&error_style()));
    let loaded = load(&args.scenario, &args.overrides).map_err(|all| Failure::Input(all.render(&error_style())))?;
    check_strategy(catalog, &loaded).map_err(input)?;
    let market = load_market(&loaded).map_err(input)?;
    if args.strict && market.warnings_total > 0 {
        return Err(Failure::Input(refused_as_suspicious(&market)));
    }
    // The folder first: a run that cannot be kept is not worth waiting for.
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("reports").join(&loaded.spec.scenario.name));
    fs::create_dir_all(&folder)
        .map_err(|error| Failure::Machine(format!("error {}: {error}; choose another --out", folder.display())))?;
    let journal = run_with(catalog, &loaded, &market).map_err(input)?;
    let rows = account_rows(&market, &journal, loaded.spec.account.cash);
    let trips = round_trips(&market, &journal);
    let metrics = compute_metrics(&loaded, &market, &journal, &rows, &trips);
    write_folder(&folder, &loaded, &market, &journal, &rows, &trips, &metrics)?;
    let lines = chart_lines(catalog, &loaded, &market).map_err(input)?;
    let finished = Finished {
        loaded: &loaded,
        market: &market,
        journal: &journal,
        rows: &rows,
        trips: &trips,
        metrics: &metrics,
        lines: &lines,
        not_enforced: NOT_ENFORCED,
    };
    draw(&folder, &gather(finished))?;
    if args.format == Format::Json {
        return Ok(writeln!(out, "{:#}", metrics.to_json())?);
    }
    summary(out, &loaded, &metrics)?;
    let by = |purpose| trips.0.iter().filter(|trip| trip.exit_purpose == Some(purpose)).count();
    let (signal, stop) = (by(OrderPurpose::Signal), by(OrderPurpose::Stop) + by(OrderPurpose::Trail));
    writeln!(out, "Left by         signal {signal}, stop {stop}; still open: {}", trips.1.len())?;
    notes(out, &market, &journal)?;
    let hash = fingerprint(&journal, &loaded.spec.data.symbols, loaded.spec.data.timeframe);
    Ok(writeln!(out, "\nrun folder      {}\nfingerprint     {}", folder.display(), &hash[..16])?)
}

/// Writes the page and the pictures.
fn draw(folder: &std::path::Path, model: &ReportModel<'_>) -> Result<(), Failure> {
    let save = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(|error| Failure::Machine(format!("error {}: {error}", path.display())))
    };
    let drawn = |error: ChartError| Failure::Machine(format!("error drawing: {error}"));
    save("report.html", html::render(model).as_bytes())?;
    save("equity.png", &equity_png(model).map_err(drawn)?)?;
    save("drawdown.png", &drawdown_png(model).map_err(drawn)?)?;
    save("price.png", &price_png(model).map_err(drawn)?)
}

fn refused_as_suspicious(market: &MarketData) -> String {
    let lines = market.warnings.iter().map(|warning| {
        let line = warning.line.map_or(String::new(), |line| format!(":{line}"));
        format!("error {}{line}: {}", warning.path.display(), warning.message)
    });
    let mut text: Vec<String> = lines.collect();
    text.push(format!("{} suspicious places; mend the data, or run without --strict", market.warnings_total));
    text.join("\n")
}

fn summary(out: &mut impl Write, loaded: &LoadedScenario, metrics: &Metrics) -> std::io::Result<()> {
    let symbols: Vec<String> = loaded.spec.data.symbols.iter().map(ToString::to_string).collect();
    let percent = |key: &str| metrics.number(key).map_or("n/a".to_owned(), |value| format!("{:+.1}%", 100.0 * value));
    let plain = |key: &str| metrics.number(key).map_or("n/a".to_owned(), |value| format!("{value:.2}"));
    let dollars = |key: &str| metrics.number(key).map_or("n/a".to_owned(), |value| format!("${value:.0}"));
    writeln!(out, "{}   {}, {}", loaded.spec.scenario.name, symbols.join(" "), loaded.spec.data.timeframe.adjective())?;
    writeln!(
        out,
        "\n{} became {}: {}, {} a year, worst fall {}.\n",
        dollars("initial_equity"),
        dollars("final_equity"),
        percent("total_return"),
        percent("cagr"),
        percent("max_drawdown")
    )?;
    writeln!(out, "Sharpe          {}", plain("sharpe"))?;
    writeln!(out, "Volatility      {}", percent("annual_volatility").trim_start_matches('+'))?;
    writeln!(out, "Mean exposure   {}", percent("exposure").trim_start_matches('+'))?;
    let trades = metrics.number("trades").unwrap_or(0.0);
    let won = percent("win_rate");
    writeln!(
        out,
        "Trades          {trades}: {} won, profit factor {}",
        won.trim_start_matches('+'),
        plain("profit_factor")
    )?;
    writeln!(out, "Costs           fees {}, slippage {}", dollars("commission"), dollars("slippage"))
}

fn notes(out: &mut impl Write, market: &MarketData, journal: &crate::engine::Journal) -> std::io::Result<()> {
    writeln!(out)?;
    if !journal.refusals.is_empty() {
        writeln!(out, "! {} orders refused; see refusals.csv", journal.refusals.len())?;
    }
    if journal.ambiguous_bars > 0 {
        writeln!(out, "! {} bars held both stop and target", journal.ambiguous_bars)?;
    }
    if market.warnings_total > 0 {
        writeln!(out, "! {} suspicious places in the data; --strict refuses them", market.warnings_total)?;
    }
    for line in NOT_ENFORCED.chunks(3) {
        writeln!(out, "! not enforced yet: {}", line.join(", "))?;
    }
    Ok(())
}
