//! Random cases: short walks in whole ticks with gaps, exact touches, standing prices and thin volume, and a
//! script whose prices lie where the bars do.
//!
//! Not here: judging them. Explicitly avoided, since it is no matter of fills: two changes of one order at one
//! close, a change of an order that the same close has taken back.
use super::case::{
    Bar, CENT, Case, Class, Commission, Event, Kind, MarketFill, Nano, Reading, Row, Rules, Side, Slippage, Ticket, Tif,
};

/// SplitMix64: a seed is a case.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// `low` to `high`, both included.
    fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    fn percent(&mut self, chance: i64) -> bool {
        self.between(1, 100) <= chance
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.between(0, choices.len() as i64 - 1) as usize]
    }
}

/// The case of a seed.
pub fn case(seed: u64) -> Case {
    let mut dice = Dice::new(seed);
    let hourly = dice.percent(25);
    let times = if hourly { 3 * dice.between(2, 4) } else { dice.between(4, 12) } as usize;
    let symbols = if dice.percent(25) { 2 } else { 1 };
    // Small ticks touch exactly and often; large ones pass collars.
    let tick = dice.one_of(&[1, 1, 25, 50]) * CENT;
    let rules = rules(&mut dice);
    let bars: Vec<Vec<Option<Bar>>> = (0..symbols).map(|_| walk(&mut dice, times, tick)).collect();
    let mut case = Case { hourly, bars, rows: Vec::new(), events: Vec::new(), rules };
    if dice.percent(15) {
        events(&mut dice, &mut case, tick);
    }
    script(&mut dice, &mut case, tick);
    case
}

fn rules(dice: &mut Dice) -> Rules {
    let plain = dice.percent(30);
    let alpaca = dice.percent(60);
    if plain {
        return Rules { alpaca, ..Rules::PLAIN };
    }
    let none = Slippage::None;
    let commission = Commission::PerShare { rate: CENT / 2, min: 100 * CENT, cap_bps: 50 };
    Rules {
        market_fill: dice.one_of(&[
            MarketFill::NextOpen,
            MarketFill::NextOpen,
            MarketFill::NextOpen,
            MarketFill::Close,
            MarketFill::NextClose,
        ]),
        limit_through: dice.percent(25),
        reading: dice.one_of(&[Reading::StopFirst, Reading::StopFirst, Reading::TargetFirst, Reading::Ohlc]),
        participation_percent: dice.one_of(&[100, 100, 50, 10]),
        slippage: dice.one_of(&[none, none, Slippage::Bps(5), Slippage::Bps(200), Slippage::PerShare(3 * CENT)]),
        slippage_on_entries_only: dice.percent(30),
        commission: dice.one_of(&[Commission::None, Commission::Bps(1), commission, Commission::Alpaca]),
        alpaca,
    }
}

/// Bars around $60. The first always trades; later ones may be missing.
fn walk(dice: &mut Dice, times: usize, tick: Nano) -> Vec<Option<Bar>> {
    let (holes, mut close) = (dice.percent(15), 6_000 * CENT);
    let reach = dice.between(1, 8);
    (0..times)
        .map(|time| {
            if holes && time > 0 && dice.percent(15) {
                return None;
            }
            let gap = if dice.percent(25) { dice.between(-2 * reach, 2 * reach) } else { 0 };
            let open = close + gap * tick;
            let stands = dice.percent(10);
            let mut step = |low: i64, high: i64| if stands { 0 } else { dice.between(low, high) * tick };
            close = open + step(-reach, reach);
            let (high, low) = (open.max(close) + step(0, reach), open.min(close) - step(0, reach));
            let volume = match dice.between(1, 100) {
                1..=8 if time > 0 => 0,
                9..=25 => dice.between(1, 60),
                26..=60 => dice.between(100, 2_000),
                _ => 1_000_000,
            };
            Some(Bar { open, high, low, close, volume })
        })
        .collect()
}

