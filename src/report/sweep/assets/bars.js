// How the values of a measure are spread, with the best that luck gives and the best there is.
const spreadChart = (section, s) => {
  const place = section.querySelector('.chart'), readout = section.querySelector('.readout'), select = section.querySelector('#spread-measure'), title = section.querySelector('h2');
  let column = s.objective, bins = null, at = -1, box = null;
  place.innerHTML = '<svg tabindex="0" role="img"><g class="ink"></g><g class="over" aria-hidden="true"></g></svg>';
  const svg = place.firstChild, ink = svg.firstChild, top = svg.lastChild;
  // The objective is known of all runs, even those that are not shown; every other measure of the shown ones.
  let sorted = { of: null, values: null };
  const everything = decode(s.data.spread), luck = s.data.luck === null ? NaN : s.data.luck;
  const count = () => {
    const all = column === s.objective ? everything : column.v;
    if (sorted.of !== all) sorted = { of: all, values: Float64Array.from(all).filter(Number.isFinite).sort() };
    const finite = sorted.values;
    if (!finite.length) { bins = null; return; }
    // A few values far out would leave the rest in one bar: the ends are open beyond the middle 99 %.
    let low = finite[Math.floor(finite.length * .005)], high = finite[Math.min(finite.length - 1, Math.floor(finite.length * .995))];
    const span = high - low || Math.abs(high) * .1 || 1, wide = finite[0] < low - span || finite[finite.length - 1] > high + span;
    if (!wide) { low = finite[0]; high = finite[finite.length - 1]; }
    const step = niceStep(Math.max(high - low, Math.abs(high) * 1e-9, 1e-12) / 32), from = Math.floor(low / step + 1e-9), to = Math.max(Math.ceil(high / step - 1e-9), from + 1), n = to - from;
    const place = value => Math.min(Math.max(Math.floor(value / step + 1e-9) - from, 0), n - 1), total = new Float64Array(n), kept = new Float64Array(n);
    for (const value of finite) total[place(value)]++;
    for (let i = 0; i < s.n; i++) if (s.keep[i] && Number.isFinite(column.v[i])) kept[place(column.v[i])]++;
    bins = { from, step, n, total, kept, all: finite.length, low: finite[0], high: finite[finite.length - 1], openLow: finite[0] < from * step - 1e-12, openHigh: finite[finite.length - 1] > to * step + 1e-12 };
  };
  const isSharpe = () => column.key === 'sharpe';
  const read = () => {
    if (!bins) { readout.innerHTML = ''; return; }
    const value = k => inForm((bins.from + k) * bins.step, column.form);
    if (at >= 0) readout.innerHTML = `<span>${bins.openLow && at === 0 ? 'under ' + value(1) : bins.openHigh && at === bins.n - 1 ? value(at) + ' or more' : value(at) + ' to ' + value(at + 1)}: <b>${number(bins.total[at], 0)}</b> of ${number(bins.all, 0)} runs${s.isFiltered() ? `, ${number(bins.kept[at], 0)} of the filtered` : ''}</span>`;
    else readout.innerHTML = `<span>${isSharpe() ? (Number.isFinite(luck) ? `luck’s best of ${number(s.data.done, 0)} tries is expected at <b>${number(luck, 2)}</b>` : 'what luck gives is not known') : 'what luck gives is known of the Sharpe ratio only'}</span>`;
  };
  const draw = width => {
    count();
    title.textContent = 'All results: ' + column.name;
    if (!bins) { svg.setAttribute('height', 30); ink.innerHTML = text(0, 18, 'No run has a value.'); read(); return; }
    const height = 212, bottom = height - 26, roof = 58, peak = Math.max(...bins.total), marks = [];
    if (isSharpe() && Number.isFinite(luck)) marks.push([luck, `luck’s best of ${number(s.data.done, 0)}: ${number(luck, 2)}`, 'luck']);
    const own = s.data.own >= 0 ? column.v[s.data.own] : NaN;
    if (Number.isFinite(own)) marks.push([own, `the scenario’s own ${inForm(own, column.form)}`, 'own']);
    if (s.ranked && Number.isFinite(column.v[0])) marks.push([column.v[0], (column === s.objective ? 'best ' : 'of the best run ') + inForm(column.v[0], column.form), 'best']);
    let low = bins.from * bins.step, high = (bins.from + bins.n) * bins.step;
    for (const [value] of marks) { low = Math.min(low, value - bins.step * .5); high = Math.max(high, value + bins.step * .5); }
    const x = value => (value - low) / (high - low) * (width - 2) + 1, y = value => bottom - value / peak * (bottom - roof);
    box = { x, width };
    let html = '';
    for (let k = 0; k < bins.n; k++) if (bins.total[k]) {
      const left = x((bins.from + k) * bins.step), w = x((bins.from + k + 1) * bins.step) - left - (width / bins.n > 5 ? 1 : .2);
      html += rect(left, y(bins.total[k]), w, bottom - y(bins.total[k]), s.isFiltered() ? 'pale' : 'bar');
      if (s.isFiltered() && bins.kept[k]) html += rect(left, y(bins.kept[k]), w, bottom - y(bins.kept[k]), 'bar');
    }
    html += path(`M0 ${bottom + .5}H${width}`, 'base');
    const [ticks, step] = linearTicks(low, high, Math.max(3, Math.floor(width / 84)));
    for (const tick of ticks) { const label = tickText(tick, column.form, step), half = widthOf(label) / 2; html += text(Math.min(Math.max(x(tick), half), width - half), bottom + 17, label, '', 'middle'); }
    // Labels in rows above the bars, each beside its line, clear of the others.
    const taken = [];
    marks.forEach(([value, label, kind], row) => {
      const px = Math.round(x(value)) + .5, w = widthOf(label, 600), before = px + 6 + w > width, start = before ? px - 6 - w : px + 6;
      let line = 0;
      while (taken.some(other => other.line === line && start < other.end + 8 && start + w > other.start - 8)) line++;
      taken.push({ line, start, end: start + w });
      const ty = 12 + line * 17;
      html += path(`M${px} ${ty - 9}V${bottom}`, 'mark ' + kind) + text(Math.max(start, 0), ty, label, kind + ' ring');
    });
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`); svg.setAttribute('height', height);
    svg.setAttribute('aria-label', `${column.name} of ${number(bins.all, 0)} runs, from ${inForm(bins.low, column.form)} to ${inForm(bins.high, column.form)}. ${marks.map(([, label]) => label).join('; ')}.`);
    ink.innerHTML = html;
    mark();
  };
  const mark = () => { top.innerHTML = at < 0 || !bins ? '' : rect(box.x((bins.from + at) * bins.step), 40, box.x((bins.from + at + 1) * bins.step) - box.x((bins.from + at) * bins.step), 146, 'over-bar'); read(); };
  svg.addEventListener('pointermove', event => { if (!bins) return; const [px] = pointIn(svg, event, box.width); at = -1; for (let k = 0; k < bins.n; k++) if (px >= box.x((bins.from + k) * bins.step) && px < box.x((bins.from + k + 1) * bins.step)) at = k; mark(); });
  const leave = () => { at = -1; mark(); };
  svg.addEventListener('pointerleave', leave);
  svg.addEventListener('blur', leave);
  svg.addEventListener('keydown', event => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    readout.setAttribute('aria-live', 'polite');
    if (step && bins) at = Math.min(Math.max((at < 0 ? bins.n >> 1 : at) + step, 0), bins.n - 1); else if (event.key === 'Escape') at = -1; else return;
    mark();
    event.preventDefault();
  });
  measureOptions(select, s, column);
  select.onchange = () => { column = s.column(select.value); at = -1; chart.redraw(); };
  asTable(section, () => bins ? tableHtml([column.name + ' from', 'to', 'runs'], Array.from({ length: bins.n }, (_, k) => [inForm((bins.from + k) * bins.step, column.form), inForm((bins.from + k + 1) * bins.step, column.form), number(bins.total[k], 0)])) : '');
  const chart = framed(place, draw);
  s.onKeep(chart.redraw);
  return chart;
};
