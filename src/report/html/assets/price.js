// Bars of one symbol with its trades, stops and the strategy's own lines; below it the whole record to navigate by.
const priceChart = (section, data, trades) => {
  const panels = data.prices, place = section.querySelector('.chart');
  let current = panels.findIndex(panel => panel.n > 0), chosen = -1, yPrice = null, block = null;
  const opened = new Map(), perPanel = panels.map(() => []);
  if (trades) for (let i = 0; i < trades.n; i++) if (perPanel[trades.s[i]]) perPanel[trades.s[i]].push(i);
  const unpack = raw => {
    if (!opened.has(raw)) opened.set(raw, { f: raw.f, k: raw.k, n: raw.n, t: decode(raw.t), o: decode(raw.o), h: decode(raw.h), l: decode(raw.l), c: decode(raw.c), ind: raw.ind.map(decode) });
    return opened.get(raw);
  };
  const stopsOf = panel => { if (!opened.has(panel.stops)) opened.set(panel.stops, { f: decode(panel.stops.f), t: decode(panel.stops.t), p: decode(panel.stops.p) }); return opened.get(panel.stops); };
  // The finest block that covers the view.
  const blockFor = ([a, b]) => unpack(panels[current].blocks.filter(raw => raw.f <= Math.ceil(a) && raw.f + raw.n * raw.k >= Math.floor(b)).sort((p, q) => p.k - q.k)[0] || panels[current].blocks[0]);
  const end = i => Number.isFinite(trades.xi[i]) ? trades.xi[i] : panels[current].n - 1;
  // At first: the stretch of bars whose trades made or lost most.
  const home = () => {
    const last = Math.max(panels[current].n - 1, 1), size = Math.min(last, Math.max(60, Math.round(Math.min(place.clientWidth || 1136, 1200) / 3.6))), own = perPanel[current];
    if (!own.length || size >= last) return [Math.max(0, last - size), last];
    // Where bars are joined, the longest stretch that is kept bar by bar.
    const fine = panels[current].blocks.filter(raw => raw.k === 1).sort((p, q) => q.n - p.n)[0];
    if (fine && panels[current].blocks[0].k > 1) {
      const shown = Math.min(size, fine.n - 1), middle = fine.f + Math.floor((fine.n - 1 - shown) / 2);
      return [middle, middle + shown];
    }
    let best = -1, from = 0, tail = 0, sum = 0;
    for (let head = 0; head < own.length; head++) {
      sum += Math.abs(trades.pnl[own[head]]);
      while (end(own[head]) - trades.ei[own[tail]] > size - 16 && tail < head) sum -= Math.abs(trades.pnl[own[tail++]]);
      if (sum > best) { best = sum; const free = size - (end(own[head]) - trades.ei[own[tail]]); from = trades.ei[own[tail]] - Math.max(8, Math.round(free / 2)); }
    }
    from = Math.min(Math.max(from, 0), last - size);
    return [from, from + size];
  };
  const mark = (kind, x, y) => kind === 'in' ? `<path class="m-in" d="M${r1(x)} ${r1(y)}l4.6 8h-9.2Z"/>` : kind === 'short' ? `<path class="m-in" d="M${r1(x)} ${r1(y)}l4.6 -8h-9.2Z"/>`
    : kind === 'signal' ? `<path class="m-out" d="M${r1(x)} ${r1(y)}l4.6 -8h-9.2Z"/>` : kind === 'stop' ? `<path class="m-stop" d="M${r1(x - 3.6)} ${r1(y - 3.6)}l7.2 7.2m0 -7.2l-7.2 7.2"/>`
    : kind === 'target' ? `<path class="m-out" d="M${r1(x)} ${r1(y - 5)}l4.5 5l-4.5 5l-4.5 -5Z"/>` : `<path class="m-halt" d="M${r1(x - 4)} ${r1(y - 4)}h8v8h-8Z"/>`;
  const kindOf = why => ['signal', 'stop', 'target', 'stop', 'halt', 'halt', 'signal', 'gone', 'stop', 'halt'][why];
  const LEGEND = { in: ['entry', mark('in', 7, 1)], signal: ['left on signal', mark('signal', 7, 10)], stop: ['stopped out', mark('stop', 7, 5.5)], target: ['target reached', mark('target', 7, 5.5)], halt: ['forced out', mark('halt', 7, 5.5)], gone: ['delisted', mark('gone', 7, 5.5)] };
  const legend = () => {
    const kinds = new Set(perPanel[current].length ? ['in'] : []);
    for (const i of perPanel[current]) if (Number.isFinite(trades.why[i])) kinds.add(kindOf(trades.why[i]));
    const items = Object.keys(LEGEND).filter(kind => kinds.has(kind)).map(kind => `<li><svg width="14" height="11" aria-hidden="true">${LEGEND[kind][1]}</svg>${LEGEND[kind][0]}</li>`);
    if (panels[current].stops.p.d) items.push('<li><svg width="20" height="11" aria-hidden="true"><path class="stop" d="M0 5.5H20"/></svg>stop</li>');
    section.querySelector('.legend').innerHTML = items.join('');
  };
  const draw = (width, view) => {
    const panel = panels[current], narrow = width < 640, top = 8, height = narrow ? 240 : 292, bottom = top + height, right = width - (narrow ? 52 : panel.ind.length ? 110 : 72);
    block = blockFor(view);
    const { f, k, n, t, o, h, l, c } = block, from = Math.max(0, Math.floor((view[0] - f) / k)), to = Math.min(n - 1, Math.ceil((view[1] - f) / k));
    const x = bar => (bar - view[0]) / Math.max(view[1] - view[0], 1e-9) * right, bx = i => x(f + i * k + (k - 1) / 2), shown = perPanel[current].filter(i => end(i) >= view[0] && trades.ei[i] <= view[1]);
    const stops = stopsOf(panel), visibleStops = [];
    for (let i = 0; i < stops.p.length; i++) if (stops.t[i] >= view[0] && stops.f[i] <= view[1]) visibleStops.push(i);
    let low = Infinity, high = -Infinity;
    for (let i = from; i <= to; i++) { if (l[i] < low) low = l[i]; if (h[i] > high) high = h[i]; }
    const span = high - low || 1;
    for (const i of visibleStops) if (stops.p[i] > low - span * .35) low = Math.min(low, stops.p[i]);
    if (!(high > low)) { high = low * 1.01 + .01; low = low * .99; }
    const foot = shown.length ? 40 : 14;
    yPrice = value => top + 14 + (1 - (value - low) / (high - low)) * (height - 14 - foot);
    const [ticks, step] = linearTicks(low - (high - low) * .08, high, narrow ? 5 : 7), decimals = step >= 1 ? 0 : step >= .01 ? 2 : Math.max(4, Math.ceil(-Math.log10(step) - 1e-9));
    const labels = narrow ? [] : stackLabels(panel.ind.map((name, j) => ({ name, j, value: block.ind[j][to] })).filter(line => Number.isFinite(line.value)).slice(0, 4).map(line => ({ y: yPrice(line.value), size: 16, html: y => text(right + 8, y + 4, line.name.length > 15 ? line.name.slice(0, 14) + '…' : line.name, line.j ? 'indn1' : 'indn0') })), top, bottom);
    let svg = '';
    for (const tick of ticks) {
      const y = Math.round(yPrice(tick)) + .5;
      if (y > bottom - 4) continue;
      svg += path(`M0 ${y}H${right}`, 'grid') + (clear(labels, y) ? text(right + 8, y + 4, number(tick, decimals, false, '$')) : '');
    }
    const timeline = timeTicks(t, from, to, data, Math.floor(right / (narrow ? 64 : 92))).filter(([i]) => bx(i) >= 0 && bx(i) <= right);
    for (const [i] of timeline) svg += path(`M${Math.round(bx(i)) + .5} ${top}V${bottom}`, 'grid');
    svg += timeLabels(timeline, bx, width, bottom + 16);
    const pitch = right / Math.max(view[1] - view[0], 1), clip = px => Math.min(Math.max(px, 0), right);
    let footEnd = -99;
    const many = shown.length > 400;
    for (const i of shown) {
      const a = clip(x(trades.ei[i])), b = clip(x(end(i))), tone = toneOf(trades.pnl[i]);
      if (!many) svg += rect(a, top, Math.max(b - a, 1), height, 'held-' + (tone || 'gain'));
      if (i === chosen) svg += rect(a - 1, top, Math.max(b - a, 1) + 2, height, 'chosen');
      const label = number(trades.pnl[i], 0, true, '$'), w = widthOf(label, 600), cx = Math.min(Math.max((a + b) / 2, w / 2), right - w / 2);
      if ((b - a > w - 6 || i === chosen || shown.length < 9) && cx - w / 2 > footEnd + 6) { svg += text(cx, bottom - 9, label, 't-' + (tone || 'gain') + ' ring', 'middle'); footEnd = cx + w / 2; }
    }
    const barPitch = pitch * k;
    if (barPitch >= 2.6) {
      const half = Math.min(Math.max(barPitch * .31, .8), 5.5);
      let wicks = '', up = '', down = '';
      for (let i = from; i <= to; i++) {
        const px = r1(bx(i));
        if (px < -half || px > right + half) continue;
        const a = yPrice(Math.max(o[i], c[i])), b = yPrice(Math.min(o[i], c[i])), body = `M${r1(px - half)} ${r1(a)}h${r1(half * 2)}v${r1(Math.max(b - a, .6))}h${r1(-half * 2)}Z`;
        wicks += `M${px} ${r1(yPrice(h[i]))}V${r1(a)}M${px} ${r1(b)}V${r1(yPrice(l[i]))}`;
        if (c[i] >= o[i]) up += body; else down += body;
      }
      svg += path(wicks, 'wick') + path(up, 'up') + path(down, 'down');
    } else {
      // Too many bars for candles: the range of each pixel column, and the close.
      let ranges = '', i = from;
      while (i <= to) {
        const px = Math.floor(bx(i));
        let a = Infinity, b = -Infinity;
        for (; i <= to && Math.floor(bx(i)) === px; i++) { a = Math.min(a, l[i]); b = Math.max(b, h[i]); }
        if (px >= 0 && px <= right) ranges += `M${px + .5} ${r1(yPrice(b))}V${r1(yPrice(a) + .5)}`;
      }
      svg += path(ranges, 'range');
    }
    // Prices make the scale: a line is not drawn where it leaves it.
    block.ind.forEach((values, j) => { svg += path(linePath(from, to, i => Math.min(bx(i), right), yPrice, values.map(v => yPrice(v) < top || yPrice(v) > bottom ? NaN : v)), j ? 'ind1' : 'ind0'); });
    let stopLine = '', joined = -1;
    for (const i of visibleStops) {
      // Consecutive levels of one trailing stop are joined, so that it steps; a position turned round begins a new line.
      const a = r1(clip(x(stops.f[i]))), b = r1(clip(x(stops.t[i]) + (stops.t[i] === stops.f[i] ? pitch : 0))), y = r1(Math.min(yPrice(stops.p[i]), bottom));
      stopLine += (joined >= 0 && stops.f[i] - stops.t[joined] === 1 && stops.p[i] !== stops.p[joined] && shown.some(s => trades.ei[s] < stops.f[i] && end(s) >= stops.f[i]) ? `L${a} ${y}` : `M${a} ${y}`) + `H${b}`;
      joined = i;
    }
    svg += path(stopLine, 'stop');
    if (shown.length <= 400) for (const i of shown) {
      const bar = Math.min(Math.max(Math.floor((trades.ei[i] - f) / k), 0), n - 1), entry = x(trades.ei[i]);
      if (entry >= 0 && entry <= right) svg += trades.short[i] ? mark('short', entry, yPrice(h[bar]) - 4) : mark('in', entry, yPrice(l[bar]) + 4);
      if (!Number.isFinite(trades.xi[i])) continue;
      const out = x(trades.xi[i]), exitBar = Math.min(Math.max(Math.floor((trades.xi[i] - f) / k), 0), n - 1), kind = kindOf(trades.why[i]);
      if (out >= 0 && out <= right) svg += mark(kind, out, kind === 'signal' ? yPrice(h[exitBar]) - 4 : kind === 'gone' ? yPrice(h[exitBar]) - 9 : yPrice(trades.xp[i]));
    }
    svg += labels.map(label => label.html(label.y)).join('');
    // The whole record: close as a line, trades as ticks, what is shown above as a window.
    const navTop = bottom + 30, navHeight = narrow ? 32 : 36, whole = unpack(panel.blocks[0]), last = Math.max(panel.n - 1, 1), nx = bar => bar / last * right;
    let wl = Infinity, wh = -Infinity;
    for (let i = 0; i < whole.n; i++) { if (whole.l[i] < wl) wl = whole.l[i]; if (whole.h[i] > wh) wh = whole.h[i]; }
    const ny = value => navTop + 3 + (1 - (value - wl) / (wh - wl || 1)) * (navHeight - 9);
    svg += rect(0, navTop, right, navHeight, 'nav') + rect(nx(view[0]), navTop, Math.max(nx(view[1]) - nx(view[0]), 3), navHeight, 'navwin') + path(linePath(0, whole.n - 1, i => nx(Math.min(whole.f + i * whole.k, last)), ny, whole.c), 'navline');
    const columns = [new Map(), new Map()];
    for (const i of perPanel[current]) columns[trades.pnl[i] < 0 ? 1 : 0].set(Math.round(nx(trades.ei[i])), true);
    svg += columns.map((set, j) => path([...set.keys()].map(px => `M${px + .5} ${navTop + navHeight - 4}v4`).join(''), j ? 'tickloss' : 'tickgain')).join('');
    const note = k > 1 && pitch > 1 ? `Drawn in steps of ${number(k, 0)} bars here.` : '';
    if (note) svg += text(right, top + 10, note, 'ring', 'end');
    const made = shown.reduce((sum, i) => sum + trades.pnl[i], 0);
    return { svg, height: navTop + navHeight + 2, right, top, bottom, from: view[0], to: view[1], navTop: navTop - 4,
      navigate: px => { const size = view[1] - view[0], center = Math.min(Math.max(px / right, 0), 1) * last, now = plot.view(), s = now[1] - now[0] || size; plot.setView(center - s / 2, center + s / 2); },
      label: `${panel.sym}, ${data.tf} bars, ${shortTime(t[from], data)} to ${shortTime(t[to], data)}: ${shown.length} trade${shown.length === 1 ? '' : 's'} shown, together ${number(made, 0, true, '$')}. Arrow keys move the crosshair; plus, minus and 0 zoom.` };
  };
  const probe = bar => {
    const i = Math.min(Math.max(Math.floor((bar - block.f) / block.k), 0), block.n - 1), line = (name, value) => `<span>${name} ${priceText(value)}</span>`;
    return { chip: shortTime(block.t[i], data, true), dots: [[yPrice(block.c[i]), 'd-own']],
      html: `<b>${longTime(block.t[i], data)}</b>` + line('Open', block.o[i]) + line('High', block.h[i]) + line('Low', block.l[i]) + `<span>Close <b>${priceText(block.c[i])}</b></span>`
        + panels[current].ind.map((name, j) => `<span class="ref">${safe(name)} ${Number.isFinite(block.ind[j][i]) ? priceText(block.ind[j][i]) : 'n/a'}</span>`).join('') };
  };
  const plot = makePlot({ place, readout: section.querySelector('.readout'), count: () => panels[current].n, home, draw, probe });
  const chooser = section.querySelector('.symbols');
  const select = panel => {
    current = panel;
    section.querySelector('.symbol').textContent = panels[panel].sym;
    section.querySelectorAll('[data-panel]').forEach(button => button.setAttribute('aria-pressed', String(+button.dataset.panel === panel)));
    if (chooser && chooser.tagName === 'SELECT') chooser.value = panel;
    legend();
  };
  if (chooser) {
    const go = panel => { if (panels[panel].n) { chosen = -1; select(panel); plot.reset(); } };
    chooser.addEventListener('click', event => { const button = event.target.closest('[data-panel]'); if (button) go(+button.dataset.panel); });
    chooser.addEventListener('change', () => go(+chooser.value));
  }
  const details = section.querySelector('.astable');
  const fill = () => {
    if (!details.open) return;
    const [a, b] = plot.view(), rows = [];
    for (let i = Math.max(0, Math.floor((a - block.f) / block.k)); i <= Math.min(block.n - 1, Math.ceil((b - block.f) / block.k)) && rows.length < 500; i++) rows.push([tableTime(block.t[i], data), ...[block.o, block.h, block.l, block.c, ...block.ind].map(column => priceText(column[i]))]);
    details.lastElementChild.innerHTML = tableHtml([data.daily ? 'Session' : 'Time, ET', 'Open', 'High', 'Low', 'Close', ...panels[current].ind], rows, rows.length === 500 ? 'The first 500 bars of what is shown; zoom in for the rest.' : '');
  };
  details.addEventListener('toggle', fill);
  plot.onView(fill);
  legend();
  plot.redraw();
  return { ...plot, show: trade => {
    const panel = trades.s[trade];
    if (!(panels[panel] && panels[panel].n)) return;
    if (panel !== current) select(panel);
    chosen = trade;
    const a = trades.ei[trade], b = end(trade), margin = Math.max(30, Math.round((b - a) * .35));
    plot.setView(a - margin, b + margin);
  } };
};
