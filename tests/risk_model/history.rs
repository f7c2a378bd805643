//! Everything that ever happened to an account, and what it comes to: the account is worked out anew from its
//! starting cash each time somebody asks.
//!
//! Written for clarity alone, from the text of the rules; slow on purpose. Numbers are whole units: shares and
//! prices of 1e-9, dollars of 1e-18. Not here: what an order may do (judge).
use std::rc::Rc;

use alphaflow::domain::{LegLevel, OrderKind, OrderRequest, OrderSize, Price, Ratio, Side, TimeInForce, Trail};
use alphaflow::risk::{HaltCause, Standing};

/// One share, one dollar a share, the whole of something.
pub const ONE: i128 = 1_000_000_000;
/// The most shares there can be, and the highest price.
pub const SHARES_MAX: i128 = i64::MAX as i128;
const PRICE_MAX: i128 = 10_000_000 * ONE;

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Fact {
    Marked {
        symbol: usize,
        price: i128,
        at: i64,
    },
    Approved {
        order: u64,
        request: OrderRequest,
        fee: i128,
        reduces: bool,
        at: i64,
    },
    /// `left`: shares still to fill from now on.
    ChangeApproved {
        order: u64,
        request: OrderRequest,
        left: i128,
        fee: i128,
        measured: bool,
        at: i64,
    },
    ChangeConfirmed {
        order: u64,
    },
    CalledOff {
        order: u64,
    },
    /// Canceled, rejected, expired.
    Ended {
        order: u64,
    },
    Filled {
        order: u64,
        symbol: usize,
        side: Side,
        quantity: i128,
        price: i128,
        fee: i128,
        left: i128,
    },
    Dividend {
        symbol: usize,
        amount: i128,
    },
    Split {
        symbol: usize,
        ratio: Ratio,
    },
    StopStands {
        symbol: usize,
        order: u64,
        level: i128,
        shares: i128,
        entry: Option<u64>,
    },
    StopGone {
        symbol: usize,
        order: u64,
    },
    /// Because of what is asked of order `of` the stop is to become this.
    StopAsked {
        of: u64,
        stop: Stop,
    },
    StopAnswered {
        of: u64,
    },
    HeldBack {
        until: i64,
        amount: i128,
    },
    Settled {
        at: i64,
    },
    /// Without a fill: interest, a fee.
    Paid {
        amount: i128,
    },
    SessionClosed {
        closes: Rc<Vec<Option<f64>>>,
    },
    SessionBegun {
        at: i64,
    },
    Looked {
        at: i64,
    },
    Halted {
        cause: HaltCause,
        at: i64,
    },
    Resumed,
    NewStanding(Standing),
}

/// An approval that may still fill.
#[derive(Clone, PartialEq, Debug)]
pub struct Order {
    pub id: u64,
    pub symbol: usize,
    pub side: Side,
    pub kind: OrderKind,
    pub time_in_force: TimeInForce,
    pub asked: i128,
    pub reduces: bool,
    pub called_off: bool,
    pub approved_at: i64,
    /// Somebody has asked for another quantity or price.
    pub was_changed: bool,
    /// What counts: the larger of what it is and what a change on its way would make of it.
    pub counts: Claim,
    /// The stop it brings.
    pub stop: Option<LegLevel>,
    pub change: Option<(OrderKind, Claim)>,
    /// Shares asked for once that change is made, what has filled included.
    pub asked_then: i128,
}

/// What an order claims of the account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claim {
    /// Shares still to fill.
    pub left: i128,
    /// Dollars set aside.
    pub reserve: i128,
    /// Dollars each share risks.
    pub risk: i128,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stop {
    pub symbol: usize,
    pub order: u64,
    pub level: i128,
    pub shares: i128,
    /// Of which entry it is the leg.
    pub entry: Option<u64>,
}

/// A close of a session by symbol, or a split between two.
#[derive(Clone, Debug)]
enum Close {
    Session(Rc<Vec<Option<f64>>>),
    Split(usize, f64),
}

/// The account at a moment.
#[derive(Clone, Debug)]
pub struct Situation {
    fractional: bool,
    pub cash: i128,
    pub held: Vec<i128>,
    /// 0 where there is none yet.
    pub marks: Vec<i128>,
    pub marked_at: Vec<i64>,
    /// Until when, how much.
    unsettled: Vec<(i64, i128)>,
    pub orders: Vec<Order>,
    pub stops: Vec<Stop>,
    /// What they are to become, and by what is asked of which order.
    pub asked_of_stops: Vec<(u64, Stop)>,
    /// When something was approved.
    pub approvals: Vec<i64>,
    closes: Vec<Close>,
    pub baseline: i128,
    pub peak: i128,
    session: i64,
    /// Since when, by cause.
    pub halts: [Option<i64>; 4],
    pub standing: Standing,
    limits: (Ratio, Ratio),
}

