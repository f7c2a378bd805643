//! `price.png`: where the strategy got in and out of its most profitable symbol.
//!
//! Not here: the shapes of marks and candles. Beyond [`TRADES_MAX`] trades the picture shows the
//! last of them and says so; it never thins trades out.
use plotters::style::text_anchor::{HPos, VPos};

use super::axis::{Scale, time_ticks};
use super::candles::{self, Candle};
use super::equity::TIME_LABELS;
use super::frame::{EndLabel, Frame, Head, NAME_WIDTH, Type, measure};
use super::label;
use super::marks::{Mark, Place};
use super::theme::{
    GAIN, INDICATOR_LINES, INDICATORS, INK2, LOSS, MARGIN, PLOT_BOTTOM, PLOT_TOP, STOP_LINE, TEXT, WIDTH,
};
use super::{ChartError, columns};
use crate::domain::{Bar, Timestamp};
use crate::report::font::Weight;
use crate::report::model::{PricePanel, ReportModel, StopSpan, TradeRow};
use crate::strategy::ChartLine;

/// Most trades in one picture: beyond it their marks would hide one another.
const TRADES_MAX: usize = 40;
/// How many are shown of more than that: the last ones.
const TRADES_SHOWN: usize = 30;

/// Left out where a long legend needs the room.
const READING_AID: &str = "; tinted while held, the result at the foot";

/// The stretch of bars shown, and what happened in it. Indices count from its first bar.
struct View<'m> {
    bars: &'m [Bar],
    first: usize,
    trades: Vec<&'m TradeRow>,
    stops: Vec<&'m StopSpan>,
    trades_in_all: usize,
}

impl<'m> View<'m> {
    fn of(model: &'m ReportModel<'_>, panel: &'m PricePanel<'_>) -> View<'m> {
        let mut trades: Vec<&TradeRow> = model.trades.iter().filter(|trade| trade.symbol == panel.symbol).collect();
        let trades_in_all = trades.len();
        let mut first = 0;
        if trades.len() > TRADES_MAX {
            trades.drain(..trades_in_all - TRADES_SHOWN);
            let entry = panel.bars.partition_point(|bar| bar.time < trades[0].entry_time);
            first = entry.saturating_sub((panel.bars.len() - entry) / 40 + 1);
        }
        let bars = &panel.bars[first..];
        let from = bars.first().map_or(Timestamp::MIN, |bar| bar.time);
        let stops = panel.stops.iter().filter(|stop| stop.to >= from).collect();
        View { bars, first, trades, stops, trades_in_all }
    }

    /// Index of the bar at `time`, or of the next one.
    fn index(&self, time: Timestamp) -> usize {
        self.bars.partition_point(|bar| bar.time < time).min(self.bars.len().saturating_sub(1))
    }

    /// First and last bar of a trade; an open one reaches to the end.
    fn span(&self, trade: &TradeRow) -> (usize, usize) {
        let end = trade.exit_time.map_or(self.bars.len().saturating_sub(1), |time| self.index(time));
        (self.index(trade.entry_time), end)
    }

    fn scale(&self) -> Scale {
        // Shares of the height: text at the foot of a held stretch, marks over the highest bar.
        const FOOT: f64 = 0.085;
        const HEAD: f64 = 0.03;
        let bars = self.bars.iter().flat_map(|bar| [bar.low.to_f64(), bar.high.to_f64()]);
        // What a delisting paid has no mark at its price, so it makes no room either.
        let exit = |trade: &TradeRow| {
            let mark = Mark::exit(trade.side, trade.exit_reason);
            trade.exit_price.filter(|_| mark != Mark::Delisted)
        };
        let fills = self.trades.iter().flat_map(|trade| [Some(trade.entry_price), exit(trade)]).flatten();
        let stops = self.stops.iter().map(|stop| stop.price);
        Scale::dollars(bars.chain(fills).chain(stops)).with_room(FOOT, HEAD)
    }
}

