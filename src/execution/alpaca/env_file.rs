//! `.env`: the settings and keys of an account, read once, from a file that nobody else can read.
//!
//! Not here: what a setting means, and who needs it. No text is interpolated: a `$` is a `$`.
//! Invariants: (1) no value appears in an error; (2) a file others can read, or that git keeps, gives nothing;
//! (3) a setting said twice with different values, in the file or by the environment, is an error.
use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::keys::{ApiKeys, KeyError, Secret};

/// A `.env` has a few dozen lines; what is longer is another file.
const BYTES_MAX: u64 = 64 << 10;
/// Names less alike than this are no help as a suggestion (Jaro–Winkler, 1 = equal).
const SIMILARITY_MIN: f64 = 0.8;

/// Why a `.env` gives nothing. No message holds a value.
#[derive(Debug, thiserror::Error)]
pub enum EnvError {
    /// The system refused.
    #[error("{}: cannot be read: {source}; check the file and its permissions", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// Others can read it.
    #[error("{}: its permissions are {mode:03o}, so others can read the keys; run `chmod 600 {}`", path.display(), path.display())]
    Readable {
        /// The file.
        path: PathBuf,
        /// The permission bits.
        mode: u32,
    },
    /// Git keeps it.
    #[error(
        "{}: is tracked by git, so the keys are in its history; run `git rm --cached {}`, make new keys at Alpaca, and \
         add the name to .gitignore", path.display(), path.display()
    )]
    Tracked {
        /// The file.
        path: PathBuf,
    },
    /// It stands in a repository, and git does not say whether it keeps it.
    #[error("{}: is in a git repository, but git does not say whether it is tracked: {reason}; move the file out of the repository or mend git", path.display())]
    Unclear {
        /// The file.
        path: PathBuf,
        /// What happened.
        reason: String,
    },
    /// Larger than any.
    #[error("{}: is larger than 64 KiB; this is no .env file", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A line that cannot be right.
    #[error("{}:{line}: {fault}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong; never the value.
        fault: String,
    },
    /// Said twice.
    #[error("{name} is one thing in {} and another in the environment; remove one of them", path.display())]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// The variable.
        name: String,
    },
}

/// The settings of a `.env` and, where they say the same or more, of the environment.
#[derive(Debug)]
pub struct EnvFile {
    path: PathBuf,
    settings: Vec<Setting>,
}

#[derive(Debug)]
struct Setting {
    name: String,
    value: Secret,
    /// Counted from 1; `None`: the environment sets it.
    line: Option<usize>,
}

impl EnvFile {
    /// Reads `path`; a file that is not there holds nothing. Errors: see [`EnvError`].
    pub fn read(path: &Path) -> Result<EnvFile, EnvError> {
        let refused = |source| EnvError::Read { path: path.to_owned(), source };
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(EnvFile { path: path.to_owned(), settings: Vec::new() });
            }
            Err(error) => return Err(refused(error)),
        };
        // Of the open file, so that no other can take its place between the check and the reading.
        let metadata = file.metadata().map_err(refused)?;
        check_permissions(path, &metadata)?;
        if metadata.len() > BYTES_MAX {
            return Err(EnvError::TooLarge { path: path.to_owned() });
        }
        check_untracked(path)?;
        let mut text = Zeroizing::new(String::new());
        file.by_ref().take(BYTES_MAX + 1).read_to_string(&mut text).map_err(refused)?;
        let settings = parse(&text).map_err(|(line, fault)| EnvError::Line { path: path.to_owned(), line, fault })?;
        Ok(EnvFile { path: path.to_owned(), settings })
    }

    /// Adds `names` as the environment has them. `environment`: the value of a variable, such as `std::env::var`'s.
    /// Errors: a variable that the file sets to something else.
    pub fn with_environment(
        mut self,
        names: &[&str],
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<EnvFile, EnvError> {
        for name in names {
            let Some(value) = environment(name).map(Secret::new) else { continue };
            match self.get(name) {
                None => self.settings.push(Setting { name: (*name).to_owned(), value, line: None }),
                Some(own) if own == value.reveal() => {}
                Some(_) => return Err(EnvError::Contradiction { path: self.path, name: (*name).to_owned() }),
            }
        }
        Ok(self)
    }

    /// Where it is, or would be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The value of a setting; `None` where nothing sets it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.setting(name).map(|setting| setting.value.reveal())
    }

    /// The names that are set, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.settings.iter().map(|setting| setting.name.as_str())
    }

    /// Where a setting stands, for errors: `.env:5`, `the environment`, or the file alone where nothing sets it.
    pub fn place(&self, name: &str) -> String {
        match self.setting(name).map(|setting| setting.line) {
            Some(Some(line)) => format!("{}:{line}", self.path.display()),
            Some(None) => "the environment".to_owned(),
            None => self.path.display().to_string(),
        }
    }

    fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.name == name)
    }

    /// All settings by name, for those who take their values out of texts.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.settings.iter().map(|setting| (setting.name.as_str(), setting.value.reveal()))
    }

    /// The keys that two settings hold. Errors: one is missing or empty, or is no key.
    pub fn keys(&self, id: &'static str, secret: &'static str) -> Result<ApiKeys, KeyError> {
        let value = |name: &'static str| match self.get(name) {
            Some(value) if !value.is_empty() => Ok(value.to_owned()),
            _ => Err(KeyError::Missing { name, place: self.path.display().to_string(), nearest: self.nearest(name) }),
        };
        ApiKeys::new(value(id)?, value(secret)?)
    }

    /// The name of a setting that may have been meant.
    fn nearest(&self, wanted: &str) -> Option<String> {
        let likeness = |name: &String| strsim::jaro_winkler(wanted, name);
        let others = self.settings.iter().map(|setting| &setting.name).filter(|name| *name != wanted);
        others
            .map(|name| (likeness(name), name))
            .filter(|(likeness, _)| *likeness >= SIMILARITY_MIN)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, name)| name.clone())
    }
}

