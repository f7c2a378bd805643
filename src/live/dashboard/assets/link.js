// The link to the session: the stream, what has been said so far, how long it has been silent, and commands.
import { moment } from "./format.js";

/** Without a word for so long, nothing on the page is current. */
let silenceMax = 5000;
const RETRY_MS = 2000;

/** What the session has said. */
export const told = Object.create(null);
export const link = {
  csrf: null,
  ends: null,
  program: "",
  heardAt: null,
  nextTry: null,
  /** Silence of the engine at the last word, and when that word came. */
  silent: 0,
};
let source = null;
let onNews = () => {};
let timeAt = null;

/** The session has said that it has ended: nothing comes after that. */
export const isOver = () => told.state?.state === "stopped";

function take(text) {
  const news = JSON.parse(text);
  link.heardAt = performance.now();
  link.nextTry = null;
  link.silent = news.silent_ms;
  timeAt = link.heardAt - news.silent_ms;
  Object.assign(told, news);
  if (isOver()) source.close();
  onNews(Object.keys(news));
}

/** Milliseconds since the engine last spoke to this page. */
export function silence() {
  return link.heardAt === null ? 0 : performance.now() - link.heardAt + link.silent;
}

export const isLost = () => silence() >= silenceMax && !isOver();

/** The venue's clock, as far as this page knows it; null before the first word. With the session it stands. */
export function venueNow() {
  const time = moment(told.time);
  if (isOver()) return time;
  return time === null ? null : time + (performance.now() - timeAt);
}

/** The age of a moment by the venue's clock. */
export function ageOf(text) {
  const at = moment(text);
  const now = venueNow();
  return at === null || now === null ? null : Math.max(0, now - at);
}

export function leave(why) {
  try {
    sessionStorage.setItem("ended", why);
  } catch { /* Then nothing is told. */ }
  location.replace("/login");
}

async function sessionFacts() {
  const answer = await fetch("/api/v1/session");
  if (answer.status === 401) {
    leave("Signed out. Trading goes on.");
    return false;
  }
  if (!answer.ok) return false;
  const facts = await answer.json();
  Object.assign(link, { csrf: facts.csrf, ends: moment(facts.ends), program: facts.program });
  silenceMax = facts.silence_ms_max;
  return true;
}

function follow() {
  source = new EventSource("/api/v1/stream");
  source.addEventListener("update", (event) => take(event.data));
  source.addEventListener("beat", (event) => take(event.data));
  source.addEventListener("signed_out", () => {
    source.close();
    leave(link.ends !== null && Date.now() >= link.ends - 1000 ? "Signed out after 12 h. Trading goes on." : "Signed out. Trading goes on.");
  });
  source.addEventListener("error", () => {
    source.close();
    again();
  });
}

function again() {
  if (isOver()) return;
  link.nextTry = performance.now() + RETRY_MS;
  setTimeout(start, RETRY_MS);
}

/** Begins to follow, and goes on trying. */
export async function start(listener) {
  if (listener) onNews = listener;
  try {
    if (await sessionFacts()) {
      follow();
      return;
    }
  } catch { /* Nobody answers: the next try may. */ }
  again();
}

/** Asks for something; gives the status and what was said. Throws where nobody answers. */
export async function ask(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": link.csrf || "" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10000),
  });
  const said = await answer.json().catch(() => ({}));
  return { status: answer.status, said };
}

export async function read(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(5000) });
  return answer.ok ? answer.json() : null;
}