/// Price, trades and stops of the first price panel as a PNG file, 1600×900 pixels.
///
/// Errors: [`ChartError::Empty`] without a bar; otherwise only what plotters or the encoder say.
pub fn price_png(model: &ReportModel<'_>) -> Result<Vec<u8>, ChartError> {
    let panel = model.prices.iter().find(|panel| !panel.bars.is_empty()).ok_or(ChartError::Empty)?;
    let view = View::of(model, panel);
    let scale = view.scale();
    let (ticks, step) = scale.ticks();
    let ticks: Vec<(f64, String)> = ticks.iter().map(|t| (*t, label::axis_dollars(*t, step, scale.high))).collect();
    let last = view.bars.last().map_or(0.0, |bar| bar.close.to_f64());
    let mut widest = measure(&label::price(last, step), Weight::SemiBold)?;
    for text in ticks.iter().map(|t| &t.1).chain(panel.indicators.iter().map(|line| &line.label)) {
        widest = widest.max(measure(text, Weight::SemiBold)?);
    }
    let frame = Frame::new(-0.7..view.bars.len() as f64 - 0.3, scale, widest.min(NAME_WIDTH));
    let per_candle = candles::bars_per_candle(view.bars.len(), frame.columns());
    let candles = candles::join(view.bars, per_candle);
    let times: Vec<Timestamp> = view.bars.iter().map(|bar| bar.time).collect();
    let times = time_ticks(&times, model.timeframe, TIME_LABELS);
    held(&frame, &view)?;
    let values: Vec<f64> = ticks.iter().map(|t| t.0).collect();
    frame.grid(&values, &times, None)?;
    frame.time_labels(&times)?;
    candles::draw(&frame, &candles, frame.columns() as f32 / candles.len() as f32)?;
    let mut names = indicators(&frame, scale, &view, panel)?;
    stops(&frame, &view)?;
    let marks = marks(&frame, &view, &candles, per_candle)?;
    results(&frame, &view)?;
    let end = frame.pixel((view.bars.len() as f64 - 1.0, last)).1;
    names.push(EndLabel { y: end, lines: vec![(label::price(last, step), Weight::SemiBold)], colour: INK2 });
    let taken = frame.end_labels(names)?;
    frame.value_labels(&ticks, &taken)?;
    let mut head = head(model, panel, &view, per_candle, scale.log);
    head.reserved = legend(&frame, &head, &marks, !view.stops.is_empty())?;
    if !frame.subtitle_fits(&head) {
        head.subtitle = head.subtitle.replace(READING_AID, "");
    }
    frame.head(model, &head)?;
    frame.png()
}

/// The tint of every stretch held.
fn held(frame: &Frame, view: &View<'_>) -> Result<(), ChartError> {
    for trade in &view.trades {
        let (from, to) = view.span(trade);
        let (left, right) = (frame.pixel((from as f64 - 0.5, 1.0)).0, frame.pixel((to as f64 + 0.5, 1.0)).0);
        let colour = if trade.pnl < 0.0 { LOSS } else { GAIN };
        frame.rectangle((left.max(MARGIN), PLOT_TOP), (right.max(left + 1.0), PLOT_BOTTOM), colour, 0.06)?;
    }
    Ok(())
}

/// The result of every trade at the foot of its stretch, where it fits.
fn results(frame: &Frame, view: &View<'_>) -> Result<(), ChartError> {
    const BASE: f32 = PLOT_BOTTOM - 18.0;
    let size = if view.trades.len() > 12 { 17 } else { TEXT };
    let mut free_from = MARGIN;
    for trade in &view.trades {
        let (from, to) = view.span(trade);
        let (left, right) = (frame.pixel((from as f64 - 0.5, 1.0)).0, frame.pixel((to as f64 + 0.5, 1.0)).0);
        let colour = if trade.pnl < 0.0 { LOSS } else { GAIN };
        let style = Type { size, weight: Weight::SemiBold, colour };
        let text = label::gain(trade.pnl);
        let (middle, half) = ((left + right) / 2.0, frame.width(&text, style) / 2.0);
        let middle = middle.clamp(MARGIN + half, frame.right - half);
        // A little wider than its stretch is still read as belonging to it.
        if middle - half < free_from || 2.0 * half > right - left + 30.0 {
            continue;
        }
        free_from = middle + half + 10.0;
        frame.text_over(&text, (middle, BASE), style, HPos::Center, VPos::Bottom)?;
    }
    Ok(())
}

