//! Random scenarios: bars, corporate actions, quotes, finer bars, settings and order scripts, as files.
//!
//! Not here: what must hold of their runs (laws). A seed is a scenario, on every machine.
use std::fmt::Write;

use alphaflow::domain::{Timeframe, Timestamp};
use alphaflow::market::Calendar;

/// A stream of numbers (SplitMix64).
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Draw {
        Draw(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// `low` to `high`, both included.
    fn within(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    /// True in `parts` of a hundred.
    fn is(&mut self, parts: u64) -> bool {
        self.next() % 100 < parts
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.next() as usize % all.len()]
    }
}

/// A scenario as files.
#[derive(Default)]
pub struct Case {
    /// Name and text; `scenario.toml` is one of them.
    pub files: Vec<(String, String)>,
    /// The script's rows of a change or a halt: orders may end or move by them.
    pub is_changed: bool,
}

/// A made-up bar; prices in cents.
#[derive(Clone, Copy)]
struct Made {
    time: Timestamp,
    open: i64,
    high: i64,
    low: i64,
    close: i64,
    volume: i64,
}

struct Share {
    /// Name, the first time under it.
    names: Vec<(&'static str, Timestamp)>,
    bars: Vec<Made>,
    finer: Vec<Made>,
}

/// The share of a scenario, by its last and its former name.
const NAMES: [(&str, &str); 3] = [("AAA", "OLDA"), ("BBB", "OLDB"), ("CCC", "OLDC")];
const MINUTE: i64 = 60 * Timestamp::NS_PER_SECOND;

pub struct World {
    timeframe: Timeframe,
    finer_minutes: i64,
    extended: bool,
    days: Vec<Timestamp>,
    times: Vec<Timestamp>,
    shares: Vec<Share>,
    /// The scenario's names of the shares.
    symbols: Vec<&'static str>,
    actions: String,
}

fn dollars(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// The scenario of `seed`.
pub fn case(seed: u64) -> Case {
    let mut draw = Draw::new(seed);
    let world = world(&mut draw);
    let mut case = Case::default();
    let has_quotes = draw.is(20);
    for share in &world.shares {
        for (at, (name, from)) in share.names.iter().enumerate() {
            let until = share.names.get(at + 1).map_or(Timestamp::MAX, |(_, from)| *from);
            let own = |made: &&Made| *from <= made.time && made.time < until;
            case.files.push((format!("{name}.csv"), table(world.timeframe, share.bars.iter().filter(own))));
            let finer = table(Timeframe::Minute1, share.finer.iter().filter(own));
            case.files.push((format!("{name}_finer.csv"), finer));
            if has_quotes {
                let quotes = quotes(&mut draw, &world, share.bars.iter().filter(own));
                case.files.push((format!("{name}_quotes.csv"), quotes));
            }
        }
    }
    case.files.push(("actions.csv".to_owned(), format!("symbol,ex_date,kind,ratio_or_amount\n{}", world.actions)));
    let fractional = draw.is(30);
    let shorts = draw.is(50);
    let is_script = draw.is(75);
    if is_script {
        let (text, is_changed) = script(&mut draw, &world, fractional);
        case.is_changed = is_changed;
        case.files.push(("orders.csv".to_owned(), text));
    }
    let text = scenario(&mut draw, &world, has_quotes, (fractional, shorts, is_script));
    case.files.push(("scenario.toml".to_owned(), text));
    case
}

/// The scenario of `seed` with one number of one file made strange, a line gone, or a line twice.
pub fn damaged(seed: u64) -> Case {
    let mut case = case(seed);
    case.is_changed = true;
    let mut draw = Draw::new(!seed);
    // Most often the last files: the scenario, its script, its actions.
    let most = if draw.is(80) { 2 } else { case.files.len() as i64 - 1 };
    let at = case.files.len() - 1 - draw.within(0, most) as usize;
    let text = &mut case.files[at].1;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = draw.within(0, lines.len() as i64 - 1) as usize;
    match draw.within(0, 9) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[at].clone()),
        _ => lines[at] = with_strange_number(&mut draw, &lines[at]),
    }
    *text = lines.join("\n") + "\n";
    case
}

fn with_strange_number(draw: &mut Draw, line: &str) -> String {
    let is_number = |part: &&str| part.parse::<f64>().is_ok();
    let parts: Vec<&str> = line.split([',', ' ', '"']).filter(is_number).collect();
    if parts.is_empty() {
        return line.to_owned();
    }
    let strange = ["0", "-1", "1", "3", "0.000000001", "9999999", "99999999999", "123456789012345678901", "0.5", ""];
    line.replacen(draw.of(&parts), draw.of(&strange), 1)
}

fn table<'a>(timeframe: Timeframe, bars: impl Iterator<Item = &'a Made>) -> String {
    let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
    for Made { time, open, high, low, close, volume } in bars {
        let [open, high, low, close] = [open, high, low, close].map(|cents| dollars(*cents));
        let _ = writeln!(text, "{},{open},{high},{low},{close},{volume}", time.text(timeframe));
    }
    text
}

