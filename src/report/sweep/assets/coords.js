// Every run as a line over its values and results; a range dragged on an axis keeps the runs within it.
const AXES_SHOWN = 9;
// More lines than these would be one grey area: of the runs outside the best, every so manieth is drawn, and that is said.
const LINES_MAX = 2500;
const coordsChart = (section, s) => {
  const place = section.querySelector('.chart'), readout = section.querySelector('.readout');
  const results = [s.column('max_drawdown'), s.column('trades'), s.objective].filter((column, k, all) => column && all.indexOf(column) === k);
  const swept = s.axes.filter(axis => axis.values.length > 1).slice(0, AXES_SHOWN - results.length);
  const axes = [
    ...swept.map(axis => {
      const spread = axis.numeric && new Set(axis.numbers).size === axis.numbers.length, [low, high] = spread ? extentOf(axis.numbers) : [0, axis.values.length - 1];
      const numbers = spread ? axis.numbers : axis.values.map((_, k) => k);
      return { name: axis.name, low, high, of: i => numbers[axis.at[i]], text: v => spread ? axis.values[axis.numbers.reduce((a, b, k) => Math.abs(b - v) < Math.abs(axis.numbers[a] - v) ? k : a, 0)] : axis.values[Math.round(Math.min(Math.max(v, 0), high))] };
    }),
    ...results.map(column => { const [low, high] = extentOf(column.v); return { name: column.name, low, high, of: i => column.v[i], text: v => inForm(v, column.form) }; }),
  ].filter(axis => Number.isFinite(axis.low));
  const whole = Array.from({ length: s.n }, (_, i) => i).filter(i => axes.every(axis => Number.isFinite(axis.of(i)))), best = Math.max(1, Math.round(s.ranked * .05));
  place.innerHTML = '<canvas aria-hidden="true"></canvas><svg class="on"><g class="ink"></g></svg>';
  const canvas = place.firstChild, svg = place.lastChild, ink = svg.firstChild, ranges = new Map();
  let box = null, thinned = [0, 0];
  const share = (axis, i) => axis.high > axis.low ? (axis.of(i) - axis.low) / (axis.high - axis.low) : .5;
  const paths = axes.map(axis => Float64Array.from(whole, i => share(axis, i)));
  const drawLines = () => {
    const { width, height, x, y } = box, context = canvasOf(canvas, width, height), many = whole.length, xs = axes.map((_, k) => x(k));
    const pass = (test, stroke, alpha, thick, most = Infinity) => {
      const passing = [];
      whole.forEach((i, row) => { if (test(i)) passing.push(row); });
      const every = Math.max(1, passing.length / most);
      context.strokeStyle = stroke; context.globalAlpha = alpha; context.lineWidth = thick;
      context.beginPath();
      let held = 0;
      for (let at = 0; at < passing.length; at += every) {
        const row = passing[Math.floor(at)];
        context.moveTo(xs[0], y(paths[0][row]));
        for (let k = 1; k < xs.length; k++) context.lineTo(xs[k], y(paths[k][row]));
        // Long paths are slow, and overlaps within one show no depth.
        if (++held % 12 === 0) { context.stroke(); context.beginPath(); }
      }
      context.stroke();
      return [Math.min(passing.length, most), passing.length];
    };
    const filtered = s.isFiltered(), shown = filtered ? s.kept : many, alpha = shown > 1000 ? .1 : shown > 200 ? .2 : .4;
    if (filtered) pass(i => !s.keep[i], colour('line2'), .12, .7, 1000);
    thinned = pass(i => s.keep[i] && i >= best, colour('ink3'), alpha, .8, LINES_MAX);
    pass(i => s.keep[i] && i < best, colour('gain'), best > 200 && !filtered ? .14 : .55, 1);
  };
  const read = () => { const parts = [...ranges].map(([k, [a, b]]) => `${axes[k].name} <b>${safe(axes[k].text(axes[k].low + a * (axes[k].high - axes[k].low)))} to ${safe(axes[k].text(axes[k].low + b * (axes[k].high - axes[k].low)))}</b>`); readout.innerHTML = parts.length ? parts.map(part => `<span>${part}</span>`).join('') + `<span>${number(s.kept, 0)} runs${few()}</span>` : `<span>${s.data.total > s.n ? `the best ${number(s.n, 0)} runs` : 'all runs'}${few()}; a click or Escape on an axis frees it</span>`; };
  const few = () => thinned[0] < thinned[1] ? `; beside the best, ${number(thinned[0], 0)} of ${number(thinned[1], 0)} lines are drawn` : '';
  const drawAxes = () => {
    const { x, y, height } = box;
    ink.innerHTML = axes.map((axis, k) => {
      const at = Math.round(x(k)) + .5, range = ranges.get(k), last = k === axes.length - 1, side = last ? 'end' : 'start', lx = last ? at - 5 : at + 5;
      return `<g class="axis" data-axis="${k}" tabindex="0" role="group" aria-label="${safe(axis.name)}, ${range ? `${safe(axis.text(axis.low + range[0] * (axis.high - axis.low)))} to ${safe(axis.text(axis.low + range[1] * (axis.high - axis.low)))}` : 'all'}. Up and down move the range, with Shift widen it, Escape frees it.">`
        + `<rect class="touch" x="${at - 12}" y="${y(1) - 8}" width="24" height="${y(0) - y(1) + 16}"/>` + path(`M${at} ${y(1)}V${y(0)}`, 'base')
        + (range ? `<rect class="brush" x="${at - 6}" y="${r1(y(range[1]))}" width="12" height="${r1(Math.max(y(range[0]) - y(range[1]), 2))}"/>` : '')
        + text(lx, y(1) + 4, fitted(axis.text(axis.high), box.gap - 14, 400), 'ring', side) + text(lx, y(0) + 4, fitted(axis.text(axis.low), box.gap - 14, 400), 'ring', side)
        + text(k === 0 ? at - 2 : last ? at + 2 : at, box.rows > 1 && k % 2 ? 28 : 13, box.names[k], 'nm', k === 0 ? 'start' : last ? 'end' : 'middle') + '</g>';
    }).join('');
  };
  const draw = width => {
    const pad = 8, gap = axes.length > 1 ? (width - 2 * pad) / (axes.length - 1) : 0, room = k => (k === 0 || k === axes.length - 1 ? gap / 2 + 8 : gap) - 6;
    // Names that do not fit side by side stand in two rows.
    const rows = axes.some((axis, k) => widthOf(axis.name, 600) > room(k)) ? 2 : 1, roof = 13 + 15 * rows, height = 184 + roof;
    box = { width, height, x: k => pad + k * gap, y: v => roof + 168 - v * 166, rows, gap, names: axes.map((axis, k) => fitted(axis.name, rows > 1 ? room(k) + gap * (k === 0 || k === axes.length - 1 ? .5 : 1) - 6 : room(k))) };
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`); svg.setAttribute('height', height);
    drawLines(); drawAxes(); read();
  };
  const set = (k, range) => {
    if (range) ranges.set(k, range); else ranges.delete(k);
    const tests = [...ranges].map(([k, [a, b]]) => i => { const v = share(axes[k], i); return v >= a - 1e-9 && v <= b + 1e-9; });
    s.filter('axes', tests.length ? i => tests.every(test => test(i)) : null);
    const focused = document.activeElement && document.activeElement.closest && document.activeElement.closest('[data-axis]');
    drawAxes(); read();
    if (focused && svg.isConnected) svg.querySelector(`[data-axis="${focused.dataset.axis}"]`)?.focus();
  };
  let drag = null;
  const shareAt = event => { const [, py] = pointIn(svg, event, box.width); return Math.min(Math.max((box.y(0) - py) / (box.y(0) - box.y(1)), 0), 1); };
  svg.addEventListener('pointerdown', event => {
    const axis = event.target.closest('[data-axis]');
    if (!axis || event.button) return;
    drag = { k: +axis.dataset.axis, from: shareAt(event), moved: false };
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener('pointermove', event => { if (!drag) return; const to = shareAt(event); if (Math.abs(to - drag.from) > .02) drag.moved = true; if (drag.moved) set(drag.k, [Math.min(drag.from, to), Math.max(drag.from, to)]); });
  const drop = () => { if (drag && !drag.moved) set(drag.k, null); drag = null; };
  svg.addEventListener('pointerup', drop);
  svg.addEventListener('pointercancel', () => { drag = null; });
  svg.addEventListener('keydown', event => {
    const axis = event.target.closest('[data-axis]'), up = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!axis) return;
    const k = +axis.dataset.axis, [a, b] = ranges.get(k) || [0, 1], step = .05 * up;
    if (event.key === 'Escape') set(k, null);
    else if (up && event.shiftKey) set(k, [a, Math.min(Math.max(b + step, a + .05), 1)]);
    else if (up) set(k, !ranges.has(k) ? (up > 0 ? [.5, 1] : [0, .5]) : [Math.min(Math.max(a + step, 0), 1 - (b - a)), Math.min(Math.max(a + step, 0), 1 - (b - a)) + (b - a)]);
    else return;
    event.preventDefault();
  });
  asTable(section, () => tableHtml(['Run', ...axes.map(axis => axis.name)], whole.filter(i => s.keep[i]).slice(0, 100).map(i => [s.nameOf(i), ...axes.map(axis => axis.text(axis.of(i)))]), whole.length > 100 ? 'The best 100 of the runs kept.' : ''));
  const chart = framed(place, draw);
  s.onKeep(() => { drawLines(); read(); });
  return { ...chart, clear: () => { for (const k of [...ranges.keys()]) set(k, null); } };
};