/// A split or a dividend. The bars do not follow the split: what counts is what happens to orders.
fn events(dice: &mut Dice, case: &mut Case, tick: Nano) {
    let symbol = dice.between(0, case.bars.len() as i64 - 1) as usize;
    let sessions = case.session(case.times() - 1) as i64;
    let session = dice.between(1, sessions) as usize;
    let time = if case.hourly { 3 * session } else { session };
    let splits = [(2, 1), (4, 1), (1, 2), (1, 4)];
    let event = if dice.percent(60) {
        let (new, old) = dice.one_of(&splits);
        Event::Split { new, old }
    } else {
        Event::Dividend { amount: dice.between(1, 200) * tick }
    };
    if let Event::Split { new, old } = event {
        for bar in case.bars[symbol].iter_mut().skip(time).flatten() {
            for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
                *price = *price * old / new;
            }
        }
    }
    case.events.push((symbol, time, event));
}

/// What the script believes so far: it need not be so, but keeps orders near positions.
struct Script {
    rows: Vec<(usize, Row)>,
    /// Tickets sent, with the time of the last row that changes one.
    sent: Vec<(Ticket, Option<usize>)>,
    leaning: Vec<i64>,
}

fn script(dice: &mut Dice, case: &mut Case, tick: Nano) {
    let rows = dice.between(1, 10);
    let mut times: Vec<usize> = (0..rows).map(|_| dice.between(0, case.times() as i64 - 2) as usize).collect();
    // Bars that all miss are no times.
    times.retain(|time| case.bars.iter().any(|bars| bars[*time].is_some()));
    times.sort_unstable();
    let mut script = Script { rows: Vec::new(), sent: Vec::new(), leaning: vec![0; case.bars.len()] };
    for time in times {
        match dice.between(1, 100) {
            1..=8 => cancel(dice, &mut script, time),
            9..=22 => replace(dice, case, &mut script, time, tick),
            23..=25 => script.rows.push((time, Row::Halt)),
            26..=27 => script.rows.push((time, Row::Resume)),
            28..=31 => {
                let all = dice.percent(50);
                let symbol = (!all).then(|| dice.between(0, case.bars.len() as i64 - 1) as usize);
                script.leaning.iter_mut().for_each(|shares| *shares = 0);
                let id = format!("F{}", script.rows.len());
                script.rows.push((time, Row::Flatten { id, symbol }));
            }
            _ => submit(dice, case, &mut script, time, tick),
        }
    }
    case.rows = script.rows;
}

/// The last close known at `time`, on the grid.
fn last_close(case: &Case, symbol: usize, time: usize) -> Nano {
    let mut closes = case.bars[symbol][..=time].iter().flatten().map(|bar| bar.close);
    closes.next_back().unwrap_or(6_000 * CENT) / CENT * CENT
}

/// A price near the last close, on the grid.
fn near(dice: &mut Dice, case: &Case, symbol: usize, time: usize, tick: Nano) -> Nano {
    (last_close(case, symbol, time) + dice.between(-10, 10) * tick).max(CENT)
}

fn submit(dice: &mut Dice, case: &Case, script: &mut Script, time: usize, tick: Nano) {
    let symbol = dice.between(0, case.bars.len() as i64 - 1) as usize;
    let leaning = script.leaning[symbol];
    let leaves = leaning != 0 && dice.percent(55);
    let side = match leaning {
        _ if !leaves => dice.one_of(&[Side::Buy, Side::Buy, Side::Sell]),
        1.. => Side::Sell,
        _ => Side::Buy,
    };
    let shares = if leaves && dice.percent(80) { dice.between(1, leaning.abs()) } else { dice.between(1, 150) };
    let id = format!("E{}", script.sent.len());
    let kind = kind(dice, case, symbol, time, tick);
    let tif = match dice.between(1, 100) {
        1..=60 => Tif::Gtc,
        61..=80 => Tif::Day,
        _ => dice.one_of(&[Tif::Ioc, Tif::Fok, Tif::Opg, Tif::Cls]),
    };
    let ticket =
        Ticket { id, symbol, side, shares, kind, tif, class: Class::Simple, take_profit: None, stop_loss: None };
    let ticket = grouped(dice, case, ticket, leaves, (time, tick));
    if matches!(ticket.kind, Kind::Market | Kind::Limit { .. }) && ticket.class != Class::Oco {
        script.leaning[symbol] += side.sign() * shares;
    }
    script.rows.push((time, Row::Submit(ticket.clone())));
    script.sent.push((ticket, None));
}