fn quotes<'a>(draw: &mut Draw, world: &World, bars: impl Iterator<Item = &'a Made>) -> String {
    let mut text = "timestamp,bid_open,ask_open,bid_close,ask_close\n".to_owned();
    for bar in bars {
        if draw.is(90) {
            let (first, last) = (draw.within(0, 9), draw.within(0, 9));
            let ends = [bar.open, bar.open + first, bar.close, bar.close + last].map(dollars).join(",");
            let _ = writeln!(text, "{},{ends}", bar.time.text(world.timeframe));
        }
    }
    text
}

fn world(draw: &mut Draw) -> World {
    let (timeframe, minutes, finer_minutes) = draw.of(&[
        (Timeframe::Day1, 1440, 30),
        (Timeframe::Day1, 1440, 60),
        (Timeframe::Minute30, 30, 5),
        (Timeframe::Hour1, 60, 15),
        (Timeframe::Minute15, 15, 5),
        (Timeframe::Minute5, 5, 1),
    ]);
    let daily = timeframe == Timeframe::Day1;
    let extended = !daily && draw.is(30);
    let start = draw.of(&["2017-08-29", "2024-05-22", "2024-11-25", "2026-05-28", "2023-12-18", "2024-03-06"]);
    let start: Timestamp = start.parse().expect("date");
    let count = if daily && draw.is(15) {
        95
    } else if daily {
        draw.within(3, 24)
    } else {
        draw.within(1, 4)
    } as usize;
    let sessions: Vec<_> =
        Calendar::xnys().sessions(start, start.plus_ns(160 * Timestamp::NS_PER_DAY)).take(count).collect();
    let days: Vec<Timestamp> =
        sessions.iter().map(|session| Timestamp::from_days(session.open.days()).expect("day")).collect();
    let mut times = Vec::new();
    let mut slots = Vec::new();
    for (session, day) in sessions.iter().zip(&days) {
        let hours = if extended { session.extended() } else { *session };
        if daily {
            times.push(*day);
            slots.push((session.open, session.close));
            continue;
        }
        let mut at = hours.open;
        while at < hours.close {
            times.push(at);
            slots.push((at, at.plus_ns(minutes * MINUTE).min(hours.close)));
            at = at.plus_ns(minutes * MINUTE);
        }
    }
    let mut world = World {
        timeframe,
        finer_minutes,
        extended,
        days,
        times,
        shares: Vec::new(),
        symbols: Vec::new(),
        actions: String::new(),
    };
    for (name, old) in NAMES.into_iter().take(draw.within(1, 3) as usize) {
        let share = share(draw, &mut world, name, old, &slots);
        let of_two = share.names.len() as i64 - 1;
        world.symbols.push(share.names[draw.within(0, of_two) as usize].0);
        world.shares.push(share);
    }
    world
}

