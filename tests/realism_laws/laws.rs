//! What must hold of every run: its record, and its files read back.
//!
//! Not here: how scenarios are drawn.
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use alphaflow::domain::{
    Bar, Fill, Money, OrderClass, OrderKind, OrderPurpose, OrderStatus, Price, Quantity, Side, TimeInForce, Timestamp,
};
use alphaflow::engine::{Journal, OrderOutcome, OrderRecord};
use alphaflow::portfolio::CashReason;
use alphaflow::scenario::spec::{Adjust, CashCheck, CommissionSpec, MarketFill, Settlement};
use alphaflow::scenario::{
    AccountRow, LoadedScenario, MarketData, Marks, Metrics, Rerun, SessionEnds, account_rows, compute_metrics,
    efficacy, fingerprint, load, load_market, parse, prove, round_trips, run, session_ends, write_folder,
};
use alphaflow::strategy::BuiltIn;

use super::draw::Case;

/// Why a case is no run that holds.
pub enum Broken {
    /// The scenario was refused as it should be.
    Refused,
    /// A law does not hold.
    Law(String),
}

/// A law that does not hold.
macro_rules! hold {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err(Broken::Law(format!($($words)+)));
        }
    };
}

/// A run, and what it was run on.
struct Ran {
    loaded: LoadedScenario,
    market: MarketData,
    journal: Journal,
    metrics: Metrics,
    is_changed: bool,
    script: String,
}

impl Ran {
    /// The shares that the script asked for, if it gave a number.
    fn sent(&self, order: &OrderRecord) -> Option<Quantity> {
        let id = self.market.script.as_ref()?.id(order.label?)?;
        let row = self.script.lines().map(|row| row.split(',').collect::<Vec<_>>());
        row.into_iter().find(|row| row[1] == "submit" && row[2] == id)?[5].parse().ok()
    }

    /// Has a bar after the order's opened beyond its stop? Then a collared buy may wait for a better price.
    fn has_gapped(&self, order: &OrderRecord, stop: Price) -> bool {
        let later = |bar: &&Bar| bar.time > order.decided_at;
        let mut bars = self.market.bars[order.request.symbol.get()].iter().filter(later);
        order.request.side == Side::Buy && bars.any(|bar| bar.open > stop)
    }
}

/// Nothing that was decided depends on what came later, however orders fill and whatever they cost. Says how many
/// fills were held against those of other futures.
pub fn proves(case: &Case) -> Result<usize, Broken> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in &case.files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let loaded = load(&folder.path().join("scenario.toml"), &[]).map_err(|error| refused(&error.to_string()))?;
    let market = load_market(&loaded).map_err(|error| refused(&error.to_string()))?;
    let proof = prove(&BuiltIn, &loaded, &market, None).map_err(|error| refused(&error.to_string()))?;
    // A drawn run is shorter than some warm-ups.
    let is_early = |rerun: Rerun| matches!(rerun, Rerun::LaterStart { .. });
    let change = proof.changes.iter().find(|change| !is_early(change.rerun));
    hold!(change.is_none(), "{change:?}");
    Ok(proof.compared.fills)
}

/// Runs the case, and says how many fills it had.
pub fn check(case: &Case) -> Result<usize, Broken> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in &case.files {
        fs::write(folder.path().join(name), text).unwrap();
        if let Some(kept) = std::env::var_os("REALISM_KEEP") {
            fs::write(Path::new(&kept).join(name), text).unwrap();
        }
    }
    let loaded = load(&folder.path().join("scenario.toml"), &[]).map_err(|error| refused(&error.to_string()))?;
    let market = load_market(&loaded).map_err(|error| refused(&error.to_string()))?;
    let script =
        case.files.iter().find(|(name, _)| name == "orders.csv").map_or(String::new(), |(_, text)| text.clone());
    let ran = played(loaded, market, (case.is_changed, &script), &folder.path().join("one"))?;
    cash(&ran, &folder.path().join("one"))?;
    shares(&ran)?;
    for fill in &ran.journal.fills {
        of_fill(&ran, fill)?;
    }
    orders(&ran)?;
    volume(&ran)?;
    again(&ran, folder.path())?;
    past(&ran, folder.path())?;
    Ok(ran.journal.fills.len())
}

