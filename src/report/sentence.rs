//! The answer in a sentence, and the line above it that says what was run.
//!
//! Not here: how a surface marks a gain or a loss; it gets the tone of each span. The last clauses
//! stand only when there is something to compare with.
use super::curve;
use super::format::{self, Numbers, Sign};
use super::model::{Line, ReportModel};
use super::{reading, refused};

/// How a span of the sentence is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// As the text around it.
    Plain,
    /// Heavier.
    Strong,
    /// A result above zero.
    Gain,
    /// A result below zero, or a fall.
    Loss,
}

/// A piece of text in one tone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Span {
    /// The text.
    pub text: String,
    /// Its tone.
    pub tone: Tone,
}

/// The tone of a result: by its sign after rounding to a tenth of a percent.
pub fn tone_of(fraction: f64) -> Tone {
    match (fraction * 1000.0).round() {
        rounded if rounded > 0.0 => Tone::Gain,
        rounded if rounded < 0.0 => Tone::Loss,
        _ => Tone::Strong,
    }
}

/// "$100,000 became $194,705: +94.7%, or +8.5% a year, with a worst fall of −18.7%. SPY made …"
pub fn sentence(model: &ReportModel, numbers: Numbers) -> Vec<Span> {
    let mut spans = Spans(Vec::new());
    if model.trades.is_empty() {
        spans.push(Tone::Strong, "No trade was made.");
        spans.push(Tone::Plain, &format!(" {}", why_nothing_traded(model)));
        return spans.0;
    }
    let percent = |fraction: f64| numbers.percent(fraction, 1, Sign::Always);
    spans.push(Tone::Plain, &format!("{} became ", numbers.dollars(model.initial_equity, Sign::Negative)));
    spans.push(Tone::Strong, &numbers.dollars(model.final_equity(), Sign::Negative));
    let total = model.measure("total_return").or_else(|| curve::total_return(model.initial_equity, &model.equity));
    if let Some(total) = total {
        spans.push(Tone::Plain, ": ");
        spans.push(tone_of(total), &percent(total));
    }
    // Less than a year is not stretched to one: two good months are no rate.
    if let Some(growth) = reading::growth_a_year(model) {
        spans.push(Tone::Plain, &format!(", or {} a year", percent(growth)));
    }
    let worst =
        model.measure("max_drawdown").unwrap_or_else(|| curve::max_drawdown(model.initial_equity, &model.equity));
    if tone_of(worst) == Tone::Loss {
        spans.push(Tone::Plain, ", with a worst fall of ");
        spans.push(Tone::Loss, &percent(worst));
    } else {
        spans.push(Tone::Plain, ", without a fall worth a decimal");
    }
    spans.push(Tone::Plain, ".");
    spans.push(Tone::Plain, &comparison(model, numbers));
    spans.0
}

/// The sentence as one text.
pub fn sentence_text(model: &ReportModel, numbers: Numbers) -> String {
    sentence(model, numbers).into_iter().map(|span| span.text).collect()
}

/// " SPY made +25.1% with a worst fall of −56.5%; holding the same four stocks, +411.7% with −57.7%."
fn comparison(model: &ReportModel, numbers: Numbers) -> String {
    let both = |line: &Line| {
        let total = curve::total_return(model.initial_equity, &line.values)?;
        // By session closes, as the strategy's own fall: lows inside sessions would make any line that
        // is held all the time look worse beside it.
        let worst = curve::max_drawdown(model.initial_equity, &curve::closes(&model.session_ends, &line.values));
        Some((numbers.percent(total, 1, Sign::Always), numbers.percent(worst, 1, Sign::Always)))
    };
    let held = match model.symbols.as_slice() {
        [only] => format!("olding {only}"),
        many => format!("olding the same {} stocks", format::number_in_words(many.len())),
    };
    match (model.benchmark.as_ref().and_then(|line| Some((line, both(line)?))), both(&model.hold)) {
        (Some((line, (total, worst))), Some((held_total, held_worst))) => format!(
            " {} made {total} with a worst fall of {worst}; h{held}, {held_total} with {held_worst}.",
            line.name
        ),
        (Some((line, (total, worst))), None) => format!(" {} made {total} with a worst fall of {worst}.", line.name),
        (None, Some((total, worst))) => format!(" H{held} made {total} with a worst fall of {worst}."),
        (None, None) => String::new(),
    }
}

/// "No signal." or "All 42 entries were refused, 38 by portfolio heat."
fn why_nothing_traded(model: &ReportModel) -> String {
    let by_reason = refusals_by_reason(model);
    let Some((reason, most)) = by_reason.first() else {
        if let Some(first) = model.rejections.first() {
            return match model.rejections.len() {
                1 => format!("The only order was rejected by the venue: {}.", first.reason),
                all => {
                    let all = Numbers::PLAIN.count(all as f64);
                    format!("{all} orders were rejected by the venue, the first: {}.", first.reason)
                }
            };
        }
        return "The strategy gave no signal that became an order.".to_owned();
    };
    let all = model.refusals.len();
    let cause = refused::cause(reason);
    match all {
        1 => format!("The only entry was refused {cause}."),
        _ if *most == all => format!("All {} entries were refused {cause}.", Numbers::PLAIN.count(all as f64)),
        _ => format!(
            "All {} entries were refused, {} {cause}.",
            Numbers::PLAIN.count(all as f64),
            Numbers::PLAIN.count(*most as f64)
        ),
    }
}

/// Refusals by code, most frequent first, then by name.
pub fn refusals_by_reason<'a>(model: &'a ReportModel) -> Vec<(&'a str, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for refusal in &model.refusals {
        *counts.entry(refusal.reason.as_str()).or_insert(0) += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    // Stable: equal counts stay in the order of their names.
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

/// "ma_crossover, fast 10, slow 30, stop 2 ATR. AAPL, GOOG, daily, 3 Jan 2005 to 1 Mar 2013."
pub fn subtitle(model: &ReportModel) -> String {
    let mut parts = vec![model.strategy.clone()];
    for (name, value) in &model.parameters {
        parts.push(format!("{} {value}", name.trim_end_matches("_period").replace('_', " ")));
    }
    parts.extend(model.stop.clone());
    let mut scope = match model.symbols.as_slice() {
        few if few.len() <= 8 => few.join(", "),
        many => format!("{} symbols from {} to {}", many.len(), many[0], many[many.len() - 1]),
    };
    scope.push_str(&format!(", {}", model.timeframe.adjective()));
    if let (Some(first), Some(last)) = (model.steps.first(), model.steps.last()) {
        scope.push_str(&format!(", {} to {}", format::date_in_prose(*first), format::date_in_prose(*last)));
    }
    format!("{}. {scope}.", parts.join(", "))
}

/// Spans under construction; neighbours of one tone are joined.
struct Spans(Vec<Span>);

impl Spans {
    fn push(&mut self, tone: Tone, text: &str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.tone == tone => last.text.push_str(text),
            _ => self.0.push(Span { text: text.to_owned(), tone }),
        }
    }
}