/// `share` of `amount`, rounded down.
pub fn share(amount: i128, share: Ratio) -> i128 {
    // Whole billionths first: all there can be of a share would not fit otherwise.
    let (whole, rest, part) = (amount.div_euclid(ONE), amount.rem_euclid(ONE), i128::from(share.units()));
    whole * part + (rest * part).div_euclid(ONE)
}

pub fn nearest_share(price: i128, share: Ratio) -> i128 {
    ((price * i128::from(share.units()) + ONE / 2) / ONE).clamp(0, PRICE_MAX)
}

/// The dearest of the mark and the prices the order names; a trailing stop names the one it starts from.
pub fn dearest(kind: OrderKind, mark: i128) -> i128 {
    prices(kind, mark, 1).into_iter().fold(mark, i128::max)
}

fn cheapest(kind: OrderKind, mark: i128) -> i128 {
    prices(kind, mark, -1).into_iter().fold(mark, i128::min)
}

/// The prices that an order names; a trailing one starts above or below the mark.
fn prices(kind: OrderKind, mark: i128, trails: i128) -> Vec<i128> {
    let units = |price: Price| i128::from(price.units());
    match kind {
        OrderKind::Market => vec![],
        OrderKind::Limit { limit } => vec![units(limit)],
        OrderKind::Stop { stop } => vec![units(stop)],
        OrderKind::StopLimit { stop, limit } => vec![units(stop), units(limit)],
        OrderKind::TrailingStop { trail: Trail::Price(far) } => {
            vec![(mark + trails * units(far)).clamp(0, PRICE_MAX)]
        }
        OrderKind::TrailingStop { trail: Trail::Fraction(far) } => {
            vec![nearest_share(mark, Ratio::from_units((ONE + trails * i128::from(far.units())) as i64))]
        }
    }
}

/// What a share of an entry risks with the market at `mark`.
pub fn risk_a_share(request: &OrderRequest, mark: i128) -> i128 {
    risk_to(request.side, request.kind, request.legs.stop, mark)
}

/// From the worst price the entry may fill at to its stop, or all of the dearest: without a stop, and with one that
/// would be behind the price the moment it filled.
pub fn risk_to(side: Side, kind: OrderKind, stop: Option<LegLevel>, mark: i128) -> i128 {
    let dearest = dearest(kind, mark);
    let buys = side == Side::Buy;
    let worst = if buys { dearest } else { cheapest(kind, mark) };
    match stop {
        None => dearest,
        Some(LegLevel::FromFill { distance_units }) => i128::from(distance_units).clamp(0, PRICE_MAX),
        Some(LegLevel::FractionFromFill(fraction)) => nearest_share(worst, fraction),
        Some(LegLevel::At(level)) => {
            let level = i128::from(level.units());
            // A limit fills there or better, a stop there or worse, anything else where the market is.
            let fill = match kind {
                OrderKind::Market | OrderKind::TrailingStop { .. } => mark,
                OrderKind::Limit { limit } if buys => mark.min(limit.units().into()),
                OrderKind::Limit { limit } => mark.max(limit.units().into()),
                OrderKind::Stop { stop } | OrderKind::StopLimit { stop, .. } if buys => mark.max(stop.units().into()),
                OrderKind::Stop { stop } | OrderKind::StopLimit { stop, .. } => mark.min(stop.units().into()),
            };
            let is_behind = if buys { level > fill } else { level < fill };
            let loss = if buys { worst - level } else { level - worst };
            if is_behind { dearest } else { loss.clamp(0, PRICE_MAX) }
        }
    }
}

pub fn signed(shares: i128, side: Side) -> i128 {
    if side == Side::Buy { shares } else { -shares }
}

/// What `history` makes of `cash` dollars and no shares of so many symbols.
pub fn situation(
    cash: i128,
    symbols: usize,
    standing: Standing,
    limits: (Ratio, Ratio),
    fractional: bool,
    history: &[Fact],
) -> Situation {
    let mut now = Situation {
        fractional,
        cash,
        held: vec![0; symbols],
        marks: vec![0; symbols],
        marked_at: vec![i64::MIN; symbols],
        unsettled: Vec::new(),
        orders: Vec::new(),
        stops: Vec::new(),
        asked_of_stops: Vec::new(),
        approvals: Vec::new(),
        closes: Vec::new(),
        baseline: cash,
        peak: cash,
        session: i64::MIN,
        halts: [None; 4],
        standing,
        limits,
    };
    history.iter().for_each(|fact| now.take(fact));
    now
}

