//! What goes wrong and when, from a seed: chances in a thousand, storms in which they are high, outages in which
//! nothing can be reached.
//!
//! Not here: what a fault does (network), crashes (main).
use crate::market::Chance;

/// Chances in a thousand, by call, message or connection.
#[derive(Clone, Copy, Default, Debug)]
pub struct Chances {
    /// A call is lost before the exchange has it.
    pub lost_before: u64,
    /// Its answer is lost.
    pub lost_after: u64,
    /// It is answered 429.
    pub limited: u64,
    /// It is answered 500, 502 or 504, and was not executed.
    pub failed_before: u64,
    /// The same, and it was executed.
    pub failed_after: u64,
    /// No connection can be made for it.
    pub refused: u64,
    /// A message comes twice.
    pub twice: u64,
    /// A message is overtaken by later ones.
    pub late: u64,
    /// A message never comes.
    pub missing: u64,
    /// The connection breaks on a message.
    pub broken: u64,
    /// The connection falls silent on a message.
    pub stalled: u64,
}

/// What a call comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    Answered,
    Refused,
    LostBefore,
    LostAfter,
    Limited,
    FailedBefore,
    FailedAfter,
}

/// The weather of a seed.
#[derive(Debug)]
pub struct Weather {
    ordinary: Chances,
    storm: Chances,
    storms: Vec<(u64, u64)>,
    outages: Vec<(u64, u64)>,
    latency_ms: u64,
    /// Faults end here.
    pub calm_from_ms: u64,
}

impl Weather {
    pub fn new(seed: u64, end_ms: u64) -> Weather {
        let mut chance = Chance::new(seed, 3);
        let mut some = |most: u64| if chance.below(2) == 0 { chance.below(most + 1) } else { 0 };
        let ordinary = Chances {
            lost_before: some(60),
            lost_after: some(60),
            limited: some(30),
            failed_before: some(30),
            failed_after: some(30),
            refused: some(30),
            twice: some(150),
            late: some(150),
            missing: some(40),
            broken: some(30),
            stalled: some(10),
        };
        let storm = Chances {
            limited: some(700),
            failed_before: some(300),
            failed_after: some(300),
            lost_before: some(200),
            lost_after: some(200),
            refused: some(300),
            twice: some(500),
            late: some(500),
            missing: some(200),
            broken: some(200),
            stalled: some(30),
        };
        let mut spans = |count: u64, longest_ms: u64| {
            let many = chance.below(count + 1);
            let span = |_| {
                let from = chance.below(end_ms);
                (from, (from + 1_000 + chance.below(longest_ms)).min(end_ms))
            };
            (0..many).map(span).collect::<Vec<_>>()
        };
        let (storms, outages) = (spans(4, 60_000), spans(3, 50_000));
        let latency_ms = chance.of(&[2, 40, 300, 1_500]);
        Weather { ordinary, storm, storms, outages, latency_ms, calm_from_ms: end_ms }
    }

    fn chances(&self, now_ms: u64) -> Chances {
        match () {
            () if now_ms >= self.calm_from_ms => Chances::default(),
            () if is_within(&self.storms, now_ms) => self.storm,
            () => self.ordinary,
        }
    }

    /// Can nothing be reached?
    pub fn is_out(&self, now_ms: u64) -> bool {
        is_within(&self.outages, now_ms)
    }

    /// When the outages begin: connections break then.
    pub fn outages(&self) -> &[(u64, u64)] {
        &self.outages
    }

    /// How long something is under way.
    pub fn latency(&self, chance: &mut Chance) -> u64 {
        1 + chance.below(self.latency_ms) + if chance.hits(20) { chance.below(4 * self.latency_ms) } else { 0 }
    }

    /// The longest that anything is under way where nothing fails.
    pub fn ordinary_latency_ms(&self) -> u64 {
        self.latency_ms
    }

    pub fn fate(&self, now_ms: u64, chance: &mut Chance) -> Fate {
        if self.is_out(now_ms) {
            return Fate::Refused;
        }
        let chances = self.chances(now_ms);
        let table = [
            (chances.lost_before, Fate::LostBefore),
            (chances.lost_after, Fate::LostAfter),
            (chances.limited, Fate::Limited),
            (chances.failed_before, Fate::FailedBefore),
            (chances.failed_after, Fate::FailedAfter),
            (chances.refused, Fate::Refused),
        ];
        let hit = table.into_iter().find(|(per_mille, _)| chance.hits(*per_mille));
        hit.map_or(Fate::Answered, |(_, fate)| fate)
    }

    /// What happens to a message of the stream.
    pub fn message(&self, now_ms: u64, chance: &mut Chance) -> Delivery {
        let chances = self.chances(now_ms);
        Delivery {
            breaks: chance.hits(chances.broken),
            stalls: chance.hits(chances.stalled),
            is_missing: chance.hits(chances.missing),
            is_twice: chance.hits(chances.twice),
            is_late: chance.hits(chances.late),
        }
    }
}

/// What happens to a message.
#[derive(Clone, Copy, Debug)]
pub struct Delivery {
    pub breaks: bool,
    pub stalls: bool,
    pub is_missing: bool,
    pub is_twice: bool,
    pub is_late: bool,
}

fn is_within(spans: &[(u64, u64)], now_ms: u64) -> bool {
    spans.iter().any(|(from, to)| (*from..*to).contains(&now_ms))
}
