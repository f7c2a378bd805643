//! What a session writes while it runs: lines for people on the terminal, JSON lines in files that roll over by the day.
//!
//! Not here: what people are told (notify), what must not be lost (journal): under a flood lines are dropped and counted,
//! because writing them never makes trading wait.
//! Invariants: (1) one event is one line, whatever stands in its fields; (2) no secret of the `.env` is written; (3) every
//! line carries session and mode, whatever thread it comes from, and the spans it was written in.
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::log_files::LogFiles;
use super::notify::spelled;
use super::redact::Redactor;
use crate::execution::alpaca::EnvFile;

/// Lines on their way to a slow disk or terminal; what does not fit is dropped and counted.
const LINES_MAX: usize = 8_192;
/// Longest value of a field.
const VALUE_CHARS_MAX: usize = 4_000;
/// Events of other crates below this are theirs alone: they may hold addresses and headers.
const OTHERS_LEVEL: Level = Level::WARN;

/// The target of a session's events: they are in the files like everything else, and the session itself prints them.
pub const EVENTS: &str = "alphaflow::event";

/// How lines look on the terminal. In files they are JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// What a log needs to know.
pub struct LogOptions<'a> {
    /// Folder of the files; it is made where it is not there.
    pub folder: &'a Path,
    /// How lines look on the terminal.
    pub format: LogFormat,
    /// Name of the session.
    pub session: &'a str,
    /// `rehearsal`, `paper` or `live`.
    pub mode: &'a str,
    /// Our own events below this are not written.
    pub level: Level,
    /// Takes secrets out.
    pub redactor: Arc<Redactor>,
}

/// A log that is being written. Dropped, it writes what is on its way.
#[derive(Debug)]
pub struct Log {
    dropped: [ErrorCounter; 2],
    _guards: [WorkerGuard; 2],
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The folder cannot be used.
    #[error("{}: no log can be written there: {what}; give this user the right to write, or name another folder", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What happened.
        what: String,
    },
    /// No such level.
    #[error("{place}: LOG_LEVEL = `{value}` is none of error, warn, info, debug")]
    Level {
        /// File and line, or the environment.
        place: String,
        /// As set.
        value: String,
    },
    /// There is one.
    #[error("this process writes a log already; a session has one")]
    Twice,
}

/// Our lowest level, as `LOG_LEVEL` of `env` sets it; `info` where nothing does.
pub fn level(env: &EnvFile) -> Result<Level, LogError> {
    match env.get("LOG_LEVEL").unwrap_or_default() {
        "" | "info" => Ok(Level::INFO),
        "error" => Ok(Level::ERROR),
        "warn" => Ok(Level::WARN),
        "debug" => Ok(Level::DEBUG),
        other => Err(LogError::Level { place: env.place("LOG_LEVEL"), value: other.to_owned() }),
    }
}

/// Starts the log of this process. `terminal`: standard error, or what puts lines among those of a session.
pub fn start(options: LogOptions<'_>, terminal: impl Write + Send + 'static) -> Result<Log, LogError> {
    let error = |what: String| LogError::Folder { folder: options.folder.to_owned(), what };
    let file = LogFiles::begin(options.folder, options.mode).map_err(error)?;
    let in_background = || NonBlockingBuilder::default().buffered_lines_limit(LINES_MAX).lossy(true);
    let (file, file_guard) = in_background().thread_name("log-file").finish(file);
    // A terminal that stands still (Ctrl-S, a full pipe) must not stop trading.
    let (terminal, terminal_guard) = in_background().thread_name("log-terminal").finish(terminal);
    let dropped = [file.error_counter(), terminal.error_counter()];
    let has_colour = options.format == LogFormat::Text && shows_colour();
    let lines = Lines::new(&options, has_colour, terminal, file);
    let subscriber = tracing_subscriber::registry().with(lines);
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::Twice)?;
    Ok(Log { dropped, _guards: [file_guard, terminal_guard] })
}

