//! What the limits did, in words: the same in the report, the notes, the pictures and the terminal.
//!
//! Not here: the figures (scenario::efficacy), drawing.
use super::format::{self, Numbers, Sign, counted};
use super::model::ReportModel;
use crate::domain::Timestamp;
use crate::risk::HaltCause;
use crate::scenario::{Efficacy, HaltUse, LimitKind, LimitUnit, LimitUse};

/// From this share of a limit on it is near.
pub const NEAR: f64 = 0.9;
/// Up to this share of a limit it played no part.
const FAR: f64 = 0.5;

/// "Portfolio heat": the name of a limit.
pub const fn name(kind: LimitKind) -> &'static str {
    match kind {
        LimitKind::DailyLoss => "Daily loss",
        LimitKind::Drawdown => "Drawdown",
        LimitKind::PortfolioHeat => "Portfolio heat",
        LimitKind::GrossExposure => "Gross exposure",
        LimitKind::PositionSize => "Position size",
        LimitKind::CorrelatedExposure => "Correlated exposure",
        LimitKind::OpenPositions => "Open positions",
        LimitKind::OrderNotional => "Order notional",
        LimitKind::OrdersPerMinute => "Orders per minute",
        LimitKind::PriceCollar => "Price collar",
    }
}

/// An amount in the unit of its limit: "25.00%", "$25,000.00", "10".
pub fn amount(kind: LimitKind, value: f64, numbers: Numbers) -> String {
    match kind.unit() {
        LimitUnit::Share => numbers.percent(value, 2, Sign::Negative),
        LimitUnit::Dollars => numbers.dollars_cents(value, Sign::Negative),
        LimitUnit::Count => numbers.count(value),
    }
}

/// How much of a limit was used, 1 is all of it; `None` where nothing was measured.
pub fn used(limit: &LimitUse) -> Option<f64> {
    limit.most.filter(|_| limit.allowed > 0.0).map(|most| most.amount / limit.allowed)
}

/// Why nothing of it was measured.
pub const fn unmeasured(kind: LimitKind) -> &'static str {
    match kind {
        LimitKind::CorrelatedExposure => "no two correlated symbols were held at once",
        LimitKind::OrderNotional => "no entry was approved",
        LimitKind::OrdersPerMinute => "no order was sent",
        LimitKind::PriceCollar => "no entry with a limit price was approved",
        _ => "equity was never above zero",
    }
}

/// What one limit did, in a sentence or two.
pub fn in_words(limit: &LimitUse, efficacy: &Efficacy, numbers: Numbers) -> String {
    match cause(limit.kind) {
        Some(cause) => loss_in_words(limit, cause, efficacy, numbers),
        None => bite_in_words(limit, efficacy, numbers),
    }
}

/// The halt that a limit on losses calls.
pub const fn cause(kind: LimitKind) -> Option<HaltCause> {
    match kind {
        LimitKind::DailyLoss => Some(HaltCause::DailyLoss),
        LimitKind::Drawdown => Some(HaltCause::Drawdown),
        _ => None,
    }
}

fn loss_in_words(limit: &LimitUse, cause: HaltCause, efficacy: &Efficacy, numbers: Numbers) -> String {
    let own = || efficacy.halts.iter().filter(move |halt| halt.cause == cause);
    let count = own().count();
    let Some(worst) = worst(own()) else { return unbitten(limit, efficacy, numbers) };
    let mut words = format!("Halted entries {}.", times(count));
    let which = if count == 1 { "" } else { "Worst: " };
    words.push_str(&format!(" {}", format::capitalized(&format!("{which}{}", beyond(worst, numbers)))));
    // Half the last digit shown.
    if let Some(most) = limit.most.filter(|most| worst.lost().is_some_and(|lost| most.amount > lost + 5e-5)) {
        let (most, by) = (amount(limit.kind, most.amount, numbers), format::date_in_prose(most.time));
        words.push_str(&format!(" It went on to {most} by {by}."));
    }
    let closed: Vec<f64> = own().filter_map(|halt| halt.close_cost).map(crate::domain::Money::to_f64).collect();
    if !closed.is_empty() {
        let sum = closed.iter().sum::<f64>();
        let dollars = numbers.dollars_cents(sum.abs(), Sign::Negative);
        let way = if sum < 0.0 { "brought back" } else { "cost another" };
        words.push_str(&format!(" Closing the positions {way} {dollars}."));
    }
    if limit.refused > 0 {
        words.push_str(&format!(" {} meanwhile.", refused(limit.refused)));
    }
    words
}

/// The halt whose loss was farthest beyond its limit; the first of equals.
pub fn worst<'h>(halts: impl Iterator<Item = &'h HaltUse>) -> Option<&'h HaltUse> {
    halts
        .filter(|halt| halt.loss.is_some())
        .reduce(|worst, next| if next.beyond() > worst.beyond() { next } else { worst })
}

/// "lost 3.70% by 9 Mar 2020, 1.70% beyond the limit: the open had jumped over it, to 3.10%."
pub fn beyond(halt: &HaltUse, numbers: Numbers) -> String {
    let percent = |share: f64| numbers.percent(share, 2, Sign::Negative);
    let (Some(lost), Some(over)) = (halt.lost(), halt.beyond()) else { return String::new() };
    let on = format::date_in_prose(halt.from);
    let over_text = percent(over);
    if over_text == percent(0.0) {
        return format!("lost {} on {on}, no more than the limit.", percent(lost));
    }
    let why = match halt.at_open {
        Some(at_open) if halt.jumped() => format!("the open had jumped over it, to {}", percent(at_open)),
        _ => "prices passed it inside the bar, whose close is the first look".to_owned(),
    };
    format!("lost {} on {on}, {over_text} beyond the limit: {why}.", percent(lost))
}