#[cfg(unix)]
fn check_permissions(path: &Path, metadata: &std::fs::Metadata) -> Result<(), EnvError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(EnvError::Readable { path: path.to_owned(), mode }) }
}

/// Elsewhere permissions are lists that this program cannot judge; they are the user's care.
#[cfg(not(unix))]
fn check_permissions(_: &Path, _: &std::fs::Metadata) -> Result<(), EnvError> {
    Ok(())
}

/// Asks git, where the file stands in a repository.
fn check_untracked(path: &Path) -> Result<(), EnvError> {
    let unclear = |reason: String| EnvError::Unclear { path: path.to_owned(), reason };
    let whole = path.canonicalize().map_err(|error| unclear(error.to_string()))?;
    let (Some(folder), Some(name)) = (whole.parent(), whole.file_name()) else { return Ok(()) };
    if !is_in_repository(folder) {
        return Ok(());
    }
    match git_says(folder, &["ls-files", "--error-unmatch", "--"], name).map_err(unclear)? {
        true => Err(EnvError::Tracked { path: path.to_owned() }),
        false => Ok(()),
    }
}

/// Does git leave the file out by itself (`.gitignore`)? `None`: it stands in no repository, or is not there.
/// Errors: [`EnvError::Unclear`].
pub fn is_ignored_by_git(path: &Path) -> Result<Option<bool>, EnvError> {
    let Ok(whole) = path.canonicalize() else { return Ok(None) };
    let (Some(folder), Some(name)) = (whole.parent(), whole.file_name()) else { return Ok(None) };
    if !is_in_repository(folder) {
        return Ok(None);
    }
    let unclear = |reason: String| EnvError::Unclear { path: path.to_owned(), reason };
    git_says(folder, &["check-ignore", "--quiet", "--"], name).map(Some).map_err(unclear)
}

fn is_in_repository(folder: &Path) -> bool {
    folder.ancestors().any(|folder| folder.join(".git").exists())
}

/// Asks git a question that it answers by its exit code: 0 is yes, 1 no. Errors: it does not answer, in words.
fn git_says(folder: &Path, question: &[&str], name: &OsStr) -> Result<bool, String> {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).args(question).arg(name);
    // They could lead git to another repository.
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR"] {
        git.env_remove(variable);
    }
    git.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match git.status().map(|status| status.code()) {
        Ok(Some(0)) => Ok(true),
        Ok(Some(1)) => Ok(false),
        Ok(code) => Err(format!("git ends with {}", code.map_or("a signal".to_owned(), |code| code.to_string()))),
        Err(error) => Err(format!("git cannot be started ({error})")),
    }
}

