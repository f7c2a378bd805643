//! What a person may do: halt, resume, flatten, close, cancel, connect anew.
//!
//! Not here: whether it is possible (session), who may ask (guard), reading a body (body). A halt goes to the kill switch first and is told
//! to the session afterwards, without waiting for it; everything else is the session's alone.
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;

use super::body::{Given, Nothing};
use super::guard::Who;
use super::house::{House, count};
use super::reply::{Refused, json as as_json};
use crate::domain::OrderId;
use crate::live::{Asked, Command, Done};
use crate::risk::{HaltOrder, HaltedBy, Words};

/// How long the session may think before the page says that it does not answer.
const ANSWER_WAIT: Duration = Duration::from_secs(5);
/// How long the kill switch may take to latch. It latches within milliseconds; the rest is what it cancels first.
const STOP_WAIT: Duration = Duration::from_secs(8);

/// A stop: a reason is kept, and not needed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HaltBody {
    flatten: bool,
    #[serde(default)]
    reason: Option<String>,
}

/// A resume, which needs a reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResumeBody {
    reason: String,
    /// The last characters of the account: asked for where money is real.
    #[serde(default)]
    account: Option<String>,
}

/// Which position leaves.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseBody {
    strategy: String,
    symbol: String,
}

/// Which order is taken back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelBody {
    strategy: String,
    order: OrderId,
}

/// Halts: the latch first, whatever the session does.
pub(super) async fn halt(
    State(house): State<Arc<House>>,
    Extension(who): Extension<Who>,
    Given(HaltBody { flatten, reason }): Given<HaltBody>,
) -> Result<Response, Refused> {
    let reason = reason.and_then(|reason| Words::readable(&house.options.redactor.clean(&reason)));
    let by = HaltedBy::Person(Words::fixed(who.name()));
    let order = HaltOrder { at: house.now(), by, reason: reason.clone(), flatten };
    count(&house.counters.halts);
    let stop = Arc::clone(&house.links.stop);
    // On a thread of its own: it writes to the disk, and the pages must go on.
    let pressed = tokio::task::spawn_blocking(move || stop(order));
    let pressed = tokio::time::timeout(STOP_WAIT, pressed).await;
    let reason = reason.map(|words| words.as_str().to_owned());
    let told = tell(&house, &who, Command::Halt { flatten, reason });
    let Ok(Ok(done)) = pressed else {
        return Err(Refused::new(
            StatusCode::GATEWAY_TIMEOUT,
            "the kill switch did not say within 8 s that it has latched; run `alphaflow halt` on the machine",
        ));
    };
    let status = if done.taken { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
    let answer = json!({ "taken": done.taken, "text": done.text, "items": done.items, "session_told": told });
    Ok(as_json(status, &answer))
}

/// Puts a command on its way without waiting; `false` where the session takes none.
fn tell(house: &House, who: &Who, command: Command) -> bool {
    // The answer is the session's business: the kill switch has answered already.
    let (answer, _) = oneshot::channel();
    house.links.commands.try_send((Asked { command, by: who.name().to_owned() }, answer)).is_ok()
}

/// Ends a halt.
pub(super) async fn resume(
    State(house): State<Arc<House>>,
    Extension(who): Extension<Who>,
    Given(ResumeBody { reason, account }): Given<ResumeBody>,
) -> Result<Response, Refused> {
    let wrong = |text: String| Refused::new(StatusCode::UNPROCESSABLE_ENTITY, text);
    let reason = Words::new(&house.options.redactor.clean(&reason))
        .map_err(|error| wrong(format!("the reason cannot be kept: {error}")))?;
    let mode = house.snapshot().mode.clone();
    if mode.mode != "rehearsal" && mode.mode != "paper" {
        let Some(tail) = mode.account_tail else {
            return Err(wrong(
                "the account is not known yet, so a resume cannot be confirmed; wait for the venue".into(),
            ));
        };
        if account.as_deref() != Some(tail.as_str()) {
            return Err(wrong("the last four characters of the account are not these; look at the band".into()));
        }
    }
    ask(&house, &who, Command::Resume { reason: reason.as_str().to_owned() }).await
}

/// Closes all positions.
pub(super) async fn flatten(
    State(house): State<Arc<House>>,
    Extension(who): Extension<Who>,
    Given(Nothing {}): Given<Nothing>,
) -> Result<Response, Refused> {
    ask(&house, &who, Command::Flatten).await
}

/// Closes one position.
pub(super) async fn close(
    State(house): State<Arc<House>>,
    Extension(who): Extension<Who>,
    Given(CloseBody { strategy, symbol }): Given<CloseBody>,
) -> Result<Response, Refused> {
    ask(&house, &who, Command::Close { strategy, symbol }).await
}

/// Takes one order back.
pub(super) async fn cancel(
    State(house): State<Arc<House>>,
    Extension(who): Extension<Who>,
    Given(CancelBody { strategy, order }): Given<CancelBody>,
) -> Result<Response, Refused> {
    ask(&house, &who, Command::Cancel { strategy, order }).await
}

/// Connects both streams anew.
pub(super) async fn reconnect(
    State(house): State<Arc<House>>,
    Extension(who): Extension<Who>,
    Given(Nothing {}): Given<Nothing>,
) -> Result<Response, Refused> {
    ask(&house, &who, Command::Reconnect).await
}

async fn ask(house: &House, who: &Who, command: Command) -> Result<Response, Refused> {
    let (answer, answered) = oneshot::channel();
    let asked = Asked { command, by: who.name().to_owned() };
    let sent = async {
        house.links.commands.send((asked, answer)).await.ok()?;
        answered.await.ok()
    };
    let done: Done = match tokio::time::timeout(ANSWER_WAIT, sent).await {
        Ok(Some(done)) => done,
        Ok(None) => return Err(Refused::new(StatusCode::SERVICE_UNAVAILABLE, "the session has ended; start it again")),
        Err(_) => {
            return Err(Refused::new(
                StatusCode::GATEWAY_TIMEOUT,
                "the session did not answer within 5 s and may still do it; watch the events, or halt",
            ));
        }
    };
    let status = if done.taken { StatusCode::OK } else { StatusCode::CONFLICT };
    Ok(as_json(status, &done))
}
