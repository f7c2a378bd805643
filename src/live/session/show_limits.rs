//! How much of each limit of a scenario is used, as a page shows it.
//!
//! Not here: what a limit refuses (risk::gate, in exact arithmetic): these are estimates for the eye.
use super::machine::Machine;
use super::terms::Terms;
use crate::domain::{Money, Ratio};
use crate::live::snapshot::{LimitView, PositionView};

/// The limits of `[risk]` with what is used of them. `at_stops`: what is lost if every stop is hit.
pub fn limits(machine: &dyn Machine, terms: &Terms, positions: &[PositionView], at_stops: Money) -> Vec<LimitView> {
    let (portfolio, gate) = (machine.portfolio(), machine.gate());
    let equity = portfolio.equity();
    let marks = gate.watch().losses().marks();
    let share = |part: Money, whole: Money| part.max(Money::ZERO).fraction_of(whole);
    let values = terms.symbols.iter().zip(portfolio.positions());
    let largest = values.map(|(symbol, position)| (symbol, position.value().abs())).max_by_key(|(_, value)| *value);
    let (name, value) = largest.map_or((None, Money::ZERO), |(symbol, value)| (Some(symbol.to_string()), value));
    let risk = &terms.risk;
    let view = |limit: &str, used: Option<f64>, allowed: Ratio, names: Vec<String>| LimitView {
        strategy: terms.name.clone(),
        limit: limit.to_owned(),
        used,
        allowed: allowed.to_f64(),
        is_fraction: true,
        names,
    };
    let of_largest: Vec<String> = name.filter(|_| value > Money::ZERO).into_iter().collect();
    let count = LimitView {
        strategy: terms.name.clone(),
        limit: "max_open_positions".to_owned(),
        used: Some(positions.len() as f64),
        allowed: f64::from(risk.max_open_positions),
        is_fraction: false,
        names: Vec::new(),
    };
    vec![
        view("max_daily_loss", share(marks.baseline - equity, marks.baseline), risk.max_daily_loss, Vec::new()),
        view("max_drawdown", share(marks.peak - equity, marks.peak), risk.max_drawdown, Vec::new()),
        view("max_portfolio_heat", share(at_stops, equity), risk.max_portfolio_heat, Vec::new()),
        view("max_position_size", share(value, equity), risk.max_position_size, of_largest),
        view("max_gross_exposure", share(portfolio.gross_exposure(), equity), risk.max_gross_exposure, Vec::new()),
        count,
    ]
}
