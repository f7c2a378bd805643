// The chart of the chosen row: which one is fetched, what part of it is shown, its crosshair, and the same as a table.
import { byId, el, put, putAttribute, putClass, show } from "./dom.js";
import * as f from "./format.js";
import { isLost, read, told } from "./link.js";
import { chosenPosition, figuresOf, fitInto, isOld } from "./positions.js";
import { cross as drawCross, entryText, fillText, picture, selection, sessionOf, stopText } from "./chart_draw.js";
import * as view from "./chart_view.js";

/** Between two fetches of the same chart. */
const FETCH_MS = 1000;

let chart = null;
let session = null;
let wanted = null;
let fetchedAt = -Infinity;
let isFetching = false;
let showsTable = false;
let cross = null;
let drawnKey = "";
let size = [0, 0];

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
    if (answer) take(answer.chart, key);
  } catch { /* The next tick tries again. */ }
  fetchedAt = performance.now();
  isFetching = false;
}

function take(news, key) {
  const isSame = chart?.symbol === news.symbol && chart.opens === news.opens;
  if (!isSame) {
    view.showWhole();
    cross = null;
  }
  [chart, wanted, session] = [news, key, sessionOf(news)];
  if (cross !== null && cross >= session.bars.length) cross = null;
  draw();
}

function title(position) {
  const minutes = chart.bars.length > 1 ? session.step / 60000 : null;
  const step = minutes === null ? "" : minutes >= 1440 ? ", daily" : minutes >= 60 ? `, ${minutes / 60} h` : `, ${minutes} min`;
  put(byId("chart-h"), `${chart.symbol} today${step}`);
  show(byId("chart-whole"), !view.isWhole() && !showsTable);
  const old = position ? isOld(position) : isLost();
  putClass(byId("plot"), old ? "plot aged" : "plot");
  if (cross !== null) return;
  const last = position ? f.price(position.last.value) : chart.bars.length ? f.price(chart.bars.at(-1).close) : null;
  const distance = position ? figuresOf(position).distance : null;
  const parts = [last === null ? "no bar yet" : `last ${last}${old ? ", ▲ old" : ""}`, distance === null ? "" : `stop ${f.percent(-distance, 1, false)} away`];
  put(byId("chart-note"), parts.filter(Boolean).join("; "));
}

export function draw() {
  const symbol = symbolWanted();
  if (!chart || chart.symbol !== symbol) {
    put(byId("chart-h"), symbol ? `${symbol} today` : "Chart");
    const isKnown = (told.charts || []).some((one) => one.symbol === symbol);
    put(byId("chart-note"), !symbol || !isKnown ? "no prices yet" : "loading");
    show(byId("chart-whole"), false);
    byId("plot").replaceChildren();
    drawnKey = "";
    return;
  }
  const position = chosenPosition();
  title(position);
  show(byId("plot"), !showsTable);
  show(byId("plot-table"), showsTable);
  if (showsTable) {
    drawTable(position);
    return;
  }
  const [width, height] = size;
  const range = view.range(session);
  const key = JSON.stringify([wanted, width, height, position?.last.value, position?.stop, position?.shares, range, symbol]);
  if (width < 60 || key === drawnKey) return;
  drawnKey = key;
  byId("plot").replaceChildren(picture(chart, session, position, range, width, height));
  noteCross();
}

function noteCross() {
  const drawn = byId("plot").firstChild;
  const bar = cross === null ? null : chart.bars[cross];
  if (!drawn) return;
  drawCross(drawn, bar ? session.bars[cross] : null);
  if (!bar) return;
  const fills = fillsOf(session.bars[cross]);
  put(byId("chart-note"), `${f.minute(session.bars[cross].at)}  open ${f.price(bar.open)}  high ${f.price(bar.high)}  low ${f.price(bar.low)}  close ${f.price(bar.close)}${fills.map((fill) => `; ${fillText(fill)}`).join("")}`);
}

