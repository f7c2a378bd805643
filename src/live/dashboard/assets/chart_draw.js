// The picture of a chart, by hand in SVG: the session's bars, entry, stop at the venue, last price and our own fills.
// Names stand at the line, values at the right; nothing covers a bar but a name over it.
import { svg } from "./dom.js";
import * as f from "./format.js";
import { told } from "./link.js";
import { figuresOf } from "./positions.js";

const RIGHT = 74;
const TOP = 22;
const BOTTOM = 24;
const NICE = [1, 2, 5];
const MINUTE_MS = 60000;
/** Steps of the time axis, in minutes, and the room that a name of one needs. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440];
const TIME_PX = 62;
/** Widest letter on average, for what is known before it is drawn; half the chip of the crosshair, with its margin. */
const LETTER_PX = 6.3;
const CHIP_PX = 40;
/** Widest body of a candle. */
const BODY_PX = 13;

/** Ticks on 1-2-5 steps, four to seven of them. */
function ticks(low, high, count) {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * (NICE.find((nice) => nice * power >= raw) || 10);
  const out = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) out.push(Number(value.toFixed(9)));
  return { out, places: Math.max(2, Math.min(4, Math.ceil(-Math.log10(step)))) };
}

/** The session of a chart: when it opens and closes, its bars as numbers, and how far apart they are. */
export function sessionOf(chart) {
  const bars = chart.bars.map((bar) => ({ at: f.moment(bar.time), open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close) }));
  const opens = f.moment(chart.opens) ?? bars[0]?.at ?? 0;
  const closes = Math.max(f.moment(chart.closes) ?? bars.at(-1)?.at ?? 0, opens + 1);
  const gaps = bars.slice(1).map((bar, at) => bar.at - bars[at].at).filter((gap) => gap > 0);
  const step = gaps.length ? Math.min(...gaps) : MINUTE_MS;
  return { bars, opens, closes, step, last: bars.length ? Math.min(bars.at(-1).at + step, closes) : opens };
}

/** Where times and prices stand. Only what is in view makes the range of prices. */
function scales(chart, session, position, [from, to], width, height) {
  const bars = session.bars.filter((bar) => bar.at + session.step > from && bar.at < to);
  const previous = chart.previous_close === null ? null : Number(chart.previous_close);
  const last = position?.last.value ? Number(position.last.value) : session.bars.at(-1)?.close ?? previous;
  const stop = position?.stop ? Number(position.stop) : null;
  const average = position ? Number(position.average) : null;
  const isLastInView = session.last > from && session.last <= to;
  const isWhole = from <= session.opens && to >= session.closes;
  const near = [...bars.flatMap((bar) => [bar.low, bar.high]), isLastInView ? last : null, isWhole ? previous : null].filter((value) => value !== null && value !== undefined);
  let [low, high] = near.length ? [Math.min(...near), Math.max(...near)] : [last ?? 0, last ?? 1];
  const room = Math.max(high - low, high * (bars.length ? 0.002 : 0.012), 1e-4);
  // Lines far outside the range of the bars would press it flat: they are named at the edge instead.
  const reach = isWhole ? 2 * room : 0.6 * room;
  for (const level of [stop, average]) if (level !== null && level > low - reach && level < high + reach) [low, high] = [Math.min(low, level), Math.max(high, level)];
  [low, high] = [low - room * 0.08, high + room * 0.08];
  const right = width - RIGHT;
  const x = (at) => ((at - from) / (to - from)) * right;
  const y = (value) => TOP + ((high - value) / (high - low)) * (height - TOP - BOTTOM);
  const gap = (session.step / (to - from)) * right;
  return { bars, previous, last, stop, average, low, high, from, to, right, x, y, width, height, gap, center: (at) => x(at) + gap / 2, timeAt: (px) => from + (px / right) * (to - from), opens: session.opens, closes: session.closes, ends: session.last };
}

function grid(s) {
  const out = [];
  const { out: values, places } = ticks(s.low, s.high, 5);
  const taken = [s.last, s.stop, s.average].filter((value) => value !== null && value !== undefined).map(s.y);
  for (const value of values) {
    out.push(svg("line", { class: "grid", x1: 0, x2: s.right, y1: s.y(value), y2: s.y(value) }));
    if (taken.every((at) => Math.abs(at - s.y(value)) > 15)) out.push(label(s.right + 8, s.y(value) + 4, `$${value.toFixed(places)}`, "tick"));
  }
  const wanted = ((s.to - s.from) / MINUTE_MS / Math.max(1, s.right)) * TIME_PX;
  const every = (TIME_STEPS.find((step) => step >= wanted) || TIME_STEPS.at(-1)) * MINUTE_MS;
  for (let at = Math.ceil(s.from / every) * every; at <= s.to; at += every) {
    const place = s.x(at);
    out.push(svg("line", { class: "grid", x1: place, x2: place, y1: TOP, y2: s.height - BOTTOM }));
    const isEnd = place > s.right - 20;
    if (place > 14) out.push(label(isEnd ? s.right : place, s.height - 7, f.minute(at), "tick time", isEnd ? "end" : "middle"));
  }
  return out;
}

