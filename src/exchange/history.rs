//! `/v2/account/portfolio/history`: equity over time.
//!
//! Not here: marking to prices (market).
//! A point carries the last equity of its bucket and the time at which the bucket begins; a day begins at midnight
//! where the exchange is. Profit counts from the equity before the first point, or with `pnl_reset=per_day`, which is
//! what buckets shorter than a day do unless told otherwise, from the last equity of the day before.
use jiff::{Span, ToSpan};
use serde_json::{Value, json};

use super::Answer;
use super::core::Exchange;
use super::parameters::Parameters;
use super::refusal::Refused;
use super::reply::ok;
use super::statement::PaymentKind;
use crate::domain::{Money, Timestamp};
use crate::market::{Calendar, new_york_date};

/// Equity after a bar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mark {
    /// When the bar was complete.
    pub(super) time: Timestamp,
    /// Cash and positions then.
    pub(super) equity: Money,
    /// It was a bar of the core session.
    pub(super) is_core: bool,
}

/// Longest span of buckets shorter than a day, and spans from which longer buckets are the rule.
const INTRADAY_DAYS_MAX: i32 = 30;
const MINUTES_BELOW_DAYS: i32 = 7;

/// What is asked for.
struct Wanted {
    start: Timestamp,
    end: Timestamp,
    timeframe: &'static str,
    /// Minutes of a bucket; `None` for a day.
    minutes: Option<i64>,
    resets: bool,
    all_hours: bool,
    dividends: bool,
}

/// One point.
struct Point {
    label: Timestamp,
    last: Timestamp,
    equity: Money,
}

impl Exchange {
    /// `GET /v2/account/portfolio/history`.
    pub(super) fn portfolio_history(&self, query: &Parameters) -> Answer {
        match self.wanted_history(query) {
            Ok(wanted) => ok(&self.shown_history(&wanted)),
            Err(refused) => refused.answer(),
        }
    }

    fn wanted_history(&self, query: &Parameters) -> Result<Wanted, Refused> {
        let (start, end, period) =
            (query.get("start"), query.get("end").or(query.get("date_end")), query.get("period"));
        if start.is_some() && end.is_some() && period.is_some() {
            return Err(Refused::syntax("only two of start, end and period are accepted"));
        }
        let now = self.tape().now();
        let moment = |name: &str, text: &str| text.parse::<Timestamp>().map_err(|_| invalid(name, text));
        // A date alone is the whole of its day where the exchange is.
        let is_date = |text: &str| !text.contains(['T', 't', ' ']);
        let first_of = |text: &str| moment("start", text).map(|at| if is_date(text) { self.midnight(at) } else { at });
        let last_of = |text: &str| {
            let of_day = |date: Timestamp| self.midnight(date.plus_ns(Timestamp::NS_PER_DAY)).plus_ns(-1);
            moment("end", text).map(|at| if is_date(text) { of_day(at) } else { at })
        };
        let length = period.map_or(Ok(1.month()), span)?;
        let end_given = end.map(last_of).transpose()?;
        let start_given = start.map(first_of).transpose()?;
        let end = match (end_given, start_given, period) {
            (Some(end), ..) => end,
            (None, Some(start), Some(_)) => shifted(start, length, 1),
            (None, ..) => now,
        };
        let start = start_given
            .unwrap_or_else(|| self.midnight(self.date_of(shifted(end, length, -1)).plus_ns(Timestamp::NS_PER_DAY)));
        let days = end.days() - start.days();
        let by_span = if days < MINUTES_BELOW_DAYS {
            "1Min"
        } else if days < INTRADAY_DAYS_MAX {
            "15Min"
        } else {
            "1D"
        };
        let (timeframe, minutes) = timeframe(query.get("timeframe").unwrap_or(by_span))?;
        if minutes.is_some() && days > INTRADAY_DAYS_MAX {
            return Err(Refused::syntax(format!("timeframe {timeframe} is for at most {INTRADAY_DAYS_MAX} days")));
        }
        let reporting = query.get("intraday_reporting").unwrap_or("market_hours");
        let is_extended = query.get("extended_hours").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let flows = query.get("cashflow_types").unwrap_or("NONE");
        Ok(Wanted {
            start,
            end: end.min(now),
            timeframe,
            minutes,
            resets: match query.get("pnl_reset") {
                None => minutes.is_some(),
                Some("per_day") => true,
                Some("no_reset") => false,
                Some(other) => return Err(invalid("pnl_reset", other)),
            },
            all_hours: match reporting {
                "market_hours" => is_extended,
                "extended_hours" | "continuous" => true,
                other => return Err(invalid("intraday_reporting", other)),
            },
            dividends: flows == "ALL" || flows.split(',').any(|kind| kind == "DIV"),
        })
    }

