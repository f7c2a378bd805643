//! The day in one sentence and a table, out of plain figures.
//!
//! Not here: where the figures come from (session). What is unknown is said to be unknown, never zero.
//! Invariant: what is said to have been made today is the difference of both equities as they are written, and the rows of
//! the table below it add up to it, to the cent.
use jiff::civil::Date;

use super::tie::{cents, money, tied};
use crate::domain::{Money, Price, Quantity};
use crate::report::format::{Numbers, Sign};

/// What is not known.
const UNKNOWN: &str = "unknown";
/// Positions in the table; the rest is counted.
const POSITIONS_MAX: usize = 50;

/// A day of a session.
#[derive(Clone, PartialEq, Debug)]
pub struct DaySummary {
    /// The exchange's day.
    pub day: Date,
    /// Equity at the close.
    pub equity: Option<Money>,
    /// Equity at the previous session's close.
    pub baseline: Option<Money>,
    /// Round trips that ended today.
    pub trades: usize,
    /// What they made today, net of fees.
    pub realised: Option<Money>,
    /// Refused orders by reason.
    pub refusals: Vec<(String, usize)>,
    /// Halts, one sentence each.
    pub halts: Vec<String>,
    /// What is open overnight.
    pub positions: Vec<SummaryPosition>,
    /// Lost if every stop is hit, as a fraction of equity.
    pub heat: Option<f64>,
    /// The limit on it.
    pub heat_max: f64,
}

/// An open position at the day's end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SummaryPosition {
    /// Which share.
    pub symbol: String,
    /// Shares; negative is short.
    pub shares: Quantity,
    /// What it made today.
    pub today: Option<Money>,
    /// Level of its stop; `None`: it has none.
    pub stop: Option<Price>,
}

impl DaySummary {
    /// The text of the event: the sentence, and below it the table.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.sentence(), self.table())
    }

    /// `Fri 18 Oct 2013: −$616.20 (−0.62%), equity $98,765.43, 5 trades, 2 refusals, no halt, 3 positions open, …`
    fn sentence(&self) -> String {
        let numbers = Numbers::TYPOGRAPHIC;
        let today = match (self.equity, self.baseline) {
            (Some(equity), Some(baseline)) => {
                let share = (equity - baseline).fraction_of(baseline);
                let share =
                    share.map_or(String::new(), |share| format!(" ({})", numbers.percent(share, 2, Sign::Always)));
                format!("{}{share}", dollars(self.change().map(money), Sign::Always))
            }
            _ => format!("result {UNKNOWN}"),
        };
        let refusals = self.refusals.iter().map(|(_, count)| count).sum();
        let halts = match self.halts.len() {
            0 => "no halt".to_owned(),
            count => counted(count, "halt"),
        };
        let heat = self.heat.map_or(UNKNOWN.to_owned(), |heat| numbers.percent(heat, 1, Sign::Negative));
        format!(
            "{}: {today}, equity {}, {}, {}, {halts}, {} open, heat {heat} of {}.",
            self.day.strftime("%a %-d %b %Y"),
            dollars(self.equity, Sign::Negative),
            counted(self.trades, "trade"),
            counted(refusals, "refusal"),
            counted(self.positions.len(), "position"),
            numbers.percent(self.heat_max, 1, Sign::Negative),
        )
    }

    /// What was made today in cents, as the equities are written.
    fn change(&self) -> Option<i128> {
        Some(cents(self.equity?) - cents(self.baseline?))
    }

    /// The rows that make the day: what was closed, each position, and those that have no row of their own together. Where all
    /// are known they add up to what was made; an unknown one leaves the others as they are.
    fn made(&self) -> Vec<(String, Option<Money>)> {
        let numbers = Numbers::TYPOGRAPHIC;
        let mut made = vec![(format!("Closed today ({})", counted(self.trades, "trade")), self.realised)];
        for position in self.positions.iter().take(POSITIONS_MAX) {
            let stop =
                position.stop.map_or("no stop".to_owned(), |stop| format!("stop {}", numbers.price(stop.to_f64())));
            let shares = numbers.shares(position.shares.to_f64());
            made.push((format!("{} {shares}, {stop}", position.symbol), position.today));
        }
        let more = self.positions.get(POSITIONS_MAX..).unwrap_or_default();
        if !more.is_empty() {
            let today = more.iter().map(|position| position.today).sum::<Option<Money>>();
            made.push((format!("{} more", counted(more.len(), "position")), today));
        }
        let known: Option<Vec<Money>> = made.iter().map(|(_, today)| *today).collect();
        if let (Some(known), Some(change)) = (known, self.change()) {
            made.iter_mut().zip(tied(&known, change)).for_each(|((_, today), tied)| *today = Some(tied));
        }
        made
    }

    fn table(&self) -> String {
        let mut rows = vec![
            ("Equity".to_owned(), dollars(self.equity, Sign::Negative)),
            ("Equity, close before".to_owned(), dollars(self.baseline, Sign::Negative)),
        ];
        rows.extend(self.made().into_iter().map(|(name, today)| (name, dollars(today, Sign::Always))));
        rows.extend(self.refusals.iter().map(|(reason, count)| (format!("Refused: {reason}"), count.to_string())));
        let width =
            |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
        let left = width(&mut rows.iter().map(|(name, _)| name));
        let right = width(&mut rows.iter().map(|(_, value)| value));
        let mut lines: Vec<String> =
            rows.iter().map(|(name, value)| format!("{name:<left$}  {value:>right$}").trim_end().to_owned()).collect();
        lines.extend(self.halts.iter().map(|halt| format!("Halt: {halt}")));
        lines.join("\n")
    }
}

