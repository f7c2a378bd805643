// The dashboard's page: what has been said is drawn, ages count up, keys and buttons ask.
import { byId, el, put, putAttribute } from "./dom.js";
import * as chart from "./chart.js";
import * as dialogs from "./dialogs.js";
import * as head from "./head.js";
import * as panels from "./panels.js";
import * as positions from "./positions.js";
import { isLost, isOver, start, told } from "./link.js";
import { plural } from "./format.js";

/** Ages and silence are looked at this often. */
const TICK_MS = 250;
/** At most one spoken message in this time. */
const SPEAK_MS = 5000;
const PANELS = ["positions", "chart", "events", "limits", "orders", "refusals"];
const TABS = [["positions", "Positions"], ["orders", "Orders"], ["limits", "Limits"], ["events", "Events"]];

let keysOn = remembered("keys") !== "off";
let wasLost = false;
let drawnAt = -Infinity;
let drawnOld = "";
let spokenAt = -Infinity;
let spokenRow = null;

function remembered(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch { /* Then it holds for this page alone. */ }
}

const actions = {
  close: dialogs.closePosition,
  cancel: dialogs.cancelOrder,
  flatten: dialogs.flattenAll,
  resume: dialogs.resume,
  reconnect: dialogs.reconnect,
  choose(key) {
    positions.chosen.key = key;
    positions.draw(actions);
    chart.draw();
    chart.follow();
  },
};

/** The band is drawn with the page: where the session behind it is another one now, the page is drawn anew. */
function isOtherMode() {
  const mode = ["rehearsal", "paper", "live"].includes(told.mode.mode) ? told.mode.mode : "unknown";
  return mode !== document.documentElement.dataset.mode;
}

/** What each part of the page is made of; a part is drawn when one of these was said anew, or the link was lost or found. */
const MADE_OF = [
  [["positions", "closed", "figures", "market", "state", "mode", "strategies"], () => positions.draw(actions)],
  [["limits", "positions", "state"], () => { isNear = panels.drawLimits(); }],
  [["orders", "mode", "state"], () => panels.drawOrders(actions)],
  [["refusals"], panels.drawRefusals],
  [["strategies", "figures", "positions"], panels.drawStrategies],
  [["events"], panels.drawEvents],
  [["state"], panels.drawHaltSteps],
];
let isNear = false;

/** Draws what hangs on `news`; all of it without them. */
function drawAll(news) {
  if (!told.state) return;
  if (isOtherMode()) {
    location.reload();
    return;
  }
  const lost = isLost();
  const isAnew = news === undefined || lost || lost !== wasLost || positions.oldOnes() !== drawnOld;
  wasLost = lost;
  drawnOld = positions.oldOnes();
  drawnAt = performance.now();
  head.draw(actions);
  for (const [parts, draw] of MADE_OF) if (isAnew || parts.some((part) => news.includes(part))) draw();
  positions.updateAges();
  panels.drawHealth();
  drawTabs();
  chart.draw();
  if (!isOver()) chart.follow();
  dialogs.news();
  speak();
}

function drawTabs() {
  const tabs = byId("tabs");
  if (!tabs.firstChild) {
    tabs.append(...TABS.map(([name]) => {
      const tab = el("button", "", { type: "button", "data-of": name });
      tab.addEventListener("click", () => {
        document.body.dataset.tab = name;
        drawTabs();
        chart.draw();
      });
      return tab;
    }));
  }
  const counts = { positions: ` ${(told.positions || []).length}`, orders: ` ${(told.orders || []).length}`, limits: isNear ? " ▲" : "", events: "" };
  [...tabs.children].forEach((tab, at) => {
    const [name, title] = TABS[at];
    put(tab, title + counts[name]);
    putAttribute(tab, "aria-current", document.body.dataset.tab === name ? "true" : null);
  });
}

