//! What of the limits is used at a moment, for people to look at.
//!
//! Not here: what is refused (gate), whose sums these are (exposure).
//! Invariant: nothing here changes what the gate will say; every number is computed anew from the portfolio and what is
//! open, as the gate would compute it for an order that comes now.
use super::exposure::Stake;
use super::{Gate, OpenApproval, SymbolSet};
use crate::domain::{Money, SymbolIndex, Timestamp};
use crate::portfolio::Portfolio;

/// A group of shares that move together, and what it is worth.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// Its members, in the order of the run; two at least.
    pub members: Vec<SymbolIndex>,
    /// The sum of their values, pending entries counted as filled.
    pub value: Money,
}

/// Dollars and counts that the limits of a run are held against, pending entries counted as filled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Used {
    /// What the stops leave at risk: `max_portfolio_heat`.
    pub heat: Money,
    /// The sum over all symbols: `max_gross_exposure`.
    pub gross: Money,
    /// The symbol that is worth most: `max_position_size`; `None` where nothing is exposed.
    pub largest: Option<(SymbolIndex, Money)>,
    /// The group that is worth most: `max_correlated_exposure`; `None` where no two exposed symbols move together.
    pub group: Option<Group>,
    /// Symbols with a position or a pending entry: `max_open_positions`.
    pub exposed: usize,
}

impl Gate {
    /// What of the limits is used now. Allocates a few lists: for a page, never for an order.
    pub fn used(&self, portfolio: &Portfolio) -> Used {
        let symbols = (0u16..).map(SymbolIndex).take(portfolio.positions().len());
        // Exits make room for nothing here: what they close is held until they have filled.
        let stays = |approval: &OpenApproval| OpenApproval { makes_room: false, ..*approval };
        let open: Vec<OpenApproval> = self.reserves.open().iter().map(stays).collect();
        let stake = |symbol| self.exposure.stake_now(symbol, portfolio.position(symbol), &open);
        let stakes: Vec<(Stake, bool)> = symbols.clone().map(stake).collect();
        let mut exposed = SymbolSet::new(stakes.len());
        let is_exposed = |symbol: &SymbolIndex| stakes[symbol.get()].1;
        symbols.clone().filter(is_exposed).for_each(|symbol| exposed.insert(symbol));
        let value = |symbol: SymbolIndex| stakes[symbol.get()].0.value;
        let largest = symbols.clone().filter(is_exposed).map(|symbol| (symbol, value(symbol)));
        Used {
            heat: stakes.iter().map(|(stake, _)| stake.heat).sum(),
            gross: stakes.iter().map(|(stake, _)| stake.value).sum(),
            largest: largest.max_by_key(|(symbol, value)| (*value, std::cmp::Reverse(symbol.get()))),
            group: self.largest_group(symbols.filter(is_exposed), &exposed, value),
            exposed: stakes.iter().filter(|(_, is_exposed)| *is_exposed).count(),
        }
    }

