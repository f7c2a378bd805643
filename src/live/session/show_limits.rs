//! How much of each limit of a scenario is used, as a page shows it.
//!
//! Not here: what a limit refuses (risk::gate, in exact arithmetic), whose sums these are (risk::gate_view).
//! Everything counts pending entries as filled, as the gate does: these are its own numbers, as fractions for the eye.
use super::machine::Machine;
use super::terms::Terms;
use crate::domain::{Money, Ratio, Timestamp};
use crate::live::snapshot::LimitView;

/// The window of `max_orders_per_minute`.
const MINUTE_NS: i64 = 60 * Timestamp::NS_PER_SECOND;

/// The limits of `[risk]` with what is used of them at `time`.
pub fn limits(machine: &dyn Machine, terms: &Terms, time: Timestamp) -> Vec<LimitView> {
    let (portfolio, gate, risk) = (machine.portfolio(), machine.gate(), &terms.risk);
    let (equity, marks, used) = (portfolio.equity(), gate.watch().losses().marks(), gate.used(portfolio));
    let share = |part: Money, whole: Money| part.max(Money::ZERO).fraction_of(whole);
    let view = |limit: &str, used: Option<f64>, allowed: f64, is_fraction: bool, names: Vec<String>| LimitView {
        strategy: terms.name.clone(),
        limit: limit.to_owned(),
        used,
        allowed,
        is_fraction,
        names,
    };
    let of = |limit: &str, part: Money, whole: Money, allowed: Ratio, names: Vec<String>| {
        view(limit, share(part, whole), allowed.to_f64(), true, names)
    };
    let count =
        |limit: &str, used: usize, allowed: u32| view(limit, Some(used as f64), f64::from(allowed), false, Vec::new());
    let name = |symbol: crate::domain::SymbolIndex| terms.symbols[symbol.get()].to_string();
    let (largest, size) = used.largest.map_or((Vec::new(), Money::ZERO), |(symbol, value)| (vec![name(symbol)], value));
    let (members, together) = used.group.map_or((Vec::new(), Money::ZERO), |group| (group.members, group.value));
    let members = members.into_iter().map(name).collect();
    vec![
        of("max_daily_loss", marks.baseline - equity, marks.baseline, risk.max_daily_loss, Vec::new()),
        of("max_drawdown", marks.peak - equity, marks.peak, risk.max_drawdown, Vec::new()),
        of("max_portfolio_heat", used.heat, equity, risk.max_portfolio_heat, Vec::new()),
        of("max_correlated_exposure", together, equity, risk.max_correlated_exposure, members),
        of("max_position_size", size, equity, risk.max_position_size, largest),
        of("max_gross_exposure", used.gross, equity, risk.max_gross_exposure, Vec::new()),
        count("max_open_positions", used.exposed, risk.max_open_positions),
        count("max_orders_per_minute", approved_within_a_minute(machine, terms, time), risk.max_orders_per_minute),
    ]
}

/// Orders that were approved in the minute before `time`. The gate dates an approval by the bar it was decided on, which
/// was known when that bar closed.
fn approved_within_a_minute(machine: &dyn Machine, terms: &Terms, time: Timestamp) -> usize {
    let decided = machine.gate().approvals().map(|stamp| terms.span_of(stamp).1);
    decided.filter(|decided| decided.plus_ns(MINUTE_NS) > time).count()
}