/** Fills and refusals are read out, at most one message in five seconds; numbers that tick never are. */
function speak() {
  const events = (told.events || []).filter((event) => ["fill", "stop", "take_profit", "refusal", "refusal_burst"].includes(event.kind));
  if (spokenRow === null) {
    spokenRow = events[0]?.row ?? 0;
    return;
  }
  const fresh = events.filter((event) => event.row > spokenRow);
  if (!fresh.length || performance.now() - spokenAt < SPEAK_MS) return;
  spokenAt = performance.now();
  spokenRow = fresh[0].row;
  put(byId("spoken"), fresh.length === 1 ? fresh[0].text : `${fresh[0].text} And ${plural(fresh.length - 1, "more event")}.`);
}

/** Ages go on between two words of the engine; a page that nobody looks at has nothing to count. */
function tick() {
  if (!told.state || performance.now() - drawnAt < TICK_MS || (document.hidden && !isLost())) return;
  // A price becomes old without a word of the engine.
  if (isLost() || wasLost || positions.oldOnes() !== drawnOld) {
    drawAll();
    return;
  }
  head.drawAges();
  positions.updateAges();
  if (told.state.state === "prices_old") head.draw(actions);
  panels.drawHealth();
  if (!isOver()) chart.follow();
}

function turnTheme() {
  const root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  remember("theme", root.dataset.theme);
}

function moveRow(by) {
  const rows = [...byId("rows").children];
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement.closest?.("#rows tr") || null);
  const from = at >= 0 ? at : by > 0 ? -1 : rows.length;
  rows[Math.max(0, Math.min(rows.length - 1, from + by))].focus();
}

function showPanel(name) {
  const panel = byId(name);
  const tab = [...panel.classList].find((one) => one.startsWith("t-"));
  if (getComputedStyle(panel).display === "none" && tab) {
    document.body.dataset.tab = tab.slice(2);
    drawAll();
  }
  panel.focus({ preventScroll: true });
  panel.scrollIntoView({ block: "nearest" });
}

function showKeys() {
  dialogs.keys(keysOn, (isOn) => {
    keysOn = isOn;
    remember("keys", isOn ? "on" : "off");
  });
}

function closeRow() {
  const row = document.activeElement.closest?.("#rows tr");
  const position = row?.position || positions.chosenPosition();
  if (position && !isLost() && !isOver()) dialogs.closePosition(position);
}

function onKey(event) {
  if (event.key === "Escape" && dialogs.isOpen()) {
    event.preventDefault();
    dialogs.close();
    return;
  }
  const inField = event.target.matches?.("input, textarea, select") && event.target.type !== "radio" && event.target.type !== "checkbox";
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  // A reason may have it; nobody looks for it among the events.
  if (event.key === "!" && !(inField && event.target.closest(".dialog"))) {
    event.preventDefault();
    dialogs.stop();
    return;
  }
  if (inField || !keysOn || dialogs.isOpen()) return;
  const act = { "?": showKeys, d: turnTheme, j: () => moveRow(1), k: () => moveRow(-1), x: closeRow }[event.key];
  const panel = /^[1-6]$/.test(event.key) ? PANELS[Number(event.key) - 1] : null;
  if (!act && !panel) return;
  event.preventDefault();
  if (act) act();
  else showPanel(panel);
}

/** A minus copied from the page is one that a spreadsheet reads. */
function onCopy(event) {
  const text = String(getSelection());
  if (!text.includes("−")) return;
  event.preventDefault();
  event.clipboardData.setData("text/plain", text.replaceAll("−", "-"));
}

byId("stop").addEventListener("click", dialogs.stop);
byId("theme").addEventListener("click", turnTheme);
byId("help").addEventListener("click", showKeys);
byId("leave").addEventListener("click", dialogs.signOut);
document.addEventListener("keydown", onKey);
document.addEventListener("copy", onCopy);
panels.bind(() => drawAll());
chart.bind();
setInterval(tick, TICK_MS);
start(drawAll);