/// A refusal must say where.
fn refused(text: &str) -> Broken {
    let names_file = [".csv", ".toml"].iter().any(|end| text.contains(end));
    match names_file && !text.contains("defect") {
        true => Broken::Refused,
        false => Broken::Law(format!("a refusal that says nothing: {text}")),
    }
}

fn played(
    loaded: LoadedScenario,
    market: MarketData,
    (is_changed, script): (bool, &str),
    out: &Path,
) -> Result<Ran, Broken> {
    let journal = run(&loaded, &market).map_err(|error| refused(&error.to_string()))?;
    let rows = account_rows(&market, &journal, loaded.spec.account.cash);
    let trips = round_trips(&market, &journal);
    marked(&market, &journal, &rows, loaded.spec.account.cash)?;
    let metrics = compute_metrics(&loaded, &market, &journal, &trips);
    super::limits::hold(&efficacy(&loaded, &market, &journal, &rows), &journal).map_err(Broken::Law)?;
    fs::create_dir(out).unwrap();
    write_folder(out, &loaded, &market, &journal, &rows, &trips, &metrics).unwrap();
    Ok(Ran { loaded, market, journal, metrics, is_changed, script: script.to_owned() })
}

/// The marks that measures are made of are the rows at the session ends.
fn marked(market: &MarketData, journal: &Journal, rows: &[AccountRow], cash: Money) -> Result<(), Broken> {
    let marks = Marks::of(market, &SessionEnds::of(market), journal, cash);
    let wanted: Vec<_> = session_ends(rows, market).iter().map(|end| (rows[*end].time, rows[*end].equity)).collect();
    let found: Vec<_> = marks.times.iter().copied().zip(marks.equity.iter().copied()).collect();
    hold!(marks.times.len() == marks.equity.len() && found == wanted, "marks {found:?} are not {wanted:?}");
    let exposed = rows.iter().filter_map(|row| row.gross_exposure.fraction_of(row.equity)).sum::<f64>();
    let exposure = exposed / rows.len().max(1) as f64;
    let is_near = (marks.exposure - exposure).abs() <= 1e-9 * exposure.abs().max(1.0);
    hold!(is_near, "{} {exposure}", marks.exposure);
    Ok(())
}

/// The same bytes from the same files, and from the scenario as run.json has it.
fn again(ran: &Ran, folder: &Path) -> Result<(), Broken> {
    let recorded: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("one/run.json")).unwrap()).unwrap();
    let text = recorded["effective_scenario"].as_str().unwrap();
    let loaded = parse(&folder.join("again.toml"), text, &[])
        .map_err(|error| Broken::Law(format!("run.json is refused: {error}")))?;
    let market = load_market(&loaded).map_err(|error| Broken::Law(format!("run.json's data: {error}")))?;
    let two = played(loaded, market, (ran.is_changed, &ran.script), &folder.join("two"))?;
    let symbols = &ran.loaded.spec.data.symbols;
    let timeframe = ran.loaded.spec.data.timeframe;
    let prints = [ran, &two].map(|ran| fingerprint(&ran.journal, symbols, timeframe));
    hold!(prints[0] == prints[1], "another fingerprint");
    for name in ["run.json", "metrics.json", "trades.csv", "orders.csv", "fills.csv", "equity.csv", "refusals.csv"] {
        let bytes = ["one", "two"].map(|of| fs::read(folder.join(of).join(name)).unwrap());
        hold!(bytes[0] == bytes[1], "{name} differs");
    }
    let number = |key: &str| ran.metrics.number(key).unwrap();
    let [low, own, high] = ["final_equity_low", "final_equity", "final_equity_high"].map(number);
    hold!(low <= own && own <= high, "band {low} {own} {high}");
    Ok(())
}

