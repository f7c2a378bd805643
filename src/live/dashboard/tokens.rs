//! The tokens that open the dashboard: one for people, one for scripts.
//!
//! Not here: sessions and tries (access). Invariants: (1) what is kept is a hash, so no answer, log or dump of the
//! program's memory can hold a token; (2) comparing takes the same time whatever is compared; (3) a token that can be
//! guessed is refused at the start.
use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

use super::random::{NoRandomness, hex_256};
use crate::execution::alpaca::EnvFile;
use crate::live::private;

/// The variable of the people's token.
const PERSON: &str = "DASHBOARD_TOKEN";
/// The variable of the scripts' token.
const SCRIPT: &str = "ALPHAFLOW_TOKEN";
/// The file that a token is written to when nobody has set one.
const FILE: &str = "dashboard_token";
/// Shortest token: 32 hexadecimal digits are 128 bits, which nobody tries out.
const LENGTH_MIN: usize = 32;
/// Longest; far below the bound of a request's head.
const LENGTH_MAX: usize = 512;
/// Fewer different characters than this are a placeholder, not a token: of 32 random hexadecimal digits fewer than
/// eight are different once in ten million.
const DIFFERENT_MIN: usize = 8;

/// Where the owner finds the token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TokenPlace {
    /// `DASHBOARD_TOKEN` of `.env`.
    Env,
    /// Made at this start and written to this file, which only its owner can read.
    File(PathBuf),
}

/// Both tokens, as hashes.
#[derive(Clone)]
pub struct Tokens {
    person: Hash,
    script: Option<Hash>,
    place: TokenPlace,
}

/// SHA-256 of a secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hash([u8; 32]);

/// Why a token cannot be used. No message holds one.
#[derive(Debug, Error)]
pub enum TokenError {
    /// Too short, too long, or no plain text.
    #[error(
        "{name} has {have} characters; it needs {LENGTH_MIN} to {LENGTH_MAX} visible ASCII characters: `openssl rand -hex 32` makes one"
    )]
    Length {
        /// The variable.
        name: &'static str,
        /// How many it has.
        have: usize,
    },
    /// A character that a header cannot carry.
    #[error("{name} has a character that is not visible ASCII; `openssl rand -hex 32` makes a good one")]
    Character {
        /// The variable.
        name: &'static str,
    },
    /// Nearly all characters the same.
    #[error(
        "{name} has only {have} different characters, at least {DIFFERENT_MIN} are needed; `openssl rand -hex 32` makes a good one"
    )]
    Guessable {
        /// The variable.
        name: &'static str,
        /// How many it has.
        have: usize,
    },
    /// One of those above, with the place where it stands.
    #[error("{place}: {fault}")]
    At {
        /// File and line, or the environment.
        place: String,
        /// What is wrong.
        fault: Box<TokenError>,
    },
    /// The system gives no random bytes.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The file of a token made here cannot be written.
    #[error("{}: the dashboard's token cannot be written: {source}; set DASHBOARD_TOKEN in .env instead", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
}

impl Tokens {
    /// The tokens of `env`. Without `DASHBOARD_TOKEN` a new one is written to a file in `folder` that only its owner
    /// can read, at every start; without `ALPHAFLOW_TOKEN` scripts have no way in.
    pub fn read(env: &EnvFile, folder: &Path) -> Result<Tokens, TokenError> {
        Tokens::check(env)?;
        let script = env.get(SCRIPT).filter(|token| !token.is_empty());
        match env.get(PERSON).filter(|token| !token.is_empty()) {
            Some(person) => Tokens::of(person, script),
            None => {
                let token = hex_256()?;
                let path = folder.join(FILE);
                write_secret(&path, &token).map_err(|source| TokenError::Write { path: path.clone(), source })?;
                Ok(Tokens { place: TokenPlace::File(path), ..Tokens::of(&token, script)? })
            }
        }
    }

    /// Whether the tokens that `env` sets can be used; none is no error. Errors: the first that cannot, with its place.
    pub fn check(env: &EnvFile) -> Result<(), TokenError> {
        let mut set = [PERSON, SCRIPT].into_iter().filter_map(|name| Some((name, env.get(name)?)));
        set.try_for_each(|(name, token)| match check(name, token) {
            Err(fault) if !token.is_empty() => Err(TokenError::At { place: env.place(name), fault: Box::new(fault) }),
            _ => Ok(()),
        })
    }

