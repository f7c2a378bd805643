//! How far the closes of a held symbol may fall before the losses must be looked at.
//!
//! Not here: whether a limit is reached (risk::watch). A guard is an estimate on the safe side: it stops a
//! quiet stretch at most a little too early, never too late, and the bar that stopped it is looked at exactly.
use crate::domain::{Money, Price, Quantity};
use crate::risk::{HaltCause, Watch};

/// Prices as the holder sees them, in billionths of a dollar: those of a short are negative, so that higher is
/// better either way.
#[derive(Clone, Copy, Debug)]
pub(super) struct LossGuard {
    sign: i64,
    /// At and below this one a limit may be reached.
    floor: i64,
    /// The highest of the stretch.
    high: i64,
    /// So far below it the drawdown may be reached.
    fall: i64,
    /// Where every bar is a session: the next floor is this much of the last close, and a constant.
    daily: Option<(f64, f64)>,
    /// The floor of the drawdown.
    lasting: i64,
}

/// What is added to every floor for the rounding of estimates: a millionth of a dollar, and a part of the
/// numbers it is made of that is a thousand times what a float loses.
const MARGIN_UNITS: f64 = 1_000.0;
const MARGIN_SHARE: f64 = 1e-12;

impl LossGuard {
    /// For an account with `cash` that holds nothing but `shares`. `None` where no close can bring a loss: with
    /// no shares, and for a long whose cash alone is above every limit.
    #[inline]
    pub(super) fn of(watch: &Watch, cash: Money, shares: Quantity, bars_are_sessions: bool) -> Option<LossGuard> {
        let is_safe = shares.is_zero() || shares > Quantity::ZERO && watch.losses().is_out_of_reach(cash);
        if is_safe { None } else { Some(LossGuard::new(watch, cash, shares, bars_are_sessions)) }
    }

    fn new(watch: &Watch, cash: Money, shares: Quantity, bars_are_sessions: bool) -> LossGuard {
        let losses = watch.losses();
        let held = shares.abs().to_f64();
        let price_at = |equity: Money| {
            let (equity, cash) = (equity.to_f64() / held * 1e9, cash.to_f64() / held * 1e9);
            equity - cash + MARGIN_UNITS + (equity.abs() + cash.abs()) * MARGIN_SHARE
        };
        let lasting = match watch.is_reached(HaltCause::Drawdown) {
            true => f64::MIN,
            false => price_at(losses.drawdown_floor()),
        };
        let is_daily_reached = watch.is_reached(HaltCause::DailyLoss);
        let of_session = if is_daily_reached { f64::MIN } else { price_at(losses.daily_floor()) };
        let fall = (losses.marks().peak - losses.drawdown_floor()).to_f64() / held * 1e9;
        let fall =
            if watch.is_reached(HaltCause::Drawdown) { f64::MAX } else { fall * (1.0 - MARGIN_SHARE) - MARGIN_UNITS };
        let loss = losses.daily_loss_max().to_f64();
        let beside = cash.to_f64() / held * 1e9 * loss;
        let margin = MARGIN_UNITS + beside.abs() * MARGIN_SHARE + 1e16 * f64::EPSILON * (1.0 + loss);
        LossGuard {
            sign: if shares < Quantity::ZERO { -1 } else { 1 },
            floor: lasting.max(of_session).ceil() as i64,
            high: i64::MIN,
            fall: fall.floor() as i64,
            daily: (bars_are_sessions && !is_daily_reached).then_some((1.0 - loss, margin - beside)),
            lasting: lasting.ceil() as i64,
        }
    }

    /// May a bar close at `close` without a look at the losses? It is remembered then.
    #[inline]
    pub(super) fn passes(&mut self, close: Price) -> bool {
        let price = close.units() * self.sign;
        let high = self.high.max(price);
        if price <= self.floor || high - price >= self.fall {
            return false;
        }
        self.high = high;
        if let Some((keep, add)) = self.daily {
            // equity × (1 − limit) of this close: the next bar's floor.
            self.floor = self.lasting.max((price as f64 * keep + add).ceil() as i64);
        }
        true
    }
}
