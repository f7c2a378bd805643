// The other panels: limits, orders, refusals, strategies, events, and what a halt did.
import { byId, el, keyed, put, putAttribute, putClass, show } from "./dom.js";
import * as f from "./format.js";
import { ageOf, isLost, isOver, told, venueNow } from "./link.js";
import { isOld } from "./positions.js";

/** From here on a limit is near. */
const NEAR = 0.9;
const LIMITS = {
  max_daily_loss: "Daily loss",
  max_drawdown: "Drawdown",
  max_portfolio_heat: "Heat",
  max_correlated_exposure: "Correlated group",
  max_position_size: "Largest position",
  max_gross_exposure: "Gross exposure",
  max_open_positions: "Open positions",
  max_orders_per_minute: "Orders a minute",
};
const LIMIT_ORDER = Object.keys(LIMITS);
/** Shown only from half of it on: it is nearly always far away. */
const SHOWN_FROM_HALF = "max_orders_per_minute";
let showsAllLimits = false;

const KINDS = {
  started: ["○", "start"], stopped: ["□", "stopped"], mode_change: ["◆", "mode"], order: ["→", "order"], fill: ["▲", "filled"],
  stop: ["✗", "stop"], take_profit: ["◇", "target"], canceled: ["–", "cancel"], refusal: ["⊘", "refused"], refusal_burst: ["⊘", "refused"],
  halt: ["■", "halt"], kill: ["■", "kill"], resume: ["▷", "resume"], connection: ["↔", "connection"], reconciliation: ["≈", "books"],
  unauthorised: ["▲", "not ours"], cash: ["$", "cash"], daily_summary: ["Σ", "day"], health: ["▲", "health"], login: ["●", "sign-in"],
};

const share = (limit) => (limit.used === null || limit.allowed <= 0 ? null : limit.used / limit.allowed);
export const limitName = (limit) => f.pick(LIMITS, limit.limit) || limit.limit.replace(/^max_/, "").replaceAll("_", " ");

/** The nearest of each kind, or all of them. */
function limitsShown() {
  const all = (told.limits || []).filter((limit) => limit.limit !== SHOWN_FROM_HALF || (share(limit) ?? 1) > 0.5);
  const place = (limit) => (LIMIT_ORDER.includes(limit.limit) ? LIMIT_ORDER.indexOf(limit.limit) : LIMIT_ORDER.length);
  const sorted = [...all].sort((a, b) => place(a) - place(b) || (share(b) ?? 9) - (share(a) ?? 9));
  const nearest = sorted.filter((limit, at) => sorted.findIndex((other) => other.limit === limit.limit) === at);
  return { all: sorted, nearest };
}

function makeLimit() {
  return el("div", "", {}, el("span", "name"), el("span", "gauge", { role: "meter", "aria-valuemin": "0", "aria-valuemax": "100" }, el("i")), el("span", "use", {}, el("span"), el("b", "num"), el("span")));
}

function updateLimit(node, limit, several, old) {
  const [name, gauge, use] = node.children;
  const part = share(limit);
  const isNear = part === null || part >= NEAR;
  const used = limit.used === null ? f.UNKNOWN : limit.is_fraction ? f.percent(limit.used, Math.abs(limit.used) >= 0.1 ? 1 : 2, false) : f.count(limit.used);
  const allowed = limit.is_fraction ? f.limitPercent(limit.allowed) : f.count(limit.allowed);
  putClass(node, isNear ? "near" : "");
  put(name, several ? `${limitName(limit)}, ${limit.strategy}` : limitName(limit));
  putAttribute(node, "title", [limit.strategy, ...limit.names].join(", "));
  gauge.firstElementChild.style.width = `${Math.max(0, Math.min(1, part ?? 1)) * 100}%`;
  putAttribute(gauge, "aria-label", limitName(limit));
  putAttribute(gauge, "aria-valuenow", Math.round((part ?? 1) * 100));
  putAttribute(gauge, "aria-valuetext", `${used} of ${allowed}${isNear ? ", near" : ""}${old ? ", from old prices" : ""}`);
  put(use.children[0], isNear ? "▲ " : "");
  put(use.children[1], used);
  putClass(use.children[1], old ? "num old" : "num");
  put(use.children[2], ` of ${allowed}`);
}

export function drawLimits() {
  const { all, nearest } = limitsShown();
  const shown = showsAllLimits ? all : nearest;
  const old = isLost() || (told.positions || []).some(isOld);
  keyed(byId("limit-rows"), shown, (limit) => `${limit.limit}\u0000${showsAllLimits ? limit.strategy : ""}`, makeLimit, (node, limit) => updateLimit(node, limit, showsAllLimits, old));
  const several = all.length > nearest.length;
  show(byId("limits-all"), several);
  put(byId("limits-all"), showsAllLimits ? "Nearest only" : `All ${all.length}`);
  put(byId("limits-note"), old ? "▲ from old prices" : several && !showsAllLimits ? "the nearest of all strategies" : told.state?.state === "halted" ? "used of allowed" : "used of allowed, with pending orders");
  putClass(byId("limits-note"), old ? "aged" : "");
  show(byId("limits-empty"), shown.length === 0);
  put(byId("limits-empty"), shown.length === 0 ? "No limit is known yet." : "");
  return all.some((limit) => (share(limit) ?? 1) >= NEAR);
}

