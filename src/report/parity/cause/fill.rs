//! Why a fill differs: its bar, the order's fate, its parts, its moment, its price, its fee.
//!
//! Not here: orders that one side lacks or refused (order); their fills are told with them.
use super::super::FindingKind;
use super::super::compare::Draft;
use super::super::difference::FieldDifference;
use super::{Cause, Named, Rule, Scene, both, cause, fills_of};
use crate::domain::{Money, Price, Quantity};
use crate::report::format::{Numbers, Sign, counted};

pub(super) fn explain(scene: &Scene<'_>, draft: &Draft) -> Option<Cause> {
    let order = draft.order.as_deref()?;
    let late = format!("An event about order {order} reached the {} after its bar.", scene.context.other);
    let asked =
        format!("No stream told the {} of this fill of order {order}; it was found by asking.", scene.context.other);
    if let Some((has, lacks)) = scene.alone(&draft.nature) {
        let late = || match lacks.is_replay {
            true => None,
            false => scene.found(FindingKind::LateEvent, order, Rule::LateEvent, &late),
        };
        return late()
            .or_else(|| stood_elsewhere(scene, order))
            .or_else(|| unfilled(order, has, lacks))
            .or_else(|| parts(scene, order));
    }
    let (left, right) = both(draft.at)?;
    let fills = (&scene.replay.fills, &scene.other.fills);
    let symbol = fills.0.get(left, "symbol");
    let of_bars =
        scene.bar(symbol, fills.0.time(left, "time")).or_else(|| scene.bar(symbol, fills.1.time(right, "time")));
    let moved = |name: &str| draft.nature.field(name);
    match (moved("time"), moved("qty"), moved("price"), moved("fee")) {
        (Some(_), ..) => of_bars
            .or_else(|| scene.found(FindingKind::LateEvent, order, Rule::LateEvent, &late))
            .or_else(|| scene.found(FindingKind::FillRecovered, order, Rule::FillRecovered, &asked))
            .or_else(|| stood_elsewhere(scene, order))
            .or_else(|| another_bar(scene, order, left, right)),
        (_, Some(_), ..) => parts(scene, order).or(of_bars),
        (_, _, Some(price), _) => {
            let apart = price_apart(scene, left, right, price);
            of_bars
                .map(|found| Cause { text: format!("{} {apart}", found.text), ..found })
                .or_else(|| stood_elsewhere(scene, order))
                .or_else(|| priced(scene, order, &apart))
        }
        (_, _, _, Some(fee)) => Some(charged(scene, left, right, fee)),
        _ => None,
    }
}

/// What became of the order on the side that did not fill it.
fn unfilled(order: &str, has: Named<'_>, lacks: Named<'_>) -> Option<Cause> {
    let row = lacks.side.order(order)?;
    let text = |column: &str| lacks.side.orders.get(row, column);
    let status = text("status");
    let (rule, what) = match status {
        "canceled" => (Rule::EndedUnfilled, "was canceled before it had filled whole".to_owned()),
        "expired" => (Rule::EndedUnfilled, "expired before it had filled whole".to_owned()),
        "filled" | "rejected" | "refused" => return None,
        _ => (Rule::StillOpen, format!("was still {} at the end", status.replace('_', " "))),
    };
    let filled = has.side.order(order).map_or("", |row| has.side.orders.get(row, "filled_qty"));
    let sentence = format!(
        "In the {} order {order} {what}: {} of {} shares filled there, {filled} in the {}.",
        lacks.name,
        text("filled_qty"),
        text("qty"),
        has.name
    );
    let reason = if text("reason").is_empty() { String::new() } else { format!(", reason {}", text("reason")) };
    Some(cause(rule, sentence, vec![format!("orders.csv of the {}: order {order} is {status}{reason}", lacks.name)]))
}

/// Did the sides fill the order in other parts?
fn parts(scene: &Scene<'_>, order: &str) -> Option<Cause> {
    let of_side = |named: Named<'_>| {
        let rows = fills_of(named.side, order);
        let shares: Vec<Quantity> = rows.iter().map(|row| named.side.fills.shares(*row, "qty")).collect();
        let listed = shares.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        (shares, format!("fills.csv of the {}: {listed}", named.name))
    };
    let [replay, other] = scene.sides();
    let ((left, left_text), (right, right_text)) = (of_side(replay), of_side(other));
    let sum = |shares: &[Quantity]| shares.iter().map(|shares| i128::from(shares.units())).sum::<i128>();
    // One part for more shares than the other is no matter of parts, and neither is a fill that is lost.
    let is_one_each = left.len() == right.len() && (left.len() < 2 || sum(&left) != sum(&right));
    if is_one_each || left.is_empty() || right.is_empty() {
        return None;
    }
    let (first, second) = (counted(left.len(), "part", "parts"), counted(right.len(), "part", "parts"));
    let all = if sum(&left) == sum(&right) { "the same shares in all" } else { "and not the same shares in all" };
    let text = format!("Order {order} filled in {first} in the replay and in {second} in the {}, {all}.", other.name);
    Some(cause(Rule::PartialFill, text, vec![left_text, right_text]))
}