    /// These tokens, as if they stood in `.env`. Errors: one that can be guessed, or that no header can carry.
    pub fn of(person: &str, script: Option<&str>) -> Result<Tokens, TokenError> {
        check(PERSON, person)?;
        script.map_or(Ok(()), |token| check(SCRIPT, token))?;
        Ok(Tokens { person: Hash::of(person), script: script.map(Hash::of), place: TokenPlace::Env })
    }

    /// Where the owner finds the people's token.
    pub fn place(&self) -> &TokenPlace {
        &self.place
    }

    /// Is it the people's token?
    pub(super) fn is_person(&self, token: &str) -> bool {
        self.person.equals(&Hash::of(token))
    }

    /// Is it the scripts' token?
    pub(super) fn is_script(&self, token: &str) -> bool {
        let given = Hash::of(token);
        self.script.as_ref().is_some_and(|script| script.equals(&given))
    }
}

impl Hash {
    pub(super) fn of(text: &str) -> Hash {
        Hash(Sha256::digest(text.as_bytes()).into())
    }

    /// In a time that does not depend on where they differ.
    pub(super) fn equals(&self, other: &Hash) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

fn check(name: &'static str, token: &str) -> Result<(), TokenError> {
    let have = token.chars().count();
    if !(LENGTH_MIN..=LENGTH_MAX).contains(&have) {
        return Err(TokenError::Length { name, have });
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(TokenError::Character { name });
    }
    let mut bytes = token.as_bytes().to_vec();
    bytes.sort_unstable();
    bytes.dedup();
    if bytes.len() < DIFFERENT_MIN {
        return Err(TokenError::Guessable { name, have: bytes.len() });
    }
    Ok(())
}

/// Writes aside and renames, so that a file that others can read is never written to.
fn write_secret(path: &Path, token: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        private::make_folder(folder)?;
    }
    let aside = path.with_extension("new");
    let _ = std::fs::remove_file(&aside);
    private::file().write(true).create_new(true).open(&aside)?.write_all(format!("{token}\n").as_bytes())?;
    std::fs::rename(&aside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_token_that_can_be_guessed_is_refused_by_name_and_number() {
        let refused = |token: &str| Tokens::of(token, None).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused(&GOOD[..31]).starts_with("DASHBOARD_TOKEN has 31 characters"), "{}", refused(&GOOD[..31]));
        assert!(refused(&"a".repeat(40)).contains("only 1 different"));
        assert!(refused(&format!("{GOOD} ")).contains("not visible ASCII"));
        assert!(refused(&GOOD.repeat(17)).contains("544 characters"));
        assert!(Tokens::of(GOOD, Some("short")).is_err_and(|error| error.to_string().starts_with("ALPHAFLOW_TOKEN")));
    }

    #[test]
    fn only_the_whole_token_opens_and_each_its_own_door() {
        let other = GOOD.replace('0', "f");
        let tokens = Tokens::of(GOOD, Some(&other)).unwrap();
        assert!(tokens.is_person(GOOD) && !tokens.is_person(&GOOD[..31]) && !tokens.is_person(&format!("{GOOD}0")));
        assert!(tokens.is_script(&other) && !tokens.is_script(GOOD) && !tokens.is_person(&other));
        assert!(!Tokens::of(GOOD, None).unwrap().is_script(""));
    }

    #[test]
    fn without_one_in_env_a_new_one_is_written_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let env = EnvFile::read(&folder.path().join(".env")).unwrap();
        let state = folder.path().join("state");
        let mut seen = Vec::new();
        for _ in 0..2 {
            let tokens = Tokens::read(&env, &state).unwrap();
            let path = state.join(FILE);
            assert_eq!(tokens.place(), &TokenPlace::File(path.clone()));
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(tokens.is_person(text.trim()));
            #[cfg(unix)]
            assert_eq!(std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions()) & 0o777, 0o600);
            seen.push(text);
        }
        assert_ne!(seen[0], seen[1]);
    }
}