    /// Moments of approvals that may still count for `max_orders_per_minute`, in the order of time.
    pub fn approvals(&self) -> impl Iterator<Item = Timestamp> + '_ {
        self.rate.moments()
    }

    /// Every symbol is in one group, so each is walked once.
    fn largest_group(
        &self,
        symbols: impl Iterator<Item = SymbolIndex>,
        exposed: &SymbolSet,
        value: impl Fn(SymbolIndex) -> Money,
    ) -> Option<Group> {
        let mut is_seen = exposed.clone();
        let mut most: Option<Group> = None;
        for symbol in symbols {
            if !is_seen.contains(symbol) {
                continue;
            }
            let mut members = Vec::new();
            self.correlations.group(symbol, exposed, |member| members.push(member));
            members.iter().for_each(|member| is_seen.remove(*member));
            members.sort_unstable();
            let group = Group { value: members.iter().map(|member| value(*member)).sum(), members };
            if group.members.len() > 1 && most.as_ref().is_none_or(|most| group.value > most.value) {
                most = Some(group);
            }
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{OrderId, OrderRequest};
    use crate::risk::testing::*;
    use crate::risk::{Limits, ProtectiveStop, Refusal};

    /// What a refused order of C for `quantity` shares at $100 needs is what is used and its own.
    fn needs(limits: Limits, quantity: i64) -> (Used, Refusal) {
        let mut desk = Desk::new(limits, LONG_ONLY);
        desk.hold(A, 100);
        let stop = ProtectiveStop { order: OrderId(50), level: price("90"), shares: shares(100), entry: None };
        desk.gate.set_stop(A, stop);
        desk.pass(&OrderRequest { symbol: B, ..buy(50) });
        let used = desk.gate.used(&desk.portfolio);
        (used, desk.refuse(&OrderRequest { symbol: C, ..buy(quantity) }))
    }

    #[test]
    fn what_is_shown_is_what_the_gate_measures() {
        let (used, refusal) = needs(Limits { gross_exposure_max: ratio("0.2"), ..Limits::WIDE }, 60);
        assert_eq!(used.gross, dollars(15_000));
        assert_eq!(refusal, Refusal::GrossExposure { need: used.gross + dollars(6_000), have: dollars(20_000) });
        let (used, refusal) = needs(Limits { portfolio_heat_max: ratio("0.1"), ..Limits::WIDE }, 60);
        assert_eq!(used.heat, dollars(1_000 + 5_000));
        assert_eq!(refusal, Refusal::PortfolioHeat { need: used.heat + dollars(6_000), have: dollars(10_000) });
        let (used, refusal) = needs(Limits { correlated_exposure_max: ratio("0.2"), ..Limits::WIDE }, 60);
        let group = used.group.expect("what is not known moves together");
        assert_eq!((group.members, group.value), (vec![A, B], dollars(15_000)));
        let need = group.value + dollars(6_000);
        assert_eq!(refusal, Refusal::CorrelatedExposure { need, have: dollars(20_000) });
        let (used, refusal) = needs(Limits { open_positions_max: 2, ..Limits::WIDE }, 60);
        assert_eq!(refusal, Refusal::OpenPositions { need: used.exposed + 1, have: 2 });
        assert_eq!(used.largest, Some((A, dollars(10_000))));
    }

    #[test]
    fn shares_that_go_their_own_way_are_no_group_and_neither_is_one_share() {
        let mut desk = Desk::new(Limits::WIDE, LONG_ONLY);
        let nothing = desk.gate.used(&desk.portfolio);
        assert_eq!((nothing.heat, nothing.gross, nothing.largest, nothing.exposed), (dollars(0), dollars(0), None, 0));
        desk.hold(A, 10);
        assert_eq!(desk.gate.used(&desk.portfolio).group, None, "one share");
        desk.hold(B, 10);
        assert!(desk.gate.used(&desk.portfolio).group.is_some());
        for session in 0..61 {
            let a = if session % 2 == 0 { "100" } else { "101" };
            let b = if session % 4 < 2 { "100" } else { "101" };
            desk.gate.close_session(dollars(100_000), [Some(price(a)), Some(price(b)), Some(price("100"))]);
        }
        assert_eq!(desk.gate.used(&desk.portfolio).group, None, "they are at right angles");
    }

    #[test]
    fn approvals_are_told_for_as_long_as_they_may_count() {
        let mut desk = Desk::new(Limits::WIDE, LONG_ONLY);
        desk.pass(&buy(1));
        desk.now = at(30);
        desk.pass(&buy(2));
        assert_eq!(desk.gate.approvals().collect::<Vec<_>>(), [at(0), at(30)]);
        desk.now = at(70);
        desk.pass(&buy(3));
        assert_eq!(desk.gate.approvals().collect::<Vec<_>>(), [at(30), at(70)]);
    }
}
