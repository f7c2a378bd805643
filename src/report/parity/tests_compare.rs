//! Laws of a comparison, and every cause by hand.
use std::path::Path;

use proptest::prelude::*;

use super::testing::{Rows, context, finding, rows};
use super::*;
use crate::domain::Money;
use crate::scenario::{EQUITY_COLUMNS, FILL_COLUMNS, HaltSpan, ORDER_COLUMNS, REFUSAL_COLUMNS};

/// What the first difference is, and of how many: "fills price venue_price 1".
fn first(replay: &Rows, other: &Rows, context: &Context) -> String {
    let (replay, other) = (replay.side(), other.side());
    let report = ParityReport::of(&replay, &other, context);
    let first = report.first().expect("a difference");
    let fields: Vec<&str> = first.nature.fields().iter().map(|field| field.name).collect();
    let how = if fields.is_empty() { first.nature.name().to_owned() } else { fields.join("+") };
    format!("{} {how} {} {}", first.subject.name(), first.cause.rule.name(), report.differences_total)
}

#[test]
fn the_same_rows_are_identical() {
    let (replay, other, context) = (rows().side(), rows().side(), context());
    let report = ParityReport::of(&replay, &other, &context);
    assert!(report.identical && report.differences.is_empty());
    assert_eq!(headline(&report), "Rehearsal and replay are the same, order by order.");
    let counts: Vec<(usize, usize)> = report.counts.iter().map(|counts| (counts.replay, counts.same)).collect();
    assert_eq!(counts, [(4, 4), (6, 6), (1, 1), (3, 3), (6, 6), (0, 0)]);
    assert_eq!(report.totals.0.fees, "0.02".parse::<Money>().expect("money"));
    assert_eq!(
        paragraph(&report),
        "4 signals, 6 orders, 1 refusal, 3 fills and 6 rows of the account are the same to the byte. \
         Fees come to $0.02 on both sides, equity ends at $10,053.98."
    );
}

/// A value of the same kind that is another.
fn altered(value: &str, column: &str) -> String {
    match column {
        "time" | "timestamp" => value.replace(":00Z", ":30Z"),
        "parent" => format!("{value}7"),
        _ if value.parse::<f64>().is_ok() => format!("{value}1").replacen("01", "0.1", usize::from(value == "0")),
        _ => format!("{value}x"),
    }
}