/// The strategy's own lines; returns their names at the end. Prices make the scale: a line is not drawn
/// where it leaves it, and its name then stands at the edge it left by.
fn indicators(
    frame: &Frame,
    scale: Scale,
    view: &View<'_>,
    panel: &PricePanel<'_>,
) -> Result<Vec<EndLabel>, ChartError> {
    let mut names = Vec::new();
    // The first is the heaviest and lies on top.
    for (number, ChartLine { label: name, values }) in panel.indicators.iter().enumerate().rev() {
        let style = number.min(INDICATORS.len() - 1);
        let (colour, width) = (INDICATORS[style], INDICATOR_LINES[style]);
        let values = values.get(view.first..).unwrap_or_default();
        let shown = |value: &f64| scale.low <= *value && *value <= scale.high;
        let inside: Vec<f64> = values.iter().map(|value| value.filter(shown).unwrap_or(f64::NAN)).collect();
        let pieces = columns::line(&inside, frame.columns());
        for piece in &pieces {
            frame.line(piece, colour, width)?;
        }
        let Some(last) = values.last().copied().flatten().filter(|_| !pieces.is_empty()) else { continue };
        let weight = if number == 0 { Weight::SemiBold } else { Weight::Regular };
        let y = frame.pixel((values.len() as f64 - 1.0, last.clamp(scale.low, scale.high))).1;
        names.push(EndLabel { y, lines: vec![(name.clone(), weight)], colour });
    }
    Ok(names)
}

/// Stops as dashed lines, stepping where one follows another inside a trade.
fn stops(frame: &Frame, view: &View<'_>) -> Result<(), ChartError> {
    let mut path: Vec<(f32, f32)> = Vec::new();
    let mut last_bar = usize::MAX;
    for stop in &view.stops {
        let (from, to) = (view.index(stop.from), view.index(stop.to));
        let left = frame.pixel((from as f64 - 0.5, stop.price));
        let right = frame.pixel((to as f64 + 0.5, stop.price));
        let inside = |trade: &&TradeRow| {
            let (entry, exit) = view.span(trade);
            entry < from && from <= exit
        };
        if last_bar.checked_add(1) != Some(from) || !view.trades.iter().any(inside) {
            frame.dashes(&path, LOSS, STOP_LINE)?;
            path.clear();
        }
        last_bar = to;
        for point in [(left.0.max(MARGIN), left.1), right] {
            // Points closer than a pixel would only cost time.
            let near = |last: &(f32, f32)| (last.0 - point.0).abs() < 1.0 && (last.1 - point.1).abs() < 1.0;
            if !path.last().is_some_and(near) {
                path.push(point);
            }
        }
    }
    frame.dashes(&path, LOSS, STOP_LINE)
}

/// Entries and exits; returns which marks occur.
fn marks(frame: &Frame, view: &View<'_>, candles: &[Candle], per_candle: usize) -> Result<Vec<Mark>, ChartError> {
    let count = 2 * view.trades.len().max(1);
    let size = (0.75 * frame.columns() as f32 / count as f32).clamp(15.0, 22.0);
    let mut found = Vec::new();
    let mut put = |mark: Mark, bar: usize, price: f64| {
        let Some(candle) = candles.get(bar / per_candle) else { return Ok(()) };
        let away = size / 2.0 + 6.0;
        let at = match mark.place() {
            Place::Under => (frame.pixel((candle.at, candle.low)), away),
            Place::Over => (frame.pixel((candle.at, candle.high)), -away),
            Place::AtFill => (frame.pixel((candle.at, price)), 0.0),
        };
        if !found.contains(&mark) {
            found.push(mark);
        }
        mark.draw(frame, (at.0.0, at.0.1 + at.1), size)
    };
    for trade in &view.trades {
        let (from, to) = view.span(trade);
        put(Mark::entry(trade.side), from, trade.entry_price)?;
        if let Some(price) = trade.exit_price {
            put(Mark::exit(trade.side, trade.exit_reason), to, price)?;
        }
    }
    Ok(found)
}