export const orderText = (order) => {
  const kind = order.kind.replaceAll("_", " ");
  const price = order.price === null ? "" : ` ${f.price(order.price, 4)}`;
  const filled = f.units(order.filled) === 0n ? "" : `, ${f.shares(order.filled)} filled`;
  return `${order.side} ${f.shares(order.quantity)} ${kind}${price}${filled}`;
};

export const isGone = (order) => ["canceled", "expired", "filled", "rejected", "replaced", "done_for_day"].includes(order.status);

export function drawOrders(actions) {
  const orders = told.orders || [];
  const place = (order) => f.pick({ entry: 0, exit: 1 }, order.purpose) ?? 2;
  const sorted = [...orders].sort((a, b) => place(a) - place(b) || a.symbol.localeCompare(b.symbol) || a.order - b.order);
  const make = (order) => {
    const row = el("li", "", {}, el("b"), el("span"), el("span", "status"), el("span"));
    const button = el("button", "act", { type: "button", "aria-haspopup": "dialog" }, "Cancel…");
    row.lastChild.append(button);
    putAttribute(button, "aria-label", `Cancel ${order.symbol} ${orderText(order)}…`);
    button.addEventListener("click", () => actions.cancel(row.order));
    return row;
  };
  keyed(byId("order-rows"), sorted, (order) => `${order.strategy}\u0000${order.order}`, make, (row, order) => {
    row.order = order;
    put(row.children[0], order.symbol);
    put(row.children[1], orderText(order));
    const status = order.status === "new" || order.status === "accepted" || order.status === "held" ? "" : order.status.replaceAll("_", " ");
    put(row.children[2], order.purpose === "entry" ? status || "entry" : `${order.purpose}${status ? `, ${status}` : ""}`);
    putAttribute(row, "title", `${order.strategy}, number ${order.order}, ${order.status}, since ${f.clock(f.moment(order.since))}`);
    putClass(row, isGone(order) ? "gone" : "");
    const button = row.lastChild.firstChild;
    show(button, order.purpose === "entry" && !isGone(order));
    button.disabled = isLost() || isOver();
  });
  put(byId("orders-h"), told.mode?.mode === "rehearsal" ? "Orders at the exchange" : "Orders at Alpaca");
  const gone = orders.filter(isGone).length;
  put(byId("orders-note"), orders.length ? `${f.count(orders.length - gone)} resting${gone ? `, ${gone} gone` : ""}` : "");
  show(byId("orders-empty"), orders.length === 0);
}

export function drawRefusals() {
  const refusals = told.refusals || [];
  keyed(byId("refusal-rows"), refusals, (one) => `${one.strategy}\u0000${one.order}\u0000${one.time}`, () => el("li", "", {}, el("time"), el("span")), (row, one) => {
    put(row.children[0], f.minute(f.moment(one.time)));
    put(row.children[1], one.text);
    putAttribute(row, "title", `${one.strategy}, ${f.clock(f.moment(one.time))}`);
  });
  put(byId("refusals-note"), refusals.length ? f.count(refusals.length) : "");
  show(byId("refusals-empty"), refusals.length === 0);
}

export function drawStrategies() {
  const strategies = told.strategies || [];
  const cents = f.tied(strategies.map((one) => f.units(one.today)));
  const made = new Map(strategies.map((one, at) => [one.name, cents[at]]));
  const now = venueNow();
  keyed(byId("strategy-rows"), strategies, (one) => one.name, () => el("li", "", {}, el("span", "name"), el("span"), el("span", "run"), el("span", "today", {}, el("span"))), (row, one) => {
    put(row.children[0], one.name);
    putAttribute(row.children[0], "title", one.rule);
    put(row.children[1], one.is_on ? "on" : "off");
    put(row.children[2], one.last_bar === null ? "no bar yet" : `ran ${f.minuteAndDay(f.moment(one.last_bar), now)}`);
    const old = isLost() || (told.positions || []).some((position) => position.strategy === one.name && isOld(position));
    put(row.children[3].firstChild, f.usd(made.get(one.name), 2, true));
    putClass(row.children[3].firstChild, `num ${old ? "old" : f.tone(made.get(one.name))}`);
  });
  const sum = strategies.reduce((total, one) => (total === null || one.today === null ? null : total + f.units(one.today)), 0n);
  const account = f.units(told.figures?.today.value ?? null);
  const ties = sum !== null && account !== null && f.usd(sum, 2, true) === f.usd(account, 2, true);
  put(byId("strategies-note"), !strategies.length || sum === null || account === null ? "" : ties ? "books add up to the account" : `▲ books make ${f.usd(sum, 2, true)}, the account ${f.usd(account, 2, true)}`);
  putClass(byId("strategies-note"), ties || sum === null || account === null ? "" : "aged");
}