impl Log {
    /// Lines that were dropped because they came faster than they could be written: in files, on the terminal.
    pub fn dropped(&self) -> [usize; 2] {
        [self.dropped[0].dropped_lines(), self.dropped[1].dropped_lines()]
    }
}

fn shows_colour() -> bool {
    let is_off = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    !is_off && io::stderr().is_terminal()
}

/// Makes lines of events, once for both places.
struct Lines<T, F> {
    format: LogFormat,
    session: String,
    mode: String,
    level: Level,
    has_colour: bool,
    redactor: Arc<Redactor>,
    terminal: Mutex<T>,
    file: Mutex<F>,
}

/// Name and value, clean.
#[derive(Default)]
struct Fields(BTreeMap<&'static str, Value>);

/// Gathers fields.
struct Gather<'a> {
    fields: &'a mut Fields,
    redactor: &'a Redactor,
}

/// One line before it is written.
struct Line {
    time: String,
    level: Level,
    target: &'static str,
    message: String,
    fields: Fields,
    /// Outermost first.
    spans: Vec<(&'static str, Map<String, Value>)>,
}

impl<T: Write, F: Write> Lines<T, F> {
    fn new(options: &LogOptions<'_>, has_colour: bool, terminal: T, file: F) -> Lines<T, F> {
        let name = |text: &str| spelled(&options.redactor.clean(text), VALUE_CHARS_MAX);
        Lines {
            format: options.format,
            session: name(options.session),
            mode: name(options.mode),
            level: options.level,
            has_colour,
            redactor: options.redactor.clone(),
            terminal: Mutex::new(terminal),
            file: Mutex::new(file),
        }
    }

    fn is_wanted(&self, metadata: &Metadata<'_>) -> bool {
        let is_ours = metadata.target().split("::").next() == Some(env!("CARGO_CRATE_NAME"));
        metadata.level() <= if is_ours { &self.level } else { &OTHERS_LEVEL }
    }

    fn write(&self, line: &Line) {
        let json = self.json(line);
        let shown = match self.format {
            LogFormat::Json => json.clone(),
            LogFormat::Text => self.text(line),
        };
        put(&self.file, &json);
        if line.target != EVENTS {
            put(&self.terminal, &shown);
        }
    }

    fn json(&self, line: &Line) -> String {
        let spans: Vec<Value> = line
            .spans
            .iter()
            .map(|(name, fields)| {
                let mut span = Map::new();
                span.insert("name".to_owned(), json!(name));
                span.extend(fields.clone());
                Value::Object(span)
            })
            .collect();
        let mut object = json!({
            "time": line.time,
            "level": word(line.level),
            "mode": self.mode,
            "session": self.session,
            "target": line.target,
            "message": line.message,
        });
        if let Some(object) = object.as_object_mut() {
            if !line.fields.0.is_empty() {
                object.insert("fields".to_owned(), json!(line.fields.0));
            }
            if !spans.is_empty() {
                object.insert("spans".to_owned(), Value::Array(spans));
            }
        }
        format!("{object}\n")
    }

    fn text(&self, line: &Line) -> String {
        let (dim, strong, end) = match (self.has_colour, line.level) {
            (false, _) => ("", "", ""),
            (true, Level::ERROR) => ("\x1b[2m", "\x1b[31m", "\x1b[0m"),
            (true, Level::WARN) => ("\x1b[2m", "\x1b[1m", "\x1b[0m"),
            (true, _) => ("\x1b[2m", "", "\x1b[0m"),
        };
        let mode = self.mode.to_uppercase();
        let mut out = format!("{dim}{}{end} {mode} {strong}{:<5}{end} {}", line.time, word(line.level), line.message);
        for (name, value) in &line.fields.0 {
            let _ = write!(out, " {dim}{name}={end}{}", bare(value));
        }
        for (name, fields) in &line.spans {
            let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", bare(value))).collect();
            let _ = write!(out, " {dim}{name}{{{}}}{end}", fields.join(" "));
        }
        out.push('\n');
        out
    }
}

/// A log that cannot be written is no reason to stop trading, and there is nobody left to tell.
fn put(place: &Mutex<impl Write>, line: &str) {
    let _ = place.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
}

fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// A value without quotes, where it is one word.
fn bare(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() && !text.contains([' ', '"', '=']) => text.clone(),
        other => other.to_string(),
    }
}

