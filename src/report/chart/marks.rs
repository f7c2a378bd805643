//! Marks of a trade: ▲ ▽ ✕ ◇ ■ as shapes, so that no glyph of a typeface is asked for them.
//!
//! Not here: where they stand (report::chart::price).
use plotters::style::RGBColor;

use super::ChartError;
use super::frame::Frame;
use super::theme::{GAIN, INK, LOSS, WHITE};
use crate::domain::{OrderPurpose, Side};

/// What a mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Bought to open: ▲ filled, under the low.
    Bought,
    /// Sold to open: ▼ filled, over the high.
    SoldShort,
    /// Sold because the strategy said so: ▽ hollow, over the high.
    Sold,
    /// Bought back because the strategy said so: △ hollow, under the low.
    Covered,
    /// A protective stop filled: ✕ at the fill.
    Stopped,
    /// The profit target filled: ◇ hollow, at the fill.
    Target,
    /// A limit or a person closed it: ■ at the fill.
    Halted,
    /// The share is no longer listed: ■ over the last bar, since nothing traded at what was paid.
    Delisted,
}

/// Where a mark stands against its bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Under the low.
    Under,
    /// Over the high.
    Over,
    /// At the fill's price.
    AtFill,
}

impl Mark {
    /// In the order of the legend.
    pub const ALL: [Mark; 8] = [
        Mark::Bought,
        Mark::SoldShort,
        Mark::Sold,
        Mark::Covered,
        Mark::Stopped,
        Mark::Target,
        Mark::Halted,
        Mark::Delisted,
    ];

    /// The mark of an entry.
    pub fn entry(side: Side) -> Mark {
        match side {
            Side::Buy => Mark::Bought,
            Side::Sell => Mark::SoldShort,
        }
    }

    /// The mark of an exit from a position opened by `side`.
    pub fn exit(side: Side, reason: Option<OrderPurpose>) -> Mark {
        match (reason, side) {
            (Some(OrderPurpose::Stop | OrderPurpose::Trail | OrderPurpose::TimeStop), _) => Mark::Stopped,
            (Some(OrderPurpose::TakeProfit), _) => Mark::Target,
            (Some(OrderPurpose::RiskHalt | OrderPurpose::KillSwitch), _) => Mark::Halted,
            (Some(OrderPurpose::Delisted), _) => Mark::Delisted,
            (_, Side::Buy) => Mark::Sold,
            (_, Side::Sell) => Mark::Covered,
        }
    }

    /// Its word in the legend.
    pub fn word(self) -> &'static str {
        match self {
            Mark::Bought => "bought",
            Mark::SoldShort => "sold short",
            Mark::Sold => "sold on signal",
            Mark::Covered => "bought back on signal",
            Mark::Stopped => "stopped out",
            Mark::Target => "took profit",
            Mark::Halted => "forced out",
            Mark::Delisted => "delisted",
        }
    }

    /// Where it stands.
    pub fn place(self) -> Place {
        match self {
            Mark::Bought | Mark::Covered => Place::Under,
            Mark::SoldShort | Mark::Sold | Mark::Delisted => Place::Over,
            Mark::Stopped | Mark::Target | Mark::Halted => Place::AtFill,
        }
    }

    /// Draws it around `at`, `size` pixels wide, with a white edge.
    pub fn draw(self, frame: &Frame, at: (f32, f32), size: f32) -> Result<(), ChartError> {
        let half = size / 2.0;
        let up = [(0.0, -0.45), (0.5, 0.42), (-0.5, 0.42)];
        let down = [(0.0, 0.45), (0.5, -0.42), (-0.5, -0.42)];
        let diamond = [(0.0, -0.55), (0.5, 0.0), (0.0, 0.55), (-0.5, 0.0)];
        let square = [(-0.4, -0.4), (0.4, -0.4), (0.4, 0.4), (-0.4, 0.4)];
        match self {
            Mark::Bought => filled(frame, at, size, &up, GAIN),
            Mark::SoldShort => filled(frame, at, size, &down, GAIN),
            Mark::Sold => hollow(frame, at, size, &down, INK),
            Mark::Covered => hollow(frame, at, size, &up, INK),
            Mark::Target => hollow(frame, at, size, &diamond, GAIN),
            Mark::Halted | Mark::Delisted => filled(frame, at, size, &square, INK),
            Mark::Stopped => {
                let reach = half * 0.8;
                let arms = [(-reach, -reach, reach, reach), (-reach, reach, reach, -reach)];
                for (colour, width) in [(WHITE, size * 0.38), (LOSS, size * 0.19)] {
                    for (x0, y0, x1, y1) in arms {
                        frame.stroke(&[(at.0 + x0, at.1 + y0), (at.0 + x1, at.1 + y1)], colour, width)?;
                    }
                }
                Ok(())
            }
        }
    }
}

type Corners = [(f32, f32)];

fn placed(at: (f32, f32), size: f32, corners: &Corners) -> Vec<(f32, f32)> {
    corners.iter().map(|(x, y)| (at.0 + x * size, at.1 + y * size)).collect()
}

fn outline(points: &[(f32, f32)]) -> Vec<(f32, f32)> {
    points.iter().chain(points.first()).copied().collect()
}

fn filled(frame: &Frame, at: (f32, f32), size: f32, corners: &Corners, colour: RGBColor) -> Result<(), ChartError> {
    let points = placed(at, size, corners);
    frame.stroke(&outline(&points), WHITE, 5.0)?;
    frame.polygon(&points, colour)
}

fn hollow(frame: &Frame, at: (f32, f32), size: f32, corners: &Corners, colour: RGBColor) -> Result<(), ChartError> {
    let points = placed(at, size * 0.92, corners);
    frame.stroke(&outline(&points), WHITE, 6.5)?;
    frame.polygon(&points, WHITE)?;
    frame.stroke(&outline(&points), colour, (size * 0.12).max(1.8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_to_leave_has_its_mark() {
        assert_eq!(Mark::exit(Side::Buy, Some(OrderPurpose::Trail)), Mark::Stopped);
        assert_eq!(Mark::exit(Side::Buy, Some(OrderPurpose::TimeStop)), Mark::Stopped);
        assert_eq!(Mark::exit(Side::Sell, Some(OrderPurpose::Signal)), Mark::Covered);
        assert_eq!(Mark::exit(Side::Buy, Some(OrderPurpose::Manual)), Mark::Sold);
        assert_eq!(Mark::exit(Side::Buy, Some(OrderPurpose::KillSwitch)), Mark::Halted);
        assert_eq!(Mark::exit(Side::Sell, Some(OrderPurpose::Delisted)), Mark::Delisted);
        assert_eq!(Mark::exit(Side::Buy, Some(OrderPurpose::TakeProfit)), Mark::Target);
    }
}
