// The parity report as a whole: both equities on one time axis, and what lies between them.
const parityChart = (section, data) => {
  const c = data.curve, n = c.n, times = decode(c.t), a = decode(c.a), b = decode(c.b), d = decode(c.d), other = data.other;
  const aLow = c.alo ? decode(c.alo) : a, aHigh = c.ahi ? decode(c.ahi) : a, bLow = c.blo ? decode(c.blo) : b, bHigh = c.bhi ? decode(c.bhi) : b;
  const apart = d.some(value => Number.isFinite(value) && value !== 0) || a.some((value, i) => Number.isFinite(value) !== Number.isFinite(b[i]));
  const place = section.querySelector('.chart');
  const extent = (lines, from, to) => { let low = Infinity, high = -Infinity; for (const line of lines) for (let i = from; i <= to; i++) { if (line[i] < low) low = line[i]; if (line[i] > high) high = line[i]; } return [low, high]; };
  const change = value => !Number.isFinite(value) ? 'n/a' : value !== 0 && Math.abs(value) < .005 ? number(value, 6, true, '$') : number(value, 2, true, '$');
  const lastOf = (values, to) => { let i = to; while (i > 0 && !Number.isFinite(values[i])) i--; return i; };
  let yEquity, yApart, plot = null;
  const draw = (width, view) => {
    const narrow = width < 640, from = Math.max(0, Math.floor(view[0])), to = Math.min(n - 1, Math.ceil(view[1]));
    const top = 8, height = plot && plot.printing() ? 150 : narrow ? 208 : 240, apartTop = top + height + 30, apartHeight = narrow ? 64 : 76;
    const bottom = apart ? apartTop + apartHeight : top + height;
    let [low, high] = extent([aLow, aHigh, bLow, bHigh], from, to);
    if (!(high > low)) { low = (Number.isFinite(low) ? low : 0) - 1; high = low + 2; }
    const pad = (high - low) * .04, [ticks, step] = linearTicks(low, high, narrow ? 5 : 6);
    const right = width - (narrow ? 62 : Math.max(108, widthOf(other, 600) + 16, widthOf(dollars(high)) + 18));
    const x = index => (index - view[0]) / Math.max(view[1] - view[0], 1e-9) * right;
    yEquity = value => top + (1 - (value - low + pad) / (high - low + 2 * pad)) * height;
    const end = (values, name, kind) => { const at = lastOf(values, to); return { y: yEquity(values[at]), size: 30, html: y => text(right + 8, y - 3, name, kind + 'n') + text(right + 8, y + 11, dollars(values[at]), kind === 'own' ? 'own' : '') }; };
    const labels = narrow ? [] : stackLabels([end(b, other, 'own'), end(a, 'Replay', 'ref')], top, top + height + 12);
    let svg = '';
    for (const tick of ticks) { const y = Math.round(yEquity(tick)) + .5; svg += path(`M0 ${y}H${right}`, 'grid'); if (clear(labels, y)) svg += text(right + 8, y + 4, axisDollars(tick, step)); }
    if (apart) {
      let [least, most] = extent([d], from, to);
      least = Math.min(least, 0); most = Math.max(most, 0);
      if (!(most > least)) { least = -.01; most = .01; }
      yApart = value => apartTop + (1 - (value - least) / (most - least)) * apartHeight;
      svg += text(0, apartTop - 8, `${other} less replay`, 'nm');
      for (const tick of [...new Set([least, 0, most])]) { const y = Math.round(yApart(tick)) + .5; svg += path(`M0 ${y}H${right}`, tick ? 'grid' : 'base') + text(right + 8, y + 4, change(tick)); }
    }
    const timeline = timeTicks(times, from, to, data, Math.floor(right / (narrow ? 64 : 84)));
    for (const [at] of timeline) { const px = Math.round(x(at)) + .5; svg += path(`M${px} ${top}V${top + height}${apart ? `M${px} ${apartTop}V${apartTop + apartHeight}` : ''}`, 'grid'); }
    svg += timeLabels(timeline, x, width, bottom + 16);
    if (apart) {
      // Each step holds to the next: the distance jumps where something happened.
      let line = '', pen = 'M';
      for (let i = from; i <= to; i++) { if (!Number.isFinite(d[i])) { pen = 'M'; continue; } line += pen === 'M' ? `M${r1(x(i))} ${r1(yApart(d[i]))}` : `H${r1(x(i))}V${r1(yApart(d[i]))}`; pen = 'L'; }
      svg += path(line, 'l-apart');
    }
    svg += path(linePath(from, to, x, yEquity, a, aLow, aHigh), 'l-under') + path(linePath(from, to, x, yEquity, b, bLow, bHigh), 'l-over');
    svg += labels.map(label => label.html(label.y)).join('');
    if (narrow) svg += text(4, top + 14, `${other}, thin`, 'ownn ring') + text(4, top + 31, 'Replay, wide and grey', 'refn ring');
    return { svg, height: bottom + 24, right, top, bottom, from: view[0], to: view[1], label: `${place.dataset.label}.${apart ? ' Below: the distance between them.' : ' The two lines are the same.'} Arrow keys move the crosshair; plus, minus and 0 zoom.` };
  };
  const probe = index => ({
    chip: shortTime(times[index], data, n <= 8000 && !c.alo),
    dots: [[yEquity(a[index]), 'd-ref'], [yEquity(b[index]), 'd-own'], ...(apart ? [[yApart(d[index]), 'd-ref']] : [])],
    html: `<b>${longTime(times[index], data)}</b><span class="ref">Replay ${number(a[index], 2, false, '$')}</span><span>${safe(other)} <b>${number(b[index], 2, false, '$')}</b></span>` + (apart ? `<span>Difference <b>${change(d[index])}</b></span>` : '<span>no difference</span>'),
  });
  plot = makePlot({ place, readout: section.querySelector('.readout'), count: () => n, home: () => [0, Math.max(n - 1, 1)], draw, probe });
  const details = section.querySelector('.astable');
  details.addEventListener('toggle', () => {
    if (!details.open) return;
    const [v, w] = plot.view(), from = Math.max(0, Math.floor(v)), to = Math.min(n - 1, Math.ceil(w)), every = Math.max(1, Math.ceil((to - from) / 400)), rows = [];
    for (let i = from; i <= to; i++) if ((to - i) % every === 0) rows.push([tableTime(times[i], data), number(a[i], 2, false, '$'), number(b[i], 2, false, '$'), change(d[i])]);
    details.lastElementChild.innerHTML = tableHtml([data.daily ? 'Session' : 'Time, ET', 'Replay', other, 'Difference'], rows, every > 1 ? `Every ${every} rows; zoom in for every row.` : '');
  });
  plot.redraw();
  return plot;
};
document.addEventListener('DOMContentLoaded', () => {
  const data = JSON.parse(document.getElementById('data').textContent), section = document.getElementById('equity');
  const charts = section && data.curve ? [parityChart(section, data)] : [];
  shell(data.summary, charts, () => charts.forEach(chart => chart.redraw()));
});