/// A run that ends earlier has the same fills up to there: nothing of the future is in them.
fn past(ran: &Ran, folder: &Path) -> Result<(), Broken> {
    let data = &ran.loaded.spec.data;
    let times: Vec<Timestamp> = ran.market.bars.iter().flatten().map(|bar| bar.time).collect();
    let (Some(first), Some(fill)) = (ran.market.bars.iter().map(|bars| bars[0].time).max(), ran.journal.fills.last())
    else {
        return Ok(());
    };
    // Somewhere between fills; adjusted prices are those of today.
    let until = ran.journal.fills[ran.journal.fills.len() / 2].time;
    if data.adjust != Adjust::None || until < first || until >= fill.time || !times.contains(&until) {
        return Ok(());
    }
    let mut rows = ran.script.lines();
    let header = rows.next().unwrap_or_default();
    let is_past = |row: &&str| row.split(',').next().unwrap().parse::<Timestamp>().unwrap() <= until;
    let script: Vec<&str> = rows.filter(is_past).collect();
    fs::write(folder.join("orders.csv"), format!("{header}\n{}\n", script.join("\n"))).unwrap();
    let end = format!("data.end={}", until.text(data.timeframe));
    let loaded = load(&folder.join("scenario.toml"), &[end]).map_err(|error| Broken::Law(error.to_string()))?;
    let market = load_market(&loaded).map_err(|error| Broken::Law(format!("cut at {until}: {error}")))?;
    let short = run(&loaded, &market).map_err(|error| Broken::Law(format!("cut at {until}: {error}")))?;
    let known = |journal: &Journal| journal.fills.iter().filter(|fill| fill.time <= until).copied().collect::<Vec<_>>();
    let (long, short) = (known(&ran.journal), known(&short));
    let first = long.iter().zip(&short).find(|(long, short)| long != short);
    hold!(long == short, "cut at {until}: {} and {} fills, {first:?}", long.len(), short.len());
    Ok(())
}

fn column(path: &Path, names: &[&str]) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let places: Vec<usize> = names.iter().map(|name| header.iter().position(|known| known == *name).unwrap()).collect();
    let row = |record: csv::StringRecord| places.iter().map(|&at| record[at].to_owned()).collect();
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// Cash = start − fills − fees + events, out of the files; profits of trades sum to what equity has gained.
fn cash(ran: &Ran, out: &Path) -> Result<(), Broken> {
    let start = ran.loaded.spec.account.cash;
    let mut cash = start;
    for row in column(&out.join("fills.csv"), &["side", "qty", "price", "fee"]) {
        let (quantity, price): (Quantity, Price) = (row[1].parse().unwrap(), row[2].parse().unwrap());
        let value = price.notional(quantity);
        cash = if row[0] == "buy" { cash - value } else { cash + value } - money(&row[3]);
    }
    let events: Money = ran.journal.cash_events.iter().map(|event| event.amount).sum();
    let rows = column(&out.join("equity.csv"), &["equity", "cash"]);
    let last = rows.last().unwrap();
    hold!(money(&last[1]) == cash + events, "cash {} is not {}", last[1], cash + events);
    let trades = column(&out.join("trades.csv"), &["pnl", "income"]);
    let pnl: Money = trades.iter().map(|row| money(&row[0])).sum();
    let income: Money = trades.iter().map(|row| money(&row[1])).sum();
    // A ruined account pays interest on a debt that no trade carries any more.
    if rows.iter().any(|row| money(&row[0]) < Money::ZERO) {
        return Ok(());
    }
    // The fraction that a split paid out is an exit of its trade.
    let in_lieu = ran.journal.cash_events.iter().filter(|event| event.reason == CashReason::CashInLieu);
    let earned = events - in_lieu.map(|event| event.amount).sum();
    hold!(income == earned, "income of trades {income}, cash events {earned}");
    let gained = money(&last[0]) - start;
    hold!(pnl == gained, "trades made {pnl}, equity {gained}");
    let spec = &ran.loaded.spec;
    if spec.account.leverage == 1 && !spec.account.allow_short && spec.account.cash_check == CashCheck::Fill {
        let fees: Money = ran.journal.fills.iter().map(|fill| fill.fee).sum();
        let short = rows.iter().find(|row| money(&row[1]) < -fees);
        hold!(short.is_none(), "a cash account owes {:?}", short);
        settled(ran)?;
    }
    Ok(())
}

