// The positions table: rows by distance to the stop, what was closed today, and a total that must tie to the figure.
import { byId, el, keyed, put, putAttribute, putClass, show } from "./dom.js";
import * as f from "./format.js";
import { ageOf, isLost, isOver, told, venueNow } from "./link.js";

/** Between two new orders of the rows. */
const ORDER_MS = 5000;
/** Distance that fills the rail. */
const RAIL_FULL = 0.03;
const CELLS = ["symbol", "strategy", "shares", "average", "last", "age", "today", "pnl", "pct", "level", "distance", "risk", "weight", "close"];

let order = [];
let orderedAt = -Infinity;
export const chosen = { key: null };

export const keyOf = (position) => `${position.strategy}\u0000${position.symbol}`;

/** Is the price of a position too old? The engine says from when on, which counts while the market is open. */
export function isOld(position) {
  if (isLost()) return true;
  const age = ageOf(position.last.at);
  return age === null || (told.market?.is_open === true && venueNow() > f.moment(position.old_from));
}

/** What the table shows of a position, all exact. */
export function figuresOf(position) {
  const [qty, last, average, stop] = [f.units(position.shares), f.units(position.last.value), f.units(position.average), f.units(position.stop)];
  const value = f.times(qty, last);
  const cost = f.magnitude(f.times(qty, average));
  const toStop = stop === null || last === null ? null : qty < 0n ? stop - last : last - stop;
  return {
    value: f.magnitude(value),
    pnl: f.units(position.open_pnl),
    today: f.units(position.today),
    risk: f.units(position.risk),
    pct: f.ratio(f.units(position.open_pnl), cost),
    distance: f.ratio(toStop, last),
    weight: f.ratio(f.magnitude(value), f.units(told.figures?.equity.value ?? null)),
  };
}

export function chosenPosition() {
  const positions = told.positions || [];
  return positions.find((position) => keyOf(position) === chosen.key) || null;
}

/** The rows in their order: taken anew every five seconds, and never under the pointer or the focus. */
function inOrder(positions) {
  const rows = byId("rows");
  const isHeld = rows.matches(":hover") || rows.contains(document.activeElement);
  const known = new Set(order);
  if (!isHeld && performance.now() - orderedAt >= ORDER_MS) {
    const distance = (position) => figuresOf(position).distance ?? Infinity;
    order = [...positions].sort((a, b) => distance(a) - distance(b) || keyOf(a).localeCompare(keyOf(b))).map(keyOf);
    orderedAt = performance.now();
  } else {
    order = order.concat(positions.map(keyOf).filter((key) => !known.has(key)));
  }
  const byKey = new Map(positions.map((position) => [keyOf(position), position]));
  return order.filter((key) => byKey.has(key)).map((key) => byKey.get(key));
}

function makeRow(position, actions) {
  const row = el("tr", "", { role: "row", tabindex: "0", "aria-selected": "false" });
  for (const name of CELLS) row.append(el("td", name, { role: "cell" }));
  const cell = (name) => row.children[CELLS.indexOf(name)];
  row.cells_ = cell;
  for (const name of ["last", "today", "pnl", "pct", "risk", "weight"]) cell(name).append(el("span", "num"));
  cell("distance").append(el("span", "rail", { "aria-hidden": "true" }, el("i")), el("span", "num"));
  const button = el("button", "act", { type: "button", "aria-label": `Close ${position.symbol}…`, "aria-haspopup": "dialog" }, "Close…");
  cell("close").append(button);
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    actions.close(row.position);
  });
  row.addEventListener("click", () => actions.choose(keyOf(row.position)));
  row.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === row) actions.choose(keyOf(row.position));
  });
  return row;
}

function putNumber(cell, text, name, old) {
  const node = cell.lastElementChild;
  const changed = node.textContent !== "" && node.textContent !== text;
  put(node, text);
  putAttribute(node, "title", text === f.UNKNOWN ? "not known: there is no price or no stop" : null);
  putClass(node, `num ${old ? "old" : name}`);
  if (changed && !old && document.visibilityState === "visible") {
    cell.classList.remove("changed");
    requestAnimationFrame(() => cell.classList.add("changed"));
  }
}

/** The dollars of rows as they stand over their total, by the key of the row: to the cent they make it. */
let cents = new Map();
const closedKey = (one) => `${one.strategy}\u0000${one.symbol}\u0000${one.time}`;

function tieCents(positions, closed) {
  const today = f.tied([...positions, ...closed].map((one) => f.units(one.today)));
  const pnl = f.tied(positions.map((one) => f.units(one.open_pnl)));
  cents = new Map([...positions.map((one, at) => [keyOf(one), { today: today[at], pnl: pnl[at] }]), ...closed.map((one, at) => [closedKey(one), { today: today[positions.length + at] }])]);
}

