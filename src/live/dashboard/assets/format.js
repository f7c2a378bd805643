// Numbers, money and moments as the house writes them. Amounts come as exact decimals in text and stay exact: BigInt
// in units of 1e-18. A value that rounds to zero has no sign. What is unknown is `n/a`, never zero.
const UNIT = 10n ** 18n;
const MINUS = "−";
export const UNKNOWN = "n/a";

/** What a table of ours says under a name that came from outside: `constructor` is no entry of it. */
export const pick = (table, name) => (Object.hasOwn(table, name) ? table[name] : undefined);

/** The units of 1e-18 of a decimal in text; null stays null. */
export function units(text) {
  if (text === null || text === undefined) return null;
  const found = /^(-?)(\d+)(?:\.(\d{1,18}))?$/.exec(String(text));
  if (!found) return null;
  const value = BigInt(found[2]) * UNIT + BigInt((found[3] || "").padEnd(18, "0"));
  return found[1] ? -value : value;
}

/** The product of two amounts; null where one is. */
export function times(a, b) {
  return a === null || b === null ? null : (a * b) / UNIT;
}

/** a ÷ b as a float; null where it is not known. */
export function ratio(a, b) {
  return a === null || b === null || b === 0n ? null : Number((a * 1000000000n) / b) / 1e9;
}

export function magnitude(a) {
  return a === null ? null : a < 0n ? -a : a;
}

function grouped(digits) {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Digits of |value| rounded half away from zero at `places`, and whether that is zero. */
function rounded(value, places) {
  const scale = 10n ** BigInt(18 - places);
  const scaled = (magnitude(value) + scale / 2n) / scale;
  const text = scaled.toString().padStart(places + 1, "0");
  const whole = grouped(places ? text.slice(0, -places) : text);
  return { text: places ? `${whole}.${text.slice(-places)}` : whole, isZero: scaled === 0n };
}

/** Dollars: `places` decimals; `signed` puts a + before gains. */
export function usd(value, places, signed) {
  if (value === null) return UNKNOWN;
  const { text, isZero } = rounded(value, places);
  return `${isZero ? "" : value < 0n ? MINUS : signed ? "+" : ""}$${text}`;
}

const CENT = UNIT / 100n;

/** Amounts in whole cents that make their rounded sum: each is rounded down, and the cents that are then missing go to
 * those that lost most. Where one is not known, neither is the sum, and each is left as it is. */
export function tied(parts) {
  if (parts.some((part) => part === null)) return parts;
  const sum = parts.reduce((total, part) => total + part, 0n);
  const whole = ((magnitude(sum) + CENT / 2n) / CENT) * (sum < 0n ? -1n : 1n);
  const lost = parts.map((part) => ((part % CENT) + CENT) % CENT);
  const cents = parts.map((part, at) => (part - lost[at]) / CENT);
  const missing = Number(whole - cents.reduce((total, one) => total + one, 0n));
  const order = parts.map((_, at) => at).sort((a, b) => (lost[a] === lost[b] ? a - b : lost[a] > lost[b] ? -1 : 1));
  for (const at of order.slice(0, missing)) cents[at] += 1n;
  return cents.map((one) => one * CENT);
}

/** Dollars of a headline: whole ones from $10,000 on, and losses at stops from $100 on. */
export function headline(value, wholeFrom) {
  if (value === null) return UNKNOWN;
  return usd(value, magnitude(value) >= BigInt(wholeFrom) * UNIT ? 0 : 2, false);
}

/** A price as the venue quotes it: 2 decimals, 4 under a dollar; up to `more` where it has them. */
export function price(text, more = 0) {
  const value = units(text);
  if (value === null) return UNKNOWN;
  let places = magnitude(value) < UNIT ? 4 : 2;
  const has = (String(text).split(".")[1] || "").length;
  places = Math.max(places, Math.min(has, more));
  return `${value < 0n ? MINUS : ""}${rounded(value, places).text}`;
}

/** Shares: thousands apart, parts of a share with no trailing zero. */
export function shares(text) {
  const found = /^(-?)(\d+)(\.\d+)?$/.exec(String(text));
  return found ? `${found[1] ? MINUS : ""}${grouped(found[2])}${found[3] || ""}` : UNKNOWN;
}

/** A fraction as percent. */
export function percent(fraction, places, signed) {
  if (fraction === null || !Number.isFinite(fraction)) return UNKNOWN;
  const text = Math.abs(fraction * 100).toFixed(places);
  const sign = Number(text) === 0 ? "" : fraction < 0 ? MINUS : signed ? "+" : "";
  return `${sign}${grouped(text.split(".")[0])}${places ? `.${text.split(".")[1]}` : ""}%`;
}

export function count(number) {
  return grouped(String(number));
}

/** Percent with the decimals it needs, at most two: `2%`, `0.5%`. */
export function limitPercent(fraction) {
  return `${Number((fraction * 100).toFixed(2))}%`.replace("-", MINUS);
}

/** Which colour: above or below zero once rounded at `places`. */
export function tone(value, places = 2) {
  if (value === null || rounded(value, places).isZero) return "";
  return value < 0n ? "loss" : "gain";
}

/** A duration in milliseconds, for ages. */
export function age(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  return span(ms);
}

/** A duration in minutes, hours or days. */
export function span(ms) {
  const minutes = Math.max(0, Math.round(ms / 60000));
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.round(hours / 24)} d`;
}

const zone = { timeZone: "America/New_York", hourCycle: "h23" };
const clockFormat = new Intl.DateTimeFormat("en-GB", { ...zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minuteFormat = new Intl.DateTimeFormat("en-GB", { ...zone, hour: "2-digit", minute: "2-digit" });
const dayFormat = new Intl.DateTimeFormat("en-GB", { ...zone, weekday: "short", day: "numeric", month: "short" });
const weekdayFormat = new Intl.DateTimeFormat("en-GB", { ...zone, weekday: "short" });
const dateFormat = new Intl.DateTimeFormat("en-CA", { ...zone, year: "numeric", month: "2-digit", day: "2-digit" });

/** Milliseconds of a moment in text; null stays null. */
export function moment(text) {
  const ms = text ? Date.parse(text) : NaN;
  return Number.isNaN(ms) ? null : ms;
}

export const clock = (ms) => (ms === null ? UNKNOWN : clockFormat.format(ms));
export const minute = (ms) => (ms === null ? UNKNOWN : minuteFormat.format(ms));
export const day = (ms) => (ms === null ? UNKNOWN : dayFormat.format(ms).replace(",", ""));
export const date = (ms) => (ms === null ? UNKNOWN : dateFormat.format(ms));

/** `14:31` today, `16:00 Mon` else. */
export function minuteAndDay(ms, now) {
  if (ms === null) return UNKNOWN;
  return date(ms) === date(now) ? minute(ms) : `${minute(ms)} ${weekdayFormat.format(ms)}`;
}

/** `Wed 09:30 ET`. */
export const dayAndMinute = (ms) => (ms === null ? UNKNOWN : `${weekdayFormat.format(ms)} ${minute(ms)} ET`);

export function plural(number, one, many) {
  return `${count(number)} ${number === 1 ? one : many || `${one}s`}`;
}
