//! `--stand-in`: a venue on this machine in the place of Alpaca paper, for commands that know paper.
//!
//! Not here: the mode itself (execution::alpaca::mode), which admits loopback and the keys of a stand-in alone.
//! Invariant: what a stand-in answers lies in a folder of its own, so none of it counts as paper later.
use std::path::{Path, PathBuf, absolute};

use clap::Args;

use crate::execution::alpaca::LoopbackAddr;

/// The folder that commands use where nobody names one.
const USUAL: &str = "state";

/// The flag.
#[derive(Debug, Args)]
pub(super) struct StandInArgs {
    /// With --mode paper: trade at a venue on this machine that answers as Alpaca paper does, with keys that begin with
    /// PKSTANDIN and a --state of its own
    #[arg(long, value_name = "127.0.0.1:PORT")]
    stand_in: Option<LoopbackAddr>,
}

impl StandInArgs {
    /// Where it is, if one is named. Errors: another mode than paper; the usual folder of the state. In words.
    pub(super) fn address(&self, is_paper: bool, state: &Path) -> Result<Option<LoopbackAddr>, String> {
        let Some(address) = self.stand_in else { return Ok(None) };
        let wrong = |what: &str| Err(format!("--stand-in {address}: {what}"));
        if !is_paper {
            return wrong("it stands in for paper alone; say --mode paper");
        }
        if real(state) == real(Path::new(USUAL)) {
            return wrong(
                "give it a folder of its own, such as --state state/stand_in, so that nothing of it counts as paper",
            );
        }
        Ok(Some(address))
    }
}

/// The folder itself, however it is named: what is there of it is followed through links, the rest stands as it is.
fn real(path: &Path) -> PathBuf {
    let whole = absolute(path).unwrap_or_else(|_| path.to_owned());
    let found = whole.ancestors().find_map(|there| Some((there, there.canonicalize().ok()?)));
    let Some((there, real)) = found else { return whole };
    whole
        .strip_prefix(there)
        .map_or(whole.clone(), |rest| if rest.as_os_str().is_empty() { real.clone() } else { real.join(rest) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_folder_is_refused_however_it_is_named() {
        let stand_in = StandInArgs { stand_in: Some("127.0.0.1:9".parse().expect("an address")) };
        let whole = absolute(USUAL).expect("a path");
        for name in ["state", "./state", "state/", "././state", &whole.display().to_string()] {
            let refused = stand_in.address(true, Path::new(name)).expect_err(name);
            assert!(refused.contains("a folder of its own"), "{refused}");
        }
        assert!(stand_in.address(true, Path::new("state/stand_in")).expect("its own").is_some());
    }
}