/// What happens to a share before the bars of some days, and its bars.
fn share(
    draw: &mut Draw,
    world: &mut World,
    name: &'static str,
    old: &'static str,
    slots: &[(Timestamp, Timestamp)],
) -> Share {
    let last_day = *world.days.last().expect("a day");
    let mut names = vec![(name, Timestamp::MIN)];
    let day = |draw: &mut Draw, world: &World| draw.of(&world.days);
    let date = |day: Timestamp| day.text(Timeframe::Day1);
    let renamed =
        (world.days.len() > 1 && draw.is(15)).then(|| world.days[draw.within(1, world.days.len() as i64 - 1) as usize]);
    if let Some(at) = renamed {
        names = vec![(old, Timestamp::MIN), (name, at)];
        let _ = writeln!(world.actions, "{old},{},rename,{name}", date(at));
    }
    let named = |at: Timestamp| if renamed.is_some_and(|from| at < from) { old } else { name };
    let mut split = None;
    if draw.is(25) {
        let (at, ratio) = (
            day(draw, world),
            draw.of(&[("2", 2, 1), ("3", 3, 1), ("0.5", 1, 2), ("0.1", 1, 10), ("1.5", 3, 2), ("0.3333", 1, 3)]),
        );
        let _ = writeln!(world.actions, "{},{},split,{}", named(at), date(at), ratio.0);
        split = Some((at, ratio.1, ratio.2));
    }
    if draw.is(25) {
        let at = day(draw, world);
        let _ = writeln!(world.actions, "{},{},dividend,{}", named(at), date(at), dollars(draw.within(1, 200)));
    }
    let ends = [day(draw, world), last_day.plus_ns(Timestamp::NS_PER_DAY)];
    let gone = draw.is(15).then(|| draw.of(&ends)).filter(|at| *at > world.days[0]);
    if let Some(at) = gone.filter(|at| renamed.is_none_or(|from| from < *at)) {
        let paid = draw.of(&["", "0", "12.5", "40"]);
        let _ = writeln!(world.actions, "{},{},delisting,{paid}", named(at), date(at));
    }
    let gone = gone.filter(|at| renamed.is_none_or(|from| from < *at));
    let mut made = Share { names, bars: Vec::new(), finer: Vec::new() };
    let thin = draw.is(40);
    let wild = if world.timeframe == Timeframe::Day1 { 60 } else { 15 };
    let mut close = draw.within(1_500, 9_000);
    let mut split_due = split;
    for (time, (from, to)) in world.times.iter().zip(slots) {
        if gone.is_some_and(|at| *time >= at) {
            break;
        }
        if let Some((_, new, old)) = split_due.filter(|(at, ..)| time >= at) {
            close = (close * old / new).max(100);
            split_due = None;
        }
        if draw.is(3) && !made.bars.is_empty() {
            continue;
        }
        let parts = finer(draw, (*from, *to), world.finer_minutes, &mut close, wild, thin);
        let whole = Made {
            time: *time,
            open: parts[0].open,
            high: parts.iter().map(|part| part.high).max().expect("parts"),
            low: parts.iter().map(|part| part.low).min().expect("parts"),
            close,
            volume: parts.iter().map(|part| part.volume).sum(),
        };
        made.bars.push(whole);
        made.finer.extend(parts.into_iter().filter(|_| draw.is(97)));
    }
    made
}

fn finer(
    draw: &mut Draw,
    (from, to): (Timestamp, Timestamp),
    minutes: i64,
    close: &mut i64,
    wild: i64,
    thin: bool,
) -> Vec<Made> {
    let mut parts: Vec<Made> = Vec::new();
    let mut at = from;
    let empty = draw.is(6);
    let mut before = *close + *close * draw.within(-wild, wild) / 1_000;
    while at < to {
        let step = before * wild / 2_000 + 2;
        let open = (before + draw.within(-2, 2)).max(50);
        let end = (open + draw.within(-step, step)).max(50);
        let (up, down) = if draw.is(20) { (0, 0) } else { (draw.within(0, step / 2), draw.within(0, step / 2)) };
        let volume = if empty || draw.is(5) {
            0
        } else if thin {
            draw.within(1, 300)
        } else {
            draw.within(10_000, 500_000)
        };
        parts.push(Made {
            time: at,
            open,
            high: open.max(end) + up,
            low: (open.min(end) - down).max(20),
            close: end,
            volume,
        });
        before = end;
        at = at.plus_ns(minutes * MINUTE);
    }
    *close = before;
    parts
}

