//! Settings of `.env` that a session reads: limits, the cap on the money, and what they must look like.
//!
//! Not here: the file itself (execution::alpaca), which limit counts (risk).
//! Invariant: no error shows a value; somebody may have put a secret in the wrong line.
use super::{Item, Preflight, PreflightMode};
use crate::domain::{Money, Ratio};
use crate::execution::alpaca::{ApiKeys, EnvFile, KeyKind, is_ignored_by_git};
use crate::risk::LimitCaps;

/// Settings of a session that may come from the environment as well as from `.env`; those of messages are
/// [`crate::live::notify::NAMES`].
pub const SETTINGS: [&str; 11] = [
    "ALPACA_API_KEY",
    "ALPACA_SECRET_KEY",
    "ALPACA_PAPER",
    "MAX_DAILY_LOSS",
    "MAX_POSITION_SIZE",
    "MAX_PORTFOLIO_HEAT",
    "LIVE_MAX_CAPITAL",
    "ALPHAFLOW_EXCHANGE_KEY",
    "ALPHAFLOW_EXCHANGE_SECRET",
    "DASHBOARD_TOKEN",
    "ALPHAFLOW_TOKEN",
];

/// Those of them that limit something.
const LIMITS: [&str; 4] = ["MAX_DAILY_LOSS", "MAX_POSITION_SIZE", "MAX_PORTFOLIO_HEAT", "LIVE_MAX_CAPITAL"];
/// Limits of a scenario that no setting has, as somebody may write them into `.env`.
const LIMITS_OF_RISK: [&str; 6] = [
    "MAX_CORRELATED_EXPOSURE",
    "MAX_DRAWDOWN",
    "MAX_GROSS_EXPOSURE",
    "MAX_OPEN_POSITIONS",
    "MAX_ORDERS_PER_MINUTE",
    "MAX_ORDER_NOTIONAL",
];
/// A name with so few letters other than a limit's is meant as that limit.
const TYPOS_MAX: usize = 2;

/// A setting that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// Its value.
    #[error("{place}: {name} is not {wanted}; mend the line or remove it")]
    Value {
        /// File and line, or the environment.
        place: String,
        /// The setting.
        name: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// It looks like a limit, and nobody would hold anything to it.
    #[error("{place}: {name} is no setting, so it limits nothing; {next}")]
    Unknown {
        /// File and line.
        place: String,
        /// As it is written.
        name: String,
        /// What may be meant, or where the limit belongs.
        next: String,
    },
}

/// A name in the file that is meant as a limit and is none.
fn mistyped_limit(env: &EnvFile) -> Option<SettingError> {
    let is_meant = |name: &str| {
        let upper = name.to_uppercase();
        upper.starts_with("MAX_") || LIMITS.iter().any(|limit| strsim::osa_distance(&upper, limit) <= TYPOS_MAX)
    };
    let name = env.names().find(|name| !LIMITS.contains(name) && is_meant(name))?;
    let upper = name.to_uppercase();
    let of_risk = |limit: &str| format!("it belongs into the scenario, as risk.{}", limit.to_lowercase());
    let known = LIMITS.iter().map(|limit| (*limit, format!("did you mean {limit}?")));
    let known = known.chain(LIMITS_OF_RISK.iter().map(|limit| (*limit, of_risk(limit))));
    let next = known.min_by_key(|(limit, _)| strsim::osa_distance(&upper, limit)).map(|(_, next)| next);
    Some(SettingError::Unknown { place: env.place(name), name: name.to_owned(), next: next.unwrap_or_default() })
}