fn bite_in_words(limit: &LimitUse, efficacy: &Efficacy, numbers: Numbers) -> String {
    let bites = limit.refused + limit.trimmed;
    if bites == 0 {
        return unbitten(limit, efficacy, numbers);
    }
    let what = match (limit.refused, limit.trimmed) {
        (0, trimmed) => made_smaller(trimmed),
        (count, 0) => refused(count),
        (count, trimmed) => format!("{}, {}", refused(count), made_smaller(trimmed)),
    };
    let mut words = what;
    if let Some(largest) = limit.largest {
        let which = if bites == 1 { "it" } else { "the largest" };
        words.push_str(&format!("; {which} would have come to {}", amount(limit.kind, largest.amount, numbers)));
    }
    words.push('.');
    if let (Some(first), Some(last)) = (limit.first, limit.last) {
        words.push_str(&match first.days() == last.days() {
            true => format!(" All on {}.", format::date_in_prose(first)),
            false => format!(" From {} to {}.", format::date_in_prose(first), format::date_in_prose(last)),
        });
        if bites == 1 {
            words =
                format!("{} On {}.", words.split(" All on").next().unwrap_or_default(), format::date_in_prose(first));
        }
    }
    words.push_str(&carried(limit, efficacy, numbers).map(|carried| format!(" {carried}")).unwrap_or_default());
    words
}

fn refused(count: usize) -> String {
    format!("{} refused", counted(count, "entry", "entries"))
}

fn made_smaller(count: usize) -> String {
    format!("{} made smaller", counted(count, "entry", "entries"))
}

/// "once", "twice", "3 times"
pub fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => counted(more, "time", "times"),
    }
}

/// A limit that refused nothing.
fn unbitten(limit: &LimitUse, efficacy: &Efficacy, numbers: Numbers) -> String {
    let Some((most, share)) = limit.most.zip(used(limit)) else {
        return format!("{}.", format::capitalized(unmeasured(limit.kind)));
    };
    let (most, allowed) = (amount(limit.kind, most.amount, numbers), amount(limit.kind, limit.allowed, numbers));
    if let Some(carried) = carried(limit, efficacy, numbers) {
        return format!("Refused nothing. {carried}");
    }
    match share {
        share if share <= FAR => format!("Never above {most} of {allowed}: it did not matter in this run."),
        _ => {
            let nothing = if cause(limit.kind).is_some() { "never halted" } else { "refused nothing" };
            format!("Came to {most} of {allowed}; {nothing}.")
        }
    }
}

/// What is held beyond a limit, which holds entries.
fn carried(limit: &LimitUse, efficacy: &Efficacy, numbers: Numbers) -> Option<String> {
    let most = limit.most.filter(|most| most.amount > limit.allowed)?;
    let (value, on) = (amount(limit.kind, most.amount, numbers), format::date_in_prose(most.time));
    let is_closing = efficacy.halts.iter().any(|halt| halt.from == most.time && halt.close_cost.is_some());
    match limit.kind {
        LimitKind::PortfolioHeat if is_closing => {
            Some(format!("It came to {value} at the close of {on}, as the stops had been canceled to sell everything."))
        }
        LimitKind::PortfolioHeat
        | LimitKind::GrossExposure
        | LimitKind::PositionSize
        | LimitKind::CorrelatedExposure => Some(format!(
            "What was held came to {value} on {on}: the limit holds entries, not what prices make of them."
        )),
        _ => None,
    }
}

/// "Entries were halted 3 times by daily loss and once by drawdown, at 12 of 2,054 closes; 17 entries refused."
pub fn halted(efficacy: &Efficacy) -> Option<String> {
    let by_cause: Vec<String> = HaltCause::ALL
        .iter()
        .filter_map(|cause| {
            let count = efficacy.halts.iter().filter(|halt| halt.cause == *cause).count();
            (count > 0).then(|| format!("{} by {}", times(count), cause.words()))
        })
        .collect();
    let (last, others) = by_cause.split_last()?;
    let causes = if others.is_empty() { last.clone() } else { format!("{} and {last}", others.join(", ")) };
    let refused: usize = efficacy.halts.iter().map(|halt| halt.refused).sum();
    let refused = match refused {
        0 => String::new(),
        count => format!("; {} refused meanwhile", counted(count, "entry", "entries")),
    };
    Some(format!("Entries were halted {causes}, {}{refused}.", time_halted(efficacy)))
}

/// "in 12 of 2,054 sessions"
pub fn time_halted(efficacy: &Efficacy) -> String {
    let (all, halted) = efficacy.sessions;
    format!("in {} of {}", Numbers::PLAIN.count(halted as f64), counted(all, "session", "sessions"))
}

/// "The daily loss limit of 2.00% lost 3.70% on 9 Mar 2020, 1.70% beyond the limit: …", the worst of the run.
pub fn overshoot(model: &ReportModel, numbers: Numbers) -> Option<String> {
    let worst = worst(model.efficacy.halts.iter())?;
    let (limit, over) = (worst.loss?.limit, worst.beyond()?);
    // Less than a hundredth of a percent is the step of the prices.
    (over >= 5e-5).then(|| {
        let limit = numbers.percent(limit.to_f64(), 2, Sign::Negative);
        format!("The {} limit of {limit} {}", worst.cause.words(), beyond(worst, numbers))
    })
}

/// A moment as the report's tables have it: `2020-03-09`, or with the time of the bar in UTC.
pub fn moment(model: &ReportModel, time: Timestamp) -> String {
    time.text(model.timeframe).replace('T', " ").trim_end_matches(":00Z").to_owned()
}