    fn shown_history(&self, wanted: &Wanted) -> Value {
        let before = self.marks.iter().rev().find(|mark| mark.time <= wanted.start);
        let base = before.map_or(self.setup.cash, |mark| mark.equity);
        let points = self.points(wanted);
        let profits: Vec<(Money, Money)> = points
            .iter()
            .map(|point| {
                let from = if wanted.resets { self.equity_before_day(point.last) } else { base };
                (point.equity - from, from)
            })
            .collect();
        json!({
            "timestamp": points.iter().map(|point| point.label.ns() / Timestamp::NS_PER_SECOND).collect::<Vec<_>>(),
            "equity": points.iter().map(|point| point.equity.to_f64()).collect::<Vec<_>>(),
            "profit_loss": profits.iter().map(|(profit, _)| profit.to_f64()).collect::<Vec<_>>(),
            "profit_loss_pct": profits.iter().map(|(profit, from)| profit.fraction_of(*from)).collect::<Vec<_>>(),
            "base_value": base.to_f64(),
            "base_value_asof": before.map(|mark| self.date_of(mark.time.plus_ns(-1)).utc_date().to_string()),
            "timeframe": wanted.timeframe,
            "cashflow": self.cashflow(wanted, &points),
        })
    }

    fn points(&self, wanted: &Wanted) -> Vec<Point> {
        let mut points: Vec<Point> = Vec::new();
        for mark in self.marks.iter().filter(|mark| wanted.start < mark.time && mark.time <= wanted.end) {
            if wanted.minutes.is_some() && !mark.is_core && !wanted.all_hours {
                continue;
            }
            let label = match wanted.minutes {
                None => self.midnight(self.date_of(mark.time.plus_ns(-1))),
                Some(minutes) => {
                    let bucket_ns = minutes * 60 * Timestamp::NS_PER_SECOND;
                    Timestamp::from_ns((mark.time.ns() - 1).div_euclid(bucket_ns) * bucket_ns)
                }
            };
            match points.last_mut().filter(|point| point.label == label) {
                Some(point) => (point.last, point.equity) = (mark.time, mark.equity),
                None => points.push(Point { label, last: mark.time, equity: mark.equity }),
            }
        }
        points
    }

    /// Dividends between one point and the next.
    fn cashflow(&self, wanted: &Wanted, points: &[Point]) -> Value {
        if !wanted.dividends {
            return json!({});
        }
        let mut from = wanted.start;
        let mut sums = Vec::new();
        for point in points {
            let paid = self.statement.payments.iter().filter(|payment| {
                let is_dividend = matches!(payment.kind, PaymentKind::Dividend { .. });
                is_dividend && from < payment.time && payment.time <= point.last
            });
            sums.push(paid.map(|payment| payment.amount).sum::<Money>().to_f64());
            from = point.last;
        }
        json!({ "DIV": sums })
    }

    /// The last equity of the day before that of a bar that was complete at `time`.
    fn equity_before_day(&self, time: Timestamp) -> Money {
        let day = self.date_of(time.plus_ns(-1));
        let earlier = self.marks.iter().rev().find(|mark| self.date_of(mark.time.plus_ns(-1)) < day);
        earlier.map_or(self.setup.cash, |mark| mark.equity)
    }

    fn is_new_york(&self) -> bool {
        self.tape().calendar().name() == Calendar::xnys().name()
    }

    fn date_of(&self, moment: Timestamp) -> Timestamp {
        let utc = Timestamp::from_days(moment.days()).unwrap_or(moment);
        if self.is_new_york() { new_york_date(moment) } else { utc }
    }

    fn midnight(&self, date: Timestamp) -> Timestamp {
        self.tape().calendar().start_of_day(date)
    }
}

/// `3D`, `1W`, `1M` or `1A`.
fn span(text: &str) -> Result<Span, Refused> {
    const COUNT_MAX: i64 = 1_000;
    let unit = text.chars().next_back().unwrap_or_default();
    let count = text.strip_suffix(unit).and_then(|count| count.parse().ok());
    let count: i64 = count.filter(|count| (1..=COUNT_MAX).contains(count)).ok_or_else(|| invalid("period", text))?;
    match unit {
        'D' => Ok(count.days()),
        'W' => Ok(count.weeks()),
        'M' => Ok(count.months()),
        'A' | 'Y' => Ok(count.years()),
        _ => Err(invalid("period", text)),
    }
}

/// `moment` and `length`, which goes forward or back.
fn shifted(moment: Timestamp, length: Span, sign: i64) -> Timestamp {
    let zoned = moment.to_jiff().to_zoned_datetime(jiff::tz::TimeZone::UTC);
    let there = zoned.checked_add(length * sign).ok();
    let ns = there.and_then(|there| i64::try_from(there.timestamp().as_nanosecond()).ok());
    ns.map_or(if sign < 0 { Timestamp::MIN } else { Timestamp::MAX }, Timestamp::from_ns)
}

fn timeframe(text: &str) -> Result<(&'static str, Option<i64>), Refused> {
    let all = [("1Min", Some(1)), ("5Min", Some(5)), ("15Min", Some(15)), ("1H", Some(60)), ("1D", None)];
    all.into_iter().find(|(name, _)| *name == text).ok_or_else(|| invalid("timeframe", text))
}

fn invalid(name: &str, value: &str) -> Refused {
    Refused::syntax(format!("invalid {name}: {value}"))
}
