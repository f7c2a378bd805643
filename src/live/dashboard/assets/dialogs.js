// Dialogs: stop, close, cancel, flatten, resume, keys. The band and the stop stay visible above the scrim; focus stays
// inside, Esc leaves, and focus returns to where it was. What was done is said item by item.
import { byId, el, put, show } from "./dom.js";
import * as f from "./format.js";
import { ask, isLost, isOver, leave, told } from "./link.js";
import { haltSentence, haltTime, isReal } from "./head.js";
import { healthName, isGone, limitName, orderText } from "./panels.js";
import { figuresOf, keyOf } from "./positions.js";

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
  // What was left may have gone meanwhile, a row that was sold among it.
  (back?.isConnected && back !== document.body ? back : byId("positions")).focus();
}

/** The session has said something: what a dialog tells of it is told anew. */
export const news = () => open?.redraw?.();

/** Puts `lines` under each other into `holder`, keeping what is there and has not changed. */
function putLines(holder, tag, lines) {
  while (holder.children.length > lines.length) holder.lastElementChild.remove();
  while (holder.children.length < lines.length) holder.append(el(tag));
  lines.forEach((line, at) => put(holder.children[at], line));
}

const button = (text, name, hint, type = "button") => el("button", name, { type }, text, hint ? el("small", "", {}, ` ${hint}`) : null);

function ends(keep_, keepHint, act) {
  const no = button(keep_, "", keepHint);
  no.addEventListener("click", close);
  return el("div", "ends", {}, no, act);
}

const venue = () => (told.mode?.mode === "rehearsal" ? "the exchange" : "Alpaca");
const marketLine = () => (told.market?.is_open ? "Market is open" : `Market is closed: sells at the next open, ${f.dayAndMinute(f.moment(told.market?.next_open ?? null))}`);

function entries() {
  return (told.orders || []).filter((order) => order.purpose === "entry" && !isGone(order));
}

/** What flattening would sell, in words. */
function flattenLines(sell = "Also sell") {
  const positions = told.positions || [];
  const value = positions.reduce((sum, one) => { const v = figuresOf(one).value; return sum === null || v === null ? null : sum + v; }, 0n);
  const pnl = f.units(told.figures?.open_pnl.value ?? null);
  const result = pnl === null ? "What it makes real is not known" : `Makes the open ${pnl < 0n ? "loss" : "profit"} real: about ${f.headline(pnl, 100)}`;
  return [`${sell} ${f.plural(positions.length, "position")} at market, about ${f.headline(value, 100)}`, result, marketLine()];
}

function choice(value, title, isChecked) {
  return el("label", "choice", {}, el("input", "", { type: "radio", name: "how", value, checked: isChecked }), el("span", "", {}, el("b", "", {}, title), el("span", "lines")));
}

/** What a halt would leave and take back, in words. */
function haltLines() {
  const names = [...new Set(entries().map((order) => order.symbol))];
  const named = names.length > 6 ? `${names.slice(0, 6).join(", ")} and ${names.length - 6} more` : names.join(", ");
  const count = (told.positions || []).length;
  const stops = (told.orders || []).filter((order) => order.purpose === "protects" && /stop/.test(order.kind) && !isGone(order)).length;
  const kept = stops ? ` and ${count === 1 ? "its stop" : "their stops"} at ${venue()}` : "; no stop rests";
  return [
    "Refuse everything that adds exposure, at once",
    entries().length ? `Cancel ${f.plural(entries().length, "resting entry", "resting entries")}: ${named}` : "No entry rests",
    count ? `Keep ${f.plural(count, "position")}${kept}` : "No position is open",
  ];
}

export function stop() {
  if (isOver()) return ended();
  // A limit's halt ends by itself; the kill switch's does not, so there it adds something.
  const isHalted = !isLost() && told.state?.state === "halted" && told.state.cause === "kill_switch";
  const account = isReal && told.mode?.account_tail ? `Account ••••${told.mode.account_tail}. ` : "";
  const title = isHalted ? "Trading is halted already" : isReal ? "Stop trading real money?" : told.mode?.mode === "rehearsal" ? "Stop the rehearsal’s trading?" : "Stop trading on the paper account?";
  const holds = isHalted ? `Already halted since ${haltTime(told.state).replace(/^(at|on) /, "")}; nothing that adds exposure passes.` : "The halt holds until someone resumes it with a reason. It survives a restart.";
  const halt = isHalted ? null : choice("halt", "Halt", true);
  // Where halting is no choice, there is none to make.
  const flatten = isHalted ? el("div", "lines") : choice("flatten", "Halt and flatten", false);
  const reason = el("input", "", { type: "text", maxlength: "500", id: "reason", autocomplete: "off" });
  const act = button("Halt now", "red", isHalted ? null : "Enter", "submit");
  const foot = ends(isHalted ? "Stay halted" : "Keep trading", "Esc", act);
  const { node, isClosed } = present("stop", title, true,
    el("p", "", {}, `${account}${holds}`),
    isLost() ? el("p", "aged", {}, "What is listed here is the last that was heard. The stop does not need the engine to answer.") : null,
    halt, flatten, el("label", "field", { for: "reason" }, "Reason, for the journal (optional)"), reason, foot);
  const flattens = () => isHalted || node.querySelector("[value=flatten]").checked;
  const count = () => (told.positions || []).length;
  const draw = () => {
    if (halt) putLines(halt.querySelector(".lines"), "span", haltLines());
    if (isHalted) putLines(flatten, "p", count() ? flattenLines("Flattening sells").map((line) => `${line}.`) : ["No position is open: nothing is left to stop."]);
    else putLines(flatten.querySelector(".lines"), "span", count() ? flattenLines() : ["No position is open"]);
    // A choice that was made stays: what it sells may be gone, and halting goes on.
    show(flatten, count() > 0 || flattens());
    if (act.disabled) return;
    put(act.firstChild, !flattens() ? "Halt now" : isHalted ? `Sell ${f.plural(count(), "position")}` : `Halt and sell ${f.plural(count(), "position")}`);
    if (isHalted) show(act, count() > 0);
  };
  node.addEventListener("change", draw);
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isHalted && count() === 0) return;
    halting({ flatten: flattens(), reason: reason.value.trim() || null }, act, node, isClosed);
  });
  open.redraw = draw;
  draw();
  // Enter halts, and never sells.
  (isHalted ? foot.firstChild : act).focus();
}