impl Situation {
    pub fn equity(&self) -> i128 {
        self.cash + self.held.iter().zip(&self.marks).map(|(held, mark)| held * mark).sum::<i128>()
    }

    pub fn unsettled(&self) -> i128 {
        self.unsettled.iter().map(|(_, amount)| amount).sum()
    }

    /// Cash that can be spent.
    pub fn settled(&self) -> i128 {
        self.cash - self.unsettled()
    }

    pub fn order(&self, id: u64) -> Option<&Order> {
        self.orders.iter().find(|order| order.id == id)
    }

    /// Shares `request` comes to at the mark.
    pub fn shares_of(&self, request: &OrderRequest) -> i128 {
        let mark = self.marks[request.symbol.get()];
        let bought = |dollars: i128| dollars.div_euclid(mark).min(SHARES_MAX);
        match request.size {
            OrderSize::Shares(shares) => i128::from(shares.units()),
            OrderSize::Notional(amount) => bought(amount.units()),
            OrderSize::CashFraction { fraction, .. } => bought(share(self.settled(), fraction)),
        }
    }

    /// Dollars `request` may come to.
    pub fn dollars_of(&self, request: &OrderRequest, shares: i128, fee: i128) -> i128 {
        match request.size {
            OrderSize::Shares(_) => dearest(request.kind, self.marks[request.symbol.get()]) * shares + fee,
            OrderSize::Notional(amount) => amount.units() + fee,
            OrderSize::CashFraction { fraction, .. } => share(self.settled(), fraction),
        }
    }

    fn take(&mut self, fact: &Fact) {
        match *fact {
            Fact::Marked { symbol, price, at } => (self.marks[symbol], self.marked_at[symbol]) = (price, at),
            Fact::Approved { order, ref request, fee, reduces, at } => self.approve(order, request, fee, reduces, at),
            Fact::ChangeApproved { order, ref request, left, fee, measured, at } => {
                self.change(order, request, left, fee, measured, at);
            }
            Fact::ChangeConfirmed { order } => {
                self.asked_of_stops.retain(|(of, _)| *of != order);
                let order = self.orders.iter_mut().find(|open| open.id == order).unwrap();
                (order.kind, order.counts) = order.change.take().unwrap();
                order.asked = order.asked_then;
            }
            Fact::CalledOff { order } => {
                self.orders.iter_mut().find(|open| open.id == order).unwrap().called_off = true;
            }
            Fact::Ended { order } => self.orders.retain(|open| open.id != order),
            Fact::Filled { order, symbol, side, quantity, price, fee, left } => {
                self.cash -= price * signed(quantity, side) + fee;
                self.held[symbol] += signed(quantity, side);
                self.spend(order, quantity, left);
                self.no_exit_for_more_than_is_held(symbol);
            }
            Fact::Dividend { symbol, amount } => self.cash += amount * self.held[symbol],
            Fact::Split { symbol, ratio } => self.split(symbol, ratio),
            Fact::StopStands { symbol, order, level, shares, entry } => {
                self.stops.retain(|stop| (stop.symbol, stop.order) != (symbol, order));
                self.stops.push(Stop { symbol, order, level, shares, entry });
            }
            Fact::StopGone { symbol, order } => {
                self.stops.retain(|stop| (stop.symbol, stop.order) != (symbol, order));
                self.asked_of_stops.retain(|(_, stop)| stop.order != order);
            }
            Fact::StopAsked { of, stop } => {
                self.asked_of_stops.retain(|(_, other)| other.order != stop.order);
                self.asked_of_stops.push((of, stop));
            }
            Fact::StopAnswered { of } => self.asked_of_stops.retain(|(asked, _)| *asked != of),
            Fact::HeldBack { until, amount } => self.unsettled.push((until, amount)),
            Fact::Settled { at } => self.unsettled.retain(|(until, _)| *until > at),
            Fact::Paid { amount } => self.cash -= amount,
            Fact::SessionClosed { ref closes } => {
                self.baseline = self.equity();
                self.closes.push(Close::Session(Rc::clone(closes)));
            }
            Fact::SessionBegun { at } => self.begin_session(at),
            Fact::Looked { at } => self.look(at),
            Fact::Halted { cause, at } => self.halt(cause, at),
            Fact::Resumed => {
                if self.halts[HaltCause::Drawdown as usize].is_some() {
                    self.peak = self.equity();
                }
                self.halts = [self.halts[HaltCause::DailyLoss as usize], None, None, None];
            }
            Fact::NewStanding(standing) => self.standing = standing,
        }
    }

