// The chart of the chosen row: the session's bars, entry, stop, last price and our fills, by hand in SVG.
import { byId, el, put, putAttribute, show, svg } from "./dom.js";
import * as f from "./format.js";
import { isLost, read, told } from "./link.js";
import { chosenPosition, figuresOf, fit, isOld } from "./positions.js";

/** Between two fetches of the same chart. */
const FETCH_MS = 1000;
const RIGHT = 74;
const TOP = 22;
const BOTTOM = 24;
const NICE = [1, 2, 5];

let chart = null;
let wanted = null;
let fetchedAt = -Infinity;
let isFetching = false;
let showsTable = false;
let cross = null;
let drawnKey = "";

const symbolWanted = () => chosenPosition()?.symbol || (told.charts || [])[0]?.symbol || null;

/** Fetches the chart when what it shows has changed. */
export async function follow() {
  const symbol = symbolWanted();
  const entry = (told.charts || []).find((one) => one.symbol === symbol);
  const key = entry ? JSON.stringify(entry) : null;
  if (symbol !== chart?.symbol) draw();
  if (key === null || key === wanted || isFetching) return;
  if (symbol === chart?.symbol && performance.now() - fetchedAt < FETCH_MS) return;
  isFetching = true;
  try {
    const answer = await read(`/api/v1/chart/${encodeURIComponent(symbol)}`);
    if (answer) {
      chart = answer.chart;
      wanted = key;
      cross = null;
      draw();
    }
  } catch { /* The next tick tries again. */ }
  fetchedAt = performance.now();
  isFetching = false;
}

/** Ticks on 1-2-5 steps, four to seven of them. */
function ticks(low, high, count) {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * (NICE.find((nice) => nice * power >= raw) || 10);
  const out = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) out.push(Number(value.toFixed(9)));
  return { out, places: Math.max(2, Math.min(4, Math.ceil(-Math.log10(step)))) };
}

function minutesBetween(bars) {
  const gaps = bars.slice(1).map((bar, at) => f.moment(bar.time) - f.moment(bars[at].time)).filter((gap) => gap > 0);
  return gaps.length ? Math.min(...gaps) / 60000 : null;
}

function title(position) {
  const minutes = minutesBetween(chart.bars);
  const step = minutes === null ? "" : minutes >= 1440 ? ", daily" : minutes >= 60 ? `, ${minutes / 60} h` : `, ${minutes} min`;
  put(byId("chart-h"), `${chart.symbol} today${step}`);
  const last = position ? f.price(position.last.value) : chart.bars.length ? f.price(chart.bars.at(-1).close) : null;
  const old = position ? isOld(position.last.at) : isLost();
  const distance = position ? figuresOf(position).distance : null;
  const parts = [last === null ? "no bar yet" : `last ${last}${old ? ", ▲ old" : ""}`, distance === null ? "" : `stop ${f.percent(-distance, 1, false)} away`];
  if (cross === null) put(byId("chart-note"), parts.filter(Boolean).join("; "));
}

export function draw() {
  const symbol = symbolWanted();
  if (!chart || chart.symbol !== symbol) {
    put(byId("chart-h"), symbol ? `${symbol} today` : "Chart");
    const isKnown = (told.charts || []).some((one) => one.symbol === symbol);
    put(byId("chart-note"), !symbol || !isKnown ? "no prices yet" : "loading");
    byId("plot").replaceChildren();
    drawnKey = "";
    return;
  }
  const position = chosenPosition();
  title(position);
  show(byId("plot"), !showsTable);
  show(byId("plot-table"), showsTable);
  if (showsTable) {
    drawTable();
    return;
  }
  const width = byId("plot").clientWidth;
  const height = byId("plot").clientHeight;
  const key = JSON.stringify([wanted, width, height, position?.last.value, position?.stop, position?.shares, cross, symbol]);
  if (width < 60 || key === drawnKey) return;
  drawnKey = key;
  byId("plot").replaceChildren(picture(position, width, height));
}