function updateRow(row, position) {
  row.position = position;
  const cell = row.cells_;
  const shown = { ...figuresOf(position), ...cents.get(keyOf(position)) };
  const old = isOld(position);
  putAttribute(row, "aria-selected", keyOf(position) === chosen.key);
  put(cell("symbol"), position.symbol);
  put(cell("strategy"), position.strategy);
  putAttribute(cell("strategy"), "title", position.strategy);
  put(cell("shares"), f.shares(position.shares));
  put(cell("average"), f.price(position.average, 4));
  putNumber(cell("last"), f.price(position.last.value), "", old);
  updateAge(row);
  putNumber(cell("today"), f.usd(shown.today, 2, true), f.tone(shown.today), old);
  putNumber(cell("pnl"), f.usd(shown.pnl, 2, true), f.tone(shown.pnl), old);
  putNumber(cell("pct"), f.percent(shown.pct, 2, true), f.tone(shown.pnl), old);
  put(cell("level"), position.stop === null ? "none" : f.price(position.stop) + (position.stop_at_venue ? "" : " ▲"));
  putAttribute(cell("level"), "title", position.stop === null ? "no stop: it counts in full" : position.stop_at_venue ? "rests at the venue" : "not at the venue yet");
  putNumber(cell("distance"), f.percent(shown.distance, 1, false), "", old);
  show(cell("distance").firstElementChild, shown.distance !== null);
  const at = Math.max(0, Math.min(1, (shown.distance ?? 0) / RAIL_FULL));
  cell("distance").querySelector("i").style.left = `${(3 + at * 48).toFixed(1)}px`;
  putNumber(cell("risk"), f.headline(shown.risk, 100), "", old);
  putNumber(cell("weight"), f.percent(shown.weight, 1, false), "", old);
  cell("close").firstElementChild.disabled = isLost() || isOver();
}

function updateAge(row) {
  const age = ageOf(row.position.last.at);
  put(row.cells_("age"), age === null ? f.UNKNOWN : f.age(age));
  putClass(row.cells_("age"), isOld(row.position) ? "age old" : "age");
}

/** Ages alone: what changes with every tick of the page. */
export function updateAges() {
  for (const row of byId("rows").children) updateAge(row);
  noteReconciled();
}

/** Which positions have a price that is too old. */
export const oldOnes = () => (told.positions || []).filter(isOld).map(keyOf).join();

const sum = (values) => values.reduce((total, value) => (total === null || value === null ? null : total + value), 0n);

function summaryRow() {
  const row = el("tr", "", { role: "row" });
  for (const name of CELLS) row.append(el("td", name === "age" || name === "close" ? "" : name, { role: "cell" }));
  return row;
}

/** A row of what was closed: its words have the room of five columns, up to today's result. */
function closedRow() {
  const row = summaryRow();
  for (const name of ["shares", "average", "last"]) row.querySelector(`.${name}`).remove();
  row.children[2].remove();
  putClass(row.children[1], "words");
  row.children[1].append(el("span", "", {}, el("span", "what"), el("span", "whose")));
  return row;
}

function updateClosed(row, closed) {
  const [symbol, words, today] = row.children;
  const reason = closed.reason.replaceAll("_", " ");
  const made = cents.get(closedKey(closed)).today;
  put(symbol, `Closed ${closed.symbol}`);
  const text = `${f.shares(closed.shares)}, ${f.price(closed.entry, 4)} to ${f.price(closed.exit, 4)}, ${reason} ${f.minute(f.moment(closed.time))}`;
  put(words.firstChild.firstChild, text);
  // What tells the least comes last, and is cut first.
  put(words.firstChild.lastChild, `, ${closed.strategy}`);
  putAttribute(words, "title", `${text}, ${closed.strategy}`);
  put(today, f.usd(made, 2, true));
  putClass(today, `today ${f.tone(made)}`);
}

function updateTotal(positions, closed) {
  const foot = byId("total");
  if (!foot.firstChild) {
    foot.append(summaryRow());
    foot.firstChild.firstChild.textContent = "Total";
  }
  const cells = foot.firstChild.children;
  const all = positions.map(figuresOf);
  const today = sum([...all.map((one) => one.today), ...closed.map((one) => f.units(one.today))]);
  const pnl = sum(all.map((one) => one.pnl));
  const old = positions.some(isOld);
  const cell = (name, text, tone) => {
    const node = cells[CELLS.indexOf(name)];
    if (!node.firstElementChild) node.append(el("span"));
    put(node.firstElementChild, text);
    putClass(node.firstElementChild, `num ${old ? "old" : tone}`);
  };
  cell("today", f.usd(today, 2, true), f.tone(today));
  // Of what is not held there is nothing to add up.
  const ofOpen = (text) => (positions.length ? text : "");
  cell("pnl", ofOpen(f.usd(pnl, 2, true)), f.tone(pnl));
  cell("risk", ofOpen(f.headline(sum(all.map((one) => one.risk)), 100)), "");
  cell("weight", ofOpen(f.percent(f.ratio(sum(all.map((one) => one.value)), f.units(told.figures.equity.value)), 1, false)), "");
  tie(today);
}

