//! One share through its names: a rename changes the ticker and nothing else.
//!
//! Not here: reading the rows (`corporate_actions`), the files of the names (scenario).
//! A ticker can be given to another company later, or have been another's before. So a row or a bar belongs to
//! a share only if it has the name that the share had on that day, and a name on its own means the share
//! that had it last.
use super::corporate_actions::{ActionKind, CorporateAction};
use super::error::Fault;
use crate::domain::{Symbol, Timestamp};

/// A name of a share, and from when to when it had it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NameSpan {
    /// The name.
    pub symbol: Symbol,
    /// The first moment of it: midnight UTC of a date, or [`Timestamp::MIN`].
    pub from: Timestamp,
    /// The first moment after it, or [`Timestamp::MAX`].
    pub until: Timestamp,
    /// The row that gave the name, or for the first name the row that took it away; `None` without renames.
    pub row: Option<CorporateAction>,
}

impl NameSpan {
    /// Is it the share's name at `time`?
    pub fn holds(&self, time: Timestamp) -> bool {
        self.from <= time && time < self.until
    }
}

/// A rename: who, to what, when.
#[derive(Clone, Copy)]
struct Rename {
    from: Symbol,
    to: Symbol,
    at: Timestamp,
    row: CorporateAction,
}

fn renames(actions: &[CorporateAction]) -> impl Iterator<Item = Rename> + '_ {
    actions.iter().filter_map(|row| match row.kind {
        ActionKind::Rename { to } => Some(Rename { from: row.symbol, to, at: row.ex_date, row: *row }),
        _ => None,
    })
}

/// The names of the share that bears, or last bore, `symbol`, oldest first; one without renames.
///
/// `actions` as they come from [`read_corporate_actions`](super::read_corporate_actions).
pub fn names_of(actions: &[CorporateAction], symbol: Symbol) -> Vec<NameSpan> {
    let taken = |name: Symbol, before: Timestamp| {
        renames(actions).filter(|rename| rename.to == name && rename.at < before).max_by_key(|rename| rename.at)
    };
    let given_up = |name: Symbol, after: Timestamp| {
        renames(actions).filter(|rename| rename.from == name && rename.at > after).min_by_key(|rename| rename.at)
    };
    // Back to the first name: each rename is earlier than the one after it, so this ends.
    let mut renamed: Vec<Rename> = Vec::new();
    let (mut name, mut at) = (symbol, Timestamp::MAX);
    while let Some(rename) = taken(name, at) {
        (name, at) = (rename.from, rename.at);
        renamed.insert(0, rename);
    }
    // And on from the name asked for.
    let (mut name, mut at) = (symbol, renamed.last().map_or(Timestamp::MIN, |rename| rename.at));
    while let Some(rename) = given_up(name, at) {
        (name, at) = (rename.to, rename.at);
        renamed.push(rename);
    }
    let first = NameSpan {
        symbol: renamed.first().map_or(symbol, |rename| rename.from),
        from: Timestamp::MIN,
        until: Timestamp::MAX,
        row: renamed.first().map(|rename| rename.row),
    };
    let mut spans = vec![first];
    for rename in renamed {
        if let Some(last) = spans.last_mut() {
            last.until = rename.at;
        }
        spans.push(NameSpan { symbol: rename.to, from: rename.at, until: Timestamp::MAX, row: Some(rename.row) });
    }
    spans
}

/// What happened to the share of `names`, in order of date, under whichever name; its renames are left out.
pub fn actions_of_share(actions: &[CorporateAction], names: &[NameSpan]) -> Vec<CorporateAction> {
    let is_own = |action: &&CorporateAction| {
        let is_rename = matches!(action.kind, ActionKind::Rename { .. });
        !is_rename && names.iter().any(|name| name.symbol == action.symbol && name.holds(action.ex_date))
    };
    let mut own: Vec<CorporateAction> = actions.iter().filter(is_own).copied().collect();
    // Stable: of one day as the file's reader sorted them.
    own.sort_by_key(|action| action.ex_date);
    own
}

/// Rows under a name of the share from days on which it did not have it: another share's, or misdated.
pub fn actions_of_others<'a>(
    actions: &'a [CorporateAction],
    names: &'a [NameSpan],
) -> impl Iterator<Item = &'a CorporateAction> {
    let has_name = |action: &CorporateAction| names.iter().any(|name| name.symbol == action.symbol);
    let had_it =
        |action: &CorporateAction| names.iter().any(|name| name.symbol == action.symbol && name.holds(action.ex_date));
    let is_rename = |action: &CorporateAction| matches!(action.kind, ActionKind::Rename { .. });
    actions.iter().filter(move |action| !is_rename(action) && has_name(action) && !had_it(action))
}

