//! From a loaded scenario to a finished run and its folder: the way `backtest` and `report` share.
//!
//! Not here: arguments, printing.
use std::borrow::Borrow;
use std::fs;
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use super::Failure;
use super::screen::error_style;
use crate::engine::Journal;
use crate::portfolio::RoundTrip;
use crate::report::chart::{ChartError, drawdown_png, equity_png, price_png, risk_png};
use crate::report::gather::{Finished, gather};
use crate::report::html;
use crate::report::model::ReportModel;
use crate::scenario::{
    AccountRow, Diagnostic, Efficacy, LoadedScenario, MarketData, Metrics, account_rows, chart_lines, compute_metrics,
    efficacy, round_trips, write_folder, write_limits,
};
use crate::strategy::{Catalog, ChartLine};

/// A finished run.
pub(super) struct Run {
    pub(super) loaded: LoadedScenario,
    pub(super) market: MarketData,
    journal: Journal,
    rows: Vec<AccountRow>,
    trips: (Vec<RoundTrip>, Vec<RoundTrip>),
    pub(super) metrics: Metrics,
    lines: Vec<Vec<ChartLine>>,
    efficacy: Efficacy,
}

impl Run {
    /// Measures a replay and takes the lines that its strategy draws.
    pub(super) fn new<C: Catalog>(
        catalog: &C,
        loaded: LoadedScenario,
        market: MarketData,
        journal: Journal,
    ) -> Result<Run, Failure> {
        let rows = account_rows(&market, &journal, loaded.spec.account.cash);
        let trips = round_trips(&market, &journal);
        let metrics = compute_metrics(&loaded, &market, &journal, &trips);
        let lines = chart_lines(catalog, &loaded, &market).map_err(input)?;
        let efficacy = efficacy(&loaded, &market, &journal, &rows);
        Ok(Run { loaded, market, journal, rows, trips, metrics, lines, efficacy })
    }

    /// What a report shows.
    pub(super) fn model(&self) -> ReportModel<'_> {
        gather(Finished {
            loaded: &self.loaded,
            market: &self.market,
            journal: &self.journal,
            rows: &self.rows,
            trips: &self.trips,
            metrics: &self.metrics,
            lines: &self.lines,
            efficacy: &self.efficacy,
        })
    }

    /// Writes the whole folder. Numbers and pictures know nothing of each other and take as long as each
    /// other, so two cores write one each.
    pub(super) fn write(&self, folder: &Path, model: &ReportModel<'_>) -> Result<(), Failure> {
        thread::scope(|scope| {
            let numbers = scope.spawn(|| self.write_numbers(folder));
            let drawn = draw(folder, model);
            numbers.join().unwrap_or_else(|panic| resume_unwind(panic)).and(drawn)
        })
    }

    /// Writes the files of numbers.
    pub(super) fn write_numbers(&self, folder: &Path) -> Result<(), Failure> {
        let Run { loaded, market, journal, rows, trips, metrics, .. } = self;
        write_limits(folder, &self.efficacy, loaded.spec.data.timeframe)?;
        Ok(write_folder(folder, loaded, market, journal, rows, trips, metrics)?)
    }
}

/// Writes the page and the pictures.
pub(super) fn draw(folder: &Path, model: &ReportModel<'_>) -> Result<(), Failure> {
    // All of them before the first is written: a folder holds the old report or the new one.
    let (page, pictures) = (html::render(model), pictures(model)?);
    save(folder, "report.html", page.as_bytes())?;
    pictures.iter().try_for_each(|(name, bytes)| save(folder, name, bytes))
}

/// The pictures by the names of their files.
fn pictures(model: &ReportModel<'_>) -> Result<[(&'static str, Vec<u8>); 4], Failure> {
    let drawn = |error: ChartError| Failure::Machine(format!("error drawing: {error}"));
    let equity = equity_png(model).map_err(drawn)?;
    let drawdown = drawdown_png(model).map_err(drawn)?;
    let price = price_png(model).map_err(drawn)?;
    let risk = risk_png(model).map_err(drawn)?;
    Ok([("equity.png", equity), ("drawdown.png", drawdown), ("price.png", price), ("risk.png", risk)])
}

fn save(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let path = folder.join(name);
    fs::write(&path, bytes).map_err(|error| Failure::Machine(format!("error {}: {error}", path.display())))
}

/// An error of the input, ready to print.
pub(super) fn input(diagnostic: impl Borrow<Diagnostic>) -> Failure {
    Failure::Input(diagnostic.borrow().render(&error_style()))
}
