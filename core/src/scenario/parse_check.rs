//! Rules between keys of different sections.
//!
//! Not here: ranges of single keys (`spec_keys`), keys that a kind does not use (`parse_rules`).
use super::parse_reader::Reader;
use super::spec::*;
use crate::domain::Quantity;

/// Most symbols of a scenario: a portfolio of 1,000 fits the hot loop's tables.
const SYMBOLS_MAX: usize = 1_000;

impl Reader<'_> {
    /// Reports what makes no sense together.
    pub(super) fn check(&mut self, spec: &ScenarioSpec) {
        self.check_span(&spec.data);
        self.check_symbols(&spec.data);
        self.check_data(spec);
        self.check_quotes(spec);
        self.check_stop(spec);
        self.check_account(&spec.account);
        self.check_latency(spec);
    }

    fn check_span(&mut self, data: &DataSpec) {
        if data.first_time() > data.last_time() {
            let show = |bound: Option<TimeBound>| bound.map_or(String::new(), |bound| bound.to_string());
            let what = format!("data.end {} is before data.start {}", show(data.end), show(data.start));
            self.fail(&self.place("data.end"), "data.end", what, &["both are inclusive; `start` is the earlier one"]);
        }
    }

    fn check_symbols(&mut self, data: &DataSpec) {
        const PATH: &str = "data.symbols";
        let count = data.symbols.len();
        if count == 0 {
            self.fail(&self.place(PATH), PATH, "data.symbols is empty", &["name at least one, like [\"AAPL\"]"]);
        } else if count > SYMBOLS_MAX {
            let what = format!("data.symbols has {count} symbols, allowed is 1 to {SYMBOLS_MAX}");
            self.fail(&self.place(PATH), PATH, what, &["split the scenario"]);
        }
        let others = data.benchmark.is_some_and(|benchmark| !data.symbols.contains(&benchmark));
        let files_wanted = count + usize::from(others);
        let paths = [("data.path", Some(&data.path)), ("data.finer_path", data.finer_path.as_ref())];
        for (path, text) in paths {
            // The benchmark is only marked, never traded: finer bars of it are not read.
            let wanted = if path == "data.path" { files_wanted } else { count };
            if wanted > 1 && text.is_some_and(|text| !text.contains("{symbol}")) {
                let who = if wanted > count { ", the benchmark included" } else { "" };
                let what = format!("{path} names one file for {wanted} symbols{who}: more symbols than files");
                self.fail(&self.place(path), path, what, &["put {symbol} into the path, like \"{symbol}_daily.csv\""]);
            }
        }
    }

    fn check_data(&mut self, spec: &ScenarioSpec) {
        if spec.data.adjust != Adjust::None && spec.data.corporate_actions.is_none() {
            let what = format!("data.adjust = \"{}\" needs data.corporate_actions", spec.data.adjust);
            let remedy = "add corporate_actions = \"corporate_actions.csv\", or adjust = \"none\"";
            self.fail(&self.place("data.adjust"), "data.adjust", what, &[remedy]);
        }
        if spec.data.hours == Hours::Extended {
            let (daily, other) = (spec.data.timeframe.is_daily(), spec.data.calendar != CalendarKind::Xnys);
            let why = match (daily, other) {
                (true, _) => Some("needs bars shorter than a day: a daily bar has no hours"),
                (_, true) => Some("needs calendar = \"XNYS\": another has no core session"),
                _ => None,
            };
            if let Some(why) = why {
                let what = format!("data.hours = \"extended\" {why}");
                self.fail(&self.place("data.hours"), "data.hours", what, &["use hours = \"regular\""]);
            }
        }
        let both_touched = "execution.both_touched";
        if spec.execution.both_touched != BothTouched::Finer {
            self.unused(both_touched, &["data.finer_path"], "it is read with both_touched = \"finer\"");
        } else if spec.data.finer_path.is_none() {
            let what = "execution.both_touched = \"finer\" needs data.finer_path";
            let remedy = "add finer_path = \"{symbol}_minute.csv\" to [data]";
            self.fail(&self.place(both_touched), both_touched, what, &[remedy]);
        }
    }

    fn check_quotes(&mut self, spec: &ScenarioSpec) {
        const PATH: &str = "execution.slippage.quotes";
        let Some(quotes) = &spec.execution.slippage.quotes else { return };
        let count = spec.data.symbols.len();
        if count > 1 && !quotes.contains("{symbol}") {
            let what = format!("{PATH} names one file for {count} symbols: more symbols than files");
            self.fail(&self.place(PATH), PATH, what, &["put {symbol} into the path, like \"{symbol}_quotes.csv\""]);
        }
        if spec.data.adjust != Adjust::None {
            let what = format!("{PATH} needs data.adjust = \"none\": quotes are raw prices");
            let remedy = "set adjust = \"none\" (splits and dividends then act on positions), or leave the quotes out";
            self.fail(&self.place(PATH), PATH, what, &[remedy]);
        }
    }

    fn check_latency(&mut self, spec: &ScenarioSpec) {
        const PATH: &str = "execution.latency_ms";
        let latency_ms = spec.execution.latency_ms;
        if latency_ms == 0 {
            return;
        }
        if spec.data.timeframe.is_daily() {
            let what = format!(
                "{PATH} {latency_ms} says nothing with data.timeframe = \"1d\": an order of a close has the night to arrive"
            );
            self.fail(&self.place(PATH), PATH, what, &["use 0, or intraday bars"]);
        }
        if spec.execution.market_fill == MarketFill::Close {
            let what = format!(
                "{PATH} {latency_ms} contradicts execution.market_fill = \"close\": an order of a close cannot be there in time for it"
            );
            self.fail(&self.place(PATH), PATH, what, &["use 0, or market_fill = \"next_open\""]);
        }
    }

    fn check_account(&mut self, account: &AccountSpec) {
        const PATH: &str = "account.settlement";
        if account.settlement == Settlement::Dated && (account.leverage > 1 || account.allow_short) {
            let what = "account.settlement = \"dated\" is for cash accounts: leverage = 1 and allow_short = false";
            let remedy = "a margin account lends what is not settled; use settlement = \"instant\"";
            self.fail(&self.place(PATH), PATH, what, &[remedy]);
        }
    }

    fn check_stop(&mut self, spec: &ScenarioSpec) {
        let remedy = "add [stop] kind = \"atr\" or \"percent\"";
        if !spec.stop.is_set() && matches!(spec.take_profit, TakeProfitSpec::RMultiple(_)) {
            let what = "take_profit.kind = \"r_multiple\" needs a stop: it is a multiple of the distance to it";
            self.fail(&self.place("take_profit.kind"), "take_profit.kind", what, &[remedy]);
        }
        if !spec.stop.is_set() && matches!(spec.sizing.rule, SizingRule::RiskFraction(_)) {
            let what = "sizing.kind = \"risk_fraction\" needs a stop: it is the loss when the stop is hit";
            self.fail(&self.place("sizing.kind"), "sizing.kind", what, &[remedy]);
        }
        match spec.sizing.rule {
            SizingRule::FixedShares(shares)
                if !spec.sizing.fractional && shares.units() % Quantity::UNITS_PER_SHARE != 0 =>
            {
                let what = format!("sizing.value {shares} is not a whole number of shares");
                self.fail(&self.place("sizing.value"), "sizing.value", what, &["round it, or set fractional = true"]);
            }
            _ => {}
        }
    }
}
