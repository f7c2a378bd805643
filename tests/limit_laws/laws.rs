//! What must hold of every run under limits, worked out from its fills, its orders and its bars alone.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use alphaflow::domain::{
    Fill, Money, OrderClass, OrderKind, OrderPurpose, Quantity, Ratio, Side, SymbolIndex, TimeInForce, Timestamp,
};
use alphaflow::engine::{Journal, MarketAction, OrderOutcome, OrderRecord};
use alphaflow::risk::HaltCause;
use alphaflow::scenario::spec::{CashCheck, SizingRule};
use alphaflow::scenario::{AccountRow, LoadedScenario, MarketData, account_rows, load, load_market, run};

use super::cases::Files;
use super::walk::{Curve, Stretch};

/// How often what was seen.
pub type Tally = BTreeMap<&'static str, u64>;

struct Ran {
    loaded: LoadedScenario,
    market: MarketData,
    journal: Journal,
    rows: Vec<AccountRow>,
    /// Time and action of each row of the script.
    script: Vec<(Timestamp, String)>,
}

/// Runs the scenario; which law does not hold of it.
pub fn check(files: &Files, tally: &mut Tally) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
        if let Some(kept) = std::env::var_os("ALPHAFLOW_LIMIT_KEEP") {
            fs::write(std::path::Path::new(&kept).join(name), text).unwrap();
        }
    }
    let Ok(loaded) = load(&folder.path().join("scenario.toml"), &[]) else { return Ok(()) };
    let Ok(market) = load_market(&loaded) else { return Ok(()) };
    let Ok(journal) = run(&loaded, &market) else { return Ok(()) };
    let rows = account_rows(&market, &journal, loaded.spec.account.cash);
    let script = files.iter().find(|(name, _)| name == "orders.csv").map_or("", |(_, text)| text.as_str());
    let row = |row: &str| {
        let mut fields = row.split(',');
        (fields.next().unwrap().parse().unwrap(), fields.next().unwrap().to_owned())
    };
    let script = script.lines().skip(1).map(row).collect();
    let ran = Ran { loaded, market, journal, rows, script };
    *tally.entry("runs").or_default() += 1;
    for refusal in &ran.journal.refusals {
        *tally.entry(refusal.refusal.code()).or_default() += 1;
    }
    halts_are_those_of_the_curve(&ran, tally)?;
    nothing_is_opened_while_halted(&ran, tally)?;
    approvals_keep_their_limits(&ran, tally)
}

/// Daily loss and drawdown halts begin and end where a walk over the equity curve says.
fn halts_are_those_of_the_curve(ran: &Ran, tally: &mut Tally) -> Result<(), String> {
    let steps: Vec<(Timestamp, Money)> = ran.rows.iter().map(|row| (row.time, row.equity)).collect();
    let spans = &ran.market.sessions;
    let over = |at: usize| match ran.market.extended.get(at) {
        Some(day) => day.core_close,
        None => spans.get(at + 1).map_or(Timestamp::MAX, |next| next.start),
    };
    let sessions: Vec<[Timestamp; 3]> =
        spans.iter().enumerate().map(|(at, span)| [span.start, span.last_bar, over(at)]).collect();
    let resumes: Vec<Timestamp> =
        ran.script.iter().filter(|(_, action)| action == "resume").map(|(time, _)| *time).collect();
    let risk = &ran.loaded.spec.risk;
    let curve = Curve {
        start: ran.loaded.spec.account.cash,
        steps: &steps,
        // Where a share is still paid for after the last bar.
        late: ran.journal.late_steps.len(),
        sessions: &sessions,
        resumes: &resumes,
        daily_loss_max: risk.max_daily_loss,
        drawdown_max: risk.max_drawdown,
    };
    let expected = curve.halts();
    let of_losses = ran.journal.halts.iter().filter(|halt| halt.loss.is_some());
    let found: Vec<Stretch> = of_losses.map(|halt| (halt.cause, halt.from, halt.until)).collect();
    for (cause, _, until) in &expected {
        *tally
            .entry(match (cause, until) {
                (HaltCause::DailyLoss, None) => "daily loss at the end",
                (HaltCause::DailyLoss, Some(_)) => "daily loss, lifted",
                (_, None) => "drawdown at the end",
                (_, Some(_)) => "drawdown, resumed",
            })
            .or_default() += 1;
    }
    if found == expected { Ok(()) } else { Err(format!("halts {found:?}\nthe curve says {expected:?}")) }
}