fn dollars(amount: Option<Money>, sign: Sign) -> String {
    amount.map_or(UNKNOWN.to_owned(), |amount| Numbers::TYPOGRAPHIC.dollars_cents(money(cents(amount)).to_f64(), sign))
}

fn counted(count: usize, what: &str) -> String {
    let number = if count == 0 { "no".to_owned() } else { Numbers::TYPOGRAPHIC.count(count as f64) };
    format!("{number} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Option<Money> {
        Some(text.parse().expect(text))
    }

    fn day() -> DaySummary {
        let position = |symbol: &str, shares: &str, today, stop: Option<&str>| SummaryPosition {
            symbol: symbol.to_owned(),
            shares: shares.parse().expect(shares),
            today,
            stop: stop.map(|stop| stop.parse().expect(stop)),
        };
        DaySummary {
            day: jiff::civil::date(2013, 10, 18),
            equity: usd("98765.43"),
            baseline: usd("99381.63"),
            trades: 5,
            realised: usd("-248.56"),
            refusals: vec![("heat".to_owned(), 1), ("stale price".to_owned(), 1)],
            halts: vec!["Daily loss at 11:02:40.".to_owned()],
            positions: vec![position("IBM", "52", usd("12.5"), Some("174.2")), position("GE", "-10", None, None)],
            heat: Some(0.123),
            heat_max: 0.25,
        }
    }

    #[test]
    fn the_day_is_one_sentence_and_a_table_that_ties() {
        let text = day().text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "Fri 18 Oct 2013: −$616.20 (−0.62%), equity $98,765.43, 5 trades, 2 refusals, 1 halt, 2 positions open, \
                 heat 12.3% of 25.0%.",
                "Equity                   $98,765.43",
                "Equity, close before     $99,381.63",
                "Closed today (5 trades)    −$248.56",
                "IBM 52, stop 174.20         +$12.50",
                "GE −10, no stop             unknown",
                "Refused: heat                     1",
                "Refused: stale price              1",
                "Halt: Daily loss at 11:02:40.",
            ]
        );
    }

    #[test]
    fn what_is_unknown_is_said_to_be_and_nothing_is_no() {
        let quiet = DaySummary {
            equity: None,
            trades: 0,
            realised: None,
            refusals: Vec::new(),
            halts: Vec::new(),
            positions: Vec::new(),
            heat: None,
            ..day()
        };
        assert!(quiet.text().starts_with(
            "Fri 18 Oct 2013: result unknown, equity unknown, no trades, no refusals, no halt, no positions open, heat \
             unknown of 25.0%.\n"
        ), "{}", quiet.text());
        assert!(!quiet.text().contains("$0"), "{}", quiet.text());
    }

    /// −566.044 and −24.024 are −590.068: each alone would be a cent short of the sentence.
    #[test]
    fn the_rows_add_up_to_the_sentence_to_the_cent() {
        let mut short = day();
        (short.equity, short.baseline, short.realised) = (usd("99409.932"), usd("100000"), usd("-566.044"));
        short.positions = vec![SummaryPosition { today: usd("-24.024"), ..short.positions[0].clone() }];
        let text = short.text();
        assert!(text.starts_with("Fri 18 Oct 2013: −$590.07 ("), "{text}");
        let rows: Vec<&str> = text.lines().skip(3).take(2).filter_map(|row| row.split("  ").last()).collect();
        assert_eq!(rows.iter().map(|row| row.trim()).collect::<Vec<_>>(), ["−$566.04", "−$24.03"]);
    }

    #[test]
    fn many_positions_are_counted() {
        let mut crowded = day();
        crowded.positions = vec![crowded.positions[0].clone(); POSITIONS_MAX + 7];
        let row = crowded.text().lines().find(|row| row.starts_with("7 positions more")).map(str::to_owned);
        assert!(row.is_some_and(|row| row.ends_with(" +$87.50")), "{}", crowded.text());
        assert!(crowded.text().contains("57 positions open"));
    }
}
