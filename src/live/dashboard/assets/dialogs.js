// Dialogs: stop, close, cancel, flatten, resume, keys. The band and the stop stay visible above the scrim; focus stays
// inside, Esc leaves, and focus returns to where it was. What was done is said item by item.
import { byId, el, put, show } from "./dom.js";
import * as f from "./format.js";
import { ask, isLost, told } from "./link.js";
import { haltSentence, isReal } from "./head.js";
import { orderText } from "./panels.js";
import { figuresOf } from "./positions.js";

const RETRY_MS = 1000;
let open = null;

export const isOpen = () => open !== null;

function focusables(node) {
  return [...node.querySelectorAll("button, input")].filter((one) => !one.disabled && !one.hidden && one.offsetParent !== null);
}

/** Opens a dialog; the one that was open goes. */
function present(name, title, red, ...content) {
  const back = open ? open.back : document.activeElement;
  if (open) open.closed = true;
  const node = el("form", red ? "dialog red" : "dialog", { role: "alertdialog", "aria-modal": "true", "aria-labelledby": "dialog-title", "data-dialog": name }, el("h2", "", { id: "dialog-title" }, title), ...content);
  const scrim = byId("scrim");
  scrim.replaceChildren(node);
  show(scrim, true);
  byId("rest").inert = true;
  document.body.style.overflow = "hidden";
  open = { node, back, name, closed: false };
  const mine = open;
  node.addEventListener("keydown", (event) => keep(event, node));
  return { node, close: () => mine === open && close(), isClosed: () => mine.closed };
}

function keep(event, node) {
  if (event.key !== "Tab") return;
  const all = focusables(node);
  const [first, last] = [all[0], all.at(-1)];
  if (event.shiftKey && document.activeElement === first) {
    event.preventDefault();
    last.focus();
  } else if (!event.shiftKey && document.activeElement === last) {
    event.preventDefault();
    first.focus();
  }
}

export function close() {
  if (!open) return;
  const { back } = open;
  open.closed = true;
  open = null;
  show(byId("scrim"), false);
  byId("scrim").replaceChildren();
  byId("rest").inert = false;
  document.body.style.overflow = "";
  if (back?.isConnected) back.focus();
}

const button = (text, name, hint, type = "button") => el("button", name, { type }, text, hint ? el("small", "", {}, ` ${hint}`) : null);

function ends(keep_, keepHint, act) {
  const no = button(keep_, "", keepHint);
  no.addEventListener("click", close);
  return el("div", "ends", {}, no, act);
}

const venue = () => (told.mode?.mode === "rehearsal" ? "the exchange" : "Alpaca");
const marketLine = () => (told.market?.is_open ? "Market is open; each sale passes the gate as a reduction" : `Market is closed: sells at the next open, ${f.dayAndMinute(f.moment(told.market?.next_open ?? null))}`);

function entries() {
  return (told.orders || []).filter((order) => !order.protects);
}

/** What flattening would sell, in words. */
function flattenLines() {
  const positions = told.positions || [];
  const value = positions.reduce((sum, one) => { const v = figuresOf(one).value; return sum === null || v === null ? null : sum + v; }, 0n);
  const pnl = f.units(told.figures?.open_pnl.value ?? null);
  const result = pnl === null ? "What it makes real is not known" : `Makes the open ${pnl < 0n ? "loss" : "profit"} real: about ${f.headline(pnl, 100)}`;
  return [`Also sell ${f.plural(positions.length, "position")} at market, about ${f.headline(value, 100)}`, result, marketLine()];
}

function choice(value, title, lines, isChecked) {
  return el("label", "choice", {}, el("input", "", { type: "radio", name: "how", value, checked: isChecked }), el("span", "", {}, el("b", "", {}, title), ...lines.map((line) => el("span", "", {}, line))));
}