/// Nothing is bought with what sales of the same day brought, where sales settle later.
fn settled(ran: &Ran) -> Result<(), Broken> {
    let spec = &ran.loaded.spec;
    let mut cash = spec.account.cash;
    let mut events = ran.journal.cash_events.iter().peekable();
    let (mut today, mut sold) = (0, Money::ZERO);
    for fill in &ran.journal.fills {
        while let Some(event) = events.next_if(|event| event.time <= fill.time) {
            cash += event.amount;
        }
        if fill.time.days() != today {
            (today, sold) = (fill.time.days(), Money::ZERO);
        }
        if fill.side == Side::Sell {
            sold += fill.notional() - fill.fee;
        }
        cash -= fill.price.notional(fill.quantity.signed(fill.side)) + fill.fee;
        if fill.side == Side::Buy && spec.account.settlement == Settlement::Dated {
            hold!(cash >= sold, "{fill:?} spends what has not settled: {cash} with {sold} sold");
        }
    }
    Ok(())
}

/// Positions are fills and splits; no fill flips one; without shorts none is below zero.
fn shares(ran: &Ran) -> Result<(), Broken> {
    let spec = &ran.loaded.spec;
    let mut held = vec![Quantity::ZERO; ran.market.bars.len()];
    let mut splits = ran.journal.splits.iter().peekable();
    let mut cash = Money::ZERO;
    for fill in &ran.journal.fills {
        while let Some(split) = splits.next_if(|split| split.time <= fill.time) {
            restate(&mut held[split.symbol.get()], split, spec.sizing.fractional)?;
        }
        let before = held[fill.symbol.get()];
        let after = before + fill.quantity.signed(fill.side);
        held[fill.symbol.get()] = after;
        hold!(before.units().signum() * after.units().signum() >= 0, "{fill:?} turns {before} into {after}");
        hold!(spec.account.allow_short || after >= Quantity::ZERO, "{fill:?} leaves {after}");
    }
    for split in splits {
        restate(&mut held[split.symbol.get()], split, spec.sizing.fractional)?;
    }
    for (symbol, held) in (0u16..).map(alphaflow::domain::SymbolIndex).zip(&held) {
        cash += ran.market.last_price(symbol).notional(*held);
    }
    let events: Money = ran.journal.cash_events.iter().map(|event| event.amount).sum();
    let spent: Money =
        ran.journal.fills.iter().map(|fill| fill.price.notional(fill.quantity.signed(fill.side)) + fill.fee).sum();
    let equity = spec.account.cash - spent + events + cash;
    hold!(ran.journal.equity.last() == equity, "equity {} is not {equity}", ran.journal.equity.last());
    Ok(())
}

fn restate(held: &mut Quantity, split: &alphaflow::engine::SplitRecord, fractional: bool) -> Result<(), Broken> {
    let exact = i128::from(held.units().unsigned_abs()) * i128::from(split.ratio.units()) / 1_000_000_000;
    let unit = if fractional { 1 } else { i128::from(Quantity::UNITS_PER_SHARE) };
    let wanted = exact / unit * unit;
    let kept = i128::from(split.kept.units().unsigned_abs());
    hold!(kept == wanted && (kept == 0 || split.kept.units().signum() == held.units().signum()), "{split:?} of {held}");
    *held = split.kept;
    Ok(())
}

fn bar_of<'a>(ran: &'a Ran, fill: &Fill) -> Option<&'a Bar> {
    let bars = &ran.market.bars[fill.symbol.get()];
    bars.binary_search_by_key(&fill.time, |bar| bar.time).ok().map(|at| &bars[at])
}

fn record<'a>(ran: &'a Ran, fill: &Fill) -> &'a OrderRecord {
    &ran.journal.orders[fill.order.0 as usize - 1]
}

/// Was something of the share split, so that quantities and prices of orders moved?
fn is_split(ran: &Ran, fill: &Fill) -> bool {
    ran.market.actions.iter().any(|(_, action)| {
        action.symbol() == fill.symbol && matches!(action, alphaflow::engine::MarketAction::Split { .. })
    })
}

