// Equity, drawdown and gross exposure on one time axis.
const equityChart = (section, data) => {
  const c = data.curve, n = c.n, times = decode(c.t), own = decode(c.eq), ref = decode(c.ref), dd = decode(c.dd), refdd = decode(c.refdd), ex = decode(c.ex), spans = haltSpans(data, times);
  const ownLow = c.eqlo ? decode(c.eqlo) : own, ownHigh = c.eqhi ? decode(c.eqhi) : own, refLow = c.reflo ? decode(c.reflo) : ref, refHigh = c.refhi ? decode(c.refhi) : ref;
  const place = section.querySelector('.chart'), sentence = place.dataset.label, name = data.ref;
  const extent = (low, high, from, to) => { let a = Infinity, b = -Infinity; for (let i = from; i <= to; i++) { if (low[i] < a) a = low[i]; if (high[i] > b) b = high[i]; } return [a, b]; };
  const lowestAt = (values, from, to) => { let at = from; for (let i = from; i <= to; i++) if (values[i] < values[at]) at = i; return at; };
  const [allLow, allHigh] = extent(ownLow, ownHigh, 0, n - 1), [refAllLow, refAllHigh] = extent(refLow, refHigh, 0, n - 1);
  let log = Math.min(allLow, refAllLow, data.start) > 0 && Math.max(allHigh, refAllHigh) / Math.min(allLow, refAllLow) > 5;
  // Page one of a print also holds the notes and the monthly table: the more lines they take, the flatter the chart.
  const printedRows = document.querySelectorAll('#months tbody tr').length;
  const noteLines = [...document.querySelectorAll('.trust li')].reduce((lines, note) => lines + Math.ceil(note.textContent.length / 55), 0);
  const printedHeight = Math.min(Math.max(320 - 17 * printedRows - 14 * Math.max(0, Math.ceil(noteLines / 2) - 4), 110), 200);
  let yEquity, yFall, plot = null;
  const draw = (width, view) => {
    const narrow = width < 640, from = Math.max(0, Math.floor(view[0])), to = Math.min(n - 1, Math.ceil(view[1]));
    const top = 8, equityHeight = plot && plot.printing() ? printedHeight : narrow ? 224 : 296, fallTop = top + equityHeight + 28, fallHeight = narrow ? 84 : 92;
    const exposureTop = fallTop + fallHeight + 28, exposureHeight = 44, bottom = narrow ? fallTop + fallHeight : exposureTop + exposureHeight;
    const shortName = name.length > 16 ? name.slice(0, 15) + '…' : name;
    const right = width - (narrow ? 46 : Math.max(92, widthOf(shortName, 600) + 16, widthOf(dollars(Math.max(allHigh, refAllHigh))) + 18));
    const x = index => (index - view[0]) / Math.max(view[1] - view[0], 1e-9) * right;
    let [low, high] = extent(ownLow, ownHigh, from, to);
    const [rl, rh] = extent(refLow, refHigh, from, to);
    low = Math.min(low, rl); high = Math.max(high, rh);
    if (!(high > low)) { low -= Math.abs(low) * .01 + 1; high += Math.abs(high) * .01 + 1; }
    const useLog = log && low > 0, f = useLog ? Math.log : v => v, a = f(low), b = f(high), pad = (b - a) * .04;
    yEquity = value => top + (1 - (f(value) - a + pad) / (b - a + 2 * pad)) * equityHeight;
    const most = narrow ? 6 : 7, [ticks, step] = useLog ? [logTicks(low, high, most), 0] : linearTicks(low, high, most);
    const labels = narrow ? [] : stackLabels([
      { y: yEquity(own[to]), size: 30, at: yEquity(own[to]), html: y => text(right + 8, y - 3, 'Strategy', 'ownn') + text(right + 8, y + 11, dollars(own[to]), 'own') },
      ...(Number.isFinite(ref[to]) ? [{ y: yEquity(ref[to]), size: 30, at: yEquity(ref[to]), html: y => text(right + 8, y - 3, shortName, 'refn') + text(right + 8, y + 11, dollars(ref[to])) }] : []),
    ], top, top + equityHeight + 12);
    let svg = haltShade(spans, x, from, to, right, [[top, equityHeight], [fallTop, fallHeight], ...(narrow ? [] : [[exposureTop, exposureHeight]])]);
    for (const tick of ticks) {
      const y = Math.round(yEquity(tick)) + .5;
      svg += path(`M0 ${y}H${right}`, 'grid');
      if (clear(labels, y)) svg += text(right + 8, y + 4, axisDollars(tick, step || tick));
    }
    if (data.start >= low && data.start <= high) svg += path(`M0 ${Math.round(yEquity(data.start)) + .5}H${right}`, 'base');
    const deepest = lowestAt(dd, from, to), refDeepest = lowestAt(refdd, from, to), floor = Math.min(dd[deepest], refdd[refDeepest] || 0, -.001);
    const [fallTicks, fallStep] = linearTicks(0, -floor, 3), fallEnd = Math.max(-floor, fallTicks[fallTicks.length - 1]);
    yFall = value => fallTop + Math.min(-value / fallEnd, 1) * fallHeight;
    svg += text(0, fallTop - 8, data.daily ? 'Drawdown' : 'Drawdown, lows inside sessions', 'nm');
    for (const tick of fallTicks) { const y = Math.round(yFall(-tick)) + .5; svg += path(`M0 ${y}H${right}`, tick ? 'grid' : 'base') + text(right + 8, y + 4, percent(-tick, fallStep < .01 ? (fallStep < .001 ? 2 : 1) : 0)); }
    const exTicks = [];
    let yExposure;
    if (!narrow) {
      let peak = 1;
      for (let i = from; i <= to; i++) if (ex[i] > peak) peak = ex[i];
      peak = peak <= 1 ? 1 : Math.ceil(peak * 2 - 1e-9) / 2;
      yExposure = value => exposureTop + (1 - Math.min(value / peak, 1)) * exposureHeight;
      svg += text(0, exposureTop - 9, 'Gross exposure', 'nm');
      for (const tick of [0, peak / 2, peak]) { const y = Math.round(yExposure(tick)) + .5; svg += path(`M0 ${y}H${right}`, tick ? 'grid' : 'base') + text(right + 8, y + 4, percent(tick, 0)); }
    }
    const timeline = timeTicks(times, from, to, data, Math.floor(right / (narrow ? 64 : 84)));
    for (const [at] of timeline) {
      const px = Math.round(x(at)) + .5;
      svg += path(`M${px} ${top}V${top + equityHeight}M${px} ${fallTop}V${fallTop + fallHeight}${narrow ? '' : `M${px} ${exposureTop}V${exposureTop + exposureHeight}`}`, 'grid');
    }
    svg += timeLabels(timeline, x, width, bottom + 16);
    if (yExposure) {
      // One bar a pixel column at its highest, so a single day in the market is still seen.
      let d = `M${r1(x(from))} ${yExposure(0)}`, i = from;
      while (i <= to) {
        const px = Math.floor(x(i)), start = i;
        let peak = 0;
        for (; i <= to && Math.floor(x(i)) === px; i++) peak = Math.max(peak, ex[i] || 0);
        d += `H${r1(x(start))}V${r1(yExposure(peak))}H${r1(x(Math.min(i, to)))}`;
      }
      svg += path(`${d}V${yExposure(0)}Z`, 'a-ex');
    }
    const fallLine = linePath(from, to, x, yFall, dd);
    svg += path(`${fallLine}L${r1(x(to))} ${yFall(0)}L${r1(x(from))} ${yFall(0)}Z`, 'a-dd') + path(linePath(from, to, x, yFall, refdd), 'l-ref') + path(fallLine, 'l-dd');
    // How many pixel columns of a box the two lines or an earlier label cover.
    const taken = [], indexOf = px => Math.round(view[0] + px / right * (view[1] - view[0]));
    const covered = (x0, x1, y0, y1) => {
      if (taken.some(box => box[0] < x1 && box[1] > x0 && box[2] < y1 && box[3] > y0)) return 999;
      const columns = new Set();
      for (let i = Math.max(from, indexOf(x0)); i < Math.min(to, indexOf(x1)); i++) for (const values of [dd, refdd]) {
        const a = yFall(values[i]), b = yFall(values[i + 1]);
        if (Math.min(a, b) < y1 && Math.max(a, b) > y0) columns.add(Math.floor(x(i)));
      }
      return columns.size;
    };
    // A dot and its label where it hides least; away from the dot with a leader.
    const tag = (index, values, label, kind, colour) => {
      if (!(values[index] < -.0005)) return '';
      const px = x(index), py = yFall(values[index]), w = widthOf(label, 600);
      let best = null;
      for (const dy of [0, 9, -9, 18, -18, 30, -30, 44]) for (const dx of [7, 18, 34, 56, 84, 120]) for (const side of [1, -1]) {
        const left = side > 0 ? px + dx : px - dx - w, base = py + 4 + dy;
        if (left < 2 || left + w > right - 2 || base > fallTop + fallHeight - 1 || base < fallTop + 12) continue;
        const cost = 2 * covered(left - 3, left + w + 3, base - 11, base + 4) + dx / 8 + Math.abs(dy) / 6;
        if (!best || cost < best.cost) best = { cost, left, base, far: dx > 20 || Math.abs(dy) > 10, end: side > 0 ? left - 3 : left + w + 3 };
      }
      const dot = `<circle class="d-${colour}" cx="${r1(px)}" cy="${r1(py)}" r="3"/>`;
      if (!best) return dot;
      taken.push([best.left, best.left + w, best.base - 11, best.base + 4]);
      return (best.far ? path(`M${r1(px)} ${r1(py)}L${r1(best.end)} ${r1(best.base - 4)}`, `lead ${colour}`) : '') + dot + text(best.left, best.base, label, kind + ' ring');
    };
    svg += tag(deepest, dd, percent(dd[deepest], 1, true), 't-loss', 'loss');
    if (!narrow && refDeepest !== deepest) svg += tag(refDeepest, refdd, `${shortName} ${percent(refdd[refDeepest], 1, true)}`, '', 'ref');
    svg += path(linePath(from, to, x, yEquity, ref, refLow, refHigh), 'l-ref') + path(linePath(from, to, x, yEquity, own, ownLow, ownHigh), 'l-own');
    if (Number.isFinite(ref[to])) svg += `<circle class="d-ref" cx="${right}" cy="${r1(yEquity(ref[to]))}" r="3"/>`;
    svg += `<circle class="d-own" cx="${right}" cy="${r1(yEquity(own[to]))}" r="3"/>` + labels.map(label => label.html(label.y)).join('');
    if (narrow) {
      // Names go to the emptier left corner: the lines start together, so one of the corners is free.
      const quarter = from + Math.floor((to - from) * .32), [l, h] = extent(ownLow, ownHigh, from, quarter), [l2, h2] = extent(refLow, refHigh, from, quarter);
      const y = yEquity(Math.max(h, h2)) - top > 44 ? top + 20 : yEquity(Math.min(l, l2)) < top + equityHeight - 44 ? top + equityHeight - 22 : top + 20;
      svg += text(4, y, 'Strategy', 'ownn ring') + text(4, y + 17, shortName + ', grey', 'refn ring');
    }
    return { svg, height: bottom + 24, right, top, bottom, from: view[0], to: view[1], label: `Equity, drawdown${narrow ? '' : ' and gross exposure'}. ${sentence} Arrow keys move the crosshair; plus, minus and 0 zoom.` };
  };
  const probe = index => ({
    chip: shortTime(times[index], data, c.n <= 8000 && !c.eqlo),
    dots: [[yEquity(own[index]), 'd-own'], [yEquity(ref[index]), 'd-ref']],
    html: `<b>${longTime(times[index], data)}</b><span>Strategy <b>${dollars(own[index])}</b></span>`
      + (Number.isFinite(ref[index]) ? `<span class="ref">${safe(name)} ${dollars(ref[index])}</span>` : '')
      + `<span>Drawdown <b class="${dd[index] < -.0005 ? 'loss' : ''}">${percent(dd[index], 1, true)}</b></span><span>Exposure ${percent(ex[index], 0)}</span>` + haltWords(spans, index),
  });
  plot = makePlot({ place, readout: section.querySelector('.readout'), count: () => n, home: () => [0, Math.max(n - 1, 1)], draw, probe });
  const press = (selector, chosen) => section.querySelectorAll(selector).forEach(button => button.setAttribute('aria-pressed', String(chosen(button))));
  const spanOf = years => { const end = moment(times[n - 1], data)[0]; let i = n - 1; while (i > 0 && moment(times[i - 1], data)[0] >= end - years * 365.25) i--; return i; };
  plot.onView(view => press('[data-years]', button => { const years = +button.dataset.years, from = years ? spanOf(years) : 0; return view[1] >= n - 1.5 && Math.abs(view[0] - from) < .5 && (!years || from > 0); }));
  section.querySelectorAll('[data-years]').forEach(button => { const years = +button.dataset.years; if (years && spanOf(years) === 0) button.disabled = true; button.onclick = () => plot.setView(years ? spanOf(years) : 0, n - 1); });
  section.querySelectorAll('[data-scale]').forEach(button => { button.onclick = () => { log = button.dataset.scale === 'log'; press('[data-scale]', b => (b.dataset.scale === 'log') === log); plot.redraw(); }; });
  press('[data-scale]', button => (button.dataset.scale === 'log') === log);
  const details = section.querySelector('.astable');
  details.addEventListener('toggle', () => {
    if (!details.open) return;
    const [a, b] = plot.view(), from = Math.max(0, Math.floor(a)), to = Math.min(n - 1, Math.ceil(b)), all = to - from < 400, rows = [];
    for (let i = from; i <= to; i++) if (all || i === to || civil(moment(times[i], data)[0])[1] !== civil(moment(times[i + 1], data)[0])[1]) rows.push([tableTime(times[i], data), dollars(own[i]), dollars(ref[i]), percent(dd[i], 1, true), percent(ex[i], 0)]);
    details.lastElementChild.innerHTML = tableHtml([data.daily ? 'Session' : 'Time, ET', 'Strategy', name, 'Drawdown', 'Exposure'], rows, all ? '' : 'The last mark of each month; zoom in for every mark.');
  });
  plot.redraw();
  return plot;
};