/** Sums that do not tie are said in words. */
function tie(today) {
  const account = f.units(told.figures.today.value);
  const differs = today !== null && account !== null && f.usd(today, 2, true) !== f.usd(account, 2, true);
  put(byId("untied"), differs ? `▲ Positions and what was closed make ${f.usd(today, 2, true)}; the account says ${f.usd(account, 2, true)}. The difference is ${f.usd(account - today, 2, true)}.` : "");
  show(byId("untied"), differs);
}

function emptyText() {
  const now = venueNow();
  const open = f.moment(told.market?.next_open);
  const strategies = f.plural((told.strategies || []).length, "strategy runs", "strategies run");
  if (told.state?.state === "halted") return "No entry passes while trading is halted.";
  if (told.market?.is_open) return `${strategies}. An entry can come when the next bar closes.`;
  return open === null || now === null ? `${strategies}. When the market opens is not known yet.` : `${strategies}. The market opens ${f.dayAndMinute(open)}; the first entry can come when its first bar closes.`;
}

/** Draws the panel. */
export function draw(actions) {
  const positions = told.positions || [];
  const closed = told.closed || [];
  if (!told.figures) return;
  if (!positions.some((position) => keyOf(position) === chosen.key)) chosen.key = positions.length ? keyOf(inOrder(positions)[0]) : null;
  tieCents(positions, closed);
  keyed(byId("rows"), inOrder(positions), keyOf, (position) => makeRow(position, actions), updateRow);
  keyed(byId("closed"), closed, closedKey, closedRow, updateClosed);
  updateTotal(positions, closed);
  const isEmpty = positions.length + closed.length === 0;
  show(byId("positions-table"), !isEmpty);
  // Its columns are those of what is open.
  show(byId("positions-table").tHead, positions.length > 0);
  const empty = byId("positions-empty");
  show(empty, positions.length === 0);
  if (positions.length === 0) {
    if (!empty.firstChild) empty.append(el("b", "", {}, "No position."), el("span"));
    put(empty.lastChild, emptyText());
  }
  fit();
}

/** Steps by which a table that is too wide gives up columns. */
const FIT_MAX = 8;
let fitted = "";

/** The room of the panel, told by whoever watches its size: to ask for it at every word would lay the page out anew. */
let room = 0;

export function fitInto(width) {
  room = width;
  fit();
}

/** The first step at which the table fits, measured when its rows, widest texts or place have changed. */
function fit() {
  const table = byId("positions-table");
  const state = `${room}|${(told.closed || []).length}|${(told.positions || []).map((one) => `${one.symbol.length},${one.shares.length},${one.average.length},${(one.open_pnl || "").length}`).join(";")}`;
  if (state === fitted) return;
  fitted = state;
  for (let step = 0; step <= FIT_MAX; step += 1) {
    putClass(table, ["positions", (told.positions || []).length ? "" : "bare", ...Array.from({ length: step }, (_, at) => `fit-${at + 1}`)].filter(Boolean).join(" "));
    spanClosed();
    if (table.scrollWidth <= room + 1) return;
  }
}

/** The words of what was closed span the columns that are there, from the strategy to the age. */
function spanClosed() {
  const heads = [...document.querySelectorAll("#positions-table th")].slice(1, CELLS.indexOf("today"));
  const there = heads.filter((head) => getComputedStyle(head).display !== "none").length;
  for (const cell of document.querySelectorAll("#closed td.words")) putAttribute(cell, "colspan", there);
}

function noteReconciled() {
  const item = (told.health || []).find((one) => one.name === "reconciliation");
  if (!item) return put(byId("positions-note"), "");
  const age = ageOf(item.at);
  const when = age === null ? "not checked yet" : isLost() ? `as of ${f.clock(f.moment(item.at))}` : `checked ${f.age(age)} ago`;
  const venue = told.mode?.mode === "rehearsal" ? "the exchange’s" : "Alpaca’s";
  return put(byId("positions-note"), item.is_well ? `equal to ${venue}, ${when}` : `▲ ${item.text}`);
}