/** Glyph and word of an event. An exit says what it made, and an entry has made nothing yet. */
function kindOf(event) {
  if (event.kind === "fill" && /, [+−]?\$[\d,]+\.\d\d( \(|\.$)/.test(event.text)) return ["▽", "exit"];
  return f.pick(KINDS, event.kind) || ["·", event.kind];
}

function eventMatches(event, words) {
  const [, kind] = kindOf(event);
  const text = `${kind} ${event.kind} ${event.text} ${event.symbol || ""} ${event.strategy || ""} ${event.row}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

export function drawEvents() {
  const events = told.events || [];
  const filter = byId("events-filter").value.trim().toLowerCase();
  const shown = filter ? events.filter((event) => eventMatches(event, filter.split(/\s+/))) : events;
  keyed(byId("event-rows"), shown, (event) => `${event.row}\u0000${event.time}`, () => el("li", "", {}, el("time"), el("span", "kind"), el("span", "text"), el("span", "row")), (row, event) => {
    const [glyph, kind] = kindOf(event);
    put(row.children[0], f.clock(f.moment(event.time)));
    put(row.children[1], `${glyph} ${kind}`);
    put(row.children[2], event.text);
    put(row.children[3], `row ${f.count(event.row)}`);
    putAttribute(row.children[3], "title", `row ${event.row} of the journal: alphaflow history shows it`);
    putClass(row, event.severity);
  });
  put(byId("events-note"), filter ? `${f.count(shown.length)} of ${f.count(events.length)}` : events.length ? `journal row ${f.count(events[0].row)}, newest first` : "");
  show(byId("events-empty"), shown.length === 0);
  put(byId("events-empty"), shown.length ? "" : filter ? `No event matches ${byId("events-filter").value.trim()}. Clear the filter.` : "Nothing has happened yet.");
}

export function drawHaltSteps() {
  const halt = told.state?.state === "halted" ? told.state : null;
  // A halt by a limit has no work of its own: what rests is canceled as orders are.
  show(byId("halt-did"), halt !== null && halt.steps.length > 0);
  if (!halt) return;
  const open = halt.steps.filter((step) => !step.done).length;
  const last = f.moment(halt.steps.at(-1)?.time ?? null);
  put(byId("halt-did-note"), halt.done_before ? "by the session before this one, at its venue" : open ? `${open} not done yet, trying again` : `all done ${f.clock(last)}`);
  keyed(byId("halt-steps"), halt.steps, (step) => step.text, () => el("li", "", {}, el("span"), el("span"), el("time")), (row, step) => {
    put(row.children[0], step.done ? "✓" : "▲");
    put(row.children[1], step.text);
    put(row.children[2], f.clock(f.moment(step.time)));
    putClass(row, step.done ? "" : "open");
  });
}

/** The words of the health strip. */
const HEALTH = { trading_stream: "Orders stream", data_stream: "Prices", journal: "Journal", reconciliation: "Reconciled", clock: "Clock", notifications: "Notifications", disk: "Disk", calls: "Calls" };

export const healthName = (item) => f.pick(HEALTH, item.name) || item.name.replaceAll("_", " ");

export function drawHealth() {
  const lost = isLost();
  const items = lost ? [{ name: "engine", is_well: false, text: "", at: told.time }, ...(told.health || [])] : told.health || [];
  keyed(byId("health"), items, (item) => item.name, () => el("li"), (node, item) => {
    const age = ageOf(item.at);
    const name = item.name === "engine" ? "Engine silent" : healthName(item);
    const when = age === null ? "" : item.name === "reconciliation" ? ` ${f.age(age)} ago` : ` ${f.age(age)}`;
    const text = item.name === "engine" ? "" : item.text ? ` ${item.text}` : "";
    const isUnknown = lost && item.name !== "engine";
    put(node, isUnknown ? `${name} ?` : `${item.is_well ? "✓" : "▲"} ${name}${text}${text && when ? "," : ""}${when}`);
    putClass(node, item.is_well || isUnknown ? "" : "ill");
  });
}

export function bind(redraw) {
  byId("events-filter").addEventListener("input", drawEvents);
  byId("limits-all").addEventListener("click", () => {
    showsAllLimits = !showsAllLimits;
    putAttribute(byId("limits-all"), "aria-pressed", showsAllLimits);
    redraw();
  });
}