/// Inside its bar, after its order, at no better price than it could have.
fn of_fill(ran: &Ran, fill: &Fill) -> Result<(), Broken> {
    let spec = &ran.loaded.spec;
    let order = record(ran, fill);
    if order.request.purpose == OrderPurpose::Delisted {
        return Ok(());
    }
    let Some(bar) = bar_of(ran, fill) else { return Err(Broken::Law(format!("no bar for {fill:?}"))) };
    hold!(bar.low <= fill.reference && fill.reference <= bar.high, "{fill:?} outside {bar:?}");
    hold!(!bar.volume.is_zero(), "{fill:?} on a bar without volume");
    let worse = match fill.side {
        Side::Buy => fill.price >= fill.reference,
        Side::Sell => fill.price <= fill.reference,
    };
    hold!(worse, "{fill:?} gains by slippage");
    let at_close = spec.execution.market_fill == MarketFill::Close;
    let bar_ns = spec.data.timeframe.minutes() * 60 * Timestamp::NS_PER_SECOND;
    let way_ns = i64::from(spec.execution.latency_ms) * Timestamp::NS_PER_SECOND / 1_000;
    // The exit of a flatten or a margin call goes out at an open, too: when what was canceled is gone.
    let follows = matches!(order.request.purpose, OrderPurpose::KillSwitch | OrderPurpose::RiskHalt) && way_ns > 0;
    let sent_ns = if at_close || follows { 0 } else { bar_ns };
    let first = order.decided_at.plus_ns(sent_ns + way_ns);
    let waits = at_close && !matches!(order.request.kind, OrderKind::Market);
    let in_time = if spec.data.timeframe.is_daily() {
        fill.time > order.decided_at || at_close && !waits && fill.time == order.decided_at
    } else {
        fill.time >= first && (!waits || order.parent().is_some() || fill.time > order.decided_at)
    };
    hold!(in_time, "{fill:?} too early for {order:?}");
    hold!(fill.side == order.request.side && fill.symbol == order.request.symbol, "{fill:?} is not of {order:?}");
    if is_split(ran, fill) {
        return Ok(());
    }
    let beyond = |level: Price| match fill.side {
        Side::Buy => fill.reference >= level,
        Side::Sell => fill.reference <= level,
    };
    // What a stop leaves over is a market order.
    let is_first = ran.journal.fills.iter().find(|other| other.order == fill.order) == Some(fill);
    // A change that came after the first fill is what the record shows.
    let is_first = is_first && (!ran.is_changed || order.filled == fill.quantity);
    if let (OrderKind::Stop { stop }, true) = (order.request.kind, is_first) {
        hold!(beyond(stop) || ran.has_gapped(order, stop), "{fill:?} better than the stop of {order:?}");
    }
    if let Some(limit) = order.request.kind.limit() {
        let good = if fill.side == Side::Buy { fill.price <= limit } else { fill.price >= limit };
        hold!(good || ran.is_changed, "{fill:?} beyond the limit of {order:?}");
    }
    Ok(())
}

fn filled(ran: &Ran, id: u64) -> Quantity {
    ran.journal.fills.iter().filter(|fill| fill.order.0 == id).fold(Quantity::ZERO, |sum, fill| sum + fill.quantity)
}

/// Quantities, siblings and times in force.
fn orders(ran: &Ran) -> Result<(), Broken> {
    for order in &ran.journal.orders {
        let fills: Vec<&Fill> = ran.journal.fills.iter().filter(|fill| fill.order == order.id).collect();
        hold!(
            order.filled == filled(ran, order.id.0) || fills.iter().any(|fill| is_split(ran, fill)),
            "filled: {order:?}"
        );
        let OrderOutcome::Sent(status) = order.outcome else {
            hold!(fills.is_empty(), "refused and filled: {order:?}");
            continue;
        };
        if status == OrderStatus::Filled {
            hold!(
                order.filled >= order.quantity || fills.iter().any(|fill| is_split(ran, fill)),
                "filled in part: {order:?}"
            );
        }
        commission(ran, order, &fills)?;
        hold!(status != OrderStatus::Rejected || fills.is_empty(), "rejected and filled: {order:?}");
        if order.parent().is_none() && !fills.iter().any(|fill| is_split(ran, fill)) {
            siblings(ran, order)?;
        }
        time_in_force(ran, order, status, &fills)?;
    }
    Ok(())
}

