//! The name of a run: a hash of everything its result follows from.
//!
//! Not here: the fingerprint of what happened in it (scenario).
//! Invariant: the same scenario, data and program give the same id, in any sweep, on any shard and machine.
use std::fmt;

use sha2::{Digest, Sha256};

use crate::scenario::{ScenarioSpec, effective_toml};

/// The first 16 hexadecimal digits of the SHA-256 of a run's effective scenario, the hashes of its data and the
/// version of the program. Among the million runs a sweep may have, two ids collide with a chance of 1 in 37 million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(u64);

impl RunId {
    /// The id of the run of `spec` on `files` (path as in the scenario, sha256) with this program.
    pub fn of(spec: &ScenarioSpec, files: &[(String, String)]) -> RunId {
        RunId::with_version(spec, files, env!("CARGO_PKG_VERSION"))
    }

    fn with_version(spec: &ScenarioSpec, files: &[(String, String)], version: &str) -> RunId {
        let mut hash = Sha256::new();
        let mut add = |part: &str| {
            // The length keeps two parts from being read as one.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        };
        add(version);
        add(&effective_toml(spec));
        // Which file is read first says nothing about the run.
        let mut files: Vec<&(String, String)> = files.iter().collect();
        files.sort_unstable();
        for (path, sha256) in files {
            add(path);
            add(sha256);
        }
        let digest = hash.finalize();
        RunId(digest.iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte)))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::testing::scenario;

    fn files(names: &[&str]) -> Vec<(String, String)> {
        names.iter().map(|name| ((*name).to_owned(), format!("{name}{name}"))).collect()
    }

    #[test]
    fn an_id_follows_from_scenario_data_and_version_alone() {
        let plain = scenario("");
        let id = RunId::of(&plain.spec, &files(&["a", "b"]));
        assert_eq!(id, RunId::of(&scenario("# a comment\n").spec, &files(&["b", "a"])));
        assert_ne!(id, RunId::of(&plain.spec, &files(&["a"])));
        assert_ne!(id, RunId::with_version(&plain.spec, &files(&["a", "b"]), "0.0.0"));
        let value = crate::scenario::spec::ParamValue::Text("3".to_owned());
        let changed = plain.with_values(&[("stop.multiple", &value)]).expect("run");
        assert_ne!(id, RunId::of(&changed.spec, &files(&["a", "b"])));
        assert_eq!(id.to_string().len(), 16);
    }

    #[test]
    fn the_parts_cannot_be_mistaken_for_each_other() {
        let spec = scenario("").spec;
        let pair = |path: &str, hash: &str| vec![(path.to_owned(), hash.to_owned())];
        assert_ne!(RunId::of(&spec, &pair("ab", "c")), RunId::of(&spec, &pair("a", "bc")));
    }
}
