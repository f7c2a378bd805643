//! Where daily loss and drawdown halts begin and end, by a walk over the equity curve.
use alphaflow::domain::{Money, Ratio, Timestamp};
use alphaflow::risk::HaltCause;

/// One halt: what it came from, since when, until when.
pub type Stretch = (HaltCause, Timestamp, Option<Timestamp>);

/// Everything that the walk needs to know.
pub struct Curve<'a> {
    pub start: Money,
    /// Time and equity of each step.
    pub steps: &'a [(Timestamp, Money)],
    /// How many of them come after the last bar: each is a session of its own.
    pub late: usize,
    /// First moment, moment of the last bar, first moment that is none of the session's any more; empty where
    /// every step is a session.
    pub sessions: &'a [[Timestamp; 3]],
    /// Steps at which somebody resumed.
    pub resumes: &'a [Timestamp],
    pub daily_loss_max: Ratio,
    pub drawdown_max: Ratio,
}

/// What happens at a step.
#[derive(Clone, Copy, Default)]
struct Bounds {
    begins: bool,
    ends: bool,
}

impl Curve<'_> {
    fn bounds(&self) -> Vec<Bounds> {
        let daily = Bounds { begins: true, ends: true };
        let mut bounds = vec![if self.sessions.is_empty() { daily } else { Bounds::default() }; self.steps.len()];
        let traded = self.steps.len() - self.late;
        bounds[traded..].fill(daily);
        for [start, last_bar, over] in self.sessions {
            let first = self.steps.partition_point(|(time, _)| time < start);
            let after = self.steps.partition_point(|(time, _)| time < over).min(traded);
            if first < after {
                bounds[first].begins = true;
                // The bar of the last minute ends it; where there is none, the last bar there is.
                let last = self.steps.partition_point(|(time, _)| time < last_bar);
                bounds[last.min(after - 1)].ends = true;
            }
        }
        bounds
    }

    /// The halts that there must have been, in order of their beginnings, daily loss before drawdown.
    pub fn halts(&self) -> Vec<Stretch> {
        let reached = |of: Money, equity: Money, limit: Ratio| {
            let (of, equity) = (of.units(), equity.units());
            (of - equity) * 1_000_000_000 >= of.max(0) * i128::from(limit.units())
        };
        let (mut baseline, mut peak) = (self.start, self.start);
        // Places in `halts` of those that stand.
        let (mut daily, mut drawdown): (Option<usize>, Option<usize>) = (None, None);
        let mut halts: Vec<Stretch> = Vec::new();
        // What is lost outside sessions is lost in the next one, whose baseline it is: that one does not lift it.
        let (mut is_inside, mut is_of_next) = (false, false);
        for ((time, equity), bounds) in self.steps.iter().copied().zip(self.bounds()) {
            is_inside |= bounds.begins;
            if bounds.begins
                && !std::mem::take(&mut is_of_next)
                && let Some(at) = daily.take()
            {
                halts[at].2 = Some(time);
            }
            peak = peak.max(equity);
            if daily.is_none() && reached(baseline, equity, self.daily_loss_max) {
                (daily, is_of_next) = (Some(halts.len()), !is_inside);
                halts.push((HaltCause::DailyLoss, time, None));
            }
            if drawdown.is_none() && reached(peak, equity, self.drawdown_max) {
                drawdown = Some(halts.len());
                halts.push((HaltCause::Drawdown, time, None));
            }
            if self.resumes.contains(&time)
                && let Some(at) = drawdown.take()
            {
                halts[at].2 = Some(time);
                peak = equity;
            }
            if bounds.ends {
                (baseline, is_inside) = (equity, false);
            }
        }
        halts
    }
}