/// The legend at the right of the title, or of the subtitle where the title is long; returns the
/// pixels it takes of each.
fn legend(frame: &Frame, head: &Head, found: &[Mark], stop: bool) -> Result<(f32, f32), ChartError> {
    const GAP: f32 = 30.0;
    const SAMPLE: f32 = 34.0;
    const DASHES: f32 = 58.0;
    let style = Type { size: TEXT, weight: Weight::Regular, colour: INK2 };
    let marks: Vec<Mark> = Mark::ALL.into_iter().filter(|mark| found.contains(mark)).collect();
    let mut width: f32 = marks.iter().map(|mark| SAMPLE + frame.width(mark.word(), style) + GAP).sum();
    if stop {
        width += DASHES + frame.width("stop", style) + GAP;
    }
    if width == 0.0 {
        return Ok((0.0, 0.0));
    }
    let title = Type { size: super::theme::TITLE, weight: Weight::SemiBold, colour: INK2 };
    let beside_title = frame.width(&head.title, title) + width + GAP <= WIDTH as f32 - 2.0 * MARGIN;
    let middle = if beside_title { 55.0 } else { 96.0 };
    let mut x = WIDTH as f32 - MARGIN - (width - GAP);
    for mark in marks {
        mark.draw(frame, (x + 11.0, middle), 22.0)?;
        frame.text(mark.word(), (x + SAMPLE, middle), style, HPos::Left, VPos::Center)?;
        x += SAMPLE + frame.width(mark.word(), style) + GAP;
    }
    if stop {
        frame.dashes(&[(x, middle), (x + DASHES - 10.0, middle)], LOSS, STOP_LINE)?;
        frame.text("stop", (x + DASHES, middle), style, HPos::Left, VPos::Center)?;
    }
    Ok(if beside_title { (width + GAP, 0.0) } else { (0.0, width + GAP) })
}

fn head(model: &ReportModel<'_>, panel: &PricePanel<'_>, view: &View<'_>, per_candle: usize, log: bool) -> Head {
    let symbol = &panel.symbol;
    let closed = model.trades.iter().filter(|t| t.symbol == *symbol && t.exit_time.is_some()).count();
    let gain = label::gain(panel.profit.abs());
    let dollars = gain.trim_start_matches('+');
    let trades = label::plural(closed, "closed trade", "closed trades");
    let title = match view.trades.last() {
        None => format!("{symbol}, where no trade was made"),
        Some(open) if closed == 0 => format!("{symbol}, one trade, still open, {} so far", label::gain(open.pnl)),
        Some(_) if gain.starts_with('$') => format!("{symbol} came out even in {trades}"),
        Some(_) if panel.profit < 0.0 => format!("{symbol} lost {dollars} in {trades}"),
        Some(_) => format!("{symbol} earned {dollars} in {trades}"),
    };
    let mut subtitle = format!("{} bars", label::timeframe(model.timeframe));
    if per_candle > 1 {
        subtitle += &format!(", {} to a candle", label::count(per_candle));
    }
    if !view.trades.is_empty() {
        subtitle += READING_AID;
    }
    if log {
        subtitle += "; log scale";
    }
    let (from, to) = (view.bars.first().map(|bar| bar.time), view.bars.last().map(|bar| bar.time));
    let period = |text: fn(Timestamp) -> String| {
        let (from, to) = (from.map(text).unwrap_or_default(), to.map(text).unwrap_or_default());
        (from != to).then(|| format!("{from} to {to}"))
    };
    // Months, days where all is in one month, the day where all is in one day.
    let note = period(label::prose_month).or_else(|| period(label::prose_date));
    let mut note = note.unwrap_or_else(|| from.map(label::prose_date).unwrap_or_default());
    // Here and not in the subtitle: a long legend may cut that short.
    if view.trades.len() < view.trades_in_all {
        let all = label::count(view.trades_in_all);
        note = format!("the last {} of {all} trades, {note}", label::count(view.trades.len()));
    }
    Head { title, subtitle, note, reserved: (0.0, 0.0) }
}