/// The limits that the environment sets; they count where they are stricter than a scenario's. Errors: a setting that
/// is no fraction above 0 and up to 1; a name in the file that is meant as a limit and is none.
pub fn limit_caps(env: &EnvFile) -> Result<LimitCaps, SettingError> {
    if let Some(mistyped) = mistyped_limit(env) {
        return Err(mistyped);
    }
    let cap = |name: &'static str| -> Result<Option<Ratio>, SettingError> {
        let is_limit = |ratio: &Ratio| Ratio::ZERO < *ratio && *ratio <= Ratio::ONE;
        let Some(text) = env.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        let ratio = text.parse().ok().filter(is_limit);
        let wanted = "a fraction above 0 and up to 1, like 0.02 for 2 %";
        ratio.map(Some).ok_or_else(|| SettingError::Value { place: env.place(name), name, wanted })
    };
    Ok(LimitCaps {
        daily_loss_max: cap("MAX_DAILY_LOSS")?,
        position_size_max: cap("MAX_POSITION_SIZE")?,
        portfolio_heat_max: cap("MAX_PORTFOLIO_HEAT")?,
    })
}

/// `LIVE_MAX_CAPITAL`, dollars; `None` where nobody sets it. Errors: it is no amount above 0.
pub fn capital_max(env: &EnvFile) -> Result<Option<Money>, SettingError> {
    const NAME: &str = "LIVE_MAX_CAPITAL";
    let Some(text) = env.get(NAME).filter(|text| !text.is_empty()) else { return Ok(None) };
    let amount = text.parse().ok().filter(|amount| *amount > Money::ZERO);
    let wanted = "an amount of dollars above 0, like 5000";
    amount.map(Some).ok_or_else(|| SettingError::Value { place: env.place(NAME), name: NAME, wanted })
}

/// The keys of the account that the mode trades. Errors: they are missing or no keys, in words.
pub(super) fn keys(mode: PreflightMode, env: &EnvFile) -> Result<ApiKeys, String> {
    let found = match mode {
        PreflightMode::Rehearsal(_) => {
            let or_default = |name| env.get(name).filter(|text| !text.is_empty()).unwrap_or("rehearsal").to_owned();
            ApiKeys::new(or_default("ALPHAFLOW_EXCHANGE_KEY"), or_default("ALPHAFLOW_EXCHANGE_SECRET"))
        }
        PreflightMode::Paper | PreflightMode::StandIn(_) | PreflightMode::Live => {
            env.keys("ALPACA_API_KEY", "ALPACA_SECRET_KEY")
        }
    };
    found.map_err(|error| error.to_string())
}

/// Items about the file, the keys and the mode they are for.
pub(super) fn examine(flight: &Preflight<'_>, keys: Result<&ApiKeys, &String>) -> Vec<Item> {
    let mut items = vec![file(flight), ignored(flight)];
    let Ok(env) = flight.env else { return items };
    let wanted = match flight.mode {
        PreflightMode::Rehearsal(_) => KeyKind::Other,
        PreflightMode::Paper | PreflightMode::StandIn(_) => KeyKind::Paper,
        PreflightMode::Live => KeyKind::Live,
    };
    items.push(match keys {
        Err(text) => Item::fails("keys", text.clone()),
        Ok(keys) if keys.kind() == wanted => Item::holds("keys", format!("they are {wanted}")),
        Ok(keys) => {
            let text = format!("they are {}, but --mode {} takes {wanted}", keys.kind(), flight.mode.name());
            Item::fails("keys", format!("{text}; put those into {}", env.path().display()))
        }
    });
    if !matches!(flight.mode, PreflightMode::Rehearsal(_)) {
        items.push(paper(flight.mode, env));
    }
    items
}

fn file(flight: &Preflight<'_>) -> Item {
    let name = flight.env_path.display();
    match flight.env {
        Err(error) => Item::fails("env_file", error.to_string()),
        Ok(_) if !flight.env_path.exists() => {
            Item::holds("env_file", format!("there is no {name}; settings come from the environment alone"))
        }
        Ok(_) if cfg!(unix) => Item::holds("env_file", format!("{name} is private (0600) and not tracked by git")),
        Ok(_) => Item::holds("env_file", format!("{name} is not tracked by git; who may read it is yours to check")),
    }
}