/// One changed cell is found, alone, under its name, whichever it is and whichever side it is on.
#[test]
fn one_changed_cell_is_exactly_that_difference() {
    type Pick = fn(&mut Rows) -> &mut Vec<String>;
    let files: [(Pick, &[&str], &[&str]); 4] = [
        (|rows| &mut rows.orders, &ORDER_COLUMNS, &["id"]),
        (|rows| &mut rows.fills, &FILL_COLUMNS, &["order"]),
        (|rows| &mut rows.refusals, &REFUSAL_COLUMNS, &["order"]),
        (|rows| &mut rows.equity, &EQUITY_COLUMNS, &["timestamp"]),
    ];
    let (whole, context) = (rows(), context());
    let mut tried = 0;
    for (pick, columns, keys) in files {
        for place in 0..pick(&mut rows()).len() {
            for (at, column) in columns.iter().enumerate().filter(|(_, column)| !keys.contains(column)) {
                let mut changed = rows();
                let row = &mut pick(&mut changed)[place];
                let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
                if cells[at].is_empty() {
                    continue;
                }
                cells[at] = altered(&cells[at], column);
                *row = cells.join(",");
                for (replay, other) in [(&whole, &changed), (&changed, &whole)] {
                    let (replay, other) = (replay.side(), other.side());
                    let report = ParityReport::of(&replay, &other, &context);
                    assert!(!report.identical);
                    assert_eq!(report.differences_total, 1, "{column} {}", cells.join(","));
                    let field = report.differences[0].nature.field(column).expect("the column");
                    assert_ne!(field.replay, field.other);
                    assert_eq!(report.files.iter().filter(|file| !file.is_same()).count(), 1);
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 200, "{tried} cells");
}

proptest! {
    /// Exchanging the sides exchanges them in the report, and changes nothing else.
    #[test]
    fn a_comparison_is_symmetric(
        gone in prop::collection::btree_set(0usize..6, 0..3),
        steps in prop::collection::btree_set(0usize..6, 0..3),
        price in prop::option::of(1u32..200),
    ) {
        let mut changed = rows();
        let mut at = 0;
        changed.equity.retain(|_| { at += 1; !steps.contains(&(at - 1)) });
        let ids: Vec<String> = gone.iter().map(|place| (place + 1).to_string()).collect();
        let of_gone = |row: &String, column: usize| ids.iter().any(|id| row.split(',').nth(column) == Some(id));
        changed.orders.retain(|row| !of_gone(row, 0));
        changed.fills.retain(|row| !of_gone(row, 0));
        changed.refusals.retain(|row| !of_gone(row, 1));
        if let Some(price) = price {
            changed.fills.iter_mut().for_each(|row| *row = row.replace(",100.1,", &format!(",{price}.5,")));
        }
        let (whole, changed, context) = (rows().side(), changed.side(), context());
        let there = ParityReport::of(&whole, &changed, &context);
        let back = ParityReport::of(&changed, &whole, &context);
        prop_assert_eq!(there.identical, back.identical);
        prop_assert_eq!(there.differences_total, back.differences_total);
        prop_assert_eq!(there.totals, (back.totals.1, back.totals.0));
        for (one, two) in there.counts.iter().zip(&back.counts) {
            prop_assert_eq!((one.same, one.differ, one.only_replay), (two.same, two.differ, two.only_other));
        }
        for (one, two) in there.differences.iter().zip(&back.differences) {
            prop_assert_eq!((one.subject, &one.order, one.time, one.rows), (two.subject, &two.order, two.time, two.rows));
            let turned = match &two.nature {
                Nature::OnlyReplay => Nature::OnlyOther,
                Nature::OnlyOther => Nature::OnlyReplay,
                Nature::Fields(fields) => Nature::Fields(fields.iter().map(|field| FieldDifference {
                    name: field.name,
                    replay: field.other.clone(),
                    other: field.replay.clone(),
                }).collect()),
                other => other.clone(),
            };
            prop_assert_eq!(&one.nature, &turned);
        }
    }
}

/// Numbers as a session would give them that never sent the orders that are gone.
fn renumbered(mut rows: Rows) -> Rows {
    let ids: Vec<String> = rows.orders.iter().map(|row| row.split(',').next().unwrap_or_default().to_owned()).collect();
    let new =
        |id: &str| ids.iter().position(|known| known == id).map_or_else(|| id.to_owned(), |at| (at + 1).to_string());
    let rename = |row: &mut String, columns: &[usize]| {
        let cells = row.split(',').enumerate();
        let renamed = cells.map(|(at, cell)| if columns.contains(&at) { new(cell) } else { cell.to_owned() });
        *row = renamed.collect::<Vec<_>>().join(",");
    };
    rows.orders.iter_mut().for_each(|row| rename(row, &[0, 14]));
    rows.fills.iter_mut().for_each(|row| rename(row, &[0]));
    rows.refusals.iter_mut().for_each(|row| rename(row, &[1]));
    rows
}

proptest! {
    /// Orders that are gone are found as gone, whatever the others are numbered, and nothing else is found among orders.
    #[test]
    fn numbers_do_not_matter(gone in prop::collection::btree_set(1usize..7, 1..5)) {
        let mut changed = rows();
        let is_gone = |id: &str| gone.iter().any(|order| order.to_string() == id);
        let of_gone = |row: &String, column: usize| row.split(',').nth(column).is_some_and(is_gone);
        // A leg goes with its entry.
        changed.orders.retain(|row| !of_gone(row, 0) && !of_gone(row, 14));
        changed.fills.retain(|row| !of_gone(row, 0));
        changed.refusals.retain(|row| !of_gone(row, 1));
        let (whole, kept, renamed, context) = (rows().side(), changed.side(), renumbered(changed.clone()).side(), context());
        let (named, shifted) = (ParityReport::of(&whole, &kept, &context), ParityReport::of(&whole, &renamed, &context));
        prop_assert_eq!(&named.counts, &shifted.counts);
        prop_assert_eq!(named.differences_total, shifted.differences_total);
        for (left, right) in named.differences.iter().zip(&shifted.differences) {
            prop_assert_eq!((&left.order, &left.nature, left.cause.rule), (&right.order, &right.nature, right.cause.rule));
        }
        let (back, shifted) = (ParityReport::of(&kept, &whole, &context), ParityReport::of(&renamed, &whole, &context));
        prop_assert_eq!(back.counts, shifted.counts);
        prop_assert_eq!(back.differences_total, shifted.differences_total);
    }
}

/// Each cause with the evidence it needs, and what is said without it.
#[test]
fn a_fill_is_explained_by_its_bar_its_parts_its_moment_its_price_or_its_fee() {
    let (whole, plain) = (rows(), context());
    let dearer = whole.with(|rows| &mut rows.fills, ",100.1,", ",100.12,");
    assert_eq!(first(&whole, &dearer, &plain), "fills price venue_price 1");
    let blind = Context { bars_compared: None, ..context() };
    assert_eq!(first(&whole, &dearer, &blind), "fills price unknown 1");
    let bar = |symbol: &str, time: &str| Context {
        findings: vec![finding(time, FindingKind::BarDiffers, None, Some(symbol), "open 100.12 seen, 100.1 replayed")],
        ..context()
    };
    assert_eq!(first(&whole, &dearer, &bar("AAPL", "2013-10-07T13:31:00Z")), "fills price bar_differs 1");
    // Another share's bar, or another bar of the share, explains nothing.
    assert_eq!(first(&whole, &dearer, &bar("MSFT", "2013-10-07T13:31:00Z")), "fills price venue_price 1");
    assert_eq!(first(&whole, &dearer, &bar("AAPL", "2013-10-07T13:32:00Z")), "fills price venue_price 1");

    let free = whole.with(|rows| &mut rows.fills, ",100.6,0.02", ",100.6,0");
    assert_eq!(first(&whole, &free, &plain), "fills fee fee 1");

    let mut parts = whole.with(|rows| &mut rows.fills, "buy,100,100.1,0", "buy,60,100.1,0");
    parts.fills.insert(1, "1,2013-10-07T13:31:00Z,AAPL,buy,40,100.1,0".to_owned());
    assert_eq!(first(&whole, &parts, &plain), "fills qty partial_fill 1");

    let later = whole.with(|rows| &mut rows.fills, "5,2013-10-07T13:34:00Z", "5,2013-10-07T13:35:00Z");
    assert_eq!(first(&whole, &later, &plain), "fills time another_bar 1");
    let late = Context {
        findings: vec![finding("2013-10-07T13:35:00Z", FindingKind::LateEvent, Some("5"), None, "fill told 61 s late")],
        ..context()
    };
    assert_eq!(first(&whole, &later, &late), "fills time late_event 1");
    let mut asked = late.clone();
    asked.findings[0].kind = FindingKind::FillRecovered;
    assert_eq!(first(&whole, &later, &asked), "fills time fill_recovered 1");
    // One about another order explains nothing.
    asked.findings[0].order = Some("3".to_owned());
    assert_eq!(first(&whole, &later, &asked), "fills time another_bar 1");
}

#[test]
fn a_fill_that_is_missing_is_explained_by_what_became_of_its_order() {
    let whole = rows();
    for (status, rule) in [("expired", "ended_unfilled"), ("canceled", "ended_unfilled"), ("accepted", "still_open")] {
        let mut unfilled = whole.with(|rows| &mut rows.orders, "5,filled", &format!("5,{status}"));
        unfilled.fills.pop();
        assert_eq!(first(&whole, &unfilled, &context()), format!("fills only_replay {rule} 1"));
        assert_eq!(first(&unfilled, &whole, &context()), format!("fills only_other {rule} 1"));
    }
    // The order says that it filled and no fill is there: nothing explains that.
    let mut lost = whole.clone();
    lost.fills.pop();
    assert_eq!(first(&whole, &lost, &context()), "fills only_replay unknown 1");
}

#[test]
fn an_order_is_explained_by_who_refused_it_or_by_the_bar_that_decided_it() {
    let whole = rows();
    let mut rejected = whole.with(|rows| &mut rows.orders, "3,filled,,", "3,rejected,insufficient qty available,");
    rejected.fills.remove(1);
    let mut noticed = context();
    noticed.findings.push(finding(
        "2013-10-07T13:33:00Z",
        FindingKind::VenueRefused,
        Some("3"),
        None,
        "POST /v2/orders answered 403, code 40310000",
    ));
    assert_eq!(first(&whole, &rejected, &noticed), "orders status+reason venue_refused 1");
    let (replay, other) = (whole.side(), rejected.side());
    let report = ParityReport::of(&replay, &other, &noticed);
    let cause = &report.first().expect("a difference").cause;
    assert_eq!(
        cause.text,
        "The venue refused order 3 in the rehearsal with the words \"insufficient qty available\", and took it in the replay."
    );
    assert_eq!(cause.evidence[1], "POST /v2/orders answered 403, code 40310000");

    let mut refused = whole.with(|rows| &mut rows.orders, "5,filled,,", "5,refused,buying_power,");
    refused.fills.pop();
    refused.refusals.push("2013-10-07T13:33:00Z,5,buying_power,1340,1200".to_owned());
    assert_eq!(first(&whole, &refused, &context()), "orders status+reason gate_refused 1");

    let mut missing = whole.clone();
    missing.orders.drain(4..);
    missing.fills.pop();
    assert_eq!(first(&whole, &missing, &context()), "orders only_replay unknown 1");
    let bar = finding("2013-10-07T13:33:00Z", FindingKind::BarDiffers, None, Some("MSFT"), "close 33.4 seen");
    assert_eq!(
        first(&whole, &missing, &Context { findings: vec![bar], ..context() }),
        "orders only_replay bar_differs 1"
    );
}

/// A stop that stood elsewhere filled at another price for that reason, not by the venue's own.
#[test]
fn a_stop_that_stood_elsewhere_explains_its_fill() {
    let stopped = |level: &str| {
        let mut rows = rows().with(
            |rows| &mut rows.orders,
            "2,canceled,,2013-10-07T13:30:00Z,AAPL,sell,100,0,stop,,95,",
            &format!("2,filled,,2013-10-07T13:30:00Z,AAPL,sell,100,100,stop,,{level},"),
        );
        rows.fills.insert(1, format!("2,2013-10-07T13:32:00Z,AAPL,sell,100,{level},0"));
        rows
    };
    let (replay, other) = (stopped("95"), stopped("95.02"));
    assert_eq!(first(&replay, &other, &context()), "fills price stop_differs 1");
    let refused =
        finding("2013-10-07T13:32:00Z", FindingKind::StopChangeRefused, Some("2"), None, "PATCH answered 422");
    let noticed = Context { findings: vec![refused], ..context() };
    assert_eq!(first(&replay, &other, &noticed), "fills price stop_not_moved 1");
    // The higher stop fills where the lower one does not.
    let mut missed = replay.clone();
    missed.fills.remove(1);
    missed.orders[1] = rows().orders[1].clone();
    assert_eq!(first(&other, &missed, &context()), "fills only_replay stop_differs 1");
    assert_eq!(first(&replay, &missed, &context()), "fills only_replay ended_unfilled 1");
}

#[test]
fn a_leg_follows_its_entry_or_was_not_moved() {
    let whole = rows();
    let moved = whole.with(|rows| &mut rows.orders, ",stop,,95,", ",stop,,95.02,");
    assert_eq!(first(&whole, &moved, &context()), "orders stop_price unknown 1");
    let refused = finding(
        "2013-10-07T13:31:00Z",
        FindingKind::StopChangeRefused,
        Some("2"),
        None,
        "PATCH of the stop answered 422, code 42210000",
    );
    let noticed = Context { findings: vec![refused], ..context() };
    assert_eq!(first(&whole, &moved, &noticed), "orders stop_price stop_not_moved 1");
    // The entry filled two cents dearer, and so stands the stop.
    let follows = moved.with(|rows| &mut rows.fills, ",100.1,", ",100.12,");
    let (replay, other, context) = (whole.side(), follows.side(), context());
    let report = ParityReport::of(&replay, &other, &context);
    let rules: Vec<&str> = report.differences.iter().map(|difference| difference.cause.rule.name()).collect();
    assert_eq!(rules, ["venue_price", "entry_fill"]);
}

#[test]
fn an_account_is_explained_by_arithmetic() {
    let whole = rows();
    // A dividend of $12 on the second bar, credited in the replay alone.
    let change = |row: &str, less: i64| {
        let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
        for cell in &mut cells[1..3] {
            *cell = (cell.parse::<Money>().expect("money") - Money::from_cents(less * 100)).to_string();
        }
        cells.join(",")
    };
    let mut without = whole.clone();
    without.equity.iter_mut().skip(2).for_each(|row| *row = change(row, 12));
    let paid = |dividend| CashChange {
        time: "2013-10-07T13:32:00Z".parse().expect("time"),
        amount: Money::from_cents(1_200),
        is_dividend: dividend,
    };
    let replay = |changes| Side::of_files(Path::new("replay"), whole.files(), changes).expect("side");
    let other = without.side();
    let context = context();
    let rule = |replay: &Side| {
        let report = ParityReport::of(replay, &other, &context);
        let first = report.first().expect("a difference");
        assert_eq!((first.rows, report.differences_total), (4, 1));
        (first.cause.rule, first.cause.text.clone())
    };
    let (found, text) = rule(&replay(Some(vec![paid(true)])));
    assert_eq!(found, Rule::Payment);
    assert_eq!(text, "Dividends make the difference: +$12.00 in the replay, $0.00 in the rehearsal.");
    assert!(rule(&replay(Some(vec![paid(false)]))).1.starts_with("Payments without a fill make the difference"));
    // No payment is known, or one of another amount: the sum does not show it.
    assert_eq!(rule(&replay(Some(Vec::new()))).0, Rule::Unknown);
    assert_eq!(
        rule(&replay(Some(vec![CashChange { amount: Money::from_cents(1_201), ..paid(true) }]))).0,
        Rule::Unknown
    );
}

#[test]
fn marks_stops_fills_and_missing_bars_of_an_account() {
    let (whole, context) = (rows(), context());
    let marked = whole.with(|rows| &mut rows.equity, ",10040,-10,10050,", ",10041,-10,10051,");
    assert_eq!(first(&whole, &marked, &context), "equity equity+gross_exposure mark 1");
    let heat = whole.with(|rows| &mut rows.equity, ",0.055,", ",0.056,");
    assert_eq!(first(&whole, &heat, &context), "equity heat stop_differs 1");
    let mut short = whole.clone();
    short.equity.pop();
    assert_eq!(first(&whole, &short, &context), "equity only_replay no_bar 1");
    // The fee of a fill moves the cash by as much, from its bar on.
    let mut dear = whole.with(|rows| &mut rows.fills, ",100.6,0.02", ",100.6,0.03");
    for row in dear.equity.iter_mut().skip(3) {
        *row = row.replace("9.98", "9.97").replace("51.98", "51.97").replace("53.98", "53.97");
    }
    let (replay, other) = (whole.side(), dear.side());
    let report = ParityReport::of(&replay, &other, &context);
    let rules: Vec<&str> = report.differences.iter().map(|difference| difference.cause.rule.name()).collect();
    assert_eq!(rules, ["fee", "fills_differ"]);
    assert_eq!(report.differences[1].rows, 3);
}

#[test]
fn rows_in_another_order_and_bytes_in_another_form_are_no_parity() {
    let (whole, context) = (rows(), context());
    let mut turned = whole.clone();
    turned.fills.swap(1, 2);
    assert_eq!(first(&whole, &turned, &context), "fills row_order row_order 1");
    let mut quoted = whole.files();
    quoted.refusals =
        String::from_utf8(quoted.refusals).expect("text").replace("position_size", "\"position_size\"").into();
    let other = Side::of_files(Path::new("other"), quoted, None).expect("side");
    let replay = whole.side();
    let report = ParityReport::of(&replay, &other, &context);
    assert_eq!(report.differences.iter().map(|found| found.nature.name()).collect::<Vec<_>>(), ["form"]);
}

#[test]
fn halts_are_compared_where_both_sides_name_them() {
    let (whole, context) = (rows(), context());
    let halt = HaltSpan { cause: "daily_loss".to_owned(), from: "2013-10-07T13:33:00Z".to_owned(), until: None };
    let side = |halts: Option<Vec<HaltSpan>>| {
        Side::of_files(Path::new("run"), crate::scenario::SessionFiles { halts, ..whole.files() }, None).expect("side")
    };
    let (none, one, unnamed) = (side(Some(Vec::new())), side(Some(vec![halt.clone()])), side(None));
    let report = ParityReport::of(&none, &one, &context);
    let found = report.first().expect("a difference");
    assert_eq!((found.subject, &found.nature, report.identical), (Subject::Halts, &Nature::OnlyOther, false));
    assert!(ParityReport::of(&unnamed, &one, &context).identical, "what is not named is not compared");
    let later = side(Some(vec![HaltSpan { until: Some("2013-10-08T13:30:00Z".to_owned()), ..halt }]));
    let report = ParityReport::of(&one, &later, &context);
    assert_eq!(
        report.first().and_then(|found| found.nature.field("until")).map(|field| field.replay.as_str()),
        Some("")
    );
}

#[test]
fn what_fills_at_the_deciding_close_comes_after_the_decision() {
    let whole = rows();
    // Orders that fill on the bar that decided them: the decision is the first difference, not its fill.
    let close = |rows: &Rows| {
        let mut rows = rows.clone();
        rows.fills[0] = rows.fills[0].replace("13:31", "13:30");
        rows
    };
    let mut later = close(&whole);
    later.orders[0] = later.orders[0].replace("buy,100,100,", "buy,90,90,");
    later.fills[0] = later.fills[0].replace("buy,100,", "buy,90,");
    later.equity[0] = later.equity[0].replace("10000,10000", "10000.5,10000.5");
    assert_eq!(first(&close(&whole), &later, &context()), "orders qty+filled_qty unknown 2");
}

#[test]
fn what_else_was_noticed_on_the_bar_is_no_cause() {
    let whole = rows();
    let dearer = whole.with(|rows| &mut rows.fills, ",100.1,", ",100.12,");
    let reconnect = finding("2013-10-07T13:31:00Z", FindingKind::Reconnect, None, None, "trade updates came back");
    let context = Context { findings: vec![reconnect], bars_compared: None, ..context() };
    let (replay, other) = (whole.side(), dearer.side());
    let report = ParityReport::of(&replay, &other, &context);
    let cause = &report.first().expect("a difference").cause;
    assert_eq!((cause.rule, cause.noticed.as_slice()), (Rule::Unknown, &["trade updates came back".to_owned()][..]));
    assert_eq!(
        headline(&report),
        "They differ from 2013-10-07 13:31 UTC on: order 1, AAPL buy: price 100.1 in the replay and 100.12 in the rehearsal."
    );
    assert_eq!(
        cause.text,
        "The rehearsal filled 2.0 bps worse. Whether both sides saw the same bar is unknown: no bars were compared."
    );
}

#[test]
fn rows_that_do_not_belong_together_are_refused() {
    let side = |rows: &Rows| Side::of_files(Path::new("run"), rows.files(), None).expect_err("damaged").to_string();
    let mut twice = rows();
    twice.orders[2] = twice.orders[1].clone();
    assert!(side(&twice).starts_with("error run/orders.csv:4: order 2 stands there twice"));
    let mut orphan = rows();
    orphan.fills[1] = orphan.fills[1].replace("3,", "33,");
    assert!(side(&orphan).starts_with("error run/fills.csv:3: order 33 is not in orders.csv"));
    let mut back = rows();
    back.equity.swap(1, 2);
    assert!(side(&back).starts_with("error run/equity.csv:4: 2013-10-07T13:31:00Z does not come after the row before"));
}

/// An order of its own shifts every number after it, and is the only difference between orders all the same.
#[test]
fn an_order_too_many_shifts_numbers_and_hides_nothing() {
    let whole = rows();
    let shift = |row: &str| {
        let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
        let up = |cell: &mut String| {
            if let Ok(id) = cell.parse::<u32>()
                && id >= 3
            {
                *cell = (id + 1).to_string();
            }
        };
        up(&mut cells[0]);
        if cells.len() > 14 {
            up(&mut cells[14]);
        }
        cells.join(",")
    };
    let mut more = whole.clone();
    more.orders = more.orders.iter().map(|row| shift(row)).collect();
    more.fills = more.fills.iter().map(|row| shift(row)).collect();
    more.refusals[0] = more.refusals[0].replace(",4,", ",5,");
    more.orders
        .insert(2, "3,canceled,,2013-10-07T13:31:00Z,AAPL,buy,7,0,limit,90,,day,simple,entry,,,,false".to_owned());
    more.fills[2] = more.fills[2].replace(",33.5,", ",33.4,");
    let told = finding("2013-10-07T13:34:00Z", FindingKind::LateEvent, Some("6"), None, "told late");
    let context = Context { findings: vec![told], ..context() };
    for (replay, other) in [(whole.side(), more.side()), (more.side(), whole.side())] {
        let report = ParityReport::of(&replay, &other, &context);
        let found: Vec<(Subject, &str)> =
            report.differences.iter().map(|found| (found.subject, found.cause.rule.name())).collect();
        assert_eq!(found, [(Subject::Orders, "unknown"), (Subject::Fills, "venue_price")]);
        assert_eq!(report.counts.iter().map(|counts| counts.same).collect::<Vec<_>>(), [4, 6, 1, 2, 6, 0]);
    }
    let (replay, other) = (whole.side(), more.side());
    let report = ParityReport::of(&replay, &other, &context);
    assert_eq!(report.renumbered_from.as_deref(), Some("3"));
    assert_eq!(report.differences[0].order.as_deref(), Some("3 (rehearsal)"));
    assert_eq!(report.differences[1].order.as_deref(), Some("5"));
    assert!(page(&report).contains("From order 3 on the rehearsal has other numbers for the same orders."));
}

/// The same orders under other names are no parity of bytes, and are told as nothing else.
#[test]
fn other_numbers_alone_are_told_as_such() {
    let (whole, context) = (rows(), context());
    let mut named = whole.clone();
    let name = |row: &mut String| *row = format!("E{row}");
    named.orders.iter_mut().for_each(name);
    named.fills.iter_mut().for_each(name);
    named.refusals[0] = named.refusals[0].replace(",4,", ",E4,");
    for (place, parent) in [(1, "1"), (5, "5")] {
        named.orders[place] = named.orders[place].replace(&format!(",stop,{parent},"), &format!(",stop,E{parent},"));
    }
    assert_eq!(first(&whole, &named, &context), "orders numbers numbers 1");
}