fn scenario(draw: &mut Draw, world: &World, has_quotes: bool, drawn: (bool, bool, bool)) -> String {
    let (fractional, shorts, is_script) = drawn;
    let daily = world.timeframe == Timeframe::Day1;
    let both = draw.of(&["stop_first", "target_first", "ohlc", "finer", "finer"]);
    let adjust = if has_quotes { "none" } else { draw.of(&["none", "none", "splits", "all"]) };
    let mut text = format!(
        "[scenario]\nname = \"drawn\"\nseed = {}\n[data]\ntimeframe = \"{}\"\npath = \"{{symbol}}.csv\"\n\
         symbols = {:?}\ncorporate_actions = \"actions.csv\"\nadjust = \"{adjust}\"\n",
        draw.within(0, 9),
        world.timeframe,
        world.symbols
    );
    let mut add = |condition: bool, line: String| {
        if condition {
            text.push_str(&line);
            text.push('\n');
        }
    };
    add(both == "finer", "finer_path = \"{symbol}_finer.csv\"".to_owned());
    add(draw.is(20), format!("benchmark = \"{}\"", world.symbols[0]));
    add(world.extended, "hours = \"extended\"".to_owned());
    let margin = draw.of(&[1, 1, 2, 4]);
    let cash = draw.of(&["1500", "20000", "26000", "100000", "1000000"]);
    add(true, format!("[account]\ncash = \"{cash}\"\nleverage = {margin}\nallow_short = {shorts}"));
    add(true, format!("cash_check = \"{}\"", draw.of(&["approval", "fill"])));
    add(margin == 1 && !shorts && draw.is(60), "settlement = \"dated\"".to_owned());
    add(draw.is(30), format!("borrow_rate = \"{}\"", draw.of(&["0.03", "0.9", "20"])));
    add(draw.is(30), format!("margin_rate = \"{}\"", draw.of(&["0.08", "0.5", "15"])));
    add(draw.is(10), format!("hard_to_borrow = [\"{}\"]", world.symbols[0]));
    add(is_script, "[strategy]\nname = \"order_script\"\nparams = { file = \"orders.csv\" }".to_owned());
    if !is_script {
        let direction = if shorts { "long_short" } else { "long_only" };
        let params = draw.of(&[
            "ma_crossover\"\nparams = { fast_period = 2, slow_period = 4,",
            "rsi_mean_reversion\"\nparams = { rsi_period = 2, oversold = 45, overbought = 55,",
            "momentum\"\nparams = { lookback_period = 2, momentum_threshold = 0.001,",
            "mean_reversion\"\nparams = { lookback_period = 3, z_score_threshold = 0.5,",
            "quick_test\"\nparams = { threshold = 0.0005,",
            "donchian_breakout\"\nparams = { entry_lookback = 2, exit_lookback = 2,",
        ]);
        let again = draw.of(&["fresh", "level"]);
        add(true, format!("[strategy]\nname = \"{params} direction = \"{direction}\", reenter = \"{again}\" }}"));
    }
    let has_stop = draw.is(60);
    let (kind, value) = draw.of(&[
        ("equity_fraction", "0.5"),
        ("equity_fraction", "1.9"),
        ("cash_fraction", "0.9"),
        ("cash_fraction", "1"),
        ("fixed_shares", "37"),
        ("notional", "9000"),
        ("risk_fraction", "0.02"),
        ("volatility_target", "0.3"),
    ]);
    let (kind, value) = if kind == "risk_fraction" && !has_stop { ("notional", "500") } else { (kind, value) };
    add(true, format!("[sizing]\nkind = \"{kind}\"\nvalue = \"{value}\"\nfractional = {fractional}"));
    add(true, format!("if_short_of_cash = \"{}\"", draw.of(&["reject", "trim"])));
    let market_fill = draw.of(&["next_open", "next_open", "close", "next_close"]);
    add(true, format!("[execution]\nmarket_fill = \"{market_fill}\"\nboth_touched = \"{both}\""));
    add(true, format!("limit_fill = \"{}\"", draw.of(&["touch", "through"])));
    let slippage = draw.of(&[
        "none\"",
        "bps\", value = \"7\"",
        "bps\", value = \"7\", applies_to = \"entry\"",
        "per_share\", value = \"0.013\"",
        "volume_share\", value = \"0.1\"",
        "spread\", value = \"0.5\"",
    ]);
    let slippage = if has_quotes { "spread\", value = \"0.5\", quotes = \"{symbol}_quotes.csv\"" } else { slippage };
    add(true, format!("slippage = {{ kind = \"{slippage} }}"));
    let commission = draw.of(&[
        "none\"",
        "bps\", value = \"3\"",
        "per_share\", value = \"0.005\"",
        "per_share\", value = \"0.01\", min = \"1\"",
        "per_share\", value = \"0.01\", min = \"1\", cap_bps = \"50\"",
        "alpaca\"",
        "alpaca\"",
    ]);
    add(true, format!("commission = {{ kind = \"{commission} }}"));
    add(true, format!("participation = \"{}\"", draw.of(&["1", "0.5", "0.1", "0.02"])));
    let late = !daily && market_fill != "close" && draw.is(45);
    add(late, format!("latency_ms = {}", draw.of(&[1, 300, 40_000, 700_000, 3_600_000])));
    add(true, format!("venue_rules = \"{}\"", draw.of(&["alpaca", "alpaca", "none"])));
    if has_stop {
        let kind = draw.of(&[
            "percent\"\nvalue = \"0.02\"",
            "percent\"\nvalue = \"0.1\"",
            "atr\"\nperiod = 2\nmultiple = \"1.5\"",
        ]);
        add(true, format!("[stop]\nkind = \"{kind}\nanchor = \"{}\"", draw.of(&["fill", "signal_close"])));
        add(true, format!("active_from = \"{}\"", draw.of(&["entry_bar", "next_bar"])));
        add(true, format!("due_exit = \"{}\"\ntrail = {}", draw.of(&["exit_first", "stop_first"]), draw.is(30)));
        add(draw.is(30), format!("exit_after_bars = {}", draw.of(&[1, 2, 5, 30])));
    } else {
        add(draw.is(20), format!("[stop]\nexit_after_bars = {}", draw.of(&[1, 3, 10])));
    }
    let target = draw.of(&["", "percent\"\nvalue = \"0.02\"", "r_multiple\"\nvalue = \"1.2\""]);
    add(!target.is_empty() && (has_stop || target.starts_with('p')), format!("[take_profit]\nkind = \"{target}"));
    let wide = draw.of(&["0.9", "4", "20"]);
    let breach = draw.of(&["reject", "trim"]);
    let (daily, fall) = if draw.is(25) { ("0.01", "0.04") } else { ("9", "9") };
    add(
        true,
        format!(
            "[risk]\nmax_daily_loss = \"{daily}\"\nmax_position_size = \"{wide}\"\nmax_portfolio_heat = \"90\"\n\
             max_correlated_exposure = \"90\"\nmax_drawdown = \"{fall}\"\nmax_gross_exposure = \"90\"\n\
             max_open_positions = 100\nmax_orders_per_minute = 1000\nmax_order_notional = \"100000000\"\n\
             price_collar = \"9\"\non_daily_loss = \"{}\"\non_breach = \"{breach}\"",
            draw.of(&["halt", "flatten"])
        ),
    );
    text
}