fn ignored(flight: &Preflight<'_>) -> Item {
    let name = flight.env_path.display();
    Item::of(
        "env_ignored",
        match is_ignored_by_git(flight.env_path) {
            Ok(None) => Ok(format!("{name} stands in no git repository")),
            Ok(Some(true)) => Ok(format!("{name} is named in .gitignore")),
            Ok(Some(false)) => Err(format!("git would take {name} with `git add .`; add its name to .gitignore")),
            Err(error) => Err(error.to_string()),
        },
    )
}

fn paper(mode: PreflightMode, env: &EnvFile) -> Item {
    let (wanted, found) = (if mode == PreflightMode::Live { "false" } else { "true" }, env.get("ALPACA_PAPER"));
    Item::of(
        "paper_flag",
        match found {
            Some(found) if found == wanted => Ok(format!("ALPACA_PAPER={wanted}")),
            // What is not set means paper: the safe side.
            None | Some("") if mode != PreflightMode::Live => {
                Ok("ALPACA_PAPER is not set, which means true".to_owned())
            }
            _ => Err(format!(
                "{}: ALPACA_PAPER is not {wanted}; --mode {} needs ALPACA_PAPER={wanted}",
                env.place("ALPACA_PAPER"),
                mode.name()
            )),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::env_with;
    use super::*;

    /// A limit that nobody holds anything to is worse than none.
    #[test]
    fn a_mistyped_limit_is_refused_with_its_line() {
        let folder = tempfile::tempdir().expect("folder");
        for (name, next) in [
            ("MAX_DAILY_LOS", "did you mean MAX_DAILY_LOSS?"),
            ("max_daily_loss", "did you mean MAX_DAILY_LOSS?"),
            ("MAX_DAILY_DRAWDOWN", "it belongs into the scenario, as risk.max_drawdown"),
            ("MAX_CORRELATED_EXPOSURE", "it belongs into the scenario, as risk.max_correlated_exposure"),
            ("LIVE_MAX_CAPITL", "did you mean LIVE_MAX_CAPITAL?"),
            ("MX_POSITION_SIZE", "did you mean MAX_POSITION_SIZE?"),
        ] {
            let env = env_with(folder.path(), &format!("# mine\n{name}=0.01\nLOG_LEVEL=info\nSMTP_HOST=x"));
            let error = limit_caps(&env).expect_err(name).to_string();
            let wanted = format!(":2: {name} is no setting, so it limits nothing; {next}");
            assert!(error.ends_with(&wanted), "{error}");
        }
    }

    #[test]
    fn limits_are_fractions_and_the_cap_is_dollars() {
        let folder = tempfile::tempdir().expect("folder");
        let env = env_with(folder.path(), "MAX_DAILY_LOSS=0.02\nMAX_PORTFOLIO_HEAT=\nLIVE_MAX_CAPITAL=5000.50");
        let caps = limit_caps(&env).expect("caps");
        assert_eq!(caps.daily_loss_max, Some("0.02".parse().expect("ratio")));
        assert_eq!((caps.position_size_max, caps.portfolio_heat_max), (None, None));
        assert_eq!(capital_max(&env), Ok(Some("5000.5".parse().expect("money"))));
        // The old system's dollars where a fraction belongs, and what is no number.
        for bad in ["10000", "0", "-0.1", "1.000000001", "2%", "hidden"] {
            let error = limit_caps(&env_with(folder.path(), &format!("MAX_POSITION_SIZE={bad}"))).expect_err(bad);
            assert!(matches!(error, SettingError::Value { name: "MAX_POSITION_SIZE", .. }), "{error:?}");
            assert!(error.to_string().contains("0.02 for 2 %") && !error.to_string().contains("hidden"), "{error}");
        }
        for bad in ["0", "-5", "$5000", "hidden"] {
            let error = capital_max(&env_with(folder.path(), &format!("LIVE_MAX_CAPITAL='{bad}'"))).expect_err(bad);
            assert!(error.to_string().contains("like 5000") && !error.to_string().contains("hidden"), "{error}");
        }
    }
}
