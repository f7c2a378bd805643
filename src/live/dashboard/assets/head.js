// What is said first: band, state bar, six figures, title, and how far the page is behind.
import { byId, el, put, putAttribute, putClass, show, svg } from "./dom.js";
import * as f from "./format.js";
import { ageOf, isLost, isOver, link, silence, told, venueNow } from "./link.js";
import { isGone } from "./panels.js";
import { isOld } from "./positions.js";

const mode = document.documentElement.dataset.mode;
const word = mode.toUpperCase();
export const isReal = mode === "live" || mode === "unknown";
/** The account is read every half minute of the wall's clock; twice without is too old. */
const SLOW_MS = 65000;

function drawBand() {
  const view = told.mode;
  if (!view) return;
  const more = [view.account_tail ? `account ••••${view.account_tail}` : "", view.speed ? `${view.speed} speed` : ""].filter(Boolean).join(", ");
  const venue = view.venue.charAt(0).toUpperCase() + view.venue.slice(1);
  put(byId("venue"), more ? `${venue}, ` : venue);
  put(byId("account"), more);
  const strategies = f.plural((told.strategies || []).length, "strategy", "strategies");
  const state = told.state;
  const words = isLost()
    ? ["? Unknown", `last heard ${f.clock(venueNow() - silence())}`]
    : state.state === "starting" ? ["○ Starting", state.what]
      : state.state === "trading" ? ["● Trading", strategies]
        : state.state === "prices_old" ? ["▲ Trading, prices old", strategies]
          : state.state === "halted" ? ["■ Halted", "No entry passes"]
            : ["□ Stopped", "the session has ended"];
  put(byId("doing"), words[0]);
  put(byId("doing-more"), words[1]);
  drawHours();
}

function drawHours() {
  const now = venueNow();
  const market = told.market;
  if (now === null || !market) return;
  const at = `${f.clock(now)} ET`;
  const [opens, closes] = [f.moment(market.next_open), f.moment(market.next_close)];
  const text = market.is_open
    ? closes === null ? "Market open" : `Market open, closes in ${f.span(closes - now)}`
    : opens === null ? "Market closed" : `Market closed, opens ${f.dayAndMinute(opens)}`;
  put(byId("hours"), text);
  put(byId("clock"), `${f.day(now)} ${at}`);
  put(byId("doing-clock"), at);
}

/** The bar under the band: one at a time, the worst first. */
function worst() {
  const state = told.state;
  if (isLost()) return "lost";
  if (state?.state === "halted") return "halted";
  if (state?.state === "prices_old") return "old";
  if ((told.health || []).some((item) => item.name === "reconciliation" && !item.is_well)) return "books";
  if (foreign()) return "foreign";
  if (state?.state === "starting") return "starting";
  if (state?.state === "stopped") return "stopped";
  return null;
}

let seenRow = 0;
const foreign = () => (told.events || []).find((event) => event.kind === "unauthorised" && event.row > seenRow);

const button = (text, act) => {
  const node = el("button", "", { type: "button" }, text);
  node.addEventListener("click", act);
  return node;
};

const WHO = { dashboard: "you", script: "a script", kill_switch: "the kill switch" };

/** "Halted by …": who, when, why, what holds now. */
export function haltSentence(halt) {
  const cause = f.pick({ daily_loss: "daily loss", drawdown: "drawdown" }, halt.cause);
  return `Halted by ${cause || f.pick(WHO, halt.by) || halt.by} ${haltTime(halt)}.`;
}

/** "at 14:47:39", with the day where it is another; by the machine's clock for one that stood before the session. */
export function haltTime(halt) {
  const since = f.moment(halt.since);
  if (halt.stood_before) return `on ${f.date(since)} at ${f.clock(since)} ET, before this session began`;
  return `at ${f.minuteAndDay(since, venueNow()).replace(/^\d\d:\d\d/, f.clock(since))}`;
}