/** Nobody is there any more to stop. */
function ended() {
  const act = button("Back to the dashboard", "primary", null);
  act.addEventListener("click", close);
  present("ended", "The session has ended", false, el("p", "", {}, "It trades no more, and this page reaches nobody. To have the next session begin halted, run ", el("code", "", {}, "alphaflow halt"), " on the machine."), el("div", "ends", {}, el("span"), act));
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
  const items = (done.items || []).map((item) => el("li", item.done ? "" : "open", {}, el("span", "", {}, item.done ? "✓" : "…"), el("span", "", {}, item.text)));
  const act = button(back, "primary", null);
  act.addEventListener("click", close);
  const told_ = done.session_told === false ? el("p", "aged", {}, "The session itself did not take the word; the kill switch has.") : null;
  present("done", title, false, el("p", "", {}, done.text || ""), told_, items.length ? el("ol", "steps", {}, ...items) : null, el("div", "ends", {}, el("span"), act));
  act.focus();
}

/** A command with one confirmation. `look` says at every word of the session what is asked: `title`, `lines`, the text of
 * the button, and whether there is nothing left to do; `done` is what is said once it is taken. */
function confirm(name, look, done, keepText, path, body, field) {
  const act = button("", "primary", "Enter", "submit");
  const said = el("p", "said", { role: "status" });
  const lines = el("div", "lines");
  const foot = ends(keepText, "Esc", act);
  const { node, isClosed } = present(name, "", false, lines, ...(field || []), foot, said);
  let isAsking = false;
  const draw = () => {
    const seen = look();
    put(node.querySelector("h2"), seen.title);
    putLines(lines, "p", seen.lines.filter(Boolean));
    put(act.firstChild, seen.act);
    const hadFocus = document.activeElement === act;
    act.disabled = isAsking || seen.isGone === true;
    if (hadFocus && seen.isGone) foot.firstChild.focus();
  };
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (act.disabled) return;
    const title = done(look());
    isAsking = true;
    act.disabled = true;
    put(said, "");
    try {
      const { status, said: answer } = await ask(path, typeof body === "function" ? body() : body);
      if (isClosed()) return;
      if (status === 200) {
        outcome(title, answer, "Back to the dashboard");
        return;
      }
      put(said, answer.error || answer.text || `The dashboard answered ${status}.`);
    } catch {
      put(said, "No answer within 10 s. It may still be done; look at the events.");
    }
    isAsking = false;
    if (!isClosed()) draw();
  });
  open.redraw = draw;
  draw();
  (node.querySelector("input") || (act.disabled ? foot.firstChild : act)).focus();
}

export function closePosition(position) {
  const key = keyOf(position);
  let last = "";
  const look = () => {
    const now = (told.positions || []).find((one) => keyOf(one) === key);
    if (!now) return { title: `${position.symbol} is not held any more`, lines: [`Strategy ${position.strategy} has no position in it: nothing is left to do.`], act: last, isGone: true };
    const { value, pnl } = figuresOf(now);
    const isShort = Number(now.shares) < 0;
    last = `${isShort ? "Buy back" : "Sell"} ${f.shares(now.shares).replace("−", "")} ${now.symbol}`;
    const lines = [`Strategy ${now.strategy}. Its orders are canceled, then it is ${isShort ? "bought back" : "sold"} at market.`, pnl === null ? "" : `Open result about ${f.usd(pnl, 2, true)}.`, `${marketLine()}.`];
    return { title: `${last} at market, about ${f.headline(value, 100)}?`, lines, act: last };
  };
  const done = (seen) => seen.act.replace(/^Sell/, "Selling").replace(/^Buy back/, "Buying back");
  confirm("close", look, done, "Keep position", "/api/v1/close", { strategy: position.strategy, symbol: position.symbol });
}

