//! The sections whose keys stand alone: head, data, account, strategy, execution, risk.
//!
//! Not here: sections ruled by a `kind` (`parse_rules`), many runs (`parse_study`), rules between
//! sections (`parse_check`). Every read of a section is made before the section is built, so that
//! one wrong key does not hide the next.
use jiff::civil::Date;

use super::parse_reader::Reader;
use super::parse_source::Place;
use super::parse_value::{Item, Table, Value, quoted};
use super::spec::*;
use crate::domain::{Timeframe, Timestamp};

/// Longest name of a scenario, so that its folder fits every file system.
const NAME_MAX: usize = 100;

impl Reader<'_> {
    pub(super) fn head(&mut self) -> Option<HeadSpec> {
        let name = self.text("scenario.name").and_then(|name| self.folder_name(name));
        let seed = self.whole("scenario.seed").and_then(|seed| u64::try_from(seed).ok());
        Some(HeadSpec { name: name?, seed: seed? })
    }

    /// The name becomes a folder under `reports/`, so it must not lead anywhere else.
    fn folder_name(&mut self, name: String) -> Option<String> {
        let is_bad = |character: char| character.is_control() || "/\\:*?\"<>|".contains(character);
        let edges = name.starts_with(['.', ' ', '-']) || name.ends_with(['.', ' ']);
        if !edges && !name.contains(is_bad) && name.len() <= NAME_MAX {
            return Some(name);
        }
        let what = format!("scenario.name {} cannot name a folder", quoted(&name));
        let note = format!("use up to {NAME_MAX} letters, digits, `_`, `-`; begin with a letter or digit");
        self.fail(&self.place("scenario.name"), "scenario.name", what, &[&note]);
        None
    }

    pub(super) fn data(&mut self) -> Option<DataSpec> {
        let timeframe = self.word("data.timeframe").and_then(|word| word.parse::<Timeframe>().ok());
        let start = self.time_bound("data.start", timeframe);
        let end = self.time_bound("data.end", timeframe);
        let calendar = self.choice("data.calendar");
        let hours = self.choice("data.hours");
        let adjust = self.choice("data.adjust");
        let corporate_actions = self.text("data.corporate_actions");
        let path = self.bars_path("data.path");
        let symbols = self.tickers("data.symbols");
        let benchmark = self.ticker("data.benchmark");
        let finer_path = self.bars_path("data.finer_path");
        Some(DataSpec {
            timeframe: timeframe?,
            start,
            end,
            calendar: calendar?,
            hours: hours?,
            adjust: adjust?,
            corporate_actions,
            path: path?,
            symbols: symbols?,
            benchmark,
            finer_path,
        })
    }

    fn time_bound(&mut self, path: &str, timeframe: Option<Timeframe>) -> Option<TimeBound> {
        let text = self.time_text(path)?;
        let place = self.place(path);
        let Ok(moment) = text.parse::<Timestamp>() else {
            let what = format!("{path} cannot be {}", quoted(&text));
            let remedy = "write a date like \"2013-10-07\" or a UTC time like \"2013-10-07T13:30:00Z\"";
            self.fail(&place, path, what, &[remedy]);
            return None;
        };
        let is_midnight = Timestamp::from_days(moment.days()) == Some(moment);
        match text.trim().parse::<Date>() {
            Ok(date) if text.trim().len() == 10 => Some(TimeBound::Date(date)),
            _ if timeframe.is_some_and(Timeframe::is_daily) && !is_midnight => {
                let remedy = format!("daily bars are stamped by date; write \"{}\"", moment.utc_date());
                self.fail(&place, path, format!("{path} is a time within a day, {text}"), &[&remedy]);
                None
            }
            _ if timeframe.is_some_and(Timeframe::is_daily) => Some(TimeBound::Date(moment.utc_date())),
            _ => Some(TimeBound::Moment(moment)),
        }
    }

    /// A path to bars: `.csv` or `.parquet`, with no other placeholder than `{symbol}`.
    fn bars_path(&mut self, path: &str) -> Option<String> {
        let text = self.text(path)?;
        let place = self.place(path);
        let lower = text.to_lowercase();
        let rest = text.replace("{symbol}", "");
        if rest.contains(['{', '}']) {
            let what = format!("{path} {} holds an unknown placeholder", quoted(&text));
            self.fail(&place, path, what, &["the only placeholder is {symbol}"]);
        } else if !lower.ends_with(".csv") && !lower.ends_with(".parquet") {
            let what = format!("{path} {} is neither .csv nor .parquet", quoted(&text));
            self.fail(&place, path, what, &["convert the file with `alphaflow data convert`"]);
        } else {
            return Some(text);
        }
        None
    }

    /// A path to quotes: `.csv`, with no other placeholder than `{symbol}`.
    pub(super) fn quotes_path(&mut self, path: &str) -> Option<String> {
        let text = self.bars_path(path)?;
        if text.to_lowercase().ends_with(".csv") {
            return Some(text);
        }
        let what = format!("{path} {} is not .csv", quoted(&text));
        self.fail(&self.place(path), path, what, &["quotes are read from CSV only"]);
        None
    }

    pub(super) fn account(&mut self) -> Option<AccountSpec> {
        let cash = self.number("account.cash");
        let leverage = self.count("account.leverage");
        let cash_check = self.choice("account.cash_check");
        let allow_short = self.switch("account.allow_short");
        let settlement = self.choice("account.settlement");
        let borrow_rate = self.number("account.borrow_rate");
        let margin_rate = self.number("account.margin_rate");
        let hard_to_borrow = self.tickers("account.hard_to_borrow");
        Some(AccountSpec {
            cash: cash?,
            leverage: leverage?,
            cash_check: cash_check?,
            allow_short: allow_short?,
            settlement: settlement?,
            borrow_rate: borrow_rate?,
            margin_rate: margin_rate?,
            hard_to_borrow: hard_to_borrow?,
        })
    }

    pub(super) fn strategy(&mut self) -> Option<StrategySpec> {
        let name = self.text("strategy.name");
        let items = self.params();
        let mut params = Vec::with_capacity(items.len());
        for (name, item) in items {
            let value = self.param_value(&format!("strategy.params.{name}"), &item);
            params.extend(value.map(|value| Param { name, value }));
        }
        Some(StrategySpec { name: name?, params })
    }

    /// The parameters of the file, those that a run sets in their place, and those that only the run has.
    fn params(&self) -> Table {
        let mut params = self.flat.params.clone();
        for (path, item) in self.run.unwrap_or_default() {
            let Some(name) = path.strip_prefix("strategy.params.") else { continue };
            match params.iter_mut().find(|(known, _)| known == name) {
                Some((_, old)) => *old = item.clone(),
                None => params.push((name.to_owned(), item.clone())),
            }
        }
        params
    }

    /// A parameter or a swept value: a scalar or a list.
    pub(super) fn param_value(&mut self, path: &str, item: &Item) -> Option<ParamValue> {
        let value = match &item.value {
            Value::Text(text) | Value::Time(text) => Some(ParamValue::Text(text.clone())),
            Value::Bool(value) => Some(ParamValue::Bool(*value)),
            Value::Integer(text) => text.parse().ok().map(ParamValue::Int),
            Value::Float(text) => {
                let is_finite = text.parse::<f64>().is_ok_and(f64::is_finite);
                is_finite.then(|| ParamValue::Float(text.clone()))
            }
            Value::List(items) => {
                let values: Vec<_> = items.iter().map(|item| self.param_value(path, item)).collect();
                return values.into_iter().collect::<Option<Vec<_>>>().map(ParamValue::List);
            }
            Value::Table(_) => None,
        };
        if value.is_none() {
            let what = format!("{path} must be a finite number, text, true, false or a list");
            self.fail(&item.place, path, format!("{what}, found {}", item.value.describe()), &[]);
        }
        value
    }

    pub(super) fn execution(&mut self) -> Option<ExecutionSpec> {
        let market_fill = self.choice("execution.market_fill");
        let limit_fill = self.choice("execution.limit_fill");
        let both_touched = self.choice("execution.both_touched");
        let slippage = self.slippage();
        let commission = self.commission();
        let participation = self.number("execution.participation");
        let latency_ms = self.count("execution.latency_ms");
        let venue_rules = self.choice("execution.venue_rules");
        Some(ExecutionSpec {
            market_fill: market_fill?,
            limit_fill: limit_fill?,
            both_touched: both_touched?,
            slippage: slippage?,
            commission: commission?,
            participation: participation?,
            latency_ms: latency_ms?,
            venue_rules: venue_rules?,
        })
    }

    pub(super) fn risk(&mut self) -> Option<RiskSpec> {
        let max_daily_loss = self.number("risk.max_daily_loss");
        let max_position_size = self.number("risk.max_position_size");
        let max_portfolio_heat = self.number("risk.max_portfolio_heat");
        let max_correlated_exposure = self.number("risk.max_correlated_exposure");
        let max_drawdown = self.number("risk.max_drawdown");
        let max_gross_exposure = self.number("risk.max_gross_exposure");
        let max_open_positions = self.count("risk.max_open_positions");
        let max_orders_per_minute = self.count("risk.max_orders_per_minute");
        let max_order_notional = self.number("risk.max_order_notional");
        let price_collar = self.number("risk.price_collar");
        let on_daily_loss = self.choice("risk.on_daily_loss");
        let on_breach = self.choice("risk.on_breach");
        let stale_after_ms = self.clock_ms("risk.stale_after");
        let restricted_symbols = self.tickers("risk.restricted_symbols");
        Some(RiskSpec {
            max_daily_loss: max_daily_loss?,
            max_position_size: max_position_size?,
            max_portfolio_heat: max_portfolio_heat?,
            max_correlated_exposure: max_correlated_exposure?,
            max_drawdown: max_drawdown?,
            max_gross_exposure: max_gross_exposure?,
            max_open_positions: max_open_positions?,
            max_orders_per_minute: max_orders_per_minute?,
            max_order_notional: max_order_notional?,
            price_collar: price_collar?,
            on_daily_loss: on_daily_loss?,
            on_breach: on_breach?,
            stale_after_ms: stale_after_ms?,
            restricted_symbols: restricted_symbols?,
        })
    }

    /// `"500ms"`, `"5s"`, `"2m"`: 1 ms to a day.
    fn clock_ms(&mut self, path: &str) -> Option<u64> {
        const DAY_MS: u64 = 86_400_000;
        let text = self.text(path)?;
        let (digits, ms_each) = match (text.strip_suffix("ms"), text.strip_suffix('s'), text.strip_suffix('m')) {
            (Some(digits), _, _) => (digits, 1),
            (_, Some(digits), _) => (digits, 1_000),
            (_, _, Some(digits)) => (digits, 60_000),
            _ => ("", 0),
        };
        let is_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        let ms = is_digits.then(|| digits.parse::<u64>().ok()).flatten().and_then(|count| count.checked_mul(ms_each));
        match ms {
            Some(ms @ 1..=DAY_MS) => Some(ms),
            _ => {
                let place: Place = self.place(path);
                let what = format!("{path} cannot be {}", quoted(&text));
                self.fail(&place, path, what, &["write a span above 0, up to a day: \"500ms\", \"5s\", \"2m\""]);
                None
            }
        }
    }
}
