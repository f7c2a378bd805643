//! Closures and half days of the New York Stock Exchange that no rule foresees, 1990 to today.
//!
//! Not here: the yearly holidays (`holidays`). Source: NYSE "Special closings"; checked against
//! `data/xnys_sessions.csv`.

/// Days on which the exchange stayed shut: year, month, day.
pub(super) const CLOSED: [(i32, u32, u32); 11] = [
    (1994, 4, 27), // funeral of President Nixon
    (2001, 9, 11), // attacks of 11 September
    (2001, 9, 12),
    (2001, 9, 13),
    (2001, 9, 14),
    (2004, 6, 11),  // funeral of President Reagan
    (2007, 1, 2),   // mourning for President Ford
    (2012, 10, 29), // hurricane Sandy
    (2012, 10, 30),
    (2018, 12, 5), // mourning for President Bush
    (2025, 1, 9),  // mourning for President Carter
];

/// Half days outside the rules, all to 13:00: year, month, day.
pub(super) const HALF_DAYS: [(i32, u32, u32); 3] = [
    (1997, 12, 26), // the Fridays after a Thursday Christmas
    (2003, 12, 26),
    (1999, 12, 31), // the turn of the century
];
