//! The words a scenario chooses from, each an enum with its name in the file.
//!
//! Not here: what a choice does; the rooms that act on it say so.
use std::fmt;

/// A closed set of words. `choice!` is the only implementor.
pub trait Choice: Copy + 'static {
    /// Every value, in the order of the documentation.
    const ALL: &'static [Self];

    /// The word in the file.
    fn name(self) -> &'static str;
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// The words, in the order of the documentation.
            pub const NAMES: &'static [&'static str] = &[$($text),+];
        }
        impl Choice for $name {
            const ALL: &'static [$name] = &[$($name::$variant),+];

            fn name(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

choice! {
    /// Whose sessions the bars follow.
    CalendarKind {
        /// New York Stock Exchange hours and holidays.
        Xnys = "XNYS",
        /// Every minute of every day.
        AlwaysOpen = "24/7",
    }
}
choice! {
    /// Which bars of a day are shown.
    Hours {
        /// Those of the core session; others are set aside.
        Regular = "regular",
        /// Those from 04:00 to 20:00 in New York.
        Extended = "extended",
    }
}
choice! {
    /// Which corporate actions change the prices before the run.
    Adjust {
        /// None: prices are raw, splits and dividends act on positions.
        None = "none",
        /// Splits.
        Splits = "splits",
        /// Splits and dividends.
        All = "all",
    }
}
choice! {
    /// When a buy is tested against the money there is.
    CashCheck {
        /// At approval, at the signal's close.
        Approval = "approval",
        /// At its open, after the sells and gapped stops of that open; rejected whole.
        Fill = "fill",
    }
}
choice! {
    /// When what a sale brings can be spent.
    Settlement {
        /// At once.
        Instant = "instant",
        /// When it settles: T+5, T+3, T+2 or T+1 by trade date, in sessions.
        Dated = "dated",
    }
}
choice! {
    /// What sizing does when the money does not reach.
    ShortOfCash {
        /// Refuse the order.
        Reject = "reject",
        /// Take the shares that fit.
        Trim = "trim",
    }
}
choice! {
    /// The price a market order fills at.
    MarketFill {
        /// The next bar's open.
        NextOpen = "next_open",
        /// The deciding bar's close: the one exception to "fills come after decisions".
        Close = "close",
        /// The next bar's close.
        NextClose = "next_close",
    }
}
choice! {
    /// When a resting limit fills.
    LimitFill {
        /// The bar reaches the limit.
        Touch = "touch",
        /// The bar goes beyond the limit.
        Through = "through",
    }
}
choice! {
    /// Which exit fills when one bar holds both stop and target.
    BothTouched {
        /// The stop.
        StopFirst = "stop_first",
        /// The target.
        TargetFirst = "target_first",
        /// Guessed from the bar's shape.
        Ohlc = "ohlc",
        /// Looked up in finer bars.
        Finer = "finer",
    }
}
choice! {
    /// Which fills pay slippage.
    AppliesTo {
        /// Entries and exits.
        Both = "both",
        /// Entries only.
        Entry = "entry",
    }
}
choice! {
    /// Whose rules an order must satisfy besides the risk gate's.
    VenueRules {
        /// Alpaca's ticks and refusals.
        Alpaca = "alpaca",
        /// None: no tick rounding, no venue refusals; such a run is neither rehearsed nor traded.
        None = "none",
    }
}
choice! {
    /// How the ATR of a stop is smoothed.
    Smoothing {
        /// Wilder's, as TA-Lib.
        Wilder = "wilder",
        /// A simple mean of true ranges.
        Simple = "simple",
    }
}
choice! {
    /// The price a stop's distance starts from.
    Anchor {
        /// The entry's fill.
        Fill = "fill",
        /// The close of the signal's bar.
        SignalClose = "signal_close",
    }
}
choice! {
    /// The first bar on which a protective order can fill.
    ActiveFrom {
        /// The bar of the entry.
        EntryBar = "entry_bar",
        /// The bar after it.
        NextBar = "next_bar",
    }
}
choice! {
    /// What happens to a stop touched on the bar of an exit that is due at its open.
    DueExit {
        /// The exit fills and voids the stop.
        ExitFirst = "exit_first",
        /// The stop fills, at the worse of open and stop.
        StopFirst = "stop_first",
    }
}
choice! {
    /// What the daily-loss limit does besides refusing.
    OnDailyLoss {
        /// Nothing more.
        Halt = "halt",
        /// Closes the positions through the gate.
        Flatten = "flatten",
    }
}
choice! {
    /// What the gate does with an order beyond a limit.
    OnBreach {
        /// Refuses it.
        Reject = "reject",
        /// Cuts it to what fits.
        Trim = "trim",
    }
}
choice! {
    /// How a sample of a sweep is drawn.
    SampleMethod {
        /// Every combination is as likely as any other.
        Random = "random",
        /// Each axis is cut into as many equal parts as points are drawn, and each part gets one point.
        LatinHypercube = "latin_hypercube",
        /// A scrambled Sobol sequence: even over all axes together.
        Sobol = "sobol",
        /// Proposed, after a random start, from what the runs so far have made (tree-structured Parzen estimator).
        Tpe = "tpe",
    }
}
choice! {
    /// What a walk-forward maximises on its training span.
    Objective {
        /// Sharpe ratio.
        Sharpe = "sharpe",
        /// Sortino ratio.
        Sortino = "sortino",
        /// Annual return over the worst fall.
        Calmar = "calmar",
        /// Omega ratio.
        Omega = "omega",
        /// Compound annual growth.
        Cagr = "cagr",
        /// Return of the whole span.
        TotalReturn = "total_return",
        /// Profits over losses.
        ProfitFactor = "profit_factor",
        /// Mean profit of a trade.
        Expectancy = "expectancy",
        /// System quality number.
        Sqn = "sqn",
    }
}
choice! {
    /// `sizing.kind` as written.
    SizingName {
        /// Share of equity.
        EquityFraction = "equity_fraction",
        /// Share of cash.
        CashFraction = "cash_fraction",
        /// A number of shares.
        FixedShares = "fixed_shares",
        /// Dollars.
        Notional = "notional",
        /// Share of equity lost at the stop.
        RiskFraction = "risk_fraction",
        /// Annual volatility.
        VolatilityTarget = "volatility_target",
    }
}
choice! {
    /// `execution.slippage.kind` as written.
    SlippageName {
        /// None.
        None = "none",
        /// Basis points of the price.
        Bps = "bps",
        /// Dollars a share.
        PerShare = "per_share",
        /// Growing with the share of the bar's volume.
        VolumeShare = "volume_share",
        /// Part of the spread.
        Spread = "spread",
    }
}
choice! {
    /// `execution.commission.kind` as written.
    CommissionName {
        /// None.
        None = "none",
        /// Basis points of the value.
        Bps = "bps",
        /// Dollars a share.
        PerShare = "per_share",
        /// Alpaca's fees by date.
        Alpaca = "alpaca",
    }
}
choice! {
    /// `stop.kind` as written.
    StopName {
        /// None.
        None = "none",
        /// A multiple of the ATR.
        Atr = "atr",
        /// A share of the anchor.
        Percent = "percent",
    }
}
choice! {
    /// `take_profit.kind` as written.
    TakeProfitName {
        /// None.
        None = "none",
        /// A share of the entry price.
        Percent = "percent",
        /// A multiple of the distance to the stop.
        RMultiple = "r_multiple",
    }
}

pub(super) use choice;
