//! The sections ruled by a `kind`: sizing, slippage, commission, stop, take-profit.
//!
//! Not here: what the rules do. A key that its kind does not use is an error, with two exceptions:
//! kind "none" keeps the settings of what it switches off, and a kind from `--set` or from a sweep
//! drops those of the other kinds.
use super::parse_reader::{Exact, Reader};
use super::parse_source::Place;
use super::spec::*;
use super::spec_choice::{CommissionName, SizingName, SlippageName, StopName, TakeProfitName};
use super::spec_keys::{Bounds, by_kind};
use crate::domain::Ratio;

impl Reader<'_> {
    pub(super) fn sizing(&mut self) -> Option<SizingSpec> {
        let value = "sizing.value";
        let rule = self.choice::<SizingName>("sizing.kind").and_then(|kind| match kind {
            SizingName::EquityFraction => {
                self.number_within(value, &by_kind::EQUITY_FRACTION).map(SizingRule::EquityFraction)
            }
            SizingName::CashFraction => {
                self.number_within(value, &by_kind::CASH_FRACTION).map(SizingRule::CashFraction)
            }
            SizingName::FixedShares => self.number_within(value, &by_kind::FIXED_SHARES).map(SizingRule::FixedShares),
            SizingName::Notional => self.number_within(value, &by_kind::NOTIONAL).map(SizingRule::Notional),
            SizingName::RiskFraction => {
                self.number_within(value, &by_kind::RISK_FRACTION).map(SizingRule::RiskFraction)
            }
            SizingName::VolatilityTarget => {
                self.number_within(value, &by_kind::VOLATILITY).map(SizingRule::VolatilityTarget)
            }
        });
        let fractional = self.switch("sizing.fractional");
        let if_short_of_cash = self.choice("sizing.if_short_of_cash");
        Some(SizingSpec { rule: rule?, fractional: fractional?, if_short_of_cash: if_short_of_cash? })
    }

    pub(super) fn slippage(&mut self) -> Option<SlippageSpec> {
        const KIND: &str = "execution.slippage.kind";
        const VALUE: &str = "execution.slippage.value";
        const QUOTES: &str = "execution.slippage.quotes";
        let rule = self.choice::<SlippageName>(KIND).and_then(|kind| match kind {
            SlippageName::None => {
                self.needs_kind(KIND, &[VALUE, QUOTES, "execution.slippage.applies_to"], "add kind = \"bps\"");
                Some(SlippageRule::None)
            }
            SlippageName::Bps => self.basis_points(KIND, VALUE, &by_kind::SLIPPAGE_BPS).map(SlippageRule::Bps),
            SlippageName::PerShare => self.needed(KIND, VALUE, "0.01", &by_kind::PER_SHARE).map(SlippageRule::PerShare),
            SlippageName::VolumeShare => {
                self.needed(KIND, VALUE, "0.1", &by_kind::SHARE).map(SlippageRule::VolumeShare)
            }
            SlippageName::Spread => self.needed(KIND, VALUE, "0.5", &by_kind::SHARE).map(SlippageRule::Spread),
        });
        let is_spread = matches!(rule, Some(SlippageRule::Spread(_)));
        if rule.is_some_and(|rule| rule != SlippageRule::None && !is_spread) {
            self.unused(KIND, &[QUOTES], "quotes are for kind = \"spread\"");
        }
        let quotes = if is_spread { self.quotes_path(QUOTES) } else { None };
        let applies_to = self.choice("execution.slippage.applies_to");
        Some(SlippageSpec { rule: rule?, quotes, applies_to: applies_to? })
    }

    pub(super) fn commission(&mut self) -> Option<CommissionSpec> {
        const KIND: &str = "execution.commission.kind";
        const VALUE: &str = "execution.commission.value";
        const MIN: &str = "execution.commission.min";
        const CAP: &str = "execution.commission.cap_bps";
        match self.choice::<CommissionName>(KIND)? {
            CommissionName::None => {
                self.needs_kind(KIND, &[VALUE, MIN, CAP], "add kind = \"bps\" or \"per_share\"");
                Some(CommissionSpec::None)
            }
            CommissionName::Bps => {
                self.unused(KIND, &[MIN, CAP], "they belong to kind = \"per_share\"");
                self.basis_points(KIND, VALUE, &by_kind::COMMISSION_BPS).map(CommissionSpec::Bps)
            }
            CommissionName::PerShare => {
                let value = self.needed(KIND, VALUE, "0.005", &by_kind::PER_SHARE);
                let min = if self.item(MIN).is_some() { self.number(MIN) } else { Some(crate::domain::Money::ZERO) };
                let cap = match self.number(CAP) {
                    Some(bps) => Some(self.as_share(CAP, bps)?),
                    None => None,
                };
                Some(CommissionSpec::PerShare { value: value?, min: min?, cap })
            }
            CommissionName::Alpaca => {
                self.unused(KIND, &[VALUE, MIN, CAP], "Alpaca's fees come from its own tables");
                Some(CommissionSpec::Alpaca)
            }
        }
    }

    pub(super) fn stop(&mut self) -> Option<StopSpec> {
        const KIND: &str = "stop.kind";
        const OF_ATR: &[&str] = &["stop.period", "stop.multiple", "stop.smoothing"];
        let period = self.count("stop.period");
        let multiple = self.number("stop.multiple");
        let smoothing = self.choice("stop.smoothing");
        let rule = self.choice::<StopName>(KIND).and_then(|kind| match kind {
            StopName::None => {
                let others = ["stop.value", "stop.anchor", "stop.active_from", "stop.due_exit", "stop.trail"];
                self.needs_kind(KIND, &[OF_ATR, &others].concat(), "add kind = \"atr\" or \"percent\"");
                Some(StopRule::None)
            }
            StopName::Atr => {
                self.unused(KIND, &["stop.value"], "use stop.multiple, or kind = \"percent\"");
                Some(StopRule::Atr { period: period?, multiple: multiple?, smoothing: smoothing? })
            }
            StopName::Percent => {
                self.unused(KIND, OF_ATR, "use stop.value, or kind = \"atr\"");
                self.needed(KIND, "stop.value", "0.03", &by_kind::STOP_PERCENT).map(StopRule::Percent)
            }
        });
        let anchor = self.choice("stop.anchor");
        let active_from = self.choice("stop.active_from");
        let due_exit = self.choice("stop.due_exit");
        let trail = self.switch("stop.trail");
        let exit_after_bars = self.count("stop.exit_after_bars");
        Some(StopSpec {
            rule: rule?,
            anchor: anchor?,
            active_from: active_from?,
            due_exit: due_exit?,
            trail: trail?,
            exit_after_bars: exit_after_bars?,
        })
    }

    pub(super) fn take_profit(&mut self) -> Option<TakeProfitSpec> {
        const KIND: &str = "take_profit.kind";
        const VALUE: &str = "take_profit.value";
        match self.choice::<TakeProfitName>(KIND)? {
            TakeProfitName::None => {
                self.needs_kind(KIND, &[VALUE], "add kind = \"percent\" or \"r_multiple\"");
                Some(TakeProfitSpec::None)
            }
            TakeProfitName::Percent => {
                self.needed(KIND, VALUE, "0.10", &by_kind::TARGET_PERCENT).map(TakeProfitSpec::Percent)
            }
            TakeProfitName::RMultiple => {
                self.needed(KIND, VALUE, "2", &by_kind::R_MULTIPLE).map(TakeProfitSpec::RMultiple)
            }
        }
    }

    /// A number that its kind needs.
    fn needed<T: Exact>(&mut self, kind: &str, path: &str, example: &str, bounds: &Bounds) -> Option<T> {
        if self.item(path).is_none() {
            let word = self.word(kind)?;
            let what = format!("{kind} = \"{word}\" needs {path}");
            let remedy = format!("add value = \"{example}\"; {}", bounds.why);
            self.fail(&self.place(kind), path, what, &[&remedy]);
            return None;
        }
        self.number_within(path, bounds)
    }

    /// Basis points that a kind needs, as a fraction.
    fn basis_points(&mut self, kind: &str, path: &str, bounds: &Bounds) -> Option<Ratio> {
        let bps = self.needed(kind, path, "5", bounds)?;
        self.as_share(path, bps)
    }

    fn as_share(&mut self, path: &str, bps: Ratio) -> Option<Ratio> {
        let share = Ratio::from_bps(bps);
        if share.is_none() {
            let what = format!("{path} is {bps}, finer than 0.00001 basis points");
            self.fail(&self.place(path), path, what, &["round it"]);
        }
        share
    }

    /// Reports settings of a kind that nobody chose. A written "none" keeps them for later.
    fn needs_kind(&mut self, kind: &str, paths: &[&str], remedy: &str) {
        if self.is_written(kind) {
            return;
        }
        for path in paths.iter().filter(|path| self.is_written(path)).collect::<Vec<_>>() {
            self.fail(&self.place(path), path, format!("{path} does nothing without {kind}"), &[remedy]);
        }
    }

    /// Reports written keys that the chosen kind does not use. Where a sweep chooses the kind, they belong to its
    /// other kinds.
    pub(super) fn unused(&mut self, kind: &str, paths: &[&str], remedy: &str) {
        if self.is_set(kind) {
            return;
        }
        let is_overridden = matches!(self.place(kind), Place::Override(_));
        let Some(word) = self.word(kind) else { return };
        for path in paths {
            let place = self.place(path);
            let is_moot = place == Place::Default || (is_overridden && matches!(place, Place::File(_)));
            // A swept value that every run leaves unused would make the same run again and again.
            if !is_moot || self.is_set(path) {
                self.fail(&place, path, format!("{path} does nothing with {kind} = \"{word}\""), &[remedy]);
            }
        }
    }
}
