//! What positions cost overnight: the lender's fee for shares sold short, interest on borrowed dollars.
//!
//! Not here: rates (scenario), the ledger (portfolio). Charged before a session's open for every calendar
//! night since the close before it, weekends and holidays included, by 360ths of a year, on the values at that
//! close; rounded down to 1e-18 dollars, as fees by a rate are.
//!
//! The debit is max(0, Σ|short value| − cash): what a short sale brought is in the cash, but the lender keeps
//! as much as the shares are worth, so only the rest of the cash pays for anything else.
use super::core::Engine;
use crate::domain::{Money, Quantity, Ratio, SymbolIndex, Timestamp};
use crate::execution::ReplayMarket;
use crate::portfolio::{CashEvent, CashReason};
use crate::strategy::Strategy;

/// Days in a year of interest. Source: Alpaca's margin documentation, as most US brokers.
const DAYS_A_YEAR: i128 = 360;

/// `rate` a year on `value` dollars over `nights`.
fn charge(value: Money, rate: Ratio, nights: i32) -> Money {
    let (year, nights) = (value.share(rate).units(), i128::from(nights));
    // Two exact steps: the product could leave 128 bits.
    Money::from_units(year / DAYS_A_YEAR * nights + year % DAYS_A_YEAR * nights / DAYS_A_YEAR)
}

impl<S: Strategy> Engine<S> {
    /// A session of a later day than the last begins at `time`, before its open: nights are paid, sales settle.
    #[cold]
    pub(super) fn roll_account(&mut self, time: Timestamp, venue: &mut impl ReplayMarket) {
        self.portfolio.settle(time);
        venue.settle(time);
        if let Some(desk) = self.account.as_deref().filter(|desk| desk.is_charged) {
            let (nights, rules) = (time.days() - desk.paid_until, &desk.rules);
            let (borrow_rate, margin_rate) = (rules.borrow_rate, rules.margin_rate);
            let debit = self.debit();
            for index in 0..self.books.len() {
                let symbol = SymbolIndex(index as u16);
                let value = self.portfolio.position(symbol).value();
                let fee = charge((-value).max(Money::ZERO), borrow_rate, nights);
                self.pay(symbol, CashReason::BorrowFee, fee, time, venue);
            }
            self.pay_interest(charge(debit, margin_rate, nights), time, venue);
        }
        if let Some(desk) = &mut self.account {
            desk.paid_until = time.days();
        }
        self.plan_account(time);
    }

    /// Borrowed dollars.
    fn debit(&self) -> Money {
        let short = self.portfolio.positions().iter().map(|position| (-position.value()).max(Money::ZERO));
        (short.sum::<Money>() - self.portfolio.cash()).max(Money::ZERO)
    }

    /// Interest is part of the result of what it paid for: shares bought carry it by their value. Without any
    /// it is carried by what there is, or by no trade at all.
    fn pay_interest(&mut self, interest: Money, time: Timestamp, venue: &mut impl ReplayMarket) {
        let has_longs = self.portfolio.positions().iter().any(|position| position.value() > Money::ZERO);
        let weight = |value: Money| if has_longs { value.max(Money::ZERO) } else { value.abs() };
        let total: Money = self.portfolio.positions().iter().map(|position| weight(position.value())).sum();
        // Who carries the rest of the division: a trade, where there is one.
        let first = self.portfolio.positions().iter().position(|position| weight(position.value()) > Money::ZERO);
        let first = first.unwrap_or(0);
        let mut left = interest;
        for index in (first + 1..self.books.len()).rev() {
            let symbol = SymbolIndex(index as u16);
            let value = weight(self.portfolio.position(symbol).value()).units();
            let billionths = value / (total.units() / i128::from(Ratio::ONE.units())).max(1);
            let share = Ratio::from_units(i64::try_from(billionths).unwrap_or(i64::MAX).min(Ratio::ONE.units()));
            let part = interest.share(share).min(left);
            left -= part;
            self.pay(symbol, CashReason::MarginInterest, part, time, venue);
        }
        self.pay(SymbolIndex(first as u16), CashReason::MarginInterest, left, time, venue);
    }

    fn pay(
        &mut self,
        symbol: SymbolIndex,
        reason: CashReason,
        dollars: Money,
        time: Timestamp,
        venue: &mut impl ReplayMarket,
    ) {
        if dollars != Money::ZERO {
            let event = self.portfolio.receive(CashEvent { time, symbol, reason, amount: -dollars });
            self.journal.cash_events.push(event);
            venue.receive(event.amount);
        }
    }

    /// When the account must be looked at again: at the next settlement, or at the first bar of a later day
    /// while a night costs something. `now` is a moment of the day at hand.
    pub(super) fn plan_account(&mut self, now: Timestamp) {
        if self.account.is_none() {
            return;
        }
        let is_short = self.portfolio.positions().iter().any(|position| position.quantity() < Quantity::ZERO);
        let borrows = is_short || self.portfolio.cash() < Money::ZERO;
        let Some(desk) = &mut self.account else { return };
        let is_charged =
            (is_short && desk.rules.borrow_rate > Ratio::ZERO) || (borrows && desk.rules.margin_rate > Ratio::ZERO);
        if is_charged && !desk.is_charged {
            desk.paid_until = now.days();
        }
        desk.is_charged = is_charged;
        let tomorrow = Timestamp::from_days(now.days() + 1).filter(|_| is_charged);
        let settles = self.portfolio.unsettled().next_date();
        self.account_due = tomorrow.into_iter().chain(settles).min().unwrap_or(Timestamp::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_is_a_360th_of_a_year() {
        let usd = |text: &str| text.parse::<Money>().expect("money");
        let rate = "0.072".parse().expect("rate");
        assert_eq!(charge(usd("10000"), rate, 1), usd("2"));
        assert_eq!(charge(usd("10000"), rate, 3), usd("6"));
        assert_eq!(charge(usd("0.00000000000000001"), rate, 400), Money::ZERO);
    }
}