function haltRest(halt) {
  const stops = (told.orders || []).filter((order) => order.purpose === "protects" && /stop/.test(order.kind)).length;
  const clears = halt.clears ? `Clears at the next open, ${f.dayAndMinute(f.moment(halt.clears))}.` : "It holds until someone resumes it.";
  const isLimit = halt.by === "limit";
  const rest = [isLimit && halt.reason ? `${halt.reason}.` : "", "Nothing that adds exposure passes.", stops ? `${f.plural(stops, "protective stop rests", "protective stops rest")} at the venue.` : "", clears, halt.reason && !isLimit ? `Reason given: “${halt.reason}”.` : ""];
  return rest.filter(Boolean).join(" ");
}

const BARS = {
  lost: () => [["b", ""], " It may still be trading. Nothing on this page is current. EMERGENCY STOP keeps trying; or run ", ["code", "alphaflow halt"], " on the machine. ", ["span", ""]],
  halted: () => [["b", haltSentence(told.state)], ` ${haltRest(told.state)}`],
  old: () => [["b", ""], ` Entries are refused until a price at most ${f.age(told.state.allowed_ms).replace(".0", "")} late arrives. Stops that rest at the venue still protect you.`],
  books: () => [["b", "▲ The books differ from the venue’s."], ` ${(told.health || []).find((item) => item.name === "reconciliation")?.text || ""}`],
  foreign: () => [["b", "▲ Not ours."], ` ${foreign().text}`],
  starting: () => [["b", "Starting."], ` ${told.state.what} No entry can pass yet.`],
  stopped: () => [["b", (told.events || []).find((event) => event.kind === "stopped")?.text || "The session has ended."], " Nothing here changes any more."],
};
const CLASSES = { lost: "bar lost", halted: "bar halted", old: "bar warned", books: "bar warned", foreign: "bar warned", starting: "bar plain", stopped: "bar plain" };
let barShown = "";

function barButtons(kind, actions) {
  const positions = (told.positions || []).length;
  if (kind === "halted") {
    return [positions ? button(`Flatten ${f.plural(positions, "position")}…`, actions.flatten) : null, button("Resume…", actions.resume)];
  }
  if (kind === "old") return [button("Reconnect now", actions.reconnect)];
  if (kind === "foreign") return [button("Seen", () => { seenRow = foreign()?.row ?? seenRow; drawBar(actions); })];
  return [];
}

function drawBar(actions) {
  const kind = worst();
  const bar = byId("bar");
  const state = kind === null ? "" : JSON.stringify([kind, BARS[kind]().map((part) => part), (told.positions || []).length]);
  if (state !== barShown) {
    barShown = state;
    // A text that has not changed is left alone, so that it is announced once.
    bar.replaceChildren();
    if (kind !== null) {
      putClass(bar, CLASSES[kind]);
      const parts = BARS[kind]().map((part) => (Array.isArray(part) ? el(part[0], "", {}, part[1]) : part));
      bar.append(el("p", "", {}, ...parts), ...barButtons(kind, actions).filter(Boolean));
    }
    show(bar, kind !== null);
  }
  if (kind === "lost") {
    put(bar.querySelector("b"), `No answer from the engine for ${f.age(silence())}.`);
    const next = link.nextTry === null ? null : Math.max(0, Math.ceil((link.nextTry - performance.now()) / 1000));
    put(bar.querySelector("span"), next === null ? "Trying again." : `Next try in ${next} s.`);
  }
  if (kind === "old") put(bar.querySelector("b"), oldest() === null ? `▲ The price due at ${f.clock(f.moment(told.state.since))} has not come.` : `▲ Prices are ${f.age(oldest())} old.`);
}

/** Age of the oldest price that something hangs on and that is too old; null where there is none. */
function oldest() {
  const ages = (told.positions || []).filter(isOld).map((position) => ageOf(position.last.at)).filter((age) => age !== null);
  return ages.length ? Math.max(...ages) : null;
}

const FIGURES = [["equity", "Equity"], ["today", "Today"], ["pnl", "Open P&L"], ["stops", "If every stop is hit"], ["gross", "Gross exposure"], ["power", "Buying power"]];

function makeFigures() {
  byId("figures").append(...FIGURES.map(([name, title]) => {
    const rest = ["pnl", "stops", "gross", "power"].includes(name) ? " rest" : "";
    return el("div", `figure ${name}${rest}`, { id: `f-${name}` }, el("div", "name", {}, el("span", "", {}, title), el("span", "age")), el("div", "value", {}, el("span", "num"), el("small")), el("div", "more", {}, el("span"), el("span", "phone")));
  }));
}