    fn approve(&mut self, id: u64, request: &OrderRequest, fee: i128, reduces: bool, at: i64) {
        let asked = self.shares_of(request);
        let counts = match reduces {
            true => Claim { left: asked, reserve: 0, risk: 0 },
            false => Claim {
                left: asked,
                reserve: self.dollars_of(request, asked, fee),
                risk: risk_a_share(request, self.marks[request.symbol.get()]),
            },
        };
        self.orders.push(Order {
            id,
            symbol: request.symbol.get(),
            side: request.side,
            kind: request.kind,
            time_in_force: request.time_in_force,
            asked,
            reduces,
            called_off: false,
            approved_at: at,
            was_changed: false,
            counts,
            stop: request.legs.stop,
            change: None,
            asked_then: asked,
        });
        self.approvals.push(at);
    }

    /// Until the venue has answered, the larger of both counts.
    fn change(&mut self, id: u64, request: &OrderRequest, left: i128, fee: i128, measured: bool, at: i64) {
        self.approvals.push(at);
        let mark = self.marks[request.symbol.get()];
        let order = self.orders.iter_mut().find(|open| open.id == id).unwrap();
        let mut next = Claim { left, reserve: 0, risk: 0 };
        if !order.reduces {
            next.reserve = dearest(request.kind, mark) * left + fee;
            next.risk = risk_a_share(request, mark);
            if !measured {
                // It asks for less, so it never sets more aside.
                next.reserve = next.reserve.min(order.counts.reserve);
            }
        }
        order.was_changed = true;
        order.asked_then = order.asked - order.counts.left + left;
        order.change = Some((request.kind, next));
        order.counts = Claim {
            left: order.counts.left.max(left),
            reserve: order.counts.reserve.max(next.reserve),
            risk: order.counts.risk.max(next.risk),
        };
    }

    /// A fill spends its part of what is set aside, in billionths rounded down, and so does it of what a change
    /// on its way would set aside.
    fn spend(&mut self, id: u64, quantity: i128, left: i128) {
        let Some(order) = self.orders.iter_mut().find(|open| open.id == id) else { return };
        let part = |reserve: i128, left: i128| {
            let part = quantity * ONE / (quantity + left);
            reserve - (reserve * part).div_euclid(ONE)
        };
        if let Some((_, next)) = &mut order.change {
            next.left = (next.left - quantity).max(0);
            next.reserve = part(next.reserve, next.left);
        }
        order.counts.left = order.change.map_or(left, |(_, next)| next.left.max(left));
        order.counts.reserve = part(order.counts.reserve, order.counts.left);
        if left == 0 {
            self.orders.retain(|open| open.id != id);
        }
    }

    /// As at the venue.
    fn no_exit_for_more_than_is_held(&mut self, symbol: usize) {
        let held = self.held[symbol];
        for exit in self.orders.iter_mut().filter(|order| order.symbol == symbol && order.reduces) {
            let most = if signed(held, exit.side) < 0 { held.abs() } else { 0 };
            exit.counts.left = exit.counts.left.min(most);
            if let Some((_, next)) = &mut exit.change {
                next.left = next.left.min(most);
            }
        }
    }