function scales(position, width, height) {
  const bars = chart.bars.map((bar) => ({ at: f.moment(bar.time), open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close) }));
  const previous = chart.previous_close === null ? null : Number(chart.previous_close);
  const last = position?.last.value ? Number(position.last.value) : bars.at(-1)?.close ?? previous;
  const stop = position?.stop ? Number(position.stop) : null;
  const average = position ? Number(position.average) : null;
  const near = [...bars.flatMap((bar) => [bar.low, bar.high]), last, previous].filter((value) => value !== null && value !== undefined);
  let [low, high] = near.length ? [Math.min(...near), Math.max(...near)] : [0, 1];
  const room = Math.max(high - low, high * (bars.length ? 0.002 : 0.012), 1e-4);
  // Lines far outside the session's range would press it flat: they are named at the edge instead.
  for (const level of [stop, average]) if (level !== null && level > low - 2 * room && level < high + 2 * room) [low, high] = [Math.min(low, level), Math.max(high, level)];
  [low, high] = [low - room * 0.08, high + room * 0.08];
  const opens = f.moment(chart.opens) ?? bars[0]?.at ?? 0;
  const closes = f.moment(chart.closes) ?? bars.at(-1)?.at ?? opens + 1;
  const right = width - RIGHT;
  const x = (at) => ((at - opens) / Math.max(1, closes - opens)) * right;
  const y = (value) => TOP + ((high - value) / (high - low)) * (height - TOP - BOTTOM);
  return { bars, previous, last, stop, average, low, high, opens, closes, right, x, y, width, height };
}

function grid(s) {
  const out = [];
  const { out: values, places } = ticks(s.low, s.high, 5);
  const taken = [s.last, s.stop, s.average].filter((value) => value !== null).map(s.y);
  for (const value of values) {
    out.push(svg("line", { class: "grid", x1: 0, x2: s.right, y1: s.y(value), y2: s.y(value) }));
    if (taken.every((at) => Math.abs(at - s.y(value)) > 15)) out.push(label(s.right + 8, s.y(value) + 4, `$${value.toFixed(places)}`, "tick"));
  }
  const hour = 3600000;
  const every = s.right > 520 ? hour : 2 * hour;
  for (let at = Math.ceil(s.opens / hour) * hour; at <= s.closes; at += hour) {
    if ((at - Math.ceil(s.opens / hour) * hour) % every !== 0 && at !== s.closes) continue;
    const place = s.x(at);
    out.push(svg("line", { class: "grid", x1: place, x2: place, y1: TOP, y2: s.height - BOTTOM }));
    if (place > 14) out.push(label(Math.min(place, s.right - 4), s.height - 7, f.minute(at), "tick", at >= s.closes ? "end" : "middle"));
  }
  return out;
}

function label(x, y, text, name, anchor = "start") {
  const node = svg("text", { x, y, class: name, "text-anchor": anchor });
  node.textContent = text;
  return node;
}

function candles(s) {
  const step = s.bars.length > 1 ? Math.abs(s.x(s.bars[1].at) - s.x(s.bars[0].at)) : 4;
  const body = Math.max(1, Math.min(9, step * 0.6));
  const out = [];
  for (const bar of s.bars) {
    const x = s.x(bar.at) + Math.min(step, 12) / 2;
    out.push(svg("line", { class: "bar-line", x1: x, x2: x, y1: s.y(bar.high), y2: s.y(bar.low) }));
    const [top, bottom] = [s.y(Math.max(bar.open, bar.close)), s.y(Math.min(bar.open, bar.close))];
    if (body > 1.6) out.push(svg("rect", { class: bar.close >= bar.open ? "up" : "down", x: x - body / 2, y: top, width: body, height: Math.max(1, bottom - top) }));
  }
  return out;
}