impl Ran {
    fn orders(&self) -> impl Iterator<Item = &OrderRecord> {
        // The record of a delisting pays for a share; nobody sent it.
        let is_sent = |order: &&OrderRecord| {
            let is_ours = order.leg == 0 && order.request.purpose != OrderPurpose::Delisted;
            is_ours && matches!(order.outcome, OrderOutcome::Sent(_))
        };
        self.journal.orders.iter().filter(is_sent)
    }

    /// Shares held when the bars of `time` have closed.
    fn held(&self, symbol: SymbolIndex, time: Timestamp) -> Quantity {
        let mut splits =
            self.journal.splits.iter().filter(|split| split.symbol == symbol && split.time <= time).peekable();
        let mut held = Quantity::ZERO;
        for fill in self.journal.fills.iter().filter(|fill| fill.symbol == symbol && fill.time <= time) {
            while let Some(split) = splits.next_if(|split| split.time <= fill.time) {
                held = split.kept;
            }
            held += fill.quantity.signed(fill.side);
        }
        splits.last().map_or(held, |split| split.kept)
    }

    fn is_split(&self, symbol: SymbolIndex) -> bool {
        let is_split = |action: &MarketAction| matches!(action, MarketAction::Split { .. });
        self.market.actions.iter().any(|(_, action)| is_split(action) && action.symbol() == symbol)
    }

    /// Was the order one that only shrinks the position there was?
    fn reduces(&self, order: &OrderRecord) -> bool {
        let (symbol, held) = (order.request.symbol, self.held(order.request.symbol, order.decided_at));
        let fits = order.quantity <= held.abs() || self.is_split(symbol);
        held.closing_side() == Some(order.request.side) && fits
    }

    fn fills_after(&self, order: &OrderRecord, time: Timestamp) -> i128 {
        let later = self.journal.fills.iter().filter(|fill| fill.order == order.id && fill.time > time);
        later.map(|fill| i128::from(fill.quantity.units())).sum()
    }
}

/// While halted no order is sent that increases exposure, and none fills that was sent before.
fn nothing_is_opened_while_halted(ran: &Ran, tally: &mut Tally) -> Result<(), String> {
    for halt in &ran.journal.halts {
        let until = halt.until.unwrap_or(Timestamp::MAX);
        // A row of a script halts in its place among the rows of its time; a loss is found before all of them.
        let is_first = halt.cause != HaltCause::Manual;
        let is_inside = |at: Timestamp| (halt.from < at || is_first && halt.from == at) && at < until;
        for order in ran.orders().filter(|order| is_inside(order.decided_at)) {
            if !ran.reduces(order) {
                return Err(format!("{halt:?}\nsent all the same: {order:?}"));
            }
            *tally.entry("exits while halted").or_default() += 1;
        }
        if ran.loaded.spec.execution.latency_ms > 0 {
            continue;
        }
        // With no way to go, a cancel is there before the next bar.
        let opens = |fill: &&Fill| {
            let held = ran.held(fill.symbol, fill.time);
            let order = &ran.journal.orders[fill.order.0 as usize - 1];
            halt.from < fill.time
                && fill.time <= until
                && order.leg == 0
                && held.closing_side() != Some(fill.side)
                && !held.is_zero()
        };
        let is_alone = |fill: &Fill| {
            ran.journal.fills.iter().filter(|other| (other.symbol, other.time) == (fill.symbol, fill.time)).count() == 1
        };
        if let Some(fill) = ran.journal.fills.iter().find(|fill| opens(fill) && is_alone(fill)) {
            let order = &ran.journal.orders[fill.order.0 as usize - 1];
            if !ran.reduces(order) {
                return Err(format!("{halt:?}\nfilled all the same: {fill:?}"));
            }
        }
    }
    Ok(())
}

/// What is known of the account at a moment, and of what was open then: never more than there was.
struct Moment<'a> {
    ran: &'a Ran,
    time: Timestamp,
    equity: Money,
    marks: Vec<i128>,
    held: Vec<i128>,
    /// Entries that were open, as if filled.
    entering: Vec<i128>,
    /// Something was open on the side that closes the position: an exit, or an entry that turns it round.
    leaves: Vec<bool>,
    /// The same at the market at this very moment.
    leaves_now: Vec<bool>,
    /// Approvals of the last minute.
    sent: usize,
}