export function stop() {
  const count = (told.positions || []).length;
  const names = [...new Set(entries().map((order) => order.symbol))];
  const named = names.length > 6 ? `${names.slice(0, 6).join(", ")} and ${names.length - 6} more` : names.join(", ");
  const title = isReal ? "Stop trading real money?" : told.mode?.mode === "rehearsal" ? "Stop the rehearsal’s trading?" : "Stop trading on the paper account?";
  const account = isReal && told.mode?.account_tail ? `Account ••••${told.mode.account_tail}. ` : "";
  const halt = choice("halt", "Halt", [
    "Refuse everything that adds exposure, at once",
    entries().length ? `Cancel ${f.plural(entries().length, "resting entry", "resting entries")}: ${named}` : "No entry rests",
    count ? `Keep ${f.plural(count, "position")} and their stops at ${venue()}` : "No position is open",
  ], true);
  const flatten = count ? choice("flatten", "Halt and flatten", flattenLines(), false) : null;
  const reason = el("input", "", { type: "text", maxlength: "500", id: "reason", autocomplete: "off" });
  const act = button("Halt now", "red", "Enter", "submit");
  const { node, isClosed } = present("stop", title, true,
    el("p", "", {}, `${account}The halt holds until someone resumes it with a reason. It survives a restart.`),
    isLost() ? el("p", "aged", {}, "What is listed here is the last that was heard. The stop does not need the engine to answer.") : null,
    halt, flatten, el("label", "field", { for: "reason" }, "Reason, for the journal (optional)"), reason, ends("Keep trading", "Esc", act));
  const flattens = () => node.querySelector("[value=flatten]")?.checked === true;
  node.addEventListener("change", () => put(act.firstChild, flattens() ? `Halt and sell ${f.plural(count, "position")}` : "Halt now"));
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    halting({ flatten: flattens(), reason: reason.value.trim() || null }, act, node, isClosed);
  });
  act.focus();
}

