// Which part of the session the chart shows: all of it, or what was chosen by drag, wheel, pinch or keys. Times are
// milliseconds. A part that holds the newest bar goes on with it.

/** Bars that are shown at least. */
const LEAST_BARS = 5;
/** Pixels from which a press that moves is a drag, and within which two taps are one double tap. */
const DRAG_PX = 5;
const TAP_PX = 24;
const TAP_MS = 350;
/** What one turn of the wheel, or one key, makes of the span. */
const CLOSER = 0.8;

let chosen = null;

const within = (value, low, high) => Math.max(low, Math.min(high, value));

export const isWhole = () => chosen === null;

export function showWhole() {
  chosen = null;
}

/** From when to when `session`, which has `opens`, `closes`, `last` and the `step` of its bars, is shown. */
export function range(session) {
  if (chosen === null) return [session.opens, session.closes];
  if (chosen.lead === null) return [chosen.from, chosen.to];
  const to = Math.min(session.last + chosen.lead, session.closes);
  return [to - (chosen.to - chosen.from), to];
}

/** Shows this part, as far as it lies in the session; a part that is all of it is no part. */
export function choose(session, from, to) {
  const whole = session.closes - session.opens;
  const size = within(to - from, Math.min(LEAST_BARS * session.step, whole), whole);
  if (size >= whole) {
    chosen = null;
    return;
  }
  const start = within(from + (to - from - size) / 2, session.opens, session.closes - size);
  const end = start + size;
  chosen = { from: start, to: end, lead: session.last >= start && session.last <= end ? end - session.last : null };
}

/** Makes the span `factor` times as long around a moment that stays where it is. */
export function zoom(session, factor, around) {
  const [from, to] = range(session);
  choose(session, around - (around - from) * factor, around + (to - around) * factor);
}

/** Moves the part shown by a share of its span. */
export function pan(session, share) {
  if (chosen === null) return;
  const [from, to] = range(session);
  const by = within((to - from) * share, session.opens - from, session.closes - to);
  choose(session, from + by, to + by);
}

/** Would the wheel move the page, so that it must not zoom unless the chart is meant? */
function scrolls(plot) {
  for (let at = plot.parentElement; at; at = at.parentElement) {
    const isScroller = at === document.documentElement || /auto|scroll/.test(getComputedStyle(at).overflowY);
    if (isScroller && at.scrollHeight > at.clientHeight + 1) return true;
  }
  return false;
}

/** Listens to pointer, wheel and touch on `plot`. `chart` answers `session()`, `timeAt(clientX)`, and is told
 * `changed()`, `cross(clientX or null)` and `select(fromX, toX)` or `select(null)`. */
export function gestures(plot, chart) {
  const fingers = new Map();
  let drag = null;
  let pinch = null;
  let tap = null;
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return { width: Math.max(1, Math.abs(a - b)), middle: (a + b) / 2 };
  };

  plot.addEventListener("pointerdown", (event) => {
    if (!chart.session() || event.button !== 0) return;
    if (event.pointerType !== "touch") {
      drag = { x: event.clientX, isMoved: false };
      plot.setPointerCapture(event.pointerId);
      return;
    }
    fingers.set(event.pointerId, event.clientX);
    pinch = fingers.size === 2 ? spread() : null;
    chart.cross(fingers.size === 1 ? event.clientX : null);
  });
  plot.addEventListener("pointermove", (event) => {
    const session = chart.session();
    if (!session) return;
    if (event.pointerType === "touch") {
      if (fingers.has(event.pointerId)) fingers.set(event.pointerId, event.clientX);
      if (pinch === null) {
        chart.cross(event.clientX);
        return;
      }
      const now = spread();
      const [held, under] = [chart.timeAt(pinch.middle), chart.timeAt(now.middle)];
      zoom(session, pinch.width / now.width, held);
      const [from, to] = range(session);
      pan(session, (held - under) / (to - from));
      pinch = now;
      chart.changed();
      return;
    }
    if (drag && Math.abs(event.clientX - drag.x) > DRAG_PX) drag.isMoved = true;
    if (drag?.isMoved) chart.select(drag.x, event.clientX);
    else chart.cross(event.clientX);
  });
  plot.addEventListener("pointerup", (event) => {
    const session = chart.session();
    if (event.pointerType === "touch") {
      const wasPinch = fingers.size > 1;
      fingers.delete(event.pointerId);
      pinch = null;
      const isSecond = tap !== null && event.timeStamp - tap.at < TAP_MS && Math.abs(event.clientX - tap.x) < TAP_PX;
      tap = wasPinch || isSecond ? null : { at: event.timeStamp, x: event.clientX };
      if (isSecond && !wasPinch) whole();
      return;
    }
    const was = drag;
    drag = null;
    chart.select(null);
    if (!session || !was?.isMoved) return;
    const [from, to] = [was.x, event.clientX].sort((a, b) => a - b).map(chart.timeAt);
    choose(session, from, to);
    chart.changed();
  });
  plot.addEventListener("pointercancel", (event) => {
    fingers.delete(event.pointerId);
    [drag, pinch, tap] = [null, null, null];
    chart.select(null);
  });
  plot.addEventListener("pointerleave", (event) => {
    if (drag === null && event.pointerType !== "touch") chart.cross(null);
  });
  plot.addEventListener("dblclick", (event) => {
    event.preventDefault();
    whole();
  });
  plot.addEventListener("wheel", (event) => {
    const session = chart.session();
    const isMeant = event.ctrlKey || document.activeElement === plot || !scrolls(plot);
    const across = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
    const isAcross = Math.abs(across) >= Math.abs(event.deltaY);
    if (!session || !isMeant || (isWhole() && (isAcross || event.deltaY > 0))) return;
    event.preventDefault();
    if (isAcross) pan(session, Math.sign(across) / 10);
    else zoom(session, event.deltaY < 0 ? CLOSER : 1 / CLOSER, chart.timeAt(event.clientX));
    chart.changed();
  }, { passive: false });

  function whole() {
    showWhole();
    chart.changed();
  }
}

/** What a key makes of the view, seen from the moment `around`; false where it is none of these keys. */
export function key(event, session, around) {
  if (event.key === "+" || event.key === "=") zoom(session, CLOSER, around);
  else if (event.key === "-" || event.key === "_") zoom(session, 1 / CLOSER, around);
  else if (event.key === "0") showWhole();
  else if (event.shiftKey && event.key === "ArrowLeft") pan(session, -0.25);
  else if (event.shiftKey && event.key === "ArrowRight") pan(session, 0.25);
  else return false;
  return true;
}

/** Brings a moment into view. */
export function reveal(session, moment) {
  const [from, to] = range(session);
  const room = session.step;
  if (moment < from) choose(session, moment, moment + (to - from));
  else if (moment + room > to) choose(session, moment + room - (to - from), moment + room);
}