/// No approval took the account over a limit that it was held to at that moment.
fn approvals_keep_their_limits(ran: &Ran, tally: &mut Tally) -> Result<(), String> {
    let spec = &ran.loaded.spec;
    let is_in_dollars = matches!(spec.sizing.rule, SizingRule::CashFraction(_) | SizingRule::Notional(_));
    let is_changed = ran.script.iter().any(|(_, action)| action == "replace");
    let symbols = || (0..ran.market.bars.len() as u16).map(SymbolIndex);
    // The record keeps what an order has become: it must still be what was asked for.
    if is_in_dollars || is_changed || symbols().any(|symbol| ran.is_split(symbol)) {
        return Ok(());
    }
    let times: BTreeSet<Timestamp> = ran.orders().map(|order| order.decided_at).collect();
    for time in times {
        let Ok(row) = ran.rows.binary_search_by_key(&time, |row| row.time) else {
            return Err(format!("an order of {time}, when nothing closed"));
        };
        let close = |symbol: SymbolIndex| {
            let bars = &ran.market.bars[symbol.get()];
            let known = bars.partition_point(|bar| bar.time <= time);
            known.checked_sub(1).map_or(0, |at| i128::from(bars[at].close.units()))
        };
        let mut moment = Moment {
            ran,
            time,
            equity: ran.rows[row].equity,
            marks: symbols().map(close).collect(),
            held: symbols().map(|symbol| i128::from(ran.held(symbol, time).units())).collect(),
            entering: vec![0; ran.market.bars.len()],
            leaves: vec![false; ran.market.bars.len()],
            leaves_now: vec![false; ran.market.bars.len()],
            sent: 0,
        };
        let minute_ago = time.plus_ns(-60 * Timestamp::NS_PER_SECOND);
        for order in ran.orders().filter(|order| order.decided_at < time) {
            moment.sent += usize::from(order.decided_at > minute_ago);
            let open = ran.fills_after(order, time);
            moment.add(order, open);
        }
        for order in ran.orders().filter(|order| order.decided_at == time) {
            moment.sent += 1;
            if !ran.reduces(order) && !order.request.in_dollars {
                moment.judge(order).map_err(|what| format!("{what}\n{order:?}"))?;
                *tally.entry("approvals").or_default() += 1;
            }
            moment.add(order, i128::from(order.quantity.units()));
            let is_plain = matches!(order.request.time_in_force, TimeInForce::Day | TimeInForce::Gtc);
            if ran.reduces(order) && is_plain && order.request.kind == OrderKind::Market {
                moment.leaves_now[order.request.symbol.get()] = true;
            }
        }
    }
    Ok(())
}

fn signed(shares: i128, side: Side) -> i128 {
    if side == Side::Buy { shares } else { -shares }
}