impl Gather<'_> {
    fn text(&mut self, field: &Field, text: &str) {
        let clean = spelled(&self.redactor.clean(text), VALUE_CHARS_MAX);
        self.fields.0.insert(field.name(), Value::String(clean));
    }
}

impl Visit for Gather<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.fields.0.insert(field.name(), json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.0.insert(field.name(), json!(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.fields.0.insert(field.name(), json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.fields.0.insert(field.name(), json!(value));
    }
}

impl<S, T, F> Layer<S> for Lines<T, F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    T: Write + Send + 'static,
    F: Write + Send + 'static,
{
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.is_wanted(metadata)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut Gather { fields: &mut fields, redactor: &self.redactor });
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(&mut Gather { fields, redactor: &self.redactor });
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut Gather { fields: &mut fields, redactor: &self.redactor });
        let message = match fields.0.remove("message") {
            Some(Value::String(message)) => message,
            other => other.map(|value| value.to_string()).unwrap_or_default(),
        };
        let scope = context.event_scope(event).into_iter().flat_map(|scope| scope.from_root());
        let spans = scope.map(|span| {
            let extensions = span.extensions();
            let fields = extensions.get::<Fields>().map(|fields| &fields.0).into_iter().flatten();
            (span.name(), fields.map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
        });
        let spans = spans.collect();
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        let time = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        self.write(&Line { time, level, target, message, fields, spans });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A place that both the log and the test hold.
    #[derive(Clone, Default)]
    struct Shelf(Arc<Mutex<Vec<u8>>>);

    impl Write for Shelf {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("shelf").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Shelf {
        fn lines(&self) -> Vec<String> {
            let text = String::from_utf8(self.0.lock().expect("shelf").clone()).expect("UTF-8");
            text.split_inclusive('\n').map(str::to_owned).collect()
        }
    }

    /// What is written on the terminal and into the file while `work` runs.
    fn written(format: LogFormat, work: impl FnOnce()) -> (Vec<String>, Vec<Value>) {
        let (terminal, file) = (Shelf::default(), Shelf::default());
        let options = LogOptions {
            folder: Path::new(""),
            format,
            session: "s1",
            mode: "paper",
            level: Level::INFO,
            redactor: Arc::new(Redactor::of(["hunter22\"x"])),
        };
        let lines = Lines::new(&options, false, terminal.clone(), file.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), work);
        let json = |line: &String| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        (terminal.lines(), file.lines().iter().map(json).collect())
    }

    #[test]
    fn a_line_says_when_where_and_what() {
        let (terminal, file) = written(LogFormat::Text, || {
            let span = tracing::info_span!("order", id = 7, note = tracing::field::Empty);
            span.record("note", "late");
            let _inside = span.enter();
            tracing::info!(symbol = "IBM", shares = 52, is_new = true, share = 0.5, "order sent");
        });
        let [line] = &terminal[..] else { panic!("{terminal:?}") };
        assert!(
            line.contains(
                "Z PAPER info  order sent is_new=true share=0.5 shares=52 symbol=IBM order{id=7 note=late}\n"
            ),
            "{line}"
        );
        let [object] = &file[..] else { panic!("{file:?}") };
        assert_eq!(
            (&object["session"], &object["mode"], &object["level"]),
            (&json!("s1"), &json!("paper"), &json!("info"))
        );
        assert_eq!(object["message"], "order sent");
        assert_eq!(object["fields"], json!({ "is_new": true, "share": 0.5, "shares": 52, "symbol": "IBM" }));
        assert_eq!(object["spans"], json!([{ "name": "order", "id": 7, "note": "late" }]));
        assert!(object["time"].as_str().expect("a time").parse::<jiff::Timestamp>().is_ok());
    }

    /// Whatever comes from outside, nobody can write a line of their own.
    #[test]
    fn no_field_forges_a_line() {
        let forged = "x\n{\"level\":\"info\",\"message\":\"all is well\"}\r\n\u{1b}[2K\u{1b}[1A\u{2028}y\u{85}z";
        for format in [LogFormat::Text, LogFormat::Json] {
            let (terminal, file) = written(format, || {
                let span = tracing::info_span!("login", name = forged);
                let _inside = span.enter();
                tracing::warn!(field = forged, display = %forged, debug = ?Some(forged), "{forged}");
            });
            assert_eq!((terminal.len(), file.len()), (1, 1), "{terminal:?}");
            let line = terminal[0].trim_end_matches('\n');
            assert!(!line.chars().any(|letter| letter.is_control() || letter == '\u{2028}'), "{line:?}");
            assert_eq!(file[0]["level"], "warn");
        }
    }

    #[test]
    fn no_secret_is_written_in_any_form() {
        let secret = "hunter22\"x";
        let (terminal, file) = written(LogFormat::Text, || {
            let span = tracing::info_span!("a", secret);
            let _inside = span.enter();
            let error = io::Error::other(format!("for {secret}"));
            tracing::error!(secret, debug = ?Some(secret), error = &error as &dyn std::error::Error, "{secret}");
        });
        let all = format!("{terminal:?}{file:?}");
        assert!(all.contains("[secret]") && !all.contains("hunter22"), "{all}");
    }

    #[test]
    fn what_is_below_the_level_and_the_chatter_of_others_is_not_written() {
        let (terminal, _) = written(LogFormat::Text, || {
            tracing::debug!("ours, below");
            tracing::info!(target: "hyper::client", "theirs, with an address");
            tracing::info!(target: "alphaflower", "not ours");
            tracing::warn!(target: "hyper::client", "theirs, loud");
        });
        assert_eq!(terminal.len(), 1, "{terminal:?}");
        assert!(terminal[0].contains("theirs, loud"));
    }

    #[test]
    fn a_value_has_a_bound() {
        let long = "ä".repeat(100_000);
        let (terminal, _) = written(LogFormat::Text, || tracing::info!(long, "x"));
        assert!(terminal[0].len() < 3 * VALUE_CHARS_MAX, "{}", terminal[0].len());
    }

    #[test]
    fn the_level_is_that_of_the_settings() {
        let nothing = || EnvFile::read(Path::new("no such file")).expect("nothing");
        let of = |text: &str| nothing().with_environment(&["LOG_LEVEL"], |_| Some(text.to_owned())).expect("settings");
        assert_eq!(level(&nothing()).expect("info"), Level::INFO);
        for (text, wanted) in
            [("error", Level::ERROR), ("warn", Level::WARN), ("info", Level::INFO), ("debug", Level::DEBUG)]
        {
            assert_eq!(level(&of(text)).expect(text), wanted);
        }
        let text = level(&of("loud")).expect_err("no level").to_string();
        assert_eq!(text, "the environment: LOG_LEVEL = `loud` is none of error, warn, info, debug");
    }

    #[test]
    fn files_roll_and_are_private() {
        let folder = tempfile::tempdir().expect("folder");
        let logs = folder.path().join("logs");
        let options = LogOptions {
            folder: &logs,
            format: LogFormat::Text,
            session: "s1",
            mode: "paper",
            level: Level::INFO,
            redactor: Arc::new(Redactor::of([])),
        };
        let log = start(options, io::stderr()).expect("the first log of this process");
        tracing::info!("written");
        assert_eq!(log.dropped(), [0, 0]);
        drop(log);
        let files: Vec<PathBuf> =
            std::fs::read_dir(&logs).expect("folder").map(|file| file.expect("file").path()).collect();
        let [file] = &files[..] else { panic!("{files:?}") };
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(name.starts_with("alphaflow-paper.") && name.ends_with(".jsonl"), "{name}");
        assert!(std::fs::read_to_string(file).expect("text").contains("\"message\":\"written\""));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
            assert_eq!((mode(&logs), mode(file)), (0o700, 0o600));
        }
    }
}