fn another_bar(scene: &Scene<'_>, order: &str, left: usize, right: usize) -> Option<Cause> {
    let (fills, others) = (&scene.replay.fills, &scene.other.fills);
    let (from, to) = (fills.time(left, "time"), others.time(right, "time"));
    let steps = |low, high| {
        let table = &scene.replay.equity;
        let times = (0..table.len()).map(|row| table.time(row, "timestamp"));
        times.filter(|time| *time > low && *time <= high).count()
    };
    let (bars, word) = if to > from { (steps(from, to), "later") } else { (steps(to, from), "earlier") };
    if bars == 0 {
        return None;
    }
    let text = format!("In the {} order {order} filled {} {word}.", scene.context.other, counted(bars, "bar", "bars"));
    let evidence = vec![format!("fills.csv: {} in the replay, {} in the {}", from, to, scene.context.other)];
    Some(cause(Rule::AnotherBar, text, evidence))
}

/// "The rehearsal filled 2.0 bps worse."
fn price_apart(scene: &Scene<'_>, left: usize, right: usize, price: &FieldDifference) -> String {
    let (mine, theirs) = (scene.replay.fills.price(left, "price"), scene.other.fills.price(right, "price"));
    let of = |price: Price| price.to_f64();
    if mine == Price::ZERO {
        return format!("It filled at {} in the {}.", price.other, scene.context.other);
    }
    let change = (of(theirs) - of(mine)) / of(mine);
    let against = if scene.replay.fills.get(left, "side") == "buy" { change } else { -change };
    let word = if against > 0.0 { "worse" } else { "better" };
    format!("The {} filled {} {word}.", scene.context.other, distance(against.abs()))
}

/// Basis points; what would read as none says so.
fn distance(fraction: f64) -> String {
    if fraction < 0.000_005 { "less than 0.1 bps".to_owned() } else { Numbers::PLAIN.basis_points(fraction) }
}

/// Rows of the order on both sides.
fn orders(scene: &Scene<'_>, order: &str) -> Option<(usize, usize)> {
    scene.replay.order(order).zip(scene.other.order(order))
}

/// Did the order stand at another price, as a leg whose stop was not moved alike does?
fn stood_elsewhere(scene: &Scene<'_>, order: &str) -> Option<Cause> {
    let (left, right) = orders(scene, order)?;
    let stood = |column: &str| {
        let (mine, theirs) = (scene.replay.orders.get(left, column), scene.other.orders.get(right, column));
        (mine != theirs).then(|| (mine.to_owned(), theirs.to_owned()))
    };
    let (mine, theirs) = stood("stop_price").or_else(|| stood("limit_price"))?;
    let other = &scene.context.other;
    let refused = format!("The venue refused to move order {order} in the {other}.");
    if let Some(found) = scene.found(FindingKind::StopChangeRefused, order, Rule::StopNotMoved, &refused) {
        return Some(found);
    }
    let text = format!("Order {order} stood at {mine} in the replay and at {theirs} in the {other}.");
    let evidence = format!("orders.csv: {mine} in the replay, {theirs} in the {other}");
    Some(cause(Rule::StopDiffers, text, vec![evidence]))
}

/// The bar is the same and so is the order: the price is the venue's own.
fn priced(scene: &Scene<'_>, order: &str, apart: &str) -> Option<Cause> {
    let (left, right) = orders(scene, order)?;
    let wanted = ["symbol", "side", "qty", "type", "limit_price", "stop_price", "trail_price", "trail_percent"];
    let is_same =
        wanted.iter().all(|column| scene.replay.orders.get(left, column) == scene.other.orders.get(right, column));
    let (text, rule, evidence) = match scene.context.bars_compared {
        Some(bars) if bars > 0 && is_same => (
            format!("Order and bar are the same on both sides, so the price is that of {}.", scene.context.venue),
            Rule::VenuePrice,
            vec![format!("{} bars were compared, and this one is the same", Numbers::PLAIN.count(bars as f64))],
        ),
        Some(bars) if bars > 0 => {
            ("The order itself is not the same, nor is it told why.".to_owned(), Rule::Unknown, Vec::new())
        }
        _ => (
            "Whether both sides saw the same bar is unknown: no bars were compared.".to_owned(),
            Rule::Unknown,
            Vec::new(),
        ),
    };
    Some(cause(rule, format!("{apart} {text}"), evidence))
}

/// Price and shares are the same.
fn charged(scene: &Scene<'_>, left: usize, right: usize, fee: &FieldDifference) -> Cause {
    let fills = &scene.replay.fills;
    let notional = fills.price(left, "price").notional(fills.shares(left, "qty"));
    let (mine, theirs) = (fills.dollars(left, "fee"), scene.other.fills.dollars(right, "fee"));
    let rate = |fee: Money| {
        fee.fraction_of(notional).map_or_else(|| "n/a".to_owned(), |rate| Numbers::PLAIN.basis_points(rate))
    };
    let text = match (mine == Money::ZERO, theirs == Money::ZERO) {
        (false, true) => format!("No fee was charged in the {}; price and shares are the same.", scene.context.other),
        (true, false) => {
            format!("A fee was charged in the {} alone; price and shares are the same.", scene.context.other)
        }
        _ => format!(
            "The fee is {} higher in the {}; price and shares are the same.",
            Numbers::PLAIN.dollars_cents((theirs - mine).to_f64(), Sign::Negative),
            scene.context.other
        ),
    };
    let text = if theirs < mine && theirs != Money::ZERO {
        format!(
            "The fee is {} lower in the {}; price and shares are the same.",
            Numbers::PLAIN.dollars_cents((mine - theirs).to_f64(), Sign::Negative),
            scene.context.other
        )
    } else {
        text
    };
    let evidence = format!(
        "fills.csv: {} ({}) in the replay, {} ({}) in the {}",
        fee.replay,
        rate(mine),
        fee.other,
        rate(theirs),
        scene.context.other
    );
    cause(Rule::Fee, text, vec![evidence])
}
