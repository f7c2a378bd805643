// Lines over time: the spread of all runs with the best as lines, and the equity of the walk-forward.
const daysFrom = date => daysOf(+date.slice(0, 4), +date.slice(5, 7), +date.slice(8, 10));
const DAILY = { daily: true };
const fallsOf = line => { let peak = -Infinity; return line.map(value => { peak = Math.max(peak, value); return value / peak - 1; }); };
// `panel()`: {lines: [{values, kind, name}], bands: [[low, high, kind]], form, label}; values may hold NaN.
const linesChart = (section, times, panel, probeHtml) => {
  const place = section.querySelector('.chart'), readout = section.querySelector('.readout');
  let y = null;
  const draw = (width, view) => {
    const { lines, bands, form, label } = panel(), narrow = width < 640, from = Math.max(0, Math.floor(view[0])), to = Math.min(times.length - 1, Math.ceil(view[1]));
    const top = 8, height = narrow ? 224 : 296, bottom = top + height, named = lines.filter(line => line.name);
    const right = width - (narrow ? 52 : Math.max(70, ...named.map(line => widthOf(line.name, 600) + 16)));
    const x = index => (index - view[0]) / Math.max(view[1] - view[0], 1e-9) * right;
    let low = Infinity, high = -Infinity;
    const reach = values => { for (let i = from; i <= to; i++) if (Number.isFinite(values[i])) { low = Math.min(low, values[i]); high = Math.max(high, values[i]); } };
    lines.forEach(line => reach(line.values)); bands.forEach(([a, b]) => { reach(a); reach(b); });
    if (!(high > low)) { low -= Math.abs(low) * .01 + .01; high += Math.abs(high) * .01 + .01; }
    const log = form === 'd' && low > 0 && high / low > 5, f = log ? Math.log : value => value, a = f(low), b = f(high), pad = (b - a) * .04;
    y = value => top + (1 - (f(value) - a + pad) / (b - a + 2 * pad)) * height;
    const [ticks, step] = log ? [logTicks(low, high, 7), 0] : linearTicks(low, high, narrow ? 5 : 7);
    const labels = narrow ? [] : stackLabels(named.filter(line => Number.isFinite(line.values[to])).map(line => ({ y: y(line.values[to]), size: 16, html: at => text(right + 8, at + 4, line.name, line.kind === 'l-own' ? 'ownn' : 'refn') })), top, bottom);
    let svg = '';
    for (const tick of ticks) { const at = Math.round(y(tick)) + .5; svg += path(`M0 ${at}H${right}`, 'grid'); if (clear(labels, at)) svg += text(right + 8, at + 4, tickText(tick, form, step || tick)); }
    const timeline = timeTicks(times, from, to, DAILY, Math.floor(right / (narrow ? 64 : 84)));
    for (const [at] of timeline) svg += path(`M${Math.round(x(at)) + .5} ${top}V${bottom}`, 'grid');
    for (const [least, most, kind] of bands) { let d = linePath(from, to, x, y, most); for (let i = to; i >= from; i--) d += `L${r1(x(i))} ${r1(y(least[i]))}`; svg += path(d + 'Z', kind); }
    for (const line of lines) svg += path(linePath(from, to, x, y, line.values), line.kind);
    svg += timeLabels(timeline, x, width, bottom + 16) + labels.map(one => one.html(one.y)).join('');
    return { svg, height: bottom + 24, right, top, bottom, from: view[0], to: view[1], label };
  };
  return makePlot({ place, readout, count: () => times.length, home: () => [0, times.length - 1], draw, shrink: 6, probe: (i, on, drawn) => ({ html: probeHtml(i), chip: proseDate(times[i]), dots: panel().lines.filter(line => line.kind !== 'l-many').map(line => [y(line.values[i]), line.kind === 'l-own' ? 'd-own' : 'd-ref']) }) });
};
const fanChart = (section, s) => {
  const data = s.data, times = data.dates.map(daysFrom), start = line => Float64Array.from([1, ...line]), flat = line => Float64Array.from([0, ...line]);
  const best = data.lines.map(column => start(decode(column))), growth = data.fan.growth.map(column => start(decode(column))), falls = data.fan.falls.map(column => flat(decode(column)));
  const bestFalls = best.map(fallsOf);
  let shown = 'growth';
  const money = line => line.map(value => value * data.cash);
  const dollarLines = best.map(money), dollarBands = growth.map(money);
  const panel = () => {
    const lines = shown === 'growth' ? dollarLines : bestFalls, [p5, p25, p50, p75, p95] = shown === 'growth' ? dollarBands : falls;
    return {
      lines: [...lines.map((values, k) => ({ values, kind: k ? 'l-many' : 'l-own', name: k ? '' : 'best run' })).reverse(), { values: p50, kind: 'l-ref', name: 'median run' }],
      bands: [[p5, p95, 'a-wide'], [p25, p75, 'a-half']], form: shown === 'growth' ? 'd' : 'c',
      label: `${shown === 'growth' ? 'Equity' : 'Drawdown'} of ${number(data.fan.runs, 0)} runs at the ends of ${times.length - 1} blocks: the middle half and nine tenths as bands, the median, the best ${lines.length} as lines.`,
    };
  };
  const probeHtml = i => {
    const write = shown === 'growth' ? value => dollars(value) : value => percent(value, 1, true), { lines, bands: [[p5, p95], [p25, p75]] } = panel(), own = lines.find(line => line.kind === 'l-own'), median = lines.find(line => line.kind === 'l-ref');
    return `<span><b>${proseDate(times[i])}</b></span>${own ? `<span>Best run <b>${write(own.values[i])}</b></span>` : ''}<span>Median <b>${write(median.values[i])}</b></span><span class="ref">half of the runs ${write(p25[i])} to ${write(p75[i])}, nine tenths ${write(p5[i])} to ${write(p95[i])}</span>`;
  };
  section.querySelector('.legend').innerHTML = '<li><svg width="16" height="10" aria-hidden="true"><rect class="a-half" width="16" height="10"/></svg>half of all runs</li><li><svg width="16" height="10" aria-hidden="true"><rect class="a-wide" width="16" height="10"/></svg>nine tenths</li>';
  const plot = linesChart(section, times, panel, probeHtml), buttons = section.querySelectorAll('[data-fan]'), title = section.querySelector('h2').firstChild;
  const press = () => { title.textContent = (shown === 'growth' ? 'Equity' : 'Drawdown') + ' of all runs '; buttons.forEach(button => button.setAttribute('aria-pressed', button.dataset.fan === shown)); };
  buttons.forEach(button => { button.onclick = () => { shown = button.dataset.fan; press(); plot.redraw(); }; });
  press();
  asTable(section, () => { const write = shown === 'growth' ? dollars : value => percent(value, 1, true), { lines, bands: [[p5, p95], [p25, p75]] } = panel(), own = lines.find(line => line.kind === 'l-own'), median = lines.find(line => line.kind === 'l-ref'); return tableHtml(['Block ends', 'best run', '5%', '25%', 'median', '75%', '95%'], times.map((time, i) => [isoDate(time), ...[own ? own.values : median.values, p5, p25, median.values, p75, p95].map(line => write(line[i]))]), 'Between its start and its end each run is rebuilt from sums of its daily returns over blocks; the end is exact.'); });
  return plot;
};
const walkChart = (section, s) => {
  const walk = s.data.walk, times = walk.dates.map(daysFrom), own = decode(walk.own), beside = walk.beside.map(([name, column]) => [name, decode(column)]);
  const panel = () => ({ lines: [...beside.map(([name, values]) => ({ values, kind: 'l-ref', name })), { values: own, kind: 'l-own', name: 'walk-forward' }], bands: [], form: 'd', label: section.querySelector('.said').textContent });
  return linesChart(section, times, panel, i => `<span><b>${proseDate(times[i])}</b></span><span>Walk-forward <b>${dollars(own[i])}</b></span>${beside.map(([name, values]) => `<span class="ref">${safe(name)} ${dollars(values[i])}</span>`).join('')}`);
};
