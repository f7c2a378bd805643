//! `alphaflow rehearse --against` a journal: a session that traded beside a replay of the bars that it saw.
//!
//! Not here: making the session again and its record (live::session), the comparison (report::parity).
//! The journal must hold and the session must come out of it to the byte before anything is compared, so both sides are
//! what happened.
use std::path::{Path, PathBuf};

use super::Failure;
use super::finish::input;
use super::journal_file::failed;
use super::rehearse::{Compared, side};
use super::screen::{Progress, error_style};
use crate::live::journal::JournalReader;
use crate::live::session::{KnownSession, SessionError, SessionRecord, read_session, record_session, sessions_in};
use crate::report::parity::{Context, Finding, Side};
use crate::scenario::{LoadedScenario, MarketData, effective_toml, load_market, parse, run_from};
use crate::strategy::{Catalog, Script};

/// The journal in a state folder of one mode.
const JOURNAL_FILE: &str = "journal.db";
/// Folders of modes below a state folder.
const MODES: [&str; 3] = ["rehearsal", "paper", "live"];
/// Names of sessions that an error lists, the latest.
const LISTED_MAX: usize = 10;
/// The version of this program, which decides what a session wants.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The journal that RUN names: the file, or the state folder of a mode; `None` for a folder of another kind.
///
/// Errors: a state folder whose mode is not said.
pub(super) fn journal_of(run: &Path) -> Result<Option<PathBuf>, Failure> {
    if run.is_file() {
        return Ok(Some(run.to_owned()));
    }
    let inside = run.join(JOURNAL_FILE);
    if inside.is_file() {
        return Ok(Some(inside));
    }
    let modes: Vec<String> = MODES
        .iter()
        .map(|mode| run.join(mode))
        .filter(|folder| folder.join(JOURNAL_FILE).is_file())
        .map(|folder| format!("--against {}", folder.display()))
        .collect();
    match modes.is_empty() {
        true => Ok(None),
        false => Err(Failure::Input(format!(
            "error --against {}: it holds a journal a mode; name one: {}",
            run.display(),
            modes.join(", ")
        ))),
    }
}

/// What a comparison with a session was asked for.
pub(super) struct Asked<'a> {
    /// The journal.
    pub(super) journal: &'a Path,
    /// The scenario, where it was named.
    pub(super) scenario: Option<&'a LoadedScenario>,
    /// The session, by the name that its orders carry; the last one without it.
    pub(super) session: Option<&'a str>,
    /// Where the relative paths of the scenario start, where no file of it was named.
    pub(super) paths_from: Option<&'a Path>,
}

/// Both sides of a session that traded.
///
/// Errors: no such session; it is one of another scenario, or saw no bar to trade on; the journal does not hold or does
/// not make it again.
pub(super) fn compare<C: Catalog>(asked: &Asked<'_>, catalog: &C) -> Result<Compared, Failure> {
    let journal = JournalReader::open(asked.journal).map_err(failed)?;
    let audit = journal.audit(None).map_err(failed)?;
    if !audit.holds() {
        let path = asked.journal.display();
        let text =
            format!("error {path}: the journal does not hold; `alphaflow audit verify --journal {path}` says where");
        return Err(Failure::Check(text));
    }
    let known = choose(asked, sessions_in(&journal).map_err(failed)?)?;
    let loaded = scenario_of(asked, &known)?;
    let (past, noticed) = read_session(&journal, &known).map_err(failed)?;
    let script = script_of(asked, &loaded)?;
    let (mut record, findings) = {
        let _progress = Progress::begin("making the session again", &known.began.name);
        let made = record_session(catalog, &loaded, script, &past, noticed);
        made.map_err(|error| unmade(asked, &known, error))?
    };
    let Some(from) = record.from else {
        let name = &known.began.name;
        let text = format!(
            "error {}: session {name} has seen no bar that it could trade on, so there is nothing to compare; let it trade \
             first, or name another with --session",
            asked.journal.display()
        );
        return Err(Failure::Input(text));
    };
    let mut market = MarketData::of_session(&loaded, record.bars.clone(), record.actions.clone()).map_err(input)?;
    market.script = script.cloned();
    let replayed = {
        let _progress = Progress::begin("replaying", &loaded.spec.scenario.name);
        run_from(catalog, &loaded, (&market, from), (None, &[])).map_err(input)?
    };
    let ours = side(&loaded, &market, &replayed, from)?;
    let theirs = side_of(asked, &known, &loaded, &market, &mut record)?;
    market.files = vec![journal_file(&audit.head.to_string())];
    let context = context(&known, &loaded, &market, findings);
    Ok(Compared { loaded, ours, theirs, context })
}

/// The session that is meant, of all in the journal.
fn choose(asked: &Asked<'_>, all: Vec<KnownSession>) -> Result<KnownSession, Failure> {
    let place = asked.journal.display();
    if all.is_empty() {
        let text = format!("error {place}: no session has begun in this journal yet; `alphaflow trade` begins one");
        return Err(Failure::Input(text));
    }
    let mut strategies: Vec<String> = Vec::new();
    for known in &all {
        let name = format!("`{}`", known.strategy);
        if !strategies.contains(&name) {
            strategies.push(name);
        }
    }
    let wanted = asked.scenario.map(|loaded| loaded.spec.scenario.name.as_str());
    let of_scenario = |known: &&KnownSession| wanted.is_none_or(|name| known.strategy == name);
    let sessions: Vec<&KnownSession> = all.iter().filter(of_scenario).collect();
    if let (Some(name), true) = (wanted, sessions.is_empty()) {
        let text = format!("error {place}: it has no session of scenario `{name}`; it has {}", strategies.join(", "));
        return Err(Failure::Input(text));
    }
    let found = match asked.session {
        Some(name) => sessions.iter().rev().find(|known| known.began.name == name),
        None if wanted.is_none() && strategies.len() > 1 => {
            let text = format!(
                "error {place}: it has sessions of {}; name the scenario: `alphaflow rehearse SCENARIO --against {place}`",
                strategies.join(", ")
            );
            return Err(Failure::Input(text));
        }
        None => sessions.last(),
    };
    found.map(|known| (*known).clone()).ok_or_else(|| {
        let latest = sessions.iter().rev().take(LISTED_MAX).map(|known| known.began.name.as_str());
        let name = asked.session.unwrap_or_default();
        let text = format!(
            "error --session {name}: {place} has none of that name; the latest are {}",
            latest.collect::<Vec<_>>().join(", ")
        );
        Failure::Input(text)
    })
}