fn kind(dice: &mut Dice, case: &Case, symbol: usize, time: usize, tick: Nano) -> Kind {
    let (a, b) = (near(dice, case, symbol, time, tick), near(dice, case, symbol, time, tick));
    match dice.between(1, 100) {
        1..=35 => Kind::Market,
        36..=58 => Kind::Limit { limit: a },
        59..=75 => Kind::Stop { stop: a },
        76..=86 => Kind::StopLimit { stop: a, limit: b },
        87..=94 => Kind::TrailPrice { distance: dice.between(1, 8) * tick.max(CENT) },
        _ => Kind::TrailPercent { percent: dice.between(1, 5) },
    }
}

/// Perhaps a bracket, an `oto` or an `oco` of it, with levels on their sides.
fn grouped(dice: &mut Dice, case: &Case, ticket: Ticket, leaves: bool, (time, tick): (usize, Nano)) -> Ticket {
    if !dice.percent(35) {
        return ticket;
    }
    let close = last_close(case, ticket.symbol, time);
    let base = match ticket.kind {
        Kind::Limit { limit } if !leaves => limit,
        _ => close,
    };
    // Whoever leaves a long stands on the side of a seller: stop below, target above, as after a buy.
    let long = (ticket.side == Side::Buy) != leaves;
    let way = if long { 1 } else { -1 };
    let mut away = |way: i64| (base + way * dice.between(1, 8) * tick).max(CENT);
    let (target, stop) = (away(way), away(-way));
    if target == stop || (target > stop) != long || [target, stop].contains(&base) {
        return ticket;
    }
    if leaves {
        return Ticket { class: Class::Oco, take_profit: Some(target), stop_loss: Some(stop), ..ticket };
    }
    if !matches!(ticket.kind, Kind::Market | Kind::Limit { .. }) {
        return ticket;
    }
    match dice.between(1, 3) {
        1 => Ticket { class: Class::Oto, stop_loss: Some(stop), ..ticket },
        2 => Ticket { class: Class::Oto, take_profit: Some(target), ..ticket },
        _ => Ticket { class: Class::Bracket, take_profit: Some(target), stop_loss: Some(stop), ..ticket },
    }
}

/// An order that no other row of this time has changed.
fn free_to_change(dice: &mut Dice, script: &mut Script, time: usize) -> Option<usize> {
    let at = script.sent.len().checked_sub(dice.between(1, 4) as usize)?;
    (script.sent[at].1 != Some(time)).then(|| {
        script.sent[at].1 = Some(time);
        at
    })
}

fn cancel(dice: &mut Dice, script: &mut Script, time: usize) {
    let Some(at) = free_to_change(dice, script, time) else { return };
    let ticket = &script.sent[at].0;
    let target = ticket.take_profit.filter(|_| ticket.class != Class::Oco);
    let id = match dice.between(1, 3) {
        1 if ticket.stop_loss.is_some() => format!("{}.stop", ticket.id),
        2 if target.is_some() => format!("{}.take_profit", ticket.id),
        _ => ticket.id.clone(),
    };
    script.rows.push((time, Row::Cancel { id }));
}

fn replace(dice: &mut Dice, case: &Case, script: &mut Script, time: usize, tick: Nano) {
    let Some(at) = free_to_change(dice, script, time) else { return };
    let ticket = script.sent[at].0.clone();
    let price = near(dice, case, ticket.symbol, time, tick);
    let (mut shares, mut limit, mut stop) = (None, None, None);
    let mut id = ticket.id.clone();
    let kind = if ticket.class == Class::Oco { Kind::Limit { limit: 0 } } else { ticket.kind };
    match (dice.between(1, 4), kind) {
        (1, _) if ticket.stop_loss.is_some() => {
            id.push_str(".stop");
            stop = Some(price);
        }
        (2, _) if ticket.take_profit.is_some() && ticket.class != Class::Oco => {
            id.push_str(".take_profit");
            limit = Some(price);
        }
        (1 | 2, Kind::Limit { .. }) => limit = Some(price),
        (1 | 2, Kind::Stop { .. }) => stop = Some(price),
        (2, Kind::StopLimit { .. }) => (limit, stop) = (Some(price), Some(near(dice, case, ticket.symbol, time, tick))),
        _ => shares = Some(dice.between(1, 200)),
    }
    script.rows.push((time, Row::Replace { id, shares, limit, stop }));
}