/** Name and value of a level, at the left over the line and at the right in a chip. */
function level(s, value, name, text, chip) {
  if (value === null) return [];
  const y = Math.max(TOP - 6, Math.min(s.height - BOTTOM + 2, s.y(value)));
  const isInside = Math.abs(y - s.y(value)) < 1;
  const out = isInside ? [svg("line", { class: `l-${name}`, x1: 0, x2: s.right, y1: y, y2: y })] : [];
  // Over the line; under it where the last price would run through the words.
  const lastAt = s.last === null || s.last === undefined ? null : s.y(s.last);
  const isCrossed = lastAt !== null && lastAt < y && y - lastAt < 20 && y + 18 < s.height - BOTTOM;
  if (text) out.push(label(5, isCrossed ? y + 14 : y - 5, isInside ? text : `${text} (${value > s.high ? "above" : "below"} the chart)`, `t-${name}`));
  if (chip === null) return out;
  out.push(svg("rect", { class: `chip c-${name}`, x: s.right + 2, y: chip - 9, width: RIGHT - 4, height: 18, rx: 2 }));
  out.push(label(s.right + 8, chip + 4, f.price(String(value), 2), `c-${name}`));
  return out;
}

/** Where the chips stand: the last price at its place, the others moved away from it, or left out where there is no room. */
function chips(s) {
  const [top, bottom] = [TOP, s.height - BOTTOM + 8];
  const inside = (value) => Math.max(TOP - 6, Math.min(s.height - BOTTOM + 2, s.y(value)));
  const taken = [];
  const out = {};
  for (const [name, value] of [["last", s.last ?? null], ["stop", s.stop], ["entry", s.average]]) {
    if (value === null) continue;
    let y = inside(value);
    for (const other of taken) if (Math.abs(other - y) < 19) y = other + (y >= other ? 19 : -19);
    const isFree = taken.every((other) => Math.abs(other - y) >= 18.5) && y > top - 10 && y < bottom;
    out[name] = isFree ? y : null;
    if (isFree) taken.push(y);
  }
  return out;
}

function marks(s) {
  return chart.fills.map((fill) => {
    const [x, y] = [s.x(f.moment(fill.time)), s.y(Number(fill.price))];
    const name = svg("title", {});
    name.textContent = `${fill.side === "buy" ? "bought" : "sold"} ${f.shares(fill.quantity)} at ${f.price(fill.price, 4)}, ${f.clock(f.moment(fill.time))}, ${fill.reason}`;
    if (fill.reason === "entry") return svg("path", { class: "m-entry", d: `M${x} ${y + 3}l6 10h-12z` }, name);
    if (/stop/.test(fill.reason)) return svg("path", { class: "m-stop", d: `M${x - 5} ${y - 5}l10 10m0 -10l-10 10` }, name);
    if (/target|profit/.test(fill.reason)) return svg("path", { class: "m-exit", d: `M${x} ${y - 6}l6 6l-6 6l-6 -6z` }, name);
    if (/halt|kill|flatten/.test(fill.reason)) return svg("rect", { class: "m-halt", x: x - 5, y: y - 5, width: 10, height: 10 }, name);
    return svg("path", { class: "m-exit", d: `M${x} ${y - 3}l6 -10h-12z` }, name);
  });
}

function picture(position, width, height) {
  const s = scales(position, width, height);
  const lastAt = s.bars.at(-1)?.at ?? s.opens;
  const places = chips(s);
  const entryText = position ? `${Number(position.shares) < 0 ? "sold" : "bought"} ${f.shares(position.shares).replace("−", "")} at ${f.price(position.average, 4)}, ${f.minuteAndDay(f.moment(position.since), f.moment(told.time))}` : "";
  const distance = position ? figuresOf(position).distance : null;
  const stopText = position ? `stop ${f.price(position.stop)} ${position.stop_at_venue ? "resting" : "not at the venue yet"}, ${f.percent(distance === null ? null : -distance, 1, false)} away, risks ${f.headline(f.units(position.risk), 100)}` : "";
  const parts = [
    svg("rect", { class: "to-come", x: Math.max(0, s.x(lastAt)), y: TOP, width: Math.max(0, s.right - Math.max(0, s.x(lastAt))), height: height - TOP - BOTTOM }),
    ...grid(s),
    ...(s.previous === null || position ? [] : [svg("line", { class: "base", x1: 0, x2: s.right, y1: s.y(s.previous), y2: s.y(s.previous) }), label(5, s.y(s.previous) - 5, `previous close ${f.price(chart.previous_close)}`, "t-entry")]),
    ...candles(s),
    ...marks(s),
    ...level(s, s.average, "entry", entryText, places.entry),
    ...level(s, s.stop, "stop", stopText, places.stop),
    ...level(s, s.last ?? null, "last", "", places.last),
    ...crosshair(s),
  ];
  const drawn = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": sentence(s, position) }, ...parts);
  drawn.scales = s;
  return drawn;
}