    fn split(&mut self, symbol: usize, ratio: Ratio) {
        let new = i128::from(ratio.units());
        let fractional = self.fractional;
        let whole = move |shares: i128| if fractional { shares } else { shares / ONE * ONE };
        let shares = move |old: i128| whole(old * new / ONE);
        let nearest = move |price: i128| (price * ONE + new / 2) / new;
        let up = move |price: i128| (price * ONE + new - 1) / new;
        let level = move |price: Price| Price::from_units(nearest(i128::from(price.units())) as i64).unwrap();
        let kind = move |kind: OrderKind| match kind {
            OrderKind::Market | OrderKind::TrailingStop { trail: Trail::Fraction(_) } => kind,
            OrderKind::Limit { limit } => OrderKind::Limit { limit: level(limit) },
            OrderKind::Stop { stop } => OrderKind::Stop { stop: level(stop) },
            OrderKind::StopLimit { stop, limit } => OrderKind::StopLimit { stop: level(stop), limit: level(limit) },
            OrderKind::TrailingStop { trail: Trail::Price(far) } => {
                OrderKind::TrailingStop { trail: Trail::Price(level(far)) }
            }
        };
        let claim = move |claim: Claim| Claim { left: shares(claim.left), risk: up(claim.risk), ..claim };
        let after = self.held[symbol] * new / ONE;
        self.marks[symbol] = nearest(self.marks[symbol]);
        self.held[symbol] = whole(after);
        // The part of a share that a split leaves is paid in cash at the new mark.
        self.cash += (after - self.held[symbol]) * self.marks[symbol];
        for order in self.orders.iter_mut().filter(|order| order.symbol == symbol) {
            order.kind = kind(order.kind);
            order.asked = shares(order.asked);
            order.asked_then = shares(order.asked_then);
            order.counts = claim(order.counts);
            order.stop = order.stop.map(|stop| match stop {
                LegLevel::At(at) => LegLevel::At(level(at)),
                LegLevel::FromFill { distance_units } => {
                    LegLevel::FromFill { distance_units: up(distance_units.into()) as i64 }
                }
                LegLevel::FractionFromFill(_) => stop,
            });
            order.change = order.change.map(|(next, of)| (kind(next), claim(of)));
        }
        let asked = self.asked_of_stops.iter_mut().map(|(_, stop)| stop);
        for stop in self.stops.iter_mut().chain(asked).filter(|stop| stop.symbol == symbol) {
            (stop.level, stop.shares) = (nearest(stop.level), shares(stop.shares));
        }
        self.closes.push(Close::Split(symbol, ratio.to_f64()));
    }

    fn begin_session(&mut self, at: i64) {
        if at > self.session {
            self.session = at;
            self.halts[HaltCause::DailyLoss as usize] = None;
        }
    }

    fn halt(&mut self, cause: HaltCause, at: i64) {
        self.halts[cause as usize].get_or_insert(at);
    }

    /// A loss at its limit halts: (of − equity) ÷ of ≥ limit.
    fn look(&mut self, at: i64) {
        let equity = self.equity();
        self.peak = self.peak.max(equity);
        let is_reached = |of: i128, limit: Ratio| (of - equity) * ONE >= of.max(0) * i128::from(limit.units());
        let (daily, drawdown) = self.limits;
        if is_reached(self.baseline, daily) && self.halts[HaltCause::DailyLoss as usize].is_none() {
            // It lasts until a session later than this moment.
            self.session = self.session.max(at);
            self.halt(HaltCause::DailyLoss, at);
        }
        if is_reached(self.peak, drawdown) {
            self.halt(HaltCause::Drawdown, at);
        }
    }

    /// The last sixty daily returns of `symbol`; `None` where one of them is not there.
    fn returns(&self, symbol: usize) -> Option<Vec<f64>> {
        let (mut last, mut all) = (None, Vec::new());
        for close in &self.closes {
            match close {
                Close::Split(of, ratio) if *of == symbol => last = last.map(|last: f64| last / ratio),
                Close::Split(..) => {}
                Close::Session(closes) => {
                    all.push(last.zip(closes[symbol]).map(|(last, close)| close / last - 1.0));
                    last = closes[symbol];
                }
            }
        }
        all.split_off(all.len().checked_sub(60)?).into_iter().collect()
    }

    /// Do both move together? What is not known counts as if they did.
    pub fn are_correlated(&self, one: usize, other: usize) -> bool {
        let (Some(one), Some(other)) = (self.returns(one), self.returns(other)) else { return true };
        let mean = |of: &[f64]| of.iter().sum::<f64>() / 60.0;
        let [mean_one, mean_other] = [mean(&one), mean(&other)];
        let sum = |of: &dyn Fn(usize) -> f64| (0..60).map(of).sum::<f64>();
        let squares_one = sum(&|at| (one[at] - mean_one).powi(2));
        let squares_other = sum(&|at| (other[at] - mean_other).powi(2));
        // A deviation of less than a billionth is rounding.
        if squares_one.min(squares_other) <= 60.0 * 1e-18 {
            return true;
        }
        let products = sum(&|at| (one[at] - mean_one) * (other[at] - mean_other));
        (products / (squares_one * squares_other).sqrt()).abs() >= 0.7 - 1e-9
    }

    /// Every close that was told and every split, for a gate that begins anew.
    pub fn closes(&self) -> impl Iterator<Item = Result<Rc<Vec<Option<f64>>>, (usize, f64)>> + '_ {
        self.closes.iter().map(|close| match close {
            Close::Session(closes) => Ok(Rc::clone(closes)),
            Close::Split(symbol, ratio) => Err((*symbol, *ratio)),
        })
    }
}