/// Renames that contradict each other: the line of the later one, and why.
pub(super) fn check_names(actions: &[CorporateAction]) -> Result<(), (u64, Fault)> {
    let all: Vec<Rename> = renames(actions).collect();
    for this in &all {
        let (symbol, ex_date) = (this.from, this.at);
        if this.from == this.to {
            return Err((this.row.line, Fault::RenameToItself { symbol }));
        }
        let before =
            all.iter().filter(|other| other.at < this.at || (other.at == this.at && other.row.line < this.row.line));
        // A name that was given up can be given up again once another share has taken it.
        let given_up = before.clone().filter(|other| other.from == this.from).max_by_key(|other| other.at);
        let taken_since =
            |from: Timestamp| all.iter().any(|other| other.to == this.from && from <= other.at && other.at < this.at);
        if let Some(other) = given_up.filter(|other| !taken_since(other.at)) {
            let (to, earlier, line) = (other.to, other.at, other.row.line);
            return Err((this.row.line, Fault::RenamedAlready { symbol, ex_date, to, earlier, line }));
        }
        let taken = before.filter(|other| other.to == this.to).max_by_key(|other| other.at);
        let left_since =
            |from: Timestamp| all.iter().any(|other| other.from == this.to && from < other.at && other.at <= this.at);
        if let Some(other) = taken.filter(|other| !left_since(other.at)) {
            let (from, earlier, line) = (other.from, other.at, other.row.line);
            return Err((this.row.line, Fault::NameTaken { symbol: this.to, ex_date, from, earlier, line }));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timeframe;

    fn symbol(text: &str) -> Symbol {
        text.parse().expect("symbol")
    }

    /// Rows `FB 2022-06-09 META`, or `FB 2021-01-04` for a dividend; lines are numbered from 2.
    fn rows(text: &[&str]) -> Vec<CorporateAction> {
        let row = |(text, line): (&&str, u64)| {
            let words: Vec<&str> = text.split(' ').collect();
            let kind = match words.get(2) {
                Some(to) => ActionKind::Rename { to: symbol(to) },
                None => ActionKind::Dividend { amount: "1".parse().expect("amount") },
            };
            CorporateAction { symbol: symbol(words[0]), ex_date: words[1].parse().expect("date"), kind, line }
        };
        text.iter().zip(2..).map(row).collect()
    }

    /// `NB ..1998-10-01 BAC`.
    fn chain(actions: &[CorporateAction], name: &str) -> String {
        let spans = names_of(actions, symbol(name));
        for pair in spans.windows(2) {
            assert_eq!(pair[0].until, pair[1].from, "names follow each other");
        }
        let text = |span: &NameSpan| match span.until {
            Timestamp::MAX => span.symbol.to_string(),
            until => format!("{} ..{}", span.symbol, until.text(Timeframe::Day1)),
        };
        spans.iter().map(text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_share_is_found_by_each_of_its_names() {
        let actions = rows(&["FB 2022-06-09 META", "AAA 2001-01-02 BBB", "BBB 2005-01-03 CCC", "CCC 2009-01-02 DDD"]);
        assert_eq!(chain(&actions, "FB"), "FB ..2022-06-09 META");
        assert_eq!(chain(&actions, "META"), "FB ..2022-06-09 META");
        for name in ["AAA", "BBB", "CCC", "DDD"] {
            assert_eq!(chain(&actions, name), "AAA ..2001-01-02 BBB ..2005-01-03 CCC ..2009-01-02 DDD");
        }
        assert_eq!(chain(&actions, "SPY"), "SPY");
        assert_eq!(check_names(&actions), Ok(()));
    }

    /// NationsBank (NB) took BankAmerica's ticker; BankAmerica's own dividends before are not its.
    #[test]
    fn a_ticker_can_have_been_anothers_before() {
        let actions =
            rows(&["BAC 1997-03-03", "NB 1997-03-03", "NB 1998-10-01 BAC", "BAC 1999-03-03", "NB 2003-03-03"]);
        assert_eq!(chain(&actions, "BAC"), "NB ..1998-10-01 BAC");
        let names = names_of(&actions, symbol("BAC"));
        let lines = |rows: Vec<CorporateAction>| rows.iter().map(|row| row.line).collect::<Vec<_>>();
        assert_eq!(lines(actions_of_share(&actions, &names)), [3, 5]);
        assert_eq!(lines(actions_of_others(&actions, &names).copied().collect()), [2, 6]);
    }

    /// T became S in 2000; in 2005 U took the name T; in 2010 that share became V, and a third one took S.
    #[test]
    fn a_name_means_the_share_that_had_it_last() {
        let actions = rows(&["T 2000-01-03 S", "U 2005-01-03 T", "T 2010-01-04 V", "S 2009-01-02 W", "X 2010-01-04 S"]);
        assert_eq!(check_names(&actions), Ok(()));
        assert_eq!(chain(&actions, "T"), "U ..2005-01-03 T ..2010-01-04 V");
        assert_eq!(chain(&actions, "W"), "T ..2000-01-03 S ..2009-01-02 W");
        assert_eq!(chain(&actions, "S"), "X ..2010-01-04 S");
    }

    /// Two shares that swap their names on one day, and back.
    #[test]
    fn names_can_be_swapped() {
        let swap = rows(&["A 2001-01-02 B", "B 2001-01-02 A", "B 2002-01-02 A", "A 2002-01-02 B"]);
        assert_eq!(check_names(&swap), Ok(()));
        assert_eq!(chain(&swap, "A"), "A ..2001-01-02 B ..2002-01-02 A");
        assert_eq!(chain(&swap, "B"), "B ..2001-01-02 A ..2002-01-02 B");
    }

    #[test]
    fn renames_that_contradict_each_other_are_refused() {
        let refusal = |text: &[&str]| {
            let (line, fault) = check_names(&rows(text)).expect_err("refused");
            format!("{line}: {fault}")
        };
        assert!(refusal(&["FB 2022-06-09 FB"]).starts_with("2: rename of `FB` to itself; "));
        assert!(refusal(&["FB 2022-06-09 META", "FB 2023-06-09 MVRS"]).starts_with(
            "3: rename of FB on 2023-06-09, but no share has that name any more: it became META on 2022-06-09 (line 2); rename META"
        ));
        assert!(
            refusal(&["A 2001-01-02 C", "B 2003-01-02 C"])
                .starts_with("3: rename to C on 2003-01-02, but A has had that name since 2001-01-02 (line 2); ")
        );
    }
}