/// A commission by the share is that of all fills of an order together.
fn commission(ran: &Ran, order: &OrderRecord, fills: &[&Fill]) -> Result<(), Broken> {
    let CommissionSpec::PerShare { value, min, cap } = ran.loaded.spec.execution.commission else { return Ok(()) };
    if fills.is_empty() || order.request.purpose == OrderPurpose::Delisted {
        return Ok(());
    }
    let paid: Money = fills.iter().map(|fill| fill.fee).sum();
    let traded: Money = fills.iter().map(|fill| fill.notional()).sum();
    let by_share: Money = fills.iter().map(|fill| value.notional(fill.quantity)).sum();
    let owed = cap.map_or(by_share, |cap| by_share.min(traded.share(cap))).max(min);
    hold!(paid == owed, "paid {paid}, owed {owed}: {order:?}");
    Ok(())
}

/// The legs of an order take no more shares than it brought, or than a pair is for.
fn siblings(ran: &Ran, order: &OrderRecord) -> Result<(), Broken> {
    let legs = ran.journal.orders.iter().filter(|leg| leg.parent() == Some(order.id));
    let taken: Quantity = legs.fold(Quantity::ZERO, |sum, leg| sum + leg.filled);
    match order.request.class {
        OrderClass::Oco => {
            let all = taken + order.filled;
            let sent = ran.sent(order);
            hold!(ran.is_changed || sent.is_none_or(|sent| all <= sent), "a pair of {sent:?} takes {all}: {order:?}");
        }
        _ => hold!(taken <= order.filled, "legs take {taken} of {}: {order:?}", order.filled),
    }
    Ok(())
}

/// Sessions by number, extended hours included.
fn session(ran: &Ran, time: Timestamp) -> usize {
    match ran.loaded.spec.data.timeframe.is_daily() {
        true => time.days() as usize,
        false => ran.market.session_index(time),
    }
}

fn time_in_force(ran: &Ran, order: &OrderRecord, status: OrderStatus, fills: &[&Fill]) -> Result<(), Broken> {
    let force = order.request.time_in_force;
    if order.parent().is_some() || force == TimeInForce::Gtc {
        return Ok(());
    }
    let mut times: Vec<Timestamp> = ran.market.bars.iter().flatten().map(|bar| bar.time).collect();
    times.sort_unstable();
    times.dedup();
    let mut sessions: Vec<usize> = times.iter().map(|time| session(ran, *time)).collect();
    sessions.dedup();
    // It may reach the market in the session after the one that decided it, and ends with that.
    let decided = session(ran, order.decided_at);
    let later = sessions.iter().filter(|of| **of > decided).nth(1);
    if let (Some(later), Some(fill)) = (later, fills.last()) {
        hold!(session(ran, fill.time) < *later, "{fill:?} after the life of {order:?}");
    }
    if later.is_some() {
        hold!(!status.is_open(), "still alive: {order:?}");
    }
    if matches!(force, TimeInForce::Ioc | TimeInForce::Fok) {
        hold!(fills.iter().all(|fill| fill.time == fills[0].time), "more than one moment: {order:?}");
    }
    if force == TimeInForce::Fok && !fills.is_empty() && !fills.iter().any(|fill| is_split(ran, fill)) {
        hold!(order.filled == order.quantity, "filled in part: {order:?}");
    }
    Ok(())
}

/// What an order takes of a bar is at most its share of the volume.
fn volume(ran: &Ran) -> Result<(), Broken> {
    let spec = &ran.loaded.spec;
    let mut taken: BTreeMap<(u64, i64), Quantity> = BTreeMap::new();
    for fill in &ran.journal.fills {
        let Some(bar) = bar_of(ran, fill) else { continue };
        if record(ran, fill).request.purpose == OrderPurpose::Delisted {
            continue;
        }
        let sum = taken.entry((fill.order.0, fill.time.ns())).or_default();
        *sum += fill.quantity;
        let most = match spec.sizing.fractional {
            true => bar.volume.portion(spec.execution.participation),
            false => bar.volume.share(spec.execution.participation),
        };
        hold!(*sum <= most, "{sum} of {most} for {fill:?}");
        let may_part = spec.sizing.fractional || is_split(ran, fill);
        hold!(may_part || fill.quantity.is_whole(), "part of a share: {fill:?}");
    }
    Ok(())
}
