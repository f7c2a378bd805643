//! What a change or a cancel may do to the stops that protect a position.
//!
//! Not here: where a stop is put (stops), what it leaves at risk (heat), exits that are no stops: they only shrink.
//! Invariants: (1) a stop that is moved away, made smaller or canceled leaves no more at risk than an entry may, halted or
//! not; (2) until the venue has answered, the worse of what stands and what is asked for counts.
use super::{Gate, ProtectiveStop, Refusal};
use crate::domain::{OrderId, OrderKind, Price, Quantity, Side, SymbolIndex, Trail};
use crate::portfolio::Portfolio;

impl Gate {
    /// May order `of` be canceled, with which those stops of `symbol` end for which `ends`?
    ///
    /// A cancel that leaves more at risk is held to `max_portfolio_heat`, as an entry is; any other passes.
    pub fn review_cancel(
        &mut self,
        (of, symbol): (OrderId, SymbolIndex),
        ends: impl Fn(&ProtectiveStop) -> bool,
        portfolio: &Portfolio,
    ) -> Result<(), Refusal> {
        let stops = self.exposure.stops(symbol).iter().filter(|stop| ends(stop));
        let gone = stops.map(|stop| ProtectiveStop { shares: Quantity::ZERO, ..*stop }).collect();
        self.check_stops((of, symbol), gone, portfolio)
    }

    /// The same for a change of order `id`, which is of `old` kind and on `side`, to `kind` and, unless `None`, to
    /// `quantity` shares. Of a pair both are for as many.
    pub(super) fn check_stop_change(
        &mut self,
        (id, symbol, side): (OrderId, SymbolIndex, Side),
        (old, kind, quantity): (OrderKind, OrderKind, Option<Quantity>),
        portfolio: &Portfolio,
    ) -> Result<(), Refusal> {
        let mark = portfolio.position(symbol).mark();
        let is_pair = |stop: &ProtectiveStop| stop.entry == Some(id) && quantity.is_some();
        let stops = self.exposure.stops(symbol).iter().filter(|stop| stop.order == id || is_pair(stop));
        let changed = stops.map(|stop| {
            let level = if stop.order == id { level_after(side, stop.level, old, kind, mark) } else { stop.level };
            ProtectiveStop { level, shares: quantity.unwrap_or(stop.shares), ..*stop }
        });
        let changed = changed.collect();
        self.check_stops((id, symbol), changed, portfolio)
    }

    /// Takes `changed` as what stops of `symbol` are to become by what is asked of order `of`, if that leaves no more at risk or passes.
    fn check_stops(
        &mut self,
        (of, symbol): (OrderId, SymbolIndex),
        changed: Vec<ProtectiveStop>,
        portfolio: &Portfolio,
    ) -> Result<(), Refusal> {
        if changed.is_empty() {
            return Ok(());
        }
        let before = self.heat(portfolio);
        let earlier = self.exposure.expect(of, symbol, changed);
        let (need, have) = (self.heat(portfolio), portfolio.equity().share(self.limits.portfolio_heat_max));
        if need > before && need > have {
            self.exposure.expect_again(symbol, earlier);
            return Err(Refusal::PortfolioHeat { need, have });
        }
        Ok(())
    }
}

/// Where a stop that stands at `level` is after a change from `old` to `kind`. One that trails from farther away is
/// taken from the mark: its best price so far may be better, never worse.
fn level_after(side: Side, level: Price, old: OrderKind, kind: OrderKind, mark: Price) -> Price {
    let OrderKind::TrailingStop { trail } = kind else { return kind.stop().unwrap_or(level) };
    let is_nearer = match (old, trail) {
        (OrderKind::TrailingStop { trail: Trail::Price(old) }, Trail::Price(new)) => new <= old,
        (OrderKind::TrailingStop { trail: Trail::Fraction(old) }, Trail::Fraction(new)) => new <= old,
        _ => false,
    };
    let far = match trail {
        Trail::Price(far) => far.units(),
        Trail::Fraction(fraction) => mark.scaled(fraction).units(),
    };
    match side {
        _ if is_nearer => level,
        Side::Sell => level.min(mark.saturating_offset(-far)),
        Side::Buy => level.max(mark.saturating_offset(far)),
    }
}
