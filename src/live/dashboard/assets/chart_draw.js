// The picture of a chart, by hand in SVG: the session's bars, entry, stop at the venue, last price and our own fills.
// Names stand at the line where no bar is, values at the right; what has no room beside the bars is left to its value.
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

/** The fewest and the most ticks of the value axis. */
const [TICKS_MIN, TICKS_MAX] = [4, 7];

/** Ticks on 1-2-5 steps, four to seven of them; where no step has so many, the range grows to the next ones. */
export function ticks(low, high) {
  const slack = (high - low) * 1e-9;
  const first = (step) => Math.ceil((low - slack) / step);
  const last = (step) => Math.floor((high + slack) / step);
  const count = (step) => last(step) - first(step) + 1;
  const power = 10 ** (Math.floor(Math.log10(high - low)) - 2);
  const steps = [1, 10, 100, 1000].flatMap((ten) => NICE.map((nice) => nice * ten * power));
  const step = steps.find((one) => count(one) <= TICKS_MAX);
  let [from, to] = [first(step), last(step)];
  // The side with less to add grows first.
  while (to - from + 1 < TICKS_MIN) {
    if (low - (from - 1) * step <= (to + 1) * step - high) from -= 1;
    else to += 1;
  }
  const out = Array.from({ length: to - from + 1 }, (_, at) => Number(((from + at) * step).toFixed(9)));
  return { out, places: Math.max(2, Math.min(4, Math.ceil(-Math.log10(step) - 1e-9))), low: Math.min(low, from * step), high: Math.max(high, to * step) };
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
  const axis = ticks(low - room * 0.08, high + room * 0.08);
  [low, high] = [axis.low, axis.high];
  const right = width - RIGHT;
  const x = (at) => ((at - from) / (to - from)) * right;
  const y = (value) => TOP + ((high - value) / (high - low)) * (height - TOP - BOTTOM);
  const gap = (session.step / (to - from)) * right;
  return { axis, step: session.step, named: [], bars, previous, last, stop, average, low, high, from, to, right, x, y, width, height, gap, center: (at) => x(at) + gap / 2, timeAt: (px) => from + (px / right) * (to - from), opens: session.opens, closes: session.closes, ends: session.last };
}