impl Moment<'_> {
    /// `order` is open, for `shares` shares at least.
    fn add(&mut self, order: &OrderRecord, shares: i128) {
        let (at, side) = (order.request.symbol.get(), order.request.side);
        if shares > 0 && signed(self.held[at], side) < 0 {
            self.leaves[at] = true;
        } else if !order.request.in_dollars {
            self.entering[at] += signed(shares, side);
        }
    }

    fn judge(&self, order: &OrderRecord) -> Result<(), String> {
        let spec = &self.ran.loaded.spec;
        let risk = &spec.risk;
        let at = order.request.symbol.get();
        let (shares, mark) = (i128::from(order.quantity.units()), self.marks[at]);
        let dearest = dearest(order.request.kind, mark);
        // One that turns a position round comes after exits for all of it.
        let turns = signed(self.held[at], order.request.side) < 0;
        let after = if turns { shares } else { (self.held[at] + self.entering[at]).abs() + shares };
        let own = after * mark;
        let of_equity = |part: Ratio| (self.equity.units() * i128::from(part.units())).div_euclid(1_000_000_000);
        let within = |name: &str, need: i128, have: i128| {
            let money = |units| Money::from_units(units);
            if need <= have { Ok(()) } else { Err(format!("{name}: {} of {}", money(need), money(have))) }
        };
        within("position size", own, of_equity(risk.max_position_size))?;
        within("order notional", dearest * shares, risk.max_order_notional.units())?;
        if let Some(limit) = order.request.kind.limit() {
            let far = (i128::from(limit.units()) - mark).abs() * 1_000_000_000;
            // To the nearest billionth of a dollar.
            within("collar", far, mark * i128::from(risk.price_collar.units()) + 500_000_000)?;
        }
        within("orders a minute", self.sent as i128, i128::from(risk.max_orders_per_minute))?;
        let is_exposed = |at: usize| self.held[at] != 0 || self.entering[at] != 0;
        let exposed = (0..self.held.len()).filter(|at| is_exposed(*at)).count();
        let positions = if is_exposed(at) { 0 } else { exposed as i128 + 1 };
        within("open positions", positions, i128::from(risk.max_open_positions))?;
        if !spec.account.allow_short && self.held[at] + signed(shares, order.request.side) < 0 {
            return Err("a short".to_owned());
        }
        let value = |at: usize| (self.held[at] + self.entering[at]).abs() * self.marks[at];
        let others = || (0..self.held.len()).filter(|other| *other != at);
        // A sale of the same open makes room for a purchase there, and no other does.
        if spec.account.cash_check == CashCheck::Fill {
            let all: i128 = others().filter(|other| !self.leaves_now[*other]).map(value).sum::<i128>() + own;
            return within("gross exposure", all, of_equity(risk.max_gross_exposure));
        }
        let all: i128 = others().filter(|other| !self.leaves[*other]).map(value).sum::<i128>() + own;
        within("gross exposure", all, of_equity(risk.max_gross_exposure))?;
        // With fewer than 61 sessions nothing is known to be apart.
        if others().any(is_exposed) && self.sessions() < 61 {
            within("correlated exposure", all, of_equity(risk.max_correlated_exposure))?;
        }
        let bare = if order.request.class == OrderClass::Simple { dearest * shares } else { 0 };
        within("heat", self.heat() + bare, of_equity(risk.max_portfolio_heat))?;
        let gross: i128 = self.held.iter().zip(&self.marks).map(|(held, mark)| held.abs() * mark).sum();
        let power = self.equity.units() * i128::from(spec.account.leverage) - gross;
        if turns { Ok(()) } else { within("buying power", dearest * shares, power) }
    }

    fn sessions(&self) -> usize {
        match self.ran.market.sessions.len() {
            0 => self.ran.rows.partition_point(|row| row.time <= self.time),
            sessions => sessions,
        }
    }

    /// What positions lose if their stops fill: the farthest stops first, and what no stop covers in full.
    fn heat(&self) -> i128 {
        let mut stops: BTreeMap<(usize, u64), (i128, i128)> = BTreeMap::new();
        for change in self.ran.journal.stops.iter().filter(|change| change.time <= self.time) {
            let key = (change.symbol.get(), change.order.0);
            match change.level {
                Some(level) => {
                    stops.insert(key, (i128::from(level.units()), i128::from(change.quantity.units())));
                }
                None => {
                    stops.remove(&key);
                }
            }
        }
        let of_symbol = |at: usize| {
            let (held, mark) = (self.held[at], self.marks[at]);
            let loss = |level: i128| if held < 0 { (level - mark).max(0) } else { (mark - level).max(0) };
            let own = stops.iter().filter(|((symbol, _), _)| *symbol == at);
            let mut own: Vec<(i128, i128)> = own.map(|(_, (level, shares))| (loss(*level), *shares)).collect();
            own.sort_unstable();
            let (mut bare, mut heat) = (held.abs(), 0);
            for (loss, shares) in own.into_iter().rev() {
                let covered = shares.min(bare);
                (bare, heat) = (bare - covered, heat + loss * covered);
            }
            heat + bare * mark
        };
        (0..self.held.len()).map(of_symbol).sum()
    }
}

/// The dearest price that the order names, a trailing one aside.
fn dearest(kind: OrderKind, mark: i128) -> i128 {
    let named = [kind.limit(), kind.stop()].into_iter().flatten().map(|price| i128::from(price.units()));
    named.fold(mark, i128::max)
}