/** All that the picture shows: entry and stop in a sentence, each bar with our fills on it. */
function drawTable(position) {
  const holder = byId("plot-table");
  if (holder.shown !== wanted) {
    holder.shown = wanted;
    const head = el("tr", "", {}, ...["Time", "Open", "High", "Low", "Close", "Our fills"].map((name) => el("th", "", { scope: "col" }, name)));
    const rows = session.bars.map((one, at) => [one, chart.bars[at]]).reverse().map(([one, bar]) => el("tr", "", {}, el("td", "", {}, f.minute(one.at)), ...[bar.open, bar.high, bar.low, bar.close].map((value) => el("td", "", {}, f.price(value))), el("td", "fills", {}, fillsOf(one).map(fillText).join("; "))));
    holder.replaceChildren(el("p", "levels"), el("table", "", {}, el("caption", "quiet", {}, `${chart.symbol}, bars of this session, newest first`), el("thead", "", {}, head), el("tbody", "", {}, ...rows)));
  }
  put(holder.firstChild, position ? `${entryText(position)}; ${stopText(position)}.` : chart.previous_close === null ? "" : `Previous close ${f.price(chart.previous_close)}.`);
}

/** Our fills on a bar. */
const fillsOf = (bar) => chart.fills.filter((fill) => f.moment(fill.time) >= bar.at && f.moment(fill.time) < bar.at + session.step);

function moveCross(to) {
  const next = to === null || !session?.bars.length ? null : Math.max(0, Math.min(session.bars.length - 1, to));
  if (next === cross) return;
  cross = next;
  if (cross === null && chart) title(chosenPosition());
  noteCross();
}

const scales = () => byId("plot").firstChild?.scales ?? null;
const offset = (clientX) => clientX - byId("plot").getBoundingClientRect().left;

/** What the gestures ask of the chart, and tell it. */
const gestured = {
  session: () => (scales() && session?.bars.length ? session : null),
  timeAt: (clientX) => scales().timeAt(Math.max(0, Math.min(scales().right, offset(clientX)))),
  changed: draw,
  cross(clientX) {
    if (clientX === null) return moveCross(null);
    const at = scales().timeAt(offset(clientX));
    const next = session.bars.findIndex((bar) => bar.at > at);
    return moveCross(next < 0 ? session.bars.length - 1 : Math.max(0, next - 1));
  },
  select(fromX, toX) {
    const drawn = byId("plot").firstChild;
    if (!drawn) return;
    if (fromX === null) noteCross();
    else selection(drawn, offset(fromX), offset(toX));
  },
};

function onKey(event) {
  if (!gestured.session() || event.ctrlKey || event.altKey || event.metaKey) return;
  const [from, to] = view.range(session);
  const around = cross === null ? Math.min(to, Math.max(from, session.last)) : session.bars[cross].at;
  const step = { ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9 }[event.key];
  if (view.key(event, session, around)) {
    draw();
  } else if (step !== undefined) {
    moveCross((cross ?? session.bars.length) + step);
    view.reveal(session, session.bars[cross].at);
    draw();
  } else if (event.key === "Escape" && cross !== null) {
    moveCross(null);
  } else {
    return;
  }
  event.preventDefault();
}

export function bind() {
  const plot = byId("plot");
  view.gestures(plot, gestured);
  plot.addEventListener("blur", () => moveCross(null));
  plot.addEventListener("keydown", onKey);
  byId("chart-whole").addEventListener("click", () => {
    view.showWhole();
    draw();
    plot.focus();
  });
  byId("chart-as").addEventListener("click", () => {
    showsTable = !showsTable;
    byId("plot-table").shown = null;
    drawnKey = "";
    putAttribute(byId("chart-as"), "aria-pressed", showsTable);
    put(byId("chart-as"), showsTable ? "Show as chart" : "Show as table");
    draw();
  });
  // Sizes are told and kept: to ask for them at every word would lay the page out anew.
  new ResizeObserver(([one]) => {
    size = [Math.round(one.contentRect.width), Math.round(one.contentRect.height)];
    draw();
  }).observe(plot);
  new ResizeObserver(([one]) => fitInto(one.contentRect.width)).observe(byId("positions"));
}