function sentence(s, position) {
  if (!s.bars.length) return `${chart.symbol}: no bar yet.`;
  const range = `${chart.symbol} today: first ${f.price(String(s.bars[0].open))}, last ${f.price(String(s.bars.at(-1).close))}, between ${f.price(String(Math.min(...s.bars.map((bar) => bar.low))))} and ${f.price(String(Math.max(...s.bars.map((bar) => bar.high))))}.`;
  return position?.stop ? `${range} Entry ${f.price(position.average, 4)}, stop ${f.price(position.stop)}.` : range;
}

function crosshair(s) {
  const bar = cross === null ? null : chart.bars[cross];
  if (!bar) return [];
  const x = s.x(f.moment(bar.time)) + 1;
  put(byId("chart-note"), `${f.minute(f.moment(bar.time))}  open ${f.price(bar.open)}  high ${f.price(bar.high)}  low ${f.price(bar.low)}  close ${f.price(bar.close)}`);
  return [svg("line", { class: "cross", x1: x, x2: x, y1: TOP, y2: s.height - BOTTOM })];
}

function drawTable() {
  const holder = byId("plot-table");
  if (holder.shown === wanted) return;
  holder.shown = wanted;
  const head = el("tr", "", {}, ...["Time", "Open", "High", "Low", "Close"].map((name) => el("th", "", { scope: "col" }, name)));
  const rows = [...chart.bars].reverse().map((bar) => el("tr", "", {}, el("td", "", {}, f.minute(f.moment(bar.time))), ...[bar.open, bar.high, bar.low, bar.close].map((value) => el("td", "", {}, f.price(value)))));
  holder.replaceChildren(el("table", "", {}, el("caption", "quiet", {}, `${chart.symbol}, bars of this session, newest first`), el("thead", "", {}, head), el("tbody", "", {}, ...rows)));
}

function moveCross(to) {
  const next = to === null || !chart?.bars.length ? null : Math.max(0, Math.min(chart.bars.length - 1, to));
  if (next === cross) return;
  cross = next;
  draw();
}

export function bind() {
  const plot = byId("plot");
  plot.addEventListener("pointermove", (event) => {
    const s = plot.firstChild?.scales;
    if (!s || !s.bars.length) return;
    const at = s.opens + ((event.clientX - plot.getBoundingClientRect().left) / s.right) * (s.closes - s.opens);
    const next = s.bars.findIndex((bar) => bar.at > at);
    moveCross(next < 0 ? s.bars.length - 1 : Math.max(0, next - 1));
  });
  plot.addEventListener("pointerleave", () => moveCross(null));
  plot.addEventListener("blur", () => moveCross(null));
  plot.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9 }[event.key];
    if (step === undefined || !chart) return;
    event.preventDefault();
    moveCross((cross ?? chart.bars.length) + step);
  });
  byId("chart-as").addEventListener("click", () => {
    showsTable = !showsTable;
    byId("plot-table").shown = null;
    drawnKey = "";
    putAttribute(byId("chart-as"), "aria-pressed", showsTable);
    put(byId("chart-as"), showsTable ? "Show as chart" : "Show as table");
    draw();
  });
  new ResizeObserver(() => draw()).observe(plot);
  new ResizeObserver(() => fit()).observe(byId("positions"));
}