/// The settings of a text; the error names its line.
fn parse(text: &str) -> Result<Vec<Setting>, (usize, String)> {
    let mut settings: Vec<Setting> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let at = index + 1;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, rest)) = line.split_once('=') else {
            return Err((at, "no `=`; write NAME=value, or # in front of a comment".to_owned()));
        };
        let name = name.trim_end();
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if name.is_empty() || name.starts_with(|letter: char| letter.is_ascii_digit()) || !name.chars().all(is_part) {
            return Err((at, "what stands before `=` is no name; use letters, digits and _".to_owned()));
        }
        let value = Secret::new(value(rest.trim()).map_err(|fault| (at, format!("{name}: {fault}")))?);
        if let Some(first) = settings.iter().find(|setting| setting.name == name) {
            if first.value.reveal() == value.reveal() {
                continue;
            }
            return Err((at, format!("{name} is set a second time, to something else; remove one of the lines")));
        }
        settings.push(Setting { name: name.to_owned(), value, line: Some(at) });
    }
    Ok(settings)
}

/// A value as written: `'as it stands'`, `"with \n \t \" \\ \$"`, or plain up to a blank and `#`.
fn value(text: &str) -> Result<String, &'static str> {
    const OPEN: &str = "a quote is opened and not closed on this line; close it";
    let quoted = |rest: &str| -> Result<(), &'static str> {
        let rest = rest.trim_start();
        let is_end = rest.is_empty() || rest.starts_with('#');
        if is_end { Ok(()) } else { Err("something follows the closing quote; remove it or quote the whole value") }
    };
    if let Some(inside) = text.strip_prefix('\'') {
        let (value, rest) = inside.split_once('\'').ok_or(OPEN)?;
        return quoted(rest).map(|()| value.to_owned());
    }
    let Some(inside) = text.strip_prefix('"') else {
        let end = text.match_indices('#').find(|(at, _)| *at == 0 || text[..*at].ends_with([' ', '\t']));
        return Ok(text[..end.map_or(text.len(), |(at, _)| at)].trim_end().to_owned());
    };
    let (mut value, mut letters) = (String::with_capacity(inside.len()), inside.char_indices());
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return quoted(&inside[at + 1..]).map(|()| value),
            '\\' => value.push(match letters.next().ok_or(OPEN)?.1 {
                'n' => '\n',
                't' => '\t',
                same @ ('"' | '\\' | '$') => same,
                _ => return Err(r#"a backslash stands before another letter than n, t, ", \ or $; use single quotes"#),
            }),
            letter => value.push(letter),
        }
    }
    Err(OPEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(String, String)> {
        let settings = parse(text).expect(text);
        settings.iter().map(|setting| (setting.name.clone(), setting.value.reveal().to_owned())).collect()
    }

    fn one(text: &str) -> String {
        parsed(&format!("A={text}")).remove(0).1
    }

    #[test]
    fn values_are_read_as_written() {
        for (text, value) in [
            ("", ""),
            ("abc", "abc"),
            ("  abc  ", "abc"),
            ("abc # a comment", "abc"),
            ("abc#no-comment", "abc#no-comment"),
            ("# all comment", ""),
            ("a=b==", "a=b=="),
            ("$HOME ${X} `x`", "$HOME ${X} `x`"),
            ("'a \"b\" $c \\n # d'  # comment", "a \"b\" $c \\n # d"),
            (r#""a \"b\" \$c \\ 'd' # e" # f"#, r#"a "b" $c \ 'd' # e"#),
            (r#""a\nb\tc""#, "a\nb\tc"),
            ("\"ä\"", "ä"),
        ] {
            assert_eq!(one(text), value, "{text}");
        }
        let file = "\u{20}\n# x\nexport A=1\r\n B = 2\n\nC=\n";
        let all = [("A", "1"), ("B", "2"), ("C", "")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(parsed(file), all);
        assert_eq!(parsed("A=1\nA=1\n").len(), 1);
    }

    #[test]
    fn each_fault_names_its_line_and_no_value() {
        for (text, line, word) in [
            ("hidden", 1, "no `=`"),
            ("A=1\n1A=hidden", 2, "no name"),
            ("A B=hidden", 1, "no name"),
            ("=hidden", 1, "no name"),
            ("A=1\n\nA=hidden", 3, "A is set a second time"),
            ("A='hidden", 1, "not closed"),
            ("A=\"hidden", 1, "not closed"),
            ("A=\"hidden\\", 1, "not closed"),
            ("A='x' hidden", 1, "follows the closing quote"),
            ("A=\"hid\\den\"", 1, "backslash"),
        ] {
            let (at, fault) = parse(text).expect_err(text);
            assert_eq!(at, line, "{text}");
            assert!(fault.contains(word) && !fault.contains("hidden"), "{text}: {fault}");
        }
    }

    #[cfg(unix)]
    fn write(path: &Path, text: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(path, text).expect("write");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("permissions");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_for_all_to_read_gives_nothing() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join(".env");
        for mode in [0o644, 0o640, 0o604, 0o620, 0o660, 0o777] {
            write(&path, "A=hidden", mode);
            let text = EnvFile::read(&path).expect_err("readable").to_string();
            assert!(text.contains(&format!("{mode:03o}")) && text.contains("chmod 600"), "{text}");
            assert!(!text.contains("hidden"));
        }
        write(&path, "A=1", 0o600);
        let file = EnvFile::read(&path).expect("file");
        assert_eq!((file.get("A"), file.get("B")), (Some("1"), None));
        assert!(!format!("{file:?}").contains("\"1\""), "{file:?}");
        assert_eq!(EnvFile::read(&folder.path().join("none")).expect("nothing").get("A"), None);
        write(&path, &"#".repeat(1 + (64 << 10)), 0o600);
        assert!(matches!(EnvFile::read(&path), Err(EnvError::TooLarge { .. })));
        assert!(matches!(EnvFile::read(folder.path()), Err(EnvError::Readable { .. } | EnvError::Read { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_git_keeps_gives_nothing() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join(".env");
        write(&path, "A=1", 0o600);
        let git = |arguments: &[&str]| {
            let mut command = Command::new("git");
            command.arg("-C").arg(folder.path()).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
            assert!(command.status().expect("git").success(), "{arguments:?}");
        };
        git(&["init"]);
        assert!(EnvFile::read(&path).is_ok(), "beside a repository, but not in it");
        assert_eq!(is_ignored_by_git(&path).expect("git answers"), Some(false));
        std::fs::write(folder.path().join(".gitignore"), ".env\n").expect("write");
        assert_eq!(is_ignored_by_git(&path).expect("git answers"), Some(true));
        git(&["add", "-f", ".env"]);
        let text = EnvFile::read(&path).expect_err("tracked").to_string();
        assert!(text.contains("is tracked by git") && text.contains("git rm --cached"), "{text}");
        std::fs::remove_dir_all(folder.path().join(".git")).expect("remove");
        std::fs::write(folder.path().join(".git"), "gitdir: nowhere\n").expect("write");
        assert!(matches!(EnvFile::read(&path), Err(EnvError::Unclear { .. })), "a repository that git cannot read");
    }

    #[test]
    fn the_environment_adds_and_does_not_contradict() {
        let file = |text: &str| EnvFile { path: PathBuf::from(".env"), settings: parse(text).expect(text) };
        let with =
            |text: &str| file(text).with_environment(&["A", "B"], |name| (name == "A").then(|| "hidden".to_owned()));
        assert_eq!(with("B=2").expect("more").get("A"), Some("hidden"));
        assert_eq!(with("A=hidden").expect("the same").get("A"), Some("hidden"));
        let text = with("A=other").expect_err("contradiction").to_string();
        assert_eq!(text, "A is one thing in .env and another in the environment; remove one of them");
        assert!(with("A=").is_err());
        let both = with("\nB=2").expect("more");
        assert_eq!(["A", "B", "C"].map(|name| both.place(name)), ["the environment", ".env:2", ".env"]);
    }

    #[test]
    fn missing_keys_name_what_may_have_been_meant() {
        let file = EnvFile { path: PathBuf::from(".env"), settings: parse("ALPACA_APIKEY=x\nS=y").expect("text") };
        let text = file.keys("ALPACA_API_KEY", "S").expect_err("missing").to_string();
        assert_eq!(
            text,
            "ALPACA_API_KEY is not set; put `ALPACA_API_KEY=…` into .env; did you mean `ALPACA_APIKEY`, which is set?"
        );
        assert!(file.keys("ALPACA_APIKEY", "S").is_ok());
    }
}
