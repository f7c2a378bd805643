//! The nearest valid name to a mistyped one.
//!
//! Not here: what the names mean.
use super::spec_keys::{KEYS, TABLES};

/// Longer names are cut before they are compared, so that a hostile file costs no time.
const COMPARED_MAX: usize = 64;

/// The known key nearest to `path`: by the whole path, or by its last part at one edit more in
/// another table. `others` are known keys besides the table, such as the parameters in the file.
pub(super) fn nearest_key(path: &str, others: &[String]) -> String {
    let path = comparable(path);
    let (table, leaf) = path.rsplit_once('.').unwrap_or(("", &path));
    let known = KEYS.iter().map(|info| info.path).chain(others.iter().map(String::as_str));
    known
        .min_by_key(|candidate| {
            let (their_table, their_leaf) = candidate.rsplit_once('.').unwrap_or(("", candidate));
            let by_leaf = strsim::osa_distance(leaf, their_leaf) + usize::from(table != their_table);
            let by_path = strsim::osa_distance(&path, candidate);
            // Of two as near, the one in the same or a like table.
            (by_leaf.min(by_path), by_path)
        })
        .unwrap_or_default()
        .to_owned()
}

/// The known table nearest to `path`.
pub(super) fn nearest_table(path: &str) -> &'static str {
    let last = |path: &'static str| path.rsplit('.').next().unwrap_or(path);
    let typed = comparable(path);
    let typed_last = typed.rsplit('.').next().unwrap_or(&typed);
    TABLES
        .iter()
        .copied()
        .min_by_key(|table| strsim::osa_distance(&typed, table).min(strsim::osa_distance(typed_last, last(table)) + 1))
        .unwrap_or_default()
}

/// The word nearest to `text`, whatever the case; `None` when there are no words.
pub(super) fn nearest_word<'w>(text: &str, words: &[&'w str]) -> Option<&'w str> {
    let text = comparable(text).to_lowercase();
    words.iter().copied().min_by_key(|word| strsim::osa_distance(&text, &word.to_lowercase()))
}

fn comparable(text: &str) -> String {
    text.chars().take(COMPARED_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_wrong_tables_and_bare_names_are_found() {
        let params = ["strategy.params.fast_period".to_owned()];
        for (typed, meant) in [
            ("risk.max_drawdwn", "risk.max_drawdown"),
            ("execution.leverage", "account.leverage"),
            ("seed", "scenario.seed"),
            ("strategy.fast_period", "strategy.params.fast_period"),
            ("execution.slippage.valeu", "execution.slippage.value"),
            ("execution.slipage.kind", "execution.slippage.kind"),
        ] {
            assert_eq!(nearest_key(typed, &params), meant);
        }
        assert_eq!(nearest_table("slippage"), "execution.slippage");
        assert_eq!(nearest_word("xnys", &["XNYS", "24/7"]), Some("XNYS"));
    }
}