function figure(name, text, tone, small, more, old) {
  const node = byId(`f-${name}`);
  put(node.querySelector(".value .num"), text);
  putAttribute(node.querySelector(".value .num"), "title", text === f.UNKNOWN ? "not known: a price or the account’s answer is missing" : null);
  putClass(node.querySelector(".value .num"), `num ${old ? "old" : tone}`);
  put(node.querySelector(".value small"), small ? ` ${small}` : "");
  putClass(node.querySelector(".value small"), old ? "dim" : tone);
  put(node.querySelector(".more").firstChild, more);
}

function drawFigures() {
  const figures = told.figures;
  if (!figures) return;
  if (!byId("figures").firstChild) makeFigures();
  const value = Object.fromEntries(["equity", "today", "open_pnl", "at_stops", "gross", "buying_power"].map((name) => [name, f.units(figures[name].value)]));
  const baseline = f.units(figures.baseline);
  const positions = told.positions || [];
  const halted = told.state?.state === "halted";
  const daily = (told.limits || []).filter((limit) => limit.limit === "max_daily_loss").sort((a, b) => a.allowed - b.allowed)[0];
  const until = f.units(figures.until_halt);
  const limit = daily ? ` (${f.limitPercent(-daily.allowed)})` : "";
  // From the close on, what may still be lost is the next session's.
  const more = `${told.market?.is_open === false ? "next session: " : ""}${f.headline(until, 100)} more and entries stop${limit}`;
  const todayMore = isOver() ? "the session has ended" : halted ? "entries are stopped by the halt" : until === null ? "no daily limit is known" : more;
  const wide = [value.equity, value.gross, value.buying_power].some((one) => one !== null && f.magnitude(one) >= 10n ** 26n);
  putClass(byId("figures"), wide ? "figures wide" : "figures");
  const old = oldFigures();
  const since = figures.is_baseline_start ? "starting cash" : "yesterday’s close";
  figure("equity", f.usd(value.equity, 2, false), "", "", baseline === null ? `${since} is not known` : `${since} ${f.usd(baseline, 2, false)}`, old.equity);
  figure("today", f.usd(value.today, 2, true), f.tone(value.today), value.today === null ? "" : f.percent(f.ratio(value.today, baseline), 2, true), todayMore, old.today);
  figure("pnl", f.usd(value.open_pnl, 2, true), f.tone(value.open_pnl), "", positions.length ? `${f.plural(positions.length, "position")}, ${f.headline(value.gross, 100)}` : "no position", old.open_pnl);
  const heat = f.ratio(value.at_stops, value.equity);
  const atStops = value.at_stops === null ? null : -f.magnitude(value.at_stops);
  figure("stops", f.headline(atStops, 100), "", "", positions.length ? `heat ${f.percent(heat === null ? null : Math.abs(heat), 2, false)} of equity` : "nothing at risk", old.at_stops);
  put(byId("f-today").querySelector(".phone"), `If every stop is hit: ${f.headline(atStops, 100)}.`);
  const gross = (told.limits || []).filter((one) => one.limit === "max_gross_exposure").sort((a, b) => a.allowed - b.allowed)[0];
  figure("gross", f.percent(f.ratio(value.gross, value.equity), 1, false), "", "", `${f.headline(value.gross, 100)}${gross ? `, limit ${f.limitPercent(gross.allowed)}` : ""}`, old.gross);
  const entries = (told.orders || []).filter((order) => order.purpose === "entry" && !isGone(order)).length;
  const reserved = f.units(figures.reserved);
  figure("power", f.headline(value.buying_power, 10000), "", "", figures.is_power_behind ? "from before the last fill" : reserved === 0n ? "nothing reserved" : `${f.headline(reserved, 100)} reserved${entries ? `, ${f.plural(entries, "order")}` : ""}`, old.buying_power);
  drawSpark(baseline);
  document.title = `${word} ${isLost() ? "?" : f.usd(value.today, 0, true)} AlphaFlow`;
}