/// An order as far as a change of it must know.
struct Sent {
    kind: &'static str,
    class: &'static str,
    has_stop: bool,
    has_target: bool,
}

const HEADER: &str = "time,action,id,symbol,side,qty,type,limit_price,stop_price,trail_price,trail_percent,\
                      time_in_force,order_class,take_profit,stop_loss,notional,extended_hours\n";

/// A script, and whether it changes, cancels or halts anything.
fn script(draw: &mut Draw, world: &World, fractional: bool) -> (String, bool) {
    let mut text = HEADER.to_owned();
    let mut sent: Vec<Sent> = Vec::new();
    let mut is_changed = false;
    let changes = draw.is(70);
    // Many orders on few bars of one share get into each other's way.
    let is_dense = draw.is(40);
    let last = world.times.len() as i64 - 1;
    let from = if is_dense { draw.within(0, last) } else { 0 };
    let until = if is_dense { (from + 8).min(last) } else { last };
    let rows = if is_dense { draw.within(10, 50) } else { draw.within(1, 30) };
    let mut moments: Vec<usize> = (0..rows).map(|_| draw.within(from, until) as usize).collect();
    moments.sort_unstable();
    for at in moments {
        let of_share = if is_dense { 0 } else { draw.within(0, world.shares.len() as i64 - 1) as usize };
        let share = &world.shares[of_share];
        let Some(bar) = share.bars.iter().rfind(|bar| bar.time <= world.times[at]) else { continue };
        // A row needs a bar of some share at its time.
        let time = bar.time.text(world.timeframe);
        let symbol = world.symbols[of_share];
        match if changes { draw.within(0, 19) } else { 0 } {
            0..=12 => {
                let (row, order) = submit(draw, world, bar, fractional);
                let _ = writeln!(text, "{time},submit,E{},{symbol},{row}", sent.len());
                sent.push(order);
            }
            13 | 14 if !sent.is_empty() => {
                let back = (sent.len() as i64 - 1 - draw.within(0, 3)).max(0) as usize;
                let part = match draw.within(0, 3) {
                    0 if sent[back].has_stop => ".stop",
                    1 if sent[back].has_target && sent[back].class != "oco" => ".take_profit",
                    _ => "",
                };
                // Rows of a later time only: the order must have been sent.
                let _ = writeln!(text, "{time},cancel,E{back}{part},,,,,,,,,,,,,,");
                is_changed = true;
            }
            15..=17 if !sent.is_empty() => {
                let back = (sent.len() as i64 - 1 - draw.within(0, 3)).max(0) as usize;
                let _ = writeln!(text, "{time},replace,E{back}{}", change(draw, bar, &sent[back]));
                is_changed = true;
            }
            18 => {
                let _ = writeln!(text, "{time},{},,,,,,,,,,,,,,,", draw.of(&["halt", "resume", "resume"]));
                is_changed = true;
            }
            _ => {
                let of = draw.of(&["", symbol]);
                let _ = writeln!(text, "{time},flatten,,{of},,,,,,,,,,,,,");
                is_changed = true;
            }
        }
    }
    (text, is_changed)
}