/** Asks until it is answered; a stop is never given up by the page. */
async function halting(body, act, node, isClosed) {
  act.disabled = true;
  put(act.firstChild, "Halting");
  const said = el("p", "said", { role: "status" });
  node.append(said);
  for (let tries = 1; !isClosed(); tries += 1) {
    try {
      const { status, said: answer } = await ask("/api/v1/halt", body);
      if (isClosed()) return;
      if (status === 200) {
        outcome("Halted", answer, "Back to the dashboard");
        return;
      }
      if (status === 401) {
        put(said, "Signed out, so this page cannot stop it. Run alphaflow halt on the machine, or sign in again.");
        return;
      }
      put(said, `${answer.error || answer.text || `The dashboard answered ${status}.`} Trying again, try ${tries}.`);
    } catch {
      put(said, `No answer. Trying again, try ${tries}. On the machine, alphaflow halt stops it, too.`);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** What came of it, item by item. */
function outcome(title, done, back) {
  const items = (done.items || []).map((item) => el("li", item.done ? "" : "open", {}, el("span", "", {}, item.done ? "✓" : "▲"), el("span", "", {}, item.text)));
  const act = button(back, "primary", null);
  act.addEventListener("click", close);
  const told_ = done.session_told === false ? el("p", "aged", {}, "The session itself did not take the word; the kill switch has.") : null;
  present("done", title, false, el("p", "", {}, done.text || ""), told_, items.length ? el("ol", "steps", {}, ...items) : null, el("div", "ends", {}, el("span"), act));
  act.focus();
}

/** A command with one confirmation. */
function confirm(name, title, lines, keepText, actText, path, body, field) {
  const act = button(actText, "primary", "Enter", "submit");
  const said = el("p", "said", { role: "status" });
  const { node, isClosed } = present(name, title, false, ...lines.map((line) => el("p", "", {}, line)), ...(field || []), ends(keepText, "Esc", act), said);
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    act.disabled = true;
    put(said, "");
    try {
      const { status, said: answer } = await ask(path, typeof body === "function" ? body() : body);
      if (isClosed()) return;
      if (status === 200) {
        outcome(answer.taken ? "Taken" : "Not taken", answer, "Back to the dashboard");
        return;
      }
      put(said, answer.error || answer.text || `The dashboard answered ${status}.`);
    } catch {
      put(said, "No answer within 10 s. It may still be done; look at the events.");
    }
    act.disabled = false;
  });
  (node.querySelector("input") || act).focus();
}

export function closePosition(position) {
  const { value, pnl } = figuresOf(position);
  const isShort = Number(position.shares) < 0;
  const what = `${isShort ? "Buy back" : "Sell"} ${f.shares(position.shares).replace("−", "")} ${position.symbol}`;
  const lines = [`Strategy ${position.strategy}. Its orders are voided, then it leaves at market.`, pnl === null ? "" : `Open result about ${f.usd(pnl, 2, true)}.`, `${marketLine()}.`];
  confirm("close", `${what} at market, about ${f.headline(value, 100)}?`, lines.filter(Boolean), "Keep position", what, "/api/v1/close", { strategy: position.strategy, symbol: position.symbol });
}

export function cancelOrder(order) {
  confirm("cancel", `Cancel ${order.symbol} ${orderText(order)}?`, [`Strategy ${order.strategy}, order ${order.order}. What has filled stays.`], "Keep order", "Cancel order", "/api/v1/cancel", { strategy: order.strategy, order: order.order });
}

export function flattenAll() {
  const positions = told.positions || [];
  const names = positions.map((one) => `${f.shares(one.shares)} ${one.symbol}`);
  confirm("flatten", `Flatten ${f.plural(positions.length, "position")}?`, [names.join(", "), ...flattenLines().slice(1).map((line) => `${line}.`)], "Keep positions", `Sell ${f.plural(positions.length, "position")}`, "/api/v1/flatten", {});
}

/** What blocked, and what is different now. */
function resumeLines() {
  const halt = told.state;
  const open_ = (halt.steps || []).filter((step) => !step.done).map((step) => `▲ Not done yet: ${step.text}`);
  const ill = (told.health || []).filter((item) => !item.is_well).map((item) => `▲ ${item.name.replaceAll("_", " ")}: ${item.text}`);
  const near = (told.limits || []).filter((limit) => limit.used === null || limit.used >= limit.allowed).map((limit) => `▲ ${limit.limit.replaceAll("_", " ")} of ${limit.strategy} is ${limit.used === null ? "not known" : "at its limit"}`);
  const since = `${haltSentence(halt)}${halt.reason ? ` Reason given: “${halt.reason}”.` : ""}`;
  const now = `Now: ${f.plural((told.positions || []).length, "position")}, ${f.plural((told.orders || []).length, "order")} at ${venue()}, today ${f.usd(f.units(told.figures?.today.value ?? null), 2, true)}.`;
  const clear = open_.length + ill.length + near.length === 0 ? ["Nothing else stands against it."] : [];
  return [since, now, ...open_, ...ill, ...near, ...clear];
}

export function resume() {
  if (told.state?.state !== "halted") return;
  const reason = el("input", "", { type: "text", maxlength: "500", id: "reason", required: true, autocomplete: "off" });
  const field = [el("label", "field", { for: "reason" }, "Why it may go on (required)"), reason];
  const tail = el("input", "", { type: "text", maxlength: "8", id: "tail", required: true, autocomplete: "off" });
  if (isReal) field.push(el("label", "field", { for: "tail" }, "The last four characters of the account (required: real money)"), tail);
  const body = () => (isReal ? { reason: reason.value, account: tail.value.trim() } : { reason: reason.value });
  confirm("resume", isReal ? "Resume trading real money?" : "Resume trading?", resumeLines(), "Stay halted", "Resume trading", "/api/v1/resume", body, field);
}

export async function reconnect() {
  try {
    const { said } = await ask("/api/v1/reconnect", {});
    outcome("Reconnect", { text: said.text || said.error, items: said.items }, "Back to the dashboard");
  } catch {
    outcome("Reconnect", { text: "No answer within 10 s." }, "Back to the dashboard");
  }
}

const KEYS = [["!", "Emergency stop"], ["?", "These keys"], ["j k", "Next and previous row"], ["Enter", "Show the row’s chart"], ["x", "Close the row’s position…"], ["1–6", "Positions, chart, events, limits, orders, refusals"], ["d", "Dark or light"], ["Esc", "Leave a dialog"]];

export function keys(isOn, turn) {
  const box = el("input", "", { type: "checkbox", checked: isOn });
  const act = button("Back to the dashboard", "primary", null);
  act.addEventListener("click", close);
  box.addEventListener("change", () => turn(box.checked));
  const list = el("div", "keys", {}, ...KEYS.flatMap(([key, what]) => [el("kbd", "", {}, key), el("span", "", {}, what)]));
  present("keys", "Keys", false, list, el("label", "switch", {}, box, "Single keys work (the stop’s ! always does)"), el("div", "ends", {}, el("span"), act));
  act.focus();
}

export async function signOut() {
  try {
    await ask("/logout", {});
  } finally {
    location.replace("/login");
  }
}