function oldFigures() {
  // All but the last hang on the price of every position.
  const hangs = isLost() || (told.positions || []).some(isOld);
  const old = Object.fromEntries(["equity", "today", "open_pnl", "at_stops", "gross"].map((name) => [name, hangs]));
  old.buying_power = isLost() || told.figures.is_power_behind || (ageOf(told.figures.buying_power.at) ?? Infinity) > SLOW_MS * (told.mode?.pace || 1);
  return old;
}

export function drawAges() {
  if (!told.figures || !byId("figures").firstChild) return;
  const old = oldFigures();
  const names = { equity: "equity", today: "today", pnl: "open_pnl", stops: "at_stops", gross: "gross", power: "buying_power" };
  for (const [id, name] of Object.entries(names)) {
    const node = byId(`f-${id}`).querySelector(".age");
    const age = ageOf(told.figures[name].at);
    // Beside a name there is room for one unit.
    const text = age === null ? f.UNKNOWN : age >= 7200000 ? `${Math.floor(age / 3600000)} h` : f.age(age);
    put(node, old[name] ? `▲ ${text}` : text);
    putClass(node, old[name] ? "age old" : "age");
  }
  drawHours();
  put(byId("behind"), isLost() || isOver() ? "" : `This page is ${f.age(silence())} behind the engine`);
}

/** The line of the session: equity a minute from its open on, against the close before; the room to its close stays free. */
let sparkShown = "";
function drawSpark(baseline) {
  const session = (told.charts || []).find((chart) => chart.opens);
  const [opens, closes] = [f.moment(session?.opens ?? null), f.moment(session?.closes ?? null)];
  const inSession = (time) => opens !== null && time >= opens && time <= closes;
  const points = (told.equity_line || []).map(([time, equity]) => [f.moment(time), Number(equity)]).filter(([time]) => inSession(time));
  const now = f.moment(told.time);
  if (told.figures.equity.value !== null && inSession(now)) points.push([now, Number(told.figures.equity.value)]);
  const old = byId("f-equity").querySelector("svg");
  if (points.length < 3 || baseline === null) {
    old?.remove();
    sparkShown = "";
    return;
  }
  const [width, height, pad] = [160, 56, 4];
  const base = Number(told.figures.baseline);
  const values = points.map((point) => point[1]).concat(base);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (time) => pad + ((time - opens) / Math.max(closes - opens, 1)) * (width - 2 * pad);
  const y = (value) => height - pad - ((value - low) / (high - low || 1)) * (height - 2 * pad);
  const line = points.map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const zero = Number(y(base).toFixed(1));
  // What has not moved by a tenth of a pixel is left alone.
  if (`${line}|${zero}` === sparkShown) return;
  sparkShown = `${line}|${zero}`;
  old?.remove();
  const area = `${line} ${x(points.at(-1)[0]).toFixed(1)},${zero} ${x(points[0][0]).toFixed(1)},${zero}`;
  // What lies over the close before is a gain, what lies under it a loss, each in its own tint.
  const half = (name, from, to, fill) => [
    svg("clipPath", { id: `spark-${name}` }, svg("rect", { x: "0", y: String(from), width: String(width), height: String(to - from) })),
    svg("polygon", { points: area, fill, "clip-path": `url(#spark-${name})` }),
  ];
  byId("f-equity").append(svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", preserveAspectRatio: "none", "aria-label": `Equity in this session, from ${f.usd(f.units(String(points[0][1])), 2, false)} to ${f.usd(f.units(String(points.at(-1)[1])), 2, false)}` },
    ...half("over", 0, zero, "var(--gainf)"), ...half("under", zero, height, "var(--lossf)"),
    svg("line", { x1: "0", x2: String(width), y1: String(zero), y2: String(zero), stroke: "var(--line2)", "stroke-dasharray": "2 3" }),
    svg("polyline", { points: line, fill: "none", stroke: "var(--ink)", "stroke-width": "1.6", "stroke-linejoin": "round", "vector-effect": "non-scaling-stroke" })));
}

export function draw(actions) {
  drawBand();
  drawBar(actions);
  drawFigures();
  drawAges();
  putAttribute(document.documentElement, "data-state", isLost() ? "lost" : told.state?.state);
}