/// A price near the bar's close.
fn near(draw: &mut Draw, bar: &Made) -> i64 {
    let far = draw.of(&[3, 10, 30]);
    (bar.close + bar.close * draw.within(-far, far) / 1_000).max(20)
}

fn change(draw: &mut Draw, bar: &Made, sent: &Sent) -> String {
    let price = dollars(near(draw, bar));
    let shares = draw.within(1, 300);
    match draw.within(0, 3) {
        0 if sent.has_stop => format!(".stop,,,,,,{price},,,,,,,,"),
        1 if sent.has_target && sent.class == "bracket" => format!(".take_profit,,,,,{price},,,,,,,,,"),
        _ if sent.kind.ends_with("limit") && draw.is(60) => format!(",,,,,{price},,,,,,,,,"),
        _ if sent.kind.starts_with("stop") && draw.is(60) => format!(",,,,,,{price},,,,,,,,"),
        _ if sent.kind == "trailing_stop" && draw.is(60) => format!(",,,,,,,{},,,,,,,", dollars(draw.within(1, 200))),
        _ => format!(",,,{shares},,,,,,,,,,,"),
    }
}

/// A row from its side on.
fn submit(draw: &mut Draw, world: &World, bar: &Made, fractional: bool) -> (String, Sent) {
    let class = draw.of(&["", "", "", "", "bracket", "bracket", "oco", "oto", "oto"]);
    let kind = draw.of(&["market", "market", "limit", "stop", "stop_limit", "trailing_stop"]);
    let kind = match class {
        "oco" => "",
        "" => kind,
        _ => draw.of(&["market", "limit", "stop", "stop_limit", kind]),
    };
    let side = draw.of(&["buy", "buy", "sell"]);
    let brief = class.is_empty() && matches!(kind, "market" | "limit") && draw.is(40);
    let force = if brief { draw.of(&["ioc", "fok", "opg", "cls"]) } else { draw.of(&["day", "day", "gtc", ""]) };
    let (limit, stop) = (near(draw, bar), near(draw, bar));
    let shares =
        if fractional && draw.is(50) { format!("{}.5", draw.within(0, 99)) } else { draw.within(1, 400).to_string() };
    let (qty, notional) = match draw.within(0, 9) {
        0 => ("max".to_owned(), String::new()),
        1 if fractional => (String::new(), draw.within(100, 9_000).to_string()),
        _ => (shares, String::new()),
    };
    let limit_price = if kind.ends_with("limit") { dollars(limit) } else { String::new() };
    let stop_price = if kind.starts_with("stop") { dollars(stop) } else { String::new() };
    let (trail, percent) = match kind == "trailing_stop" {
        true if draw.is(50) => (dollars(draw.within(1, 200)), String::new()),
        true => (String::new(), draw.of(&["1", "2.5"]).to_owned()),
        false => (String::new(), String::new()),
    };
    let (has_target, has_stop) = match class {
        "bracket" | "oco" => (true, true),
        "oto" if draw.is(30) => (true, false),
        "oto" => (false, true),
        _ => (false, false),
    };
    let way = if (side == "buy") == (class != "oco") { 1 } else { -1 };
    let base = if limit_price.is_empty() { bar.close } else { limit };
    let target = if has_target { dollars((base + way * draw.within(1, 150)).max(5)) } else { String::new() };
    let guard = if has_stop { dollars((base - way * draw.within(1, 150)).max(5)) } else { String::new() };
    let extended = if world.extended && kind == "limit" && draw.is(50) { "true" } else { "" };
    let row = format!(
        "{side},{qty},{kind},{limit_price},{stop_price},{trail},{percent},{force},{class},{target},{guard},{notional},{extended}"
    );
    (row, Sent { kind, class, has_stop, has_target })
}