export function cancelOrder(order) {
  const look = () => {
    const now = (told.orders || []).find((one) => one.strategy === order.strategy && one.order === order.order);
    if (!now || isGone(now)) return { title: `${order.symbol} ${orderText(now || order)} does not rest any more`, lines: [`Strategy ${order.strategy}, order ${order.order}: nothing is left to cancel.`], act: "Cancel order", isGone: true };
    return { title: `Cancel ${now.symbol} ${orderText(now)}?`, lines: [`Strategy ${now.strategy}, order ${now.order}. What has filled stays.`], act: "Cancel order" };
  };
  confirm("cancel", look, () => `Canceling ${order.symbol} ${orderText(order)}`, "Keep order", "/api/v1/cancel", { strategy: order.strategy, order: order.order });
}

export function flattenAll() {
  const look = () => {
    const positions = told.positions || [];
    const sold = f.plural(positions.length, "position");
    if (!positions.length) return { title: "No position is open", lines: ["Nothing is left to sell."], act: "Sell positions", isGone: true };
    const names = positions.map((one) => `${f.shares(one.shares)} ${one.symbol}`);
    return { title: `Flatten ${sold}?`, lines: [names.join(", "), ...flattenLines().slice(1).map((line) => `${line}.`)], act: `Sell ${sold}` };
  };
  confirm("flatten", look, (seen) => seen.act.replace(/^Sell/, "Selling"), "Keep positions", "/api/v1/flatten", {});
}

/** What blocked, and what is different now. */
function resumeLines(halt) {
  const open_ = (halt.steps || []).filter((step) => !step.done).map((step) => `▲ Not done yet: ${step.text}`);
  const ill = (told.health || []).filter((item) => !item.is_well).map((item) => `▲ ${healthName(item)}: ${item.text}`);
  const near = (told.limits || []).filter((limit) => limit.used === null || limit.used >= limit.allowed).map((limit) => `▲ ${limitName(limit)} of ${limit.strategy} is ${limit.used === null ? "not known" : "at its limit"}`);
  const why = halt.reason && halt.by === "limit" ? ` ${halt.reason}.` : halt.reason ? ` Reason given: “${halt.reason}”.` : "";
  const now = `Now: ${f.plural((told.positions || []).length, "position")}, ${f.plural((told.orders || []).length, "order")} at ${venue()}, today ${f.usd(f.units(told.figures?.today.value ?? null), 2, true)}.`;
  const clear = open_.length + ill.length + near.length === 0 ? ["Nothing else stands against it."] : [];
  return [`${haltSentence(halt)}${why}`, now, ...open_, ...ill, ...near, ...clear];
}

export function resume() {
  if (told.state?.state !== "halted") return;
  const reason = el("input", "", { type: "text", maxlength: "500", id: "reason", required: true, autocomplete: "off" });
  const field = [el("label", "field", { for: "reason" }, "Why it may go on (required)"), reason];
  const tail = el("input", "", { type: "text", maxlength: "8", id: "tail", required: true, autocomplete: "off" });
  if (isReal) field.push(el("label", "field", { for: "tail" }, "The last four characters of the account (required: real money)"), tail);
  const body = () => (isReal ? { reason: reason.value, account: tail.value.trim() } : { reason: reason.value });
  const look = () => {
    if (told.state?.state !== "halted") return { title: "Trading is not halted any more", lines: ["Somebody has resumed it, or the halt has cleared."], act: "Resume trading", isGone: true };
    return { title: isReal ? "Resume trading real money?" : "Resume trading?", lines: resumeLines(told.state), act: "Resume trading" };
  };
  confirm("resume", look, () => "Trading resumed", "Stay halted", "/api/v1/resume", body, field);
}

export async function reconnect() {
  try {
    const { said } = await ask("/api/v1/reconnect", {});
    outcome("Reconnect", { text: said.text || said.error, items: said.items }, "Back to the dashboard");
  } catch {
    outcome("Reconnect", { text: "No answer within 10 s." }, "Back to the dashboard");
  }
}

const KEYS = [["!", "Emergency stop, from the filter of the events too; in a dialog’s fields it is a letter"], ["?", "These keys"], ["j k", "Next and previous row"], ["Enter", "Show the row’s chart"], ["x", "Close the row’s position…"], ["1–6", "Positions, chart, events, limits, orders, refusals"], ["d", "Dark or light"], ["Esc", "Leave a dialog"]];

export function keys(isOn, turn) {
  const box = el("input", "", { type: "checkbox", checked: isOn });
  const act = button("Back to the dashboard", "primary", null);
  act.addEventListener("click", close);
  box.addEventListener("change", () => turn(box.checked));
  const list = el("div", "keys", {}, ...KEYS.flatMap(([key, what]) => [el("kbd", "", {}, key), el("span", "", {}, what)]));
  present("keys", "Keys", false, list, el("label", "switch", {}, box, "The other keys work (switched off or not, ! stops and Esc leaves)"), el("div", "ends", {}, el("span"), act));
  act.focus();
}

export async function signOut() {
  try {
    await ask("/logout", {});
  } finally {
    leave(isOver() ? "Signed out. The session has ended." : "Signed out. Trading goes on.");
  }
}
