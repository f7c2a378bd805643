//! What the exchange shows without orders: a router of the requests that only read the tape, and what they keep.
//!
//! Not here: orders, positions, the account (core); frames and subscriptions (the server).
//! Invariant: nothing that lies after the clock is told.
use super::asset_actions::{Action, actions as asset_actions};
use super::assets::Assets;
use super::configurations::Configurations;
use super::parameters::{Parameters, segments};
use super::watchlists::{Context, Watchlists};
use super::{Answer, Method, Request, Tape};
use super::{announcements, calendar_days, clock, corporate_actions, data};
use crate::domain::Timestamp;
use crate::engine::MarketAction;
use crate::market::ActionKind;

/// What is shown and kept besides orders.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    scenario: String,
    /// What can be traded.
    pub(super) assets: Assets,
    actions: Vec<Action>,
    watchlists: Watchlists,
    /// What the holder of the account has set.
    pub(super) configurations: Configurations,
}

impl Reading {
    /// For the scenario of this name and the assets of its tape. `actions` is what positions live through; their
    /// symbols are places on the tape.
    pub(super) fn new(scenario: &str, tape: &Tape, actions: &[(Timestamp, MarketAction)]) -> Reading {
        let actions = asset_actions(actions);
        let delisting = |asset: usize| {
            let is_own =
                |action: &&Action| action.asset == asset && matches!(action.kind, ActionKind::Delisting { .. });
            actions.iter().find(is_own).map(|action| action.date)
        };
        let gone = (0..tape.names().len()).map(delisting).collect();
        Reading {
            assets: Assets::new(scenario, tape, gone),
            scenario: scenario.to_owned(),
            actions,
            watchlists: Watchlists::default(),
            configurations: Configurations::default(),
        }
    }
}

/// Answers what needs no order; `None` for the paths of others.
pub(super) fn answer(tape: &Tape, reading: &mut Reading, request: &Request) -> Option<Answer> {
    let (path, query) = (segments(request.path), Parameters::new(request.query));
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let answer = match (request.method, parts.as_slice()) {
        (Method::Get, ["v2", "assets"]) => reading.assets.list(tape, &query),
        (Method::Get, ["v2", "assets", text]) => reading.assets.one(tape, text),
        (Method::Get, ["v2", "clock"]) => clock::clock(tape),
        (Method::Get, ["v3", "clock"]) => clock::clocks(tape, &query),
        (Method::Get, ["v2", "calendar"]) => calendar_days::calendar(tape, &query),
        (Method::Get, ["v3", "calendar", market]) => calendar_days::of_market(tape, market, &query),
        (Method::Get, ["v2", "account", "configurations"]) => reading.configurations.get(),
        (Method::Patch, ["v2", "account", "configurations"]) => reading.configurations.patch(request.body),
        (Method::Get, ["v1", "corporate-actions"]) => {
            corporate_actions::list(tape, &reading.scenario, &reading.actions, &query)
        }
        (Method::Get, ["v2", "corporate_actions", "announcements"]) => {
            announcements::list(tape, &reading.scenario, &reading.actions, &query)
        }
        (Method::Get, ["v2", "corporate_actions", "announcements", id]) => {
            announcements::one(tape, &reading.scenario, &reading.actions, id)
        }
        (Method::Get, ["v2", "stocks", rest @ ..]) => return data::answer(tape, &reading.actions, rest, &query),
        (method, ["v2", ..]) => {
            let context = Context { scenario: &reading.scenario, assets: &reading.assets, tape };
            return reading.watchlists.answer(context, (method, &path[1..]), &query, request.body);
        }
        _ => return None,
    };
    Some(answer)
}
