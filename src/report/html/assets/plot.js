// What both charts share: drawing into SVG, lines that keep every extreme, one view that zooms, one crosshair.
const r1 = value => Math.round(value * 10) / 10;
const text = (x, y, content, kind = '', anchor = '') => `<text x="${r1(x)}" y="${r1(y)}"${kind && ` class="${kind}"`}${anchor && ` text-anchor="${anchor}"`}>${safe(content)}</text>`;
const path = (d, kind) => d && `<path class="${kind}" d="${d}"/>`;
const rect = (x, y, w, h, kind) => `<rect class="${kind}" x="${r1(x)}" y="${r1(y)}" width="${r1(Math.max(w, 0))}" height="${r1(Math.max(h, 0))}"/>`;
const widthOf = (() => { let context; return (content, weight = 400) => { context = context || document.createElement('canvas').getContext('2d'); context.font = `${weight} 11.5px Inter,system-ui,sans-serif`; return context.measureText(content).width; }; })();
// A line through points from..to. Where several points share a pixel column it goes through the column's first, lowest, highest and last.
const linePath = (from, to, x, y, close, low = close, high = close) => {
  const dense = (to - from) > 1.5 * (x(to) - x(from));
  let d = '', pen = 'M', i = from;
  while (i <= to) {
    if (!Number.isFinite(close[i])) { pen = 'M'; i++; continue; }
    if (!dense && low === close) { d += pen + r1(x(i)) + ' ' + r1(y(close[i])); pen = 'L'; i++; continue; }
    const column = Math.floor(x(i));
    let least = Infinity, most = -Infinity, last = i;
    const first = close[i];
    for (; i <= to && Math.floor(x(i)) === column; i++) if (Number.isFinite(close[i])) { least = Math.min(least, low[i]); most = Math.max(most, high[i]); last = i; }
    const at = r1(x(last));
    d += pen + at + ' ' + r1(y(first));
    if (most > least) d += `L${at} ${r1(y(least))}L${at} ${r1(y(most))}`;
    d += `L${at} ${r1(y(close[last]))}`;
    pen = 'L';
  }
  return d;
};
// Labels at the right edge, pushed apart: [y, height, html(y)] in, html out; returns the occupied spans too.
const stackLabels = (labels, top, bottom) => {
  labels.sort((a, b) => a.y - b.y);
  for (let pass = 0; pass < 8; pass++) for (let i = 1; i < labels.length; i++) {
    const a = labels[i - 1], b = labels[i], over = (a.size + b.size) / 2 - (b.y - a.y);
    if (over > 0) { a.y -= over / 2; b.y += over / 2; }
  }
  labels.forEach(label => { label.y = Math.min(Math.max(label.y, top + label.size / 2), bottom - label.size / 2); });
  for (let i = labels.length - 2; i >= 0; i--) labels[i].y = Math.min(labels[i].y, labels[i + 1].y - (labels[i].size + labels[i + 1].size) / 2);
  return labels;
};
const clear = (labels, y) => labels.every(label => Math.abs(label.y - y) > label.size / 2 + 6);
// Texts of a time axis that have room: the bold ones first, then what fits between them.
const timeLabels = (ticks, xOf, width, y) => {
  const placed = [];
  for (const heavy of [true, false]) for (const [at, label, bold] of ticks) if (bold === heavy) {
    const half = widthOf(label, bold ? 600 : 400) / 2, cx = Math.min(Math.max(xOf(at), half), width - half);
    if (placed.every(other => Math.abs(other.cx - cx) > other.half + half + 10)) placed.push({ cx, half, label, bold });
  }
  return placed.map(({ cx, label, bold }) => text(cx, y, label, bold ? 'b' : '', 'middle')).join('');
};
// A chart in `place`: `draw(width, view)` returns {svg, height, right, label, from, to}; `probe(index)` fills the row above and
// returns the dots of the crosshair. The view is a range of point indices; `limits()` is the widest one.
const makePlot = ({ place, readout, count, home, draw, probe, shrink = 12 }) => {
  let view = home(), shown = null, at = null, drawn = null, drag = null, forced = 0;
  place.innerHTML = '<svg tabindex="0" role="img" preserveAspectRatio="xMinYMin meet"><g class="ink"></g><g class="over" aria-hidden="true"></g></svg>';
  const svg = place.firstChild, ink = svg.firstChild, over = svg.lastChild;
  const width = () => forced || Math.max(280, Math.floor(place.clientWidth));
  const xOf = index => (index - drawn.from) / Math.max(drawn.to - drawn.from, 1e-9) * drawn.right;
  const indexAt = px => Math.round(drawn.from + px / drawn.right * (drawn.to - drawn.from));
  const mark = () => {
    const point = at === null ? Math.min(Math.floor(drawn.to), count() - 1) : at;
    const probed = probe(point, at !== null, drawn);
    readout.innerHTML = probed.html;
    if (at === null) { over.innerHTML = drag ? over.innerHTML : ''; return; }
    const x = xOf(at), chip = probed.chip, w = widthOf(chip, 600) + 14, cx = Math.min(Math.max(x, w / 2), drawn.right - w / 2 + 40);
    over.innerHTML = path(`M${r1(x)} ${drawn.top}V${drawn.bottom}`, 'cross')
      + probed.dots.filter(dot => Number.isFinite(dot[0])).map(([y, kind]) => `<circle class="dot ${kind}" cx="${r1(x)}" cy="${r1(y)}" r="3.5"/>`).join('')
      + `<rect class="chip" x="${r1(cx - w / 2)}" y="${drawn.bottom + 2}" width="${r1(w)}" height="19" rx="1.5"/>` + text(cx, drawn.bottom + 15.5, chip, 'chiptext');
  };
  const redraw = () => {
    drawn = draw(width(), view);
    svg.setAttribute('viewBox', `0 0 ${width()} ${drawn.height}`);
    svg.setAttribute('height', drawn.height);
    svg.setAttribute('aria-label', drawn.label);
    ink.innerHTML = drawn.svg;
    mark();
    if (shown) shown(view);
  };
  const setView = (from, to) => {
    const last = count() - 1, size = Math.min(Math.max(to - from, Math.min(shrink, last)), last);
    const start = Math.min(Math.max(from + (to - from - size) / 2, 0), last - size);
    view = [start, start + size];
    if (at !== null) at = Math.min(Math.max(at, Math.ceil(start)), Math.floor(start + size));
    redraw();
  };
  const pixel = event => { const box = svg.getBoundingClientRect(); return (event.clientX - box.left) / box.width * width(); };
  const row = event => { const box = svg.getBoundingClientRect(); return (event.clientY - box.top) / box.height * drawn.height; };
  svg.addEventListener('pointermove', event => {
    const x = pixel(event);
    if (drag && event.pointerType !== 'touch') {
      if (Math.abs(x - drag.x) > 5) drag.moved = true;
      if (drag.nav) { drawn.navigate(x); return; }
      if (drag.moved) { at = null; const a = Math.min(drag.x, x), b = Math.min(Math.max(drag.x, x), drawn.right); over.innerHTML = rect(Math.max(a, 0), drawn.top, b - a, drawn.bottom - drawn.top, 'sel'); return; }
    }
    at = x > drawn.right + 8 || drawn.navTop && row(event) > drawn.navTop ? null : Math.min(Math.max(indexAt(x), Math.ceil(drawn.from)), Math.floor(drawn.to));
    mark();
  });
  svg.addEventListener('pointerdown', event => {
    if (event.button) return;
    drag = { x: pixel(event), moved: false, nav: drawn.navTop && row(event) > drawn.navTop };
    if (drag.nav) drawn.navigate(drag.x);
    if (event.pointerType !== 'touch') try { svg.setPointerCapture(event.pointerId); } catch { /* a synthetic event has no pointer to hold */ }
  });
  const release = event => {
    const was = drag;
    drag = null;
    if (!was || was.nav || !was.moved) return;
    const a = indexAt(Math.min(was.x, pixel(event))), b = indexAt(Math.max(was.x, pixel(event)));
    over.innerHTML = '';
    if (b > a) setView(Math.max(a, drawn.from), Math.min(b, drawn.to));
  };
  svg.addEventListener('pointerup', release);
  svg.addEventListener('pointercancel', () => { drag = null; });
  svg.addEventListener('pointerleave', () => { if (!drag && document.activeElement !== svg) { at = null; mark(); } });
  svg.addEventListener('dblclick', event => { event.preventDefault(); at = null; setView(...home()); });
  svg.addEventListener('blur', () => { at = null; readout.setAttribute('aria-live', 'off'); mark(); });
  svg.addEventListener('keydown', event => {
    const size = view[1] - view[0], step = event.shiftKey ? Math.max(5, Math.round(size / 20)) : 1, now = at === null ? Math.floor(view[1]) : at;
    const moves = { ArrowLeft: now - step, ArrowRight: now + step, Home: Math.ceil(view[0]), End: Math.floor(view[1]) };
    if (event.key in moves) {
      readout.setAttribute('aria-live', 'polite');
      at = Math.min(Math.max(moves[event.key], 0), count() - 1);
      if (at < view[0]) setView(at, at + size); else if (at > view[1]) setView(at - size, at); else mark();
    } else if (event.key === '+' || event.key === '=') setView(now - (now - view[0]) / 2, now + (view[1] - now) / 2);
    else if (event.key === '-') setView(view[0] - size / 2, view[1] + size / 2);
    else if (event.key === '0') { at = null; setView(...home()); } else if (event.key === 'Escape') { at = null; mark(); } else return;
    event.preventDefault();
  });
  let last = 0;
  new ResizeObserver(() => { if (place.clientWidth && place.clientWidth !== last) { last = place.clientWidth; redraw(); } }).observe(place);
  return { redraw, setView, reset: () => { at = null; setView(...home()); }, view: () => view, onView: f => { shown = f; }, at: index => { at = index; mark(); }, force: w => { forced = w; redraw(); }, printing: () => forced > 0 };
};
const tableHtml = (heads, rows, note) => `${note ? `<p>${safe(note)}</p>` : ''}<table><thead><tr>${heads.map((head, i) => `<th scope="col"${i ? '' : ' class="word"'}>${safe(head)}</th>`).join('')}</tr></thead><tbody>${rows.map(row => `<tr>${row.map((cell, i) => i ? `<td>${safe(cell)}</td>` : `<th scope="row" class="word">${safe(cell)}</th>`).join('')}</tr>`).join('')}</tbody></table>`;