/// The scenario as the session had it; a file that was named must be that one.
fn scenario_of(asked: &Asked<'_>, known: &KnownSession) -> Result<LoadedScenario, Failure> {
    let base = asked.paths_from.unwrap_or(Path::new(""));
    let path = match asked.scenario {
        Some(named) => named.path().to_owned(),
        // The scenario as if it lay there; no file of this name is read.
        None => base.join(format!("{}.toml", known.strategy)),
    };
    let loaded = parse(&path, &known.began.scenario, &[]);
    let loaded = loaded.map_err(|all| Failure::Input(all.render(&error_style())))?;
    match asked.scenario {
        Some(named) => refuse_another(named, &loaded, known).map(|()| loaded),
        None => Ok(loaded),
    }
}

/// The limits that the environment may cap may differ, and may have changed while the session went on; nothing else may.
fn refuse_another(named: &LoadedScenario, session: &LoadedScenario, known: &KnownSession) -> Result<(), Failure> {
    let mut own = named.spec.clone();
    let (risk, traded) = (&mut own.risk, &session.spec.risk);
    risk.max_daily_loss = traded.max_daily_loss;
    risk.max_position_size = traded.max_position_size;
    risk.max_portfolio_heat = traded.max_portfolio_heat;
    let (own, traded) = (effective_toml(&own), effective_toml(&session.spec));
    if own == traded {
        return Ok(());
    }
    let lacks = |text: &str, line: &&str| !text.lines().any(|other| other == *line);
    let only_own = own.lines().find(|line| lacks(&traded, line)).map(|line| format!("the file says `{line}`"));
    let only_traded = traded.lines().find(|line| lacks(&own, line)).map(|line| format!("the session had `{line}`"));
    let differs = [only_own, only_traded].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let text = format!(
        "error {}: this is not the scenario of session {}: {differs}; leave SCENARIO out to compare with the scenario that \
         the journal holds, or give the same file and --set",
        named.path().display(),
        known.began.name
    );
    Err(Failure::Input(text))
}

/// The orders of a script, which no journal holds.
fn script_of(asked: &Asked<'_>, loaded: &LoadedScenario) -> Result<Option<&'static Script>, Failure> {
    if loaded.spec.strategy.name != Script::STRATEGY {
        return Ok(None);
    }
    if asked.scenario.is_none() && asked.paths_from.is_none() {
        let text = format!(
            "error {}: the session sent the orders of a script, which no journal holds; name the scenario: `alphaflow \
             rehearse SCENARIO --against {}`",
            asked.journal.display(),
            asked.journal.display()
        );
        return Err(Failure::Input(text));
    }
    let script = load_market(loaded).map_err(input)?.script;
    // It lives as long as the program, as in a session.
    Ok(script.map(|script| &*Box::leak(Box::new(script))))
}

/// Why a session cannot be made again.
fn unmade(asked: &Asked<'_>, known: &KnownSession, error: SessionError) -> Failure {
    let (place, name) = (asked.journal.display(), &known.began.name);
    let text = match known.versions.iter().find(|version| *version != VERSION) {
        Some(version) => format!(
            "error {place}: session {name} was written by version {version}, and version {VERSION} makes another session of \
             it; compare with the version that wrote it ({error})"
        ),
        None => format!("error {place}: session {name}: {error}"),
    };
    Failure::Check(text)
}

fn side_of(
    asked: &Asked<'_>,
    known: &KnownSession,
    loaded: &LoadedScenario,
    market: &MarketData,
    record: &mut SessionRecord,
) -> Result<Side, Failure> {
    let rows = record.account_rows(market, loaded.spec.account.cash).ok_or_else(|| {
        let text = format!(
            "error {}: the books of session {} do not tie with its equity; this is a defect of the program, keep a copy of \
             the journal",
            asked.journal.display(),
            known.began.name
        );
        Failure::Check(text)
    })?;
    Side::of_run(loaded, market, &record.journal, &rows).map_err(input)
}

fn context(known: &KnownSession, loaded: &LoadedScenario, market: &MarketData, findings: Vec<Finding>) -> Context {
    let (other, venue) = match known.began.mode.as_str() {
        "paper" => ("paper session", "Alpaca paper"),
        "live" => ("live session", "Alpaca"),
        _ => ("rehearsal", "the built-in exchange"),
    };
    Context { findings, ..Context::of(loaded, market, other, venue) }
}

/// What the session was read from: the journal up to its last row, with the hash that holds all rows before it.
fn journal_file(head: &str) -> (String, String) {
    let (row, hash) = head.split_once(':').unwrap_or((head, ""));
    (format!("{JOURNAL_FILE} up to row {row}"), hash.to_owned())
}