function grid(s) {
  const out = [];
  const { out: values, places } = s.axis;
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

/** Where `text` may stand over or under the level at `y`: in the part that is to come, else where no bar is, else nowhere.
 * No line runs through it, and no other name. */
function placeOf(s, y, text) {
  const [width, free] = [text.length * LETTER_PX, s.x(s.ends) + 6];
  const spots = [free, s.right - width - 5];
  for (let x = 5; x + width < s.right; x += 24) spots.push(x);
  const lines = [s.last, s.stop, s.average].filter((value) => value !== null && value !== undefined).map(s.y).filter((at) => Math.abs(at - y) > 0.5);
  const isFree = (x, base) => {
    const [top, bottom] = [base - 12, base + 4];
    if (x < 5 || x + width > s.right - 4 || top < 2 || bottom > s.height - BOTTOM) return false;
    if (lines.some((at) => at > top && at < bottom)) return false;
    if (s.named.some((other) => x < other.x + other.width + 8 && x + width + 8 > other.x && top < other.bottom && bottom > other.top)) return false;
    return !s.bars.some((bar) => s.center(bar.at) > x - 6 && s.center(bar.at) < x + width + 6 && s.y(bar.high) < bottom && s.y(bar.low) > top);
  };
  for (const x of spots) {
    for (const base of [y - 5, y + 14]) {
      if (!isFree(x, base)) continue;
      s.named.push({ x, width, top: base - 12, bottom: base + 4 });
      return { x, base };
    }
  }
  return null;
}

/** Name of a level at its line, and its value at the right in a chip. `texts`: the longest first; the first that has room
 * is taken. */
function level(s, value, name, texts, chip) {
  if (value === null) return [];
  const y = Math.max(TOP - 6, Math.min(s.height - BOTTOM + 2, s.y(value)));
  const isInside = Math.abs(y - s.y(value)) < 1;
  const out = isInside ? [svg("line", { class: `l-${name}`, x1: 0, x2: s.right, y1: y, y2: y })] : [];
  const side = isInside ? "" : value > s.high ? " ↑" : " ↓";
  const named = texts.map((text) => (isInside ? text : `${text} (${value > s.high ? "above" : "below"} the chart)`)).concat(texts);
  for (const text of named) {
    const place = placeOf(s, y, text);
    if (!place) continue;
    out.push(label(place.x, place.base, text, `t-${name}`));
    break;
  }
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

/** A fill stands on the bar that it happened on: what opens and closes by choice beside the bar, bought under its low and
 * sold over its high; what hit a stop or a target at its price. The shape says what it was. */
function marks(s, chart) {
  const at = (fill) => f.moment(fill.time);
  const inView = chart.fills.filter((fill) => at(fill) >= s.from && at(fill) <= s.to);
  return inView.map((fill) => {
    const bar = s.bars.find((one) => at(fill) >= one.at && at(fill) < one.at + s.step);
    const price = Number(fill.price);
    const within = (y) => Math.max(TOP, Math.min(s.height - BOTTOM, y));
    const x = bar ? s.center(bar.at) : s.x(at(fill));
    const y = within(s.y(price));
    const [low, high] = [within(s.y(Math.min(price, bar?.low ?? price))) + 3, within(s.y(Math.max(price, bar?.high ?? price))) - 3];
    const triangle = fill.side === "buy" ? `M${x} ${low}l6 10h-12z` : `M${x} ${high}l6 -10h-12z`;
    const name = svg("title", {});
    name.textContent = fillText(fill);
    if (fill.reason === "entry") return svg("path", { class: "m-entry", d: triangle }, name);
    if (/stop|trail/.test(fill.reason) && fill.reason !== "time_stop") return svg("path", { class: "m-stop", d: `M${x - 5} ${y - 5}l10 10m0 -10l-10 10` }, name);
    if (/target|profit/.test(fill.reason)) return svg("path", { class: "m-exit", d: `M${x} ${y - 6}l6 6l-6 6l-6 -6z` }, name);
    if (/halt|kill|flatten/.test(fill.reason)) return svg("rect", { class: "m-halt", x: x - 5, y: y - 5, width: 10, height: 10 }, name);
    return svg("path", { class: "m-exit", d: triangle }, name);
  });
}

export const entryText = (position) => `${Number(position.shares) < 0 ? "sold" : "bought"} ${f.shares(position.shares).replace("−", "")} at ${f.price(position.average, 4)}, ${f.minuteAndDay(f.moment(position.since), f.moment(told.time))}`;

export function stopText(position) {
  if (position.stop === null) return "no stop";
  const { distance } = figuresOf(position);
  return `stop ${f.price(position.stop)} ${position.stop_at_venue ? "resting" : "not at the venue yet"}, ${f.percent(distance === null ? null : -distance, 1, false)} away, risks ${f.headline(f.units(position.risk), 100)}`;
}

/** The close before the session, where no position says what it is measured against. */
function base(s, text) {
  const y = s.y(s.previous);
  const place = placeOf(s, y, text);
  return [svg("line", { class: "base", x1: 0, x2: s.right, y1: y, y2: y }), ...(place ? [label(place.x, place.base, text, "t-entry")] : [])];
}

/** The whole picture; its `scales` say where things stand, and its last child is for crosshair and selection. */
export function picture(chart, session, position, range, width, height) {
  const s = scales(chart, session, position, range, width, height);
  const places = chips(s);
  const entry = position ? entryText(position) : "";
  const stop = position ? stopText(position) : "";
  const toCome = Math.max(0, Math.min(s.right, s.x(s.ends)));
  const hasBase = s.previous !== null && !position && s.previous >= s.low && s.previous <= s.high;
  const parts = [
    svg("rect", { class: "to-come", x: toCome, y: TOP, width: s.right - toCome, height: height - TOP - BOTTOM }),
    ...grid(s),
    ...(hasBase ? base(s, `previous close ${f.price(chart.previous_close)}`) : []),
    ...candles(s),
    ...marks(s, chart),
    ...level(s, s.average, "entry", [entry, entry.split(", ")[0]], places.entry),
    ...level(s, s.stop, "stop", [stop, stop.split(", ")[0]], places.stop),
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