function label(x, y, text, name, anchor = "start") {
  const node = svg("text", { x, y, class: name, "text-anchor": anchor });
  node.textContent = text;
  return node;
}

function candles(s) {
  const body = Math.max(1, Math.min(BODY_PX, s.gap * 0.6));
  const out = [];
  for (const bar of s.bars) {
    const x = s.center(bar.at);
    if (x < 0 || x > s.right) continue;
    out.push(svg("line", { class: "bar-line", x1: x, x2: x, y1: s.y(bar.high), y2: s.y(bar.low) }));
    const [top, bottom] = [s.y(Math.max(bar.open, bar.close)), s.y(Math.min(bar.open, bar.close))];
    if (body > 1.6) out.push(svg("rect", { class: bar.close >= bar.open ? "up" : "down", x: x - body / 2, y: top, width: body, height: Math.max(1, bottom - top) }));
  }
  return out;
}

/** Name and value of a level, at the left over the line and at the right in a chip. `texts`: the longest first; the first
 * that has room is taken. */
function level(s, value, name, texts, chip) {
  if (value === null) return [];
  const y = Math.max(TOP - 6, Math.min(s.height - BOTTOM + 2, s.y(value)));
  const isInside = Math.abs(y - s.y(value)) < 1;
  const out = isInside ? [svg("line", { class: `l-${name}`, x1: 0, x2: s.right, y1: y, y2: y })] : [];
  // Over the line; under it where the last price would run through the words.
  const lastAt = s.last === null || s.last === undefined ? null : s.y(s.last);
  const isCrossed = lastAt !== null && lastAt < y && y - lastAt < 20 && y + 18 < s.height - BOTTOM;
  const side = isInside ? "" : value > s.high ? " ↑" : " ↓";
  const named = texts.map((text) => (isInside ? text : `${text} (${value > s.high ? "above" : "below"} the chart)`)).concat(texts);
  const text = named.find((one) => one.length * LETTER_PX < s.right - 10);
  if (text) out.push(label(5, isCrossed ? y + 14 : y - 5, text, `t-${name}`));
  if (chip === null) return out;
  out.push(svg("rect", { class: `chip c-${name}`, x: s.right + 2, y: chip - 9, width: RIGHT - 4, height: 18, rx: 2 }));
  out.push(label(s.right + 8, chip + 4, `${f.price(String(value), 2)}${side}`, `c-${name}`));
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

/** What a fill was, in words. */
export const fillText = (fill) => `${fill.side === "buy" ? "bought" : "sold"} ${f.shares(fill.quantity)} at ${f.price(fill.price, 4)}, ${f.clock(f.moment(fill.time))}, ${fill.reason.replaceAll("_", " ")}`;

/** A fill stands on the bar that it happened on, at its price; its shape says what it was. */
function marks(s, chart) {
  const at = (fill) => f.moment(fill.time);
  const place = (time) => (s.bars.some((bar) => bar.at === time) ? s.center(time) : s.x(time));
  const inView = chart.fills.filter((fill) => at(fill) >= s.from && at(fill) <= s.to);
  return inView.map((fill) => {
    const [x, y] = [place(at(fill)), Math.max(TOP, Math.min(s.height - BOTTOM, s.y(Number(fill.price))))];
    const name = svg("title", {});
    name.textContent = fillText(fill);
    if (fill.reason === "entry") return svg("path", { class: "m-entry", d: fill.side === "buy" ? `M${x} ${y + 3}l6 10h-12z` : `M${x} ${y - 3}l6 -10h-12z` }, name);
    if (/stop|trail/.test(fill.reason)) return svg("path", { class: "m-stop", d: `M${x - 5} ${y - 5}l10 10m0 -10l-10 10` }, name);
    if (/target|profit/.test(fill.reason)) return svg("path", { class: "m-exit", d: `M${x} ${y - 6}l6 6l-6 6l-6 -6z` }, name);
    if (/halt|kill|flatten/.test(fill.reason)) return svg("rect", { class: "m-halt", x: x - 5, y: y - 5, width: 10, height: 10 }, name);
    return svg("path", { class: "m-exit", d: `M${x} ${y - 3}l6 -10h-12z` }, name);
  });
}

/** The whole picture; its `scales` say where things stand, and its last child is for crosshair and selection. */
export function picture(chart, session, position, range, width, height) {
  const s = scales(chart, session, position, range, width, height);
  const places = chips(s);
  const entryText = position ? `${Number(position.shares) < 0 ? "sold" : "bought"} ${f.shares(position.shares).replace("−", "")} at ${f.price(position.average, 4)}, ${f.minuteAndDay(f.moment(position.since), f.moment(told.time))}` : "";
  const distance = position ? figuresOf(position).distance : null;
  const stopShort = position ? `stop ${f.price(position.stop)} ${position.stop_at_venue ? "resting" : "not at the venue yet"}` : "";
  const stopFull = position ? `${stopShort}, ${f.percent(distance === null ? null : -distance, 1, false)} away, risks ${f.headline(f.units(position.risk), 100)}` : "";
  const toCome = Math.max(0, Math.min(s.right, s.x(s.ends)));
  const hasBase = s.previous !== null && !position && s.previous >= s.low && s.previous <= s.high;
  const parts = [
    svg("rect", { class: "to-come", x: toCome, y: TOP, width: s.right - toCome, height: height - TOP - BOTTOM }),
    ...grid(s),
    ...(hasBase ? [svg("line", { class: "base", x1: 0, x2: s.right, y1: s.y(s.previous), y2: s.y(s.previous) }), label(5, s.y(s.previous) - 5, `previous close ${f.price(chart.previous_close)}`, "t-entry")] : []),
    ...candles(s),
    ...marks(s, chart),
    ...level(s, s.average, "entry", [entryText, entryText.split(",")[0]], places.entry),
    ...level(s, s.stop, "stop", [stopFull, stopShort], places.stop),
    ...level(s, s.last ?? null, "last", [], places.last),
    svg("g", { class: "over" }),
  ];
  const drawn = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": sentence(chart, s, position) }, ...parts);
  drawn.scales = s;
  return drawn;
}

function sentence(chart, s, position) {
  if (!s.bars.length) return `${chart.symbol}: no bar here yet.`;
  const when = s.from > s.opens || s.to < s.closes ? `from ${f.minute(s.from)} to ${f.minute(s.to)}` : "today";
  const fills = chart.fills.length ? ` ${f.plural(chart.fills.length, "fill")} of ours: ${chart.fills.slice(-3).map(fillText).join("; ")}.` : "";
  const range = `${chart.symbol} ${when}: first ${f.price(String(s.bars[0].open))}, last ${f.price(String(s.bars.at(-1).close))}, between ${f.price(String(Math.min(...s.bars.map((bar) => bar.low))))} and ${f.price(String(Math.max(...s.bars.map((bar) => bar.high))))}.${fills}`;
  return position?.stop ? `${range} Entry ${f.price(position.average, 4)}, stop ${f.price(position.stop)}.` : range;
}

/** The crosshair on the bar of this place, over the picture. */
export function cross(drawn, bar) {
  const s = drawn.scales;
  const over = drawn.lastChild;
  over.replaceChildren();
  const x = bar === null ? null : s.center(bar.at);
  const isIn = x !== null && x >= 0 && x <= s.right;
  const chipAt = isIn ? Math.max(24, Math.min(s.right - 24, x)) : null;
  // Names of the axis make room for the chip: half a name is none.
  for (const tick of drawn.querySelectorAll(".time")) {
    const [at, end] = [Number(tick.getAttribute("x")), tick.getAttribute("text-anchor") === "end" ? 14 : 0];
    tick.setAttribute("visibility", chipAt !== null && Math.abs(at - end - chipAt) < CHIP_PX ? "hidden" : "visible");
  }
  if (!isIn) return;
  over.append(svg("line", { class: "cross", x1: x, x2: x, y1: TOP, y2: s.height - BOTTOM }), svg("rect", { class: "chip c-time", x: chipAt - 22, y: s.height - BOTTOM + 4, width: 44, height: 17, rx: 2 }), label(chipAt, s.height - 7, f.minute(bar.at), "c-time", "middle"));
}

/** What is being dragged over. */
export function selection(drawn, fromX, toX) {
  const s = drawn.scales;
  const [a, b] = [fromX, toX].sort((one, other) => one - other).map((x) => Math.max(0, Math.min(s.right, x)));
  drawn.lastChild.replaceChildren(svg("rect", { class: "chosen", x: a, y: TOP, width: b - a, height: s.height - TOP - BOTTOM }));
}
