// Each run's Sharpe ratio in the second half of the sessions over that in the first.
const halvesChart = (section, s) => {
  const place = section.querySelector('.chart'), readout = section.querySelector('.readout');
  const known = Array.from({ length: s.n }, (_, i) => i).filter(i => Number.isFinite(s.first[i]) && Number.isFinite(s.second[i]));
  if (known.length < 2) { place.innerHTML = '<p class="empty">The halves are not known: the runs cover different sessions, or too few.</p>'; section.querySelector('.astable').remove(); return null; }
  const best = [...known].sort((a, b) => s.first[b] - s.first[a] || a - b).slice(0, 10), isBest = new Set(best);
  const mean = values => known.reduce((sum, i) => sum + values[i], 0) / known.length, mx = mean(s.first), my = mean(s.second);
  let xx = 0, yy = 0, xy = 0;
  for (const i of known) { const a = s.first[i] - mx, b = s.second[i] - my; xx += a * a; yy += b * b; xy += a * b; }
  const correlation = xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : NaN, upper = best.filter(i => s.secondRank[i] <= s.halved / 2).length;
  place.innerHTML = '<canvas aria-hidden="true"></canvas><svg class="on" tabindex="0" role="img"><g class="ink"></g><g class="over" aria-hidden="true"></g></svg>';
  const canvas = place.firstChild, svg = place.lastChild, ink = svg.firstChild, top = svg.lastChild;
  let at = -1, box = null;
  const sentence = `${s.data.total > s.n ? `Of the best ${number(s.n, 0)} runs: of` : 'Of'} the ${best.length} best of the first half ${upper} ${upper === 1 ? 'is' : 'are'} in the upper half of the second; correlation ${number(correlation, 2)}.`;
  const read = () => { readout.innerHTML = at < 0 ? `<span>${sentence}</span>` : `<span>${safe(s.nameOf(at))}</span><span>${safe(s.valuesOf(at))}</span><span>first <b>${number(s.first[at], 2)}</b>, second <b>${number(s.second[at], 2)}</b></span>`; };
  const draw = width => {
    const height = Math.round(Math.min(Math.max(width * .62, 240), 342)), left = 0, right = width - 40, bottom = height - 40;
    let [xl, xh] = extentOf(known.map(i => s.first[i])), [yl, yh] = extentOf(known.map(i => s.second[i]));
    const px = Math.max(xh - xl, .01) * .06, py = Math.max(yh - yl, .01) * .08;
    xl -= px; xh += px; yl -= py; yh += py;
    const x = v => left + (v - xl) / (xh - xl) * (right - left), y = v => 6 + (1 - (v - yl) / (yh - yl)) * (bottom - 6);
    box = { x, y, width, height };
    const [xt, xs] = linearTicks(xl, xh, Math.max(3, Math.floor(width / 90))), [yt, ys] = linearTicks(yl, yh, 6);
    let html = '';
    for (const tick of xt) { const at = Math.round(x(tick)) + .5; html += path(`M${at} 6V${bottom}`, Math.abs(tick) < 1e-9 ? 'base' : 'grid') + text(x(tick), bottom + 16, tickText(tick, 'r', xs), '', 'middle'); }
    for (const tick of yt) { const at = Math.round(y(tick)) + .5; html += path(`M${left} ${at}H${right}`, Math.abs(tick) < 1e-9 ? 'base' : 'grid') + text(right + 8, y(tick) + 4, tickText(tick, 'r', ys)); }
    // Where both halves are the same.
    const from = Math.max(xl, yl), to = Math.min(xh, yh);
    if (to > from) html += path(`M${r1(x(from))} ${r1(y(from))}L${r1(x(to))} ${r1(y(to))}`, 'same') + text(Math.min(x(to) - 6, right - 4), Math.max(y(to), 6) + 14, 'same in both', 'ring', 'end');
    for (const i of best) html += `<path class="diamond" d="M${r1(x(s.first[i]))} ${r1(y(s.second[i]) - 5)}l5 5-5 5-5-5Z"/>`;
    const low = best.reduce((a, b) => s.second[a] < s.second[b] ? a : b), label = `the ${best.length} best of the first half`, half = widthOf(label, 600) / 2;
    html += text(Math.min(Math.max(x(s.first[low]), half + 2), right - half), Math.min(y(s.second[low]) + 22, bottom - 6), label, 't-loss ring', 'middle');
    html += text((left + right) / 2, bottom + 34, 'Sharpe, first half', 'nm', 'middle') + `<text class="nm" transform="translate(${width - 4} ${r1(bottom / 2)}) rotate(-90)" text-anchor="middle">Sharpe, second half</text>`;
    canvas.style.height = svg.style.height = '';
    const context = canvasOf(canvas, width, height), dot = known.length > 4000 ? 1.1 : known.length > 1000 ? 1.6 : 2.6;
    context.fillStyle = colour('ink3');
    // Thousands of circles are slow to fill, and at this size a square looks the same.
    const put = known.length > 1000 ? (px, py) => context.fillRect(px - dot, py - dot, 2 * dot, 2 * dot) : (px, py) => { context.beginPath(); context.arc(px, py, dot, 0, 7); context.fill(); };
    for (const kept of [0, 1]) {
      context.globalAlpha = kept ? (known.length > 4000 ? .42 : .6) : .1;
      for (const i of known) if (s.keep[i] === kept && !isBest.has(i)) put(x(s.first[i]), y(s.second[i]));
    }
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`); svg.setAttribute('height', height);
    svg.setAttribute('aria-label', `Sharpe ratio of each run in the second half over that in the first. ${sentence} Arrow keys move over the runs, Enter opens one.`);
    ink.innerHTML = html;
    mark();
  };
  const mark = () => { top.innerHTML = at < 0 ? '' : `<circle class="hit" cx="${r1(box.x(s.first[at]))}" cy="${r1(box.y(s.second[at]))}" r="6"/>`; read(); };
  const near = event => { const [px, py] = pointIn(svg, event, box.width); let least = 400, found = -1; for (const i of known) { if (!s.keep[i]) continue; const dx = box.x(s.first[i]) - px, dy = box.y(s.second[i]) - py, d = dx * dx + dy * dy; if (d < least) { least = d; found = i; } } return found; };
  svg.addEventListener('pointermove', event => { at = near(event); mark(); });
  svg.addEventListener('pointerleave', () => { at = -1; mark(); });
  svg.addEventListener('blur', () => { at = -1; mark(); });
  svg.addEventListener('click', event => { const i = near(event); if (i >= 0) s.choose(i, true); });
  svg.addEventListener('keydown', event => {
    const kept = known.filter(i => s.keep[i]), now = kept.indexOf(at), step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    readout.setAttribute('aria-live', 'polite');
    if (step && kept.length) { at = kept[now < 0 ? 0 : Math.min(Math.max(now + step, 0), kept.length - 1)]; mark(); } else if (event.key === 'Enter' && at >= 0) s.choose(at, true); else if (event.key === 'Escape') { at = -1; mark(); } else return;
    event.preventDefault();
  });
  asTable(section, () => tableHtml(['Best of the first half', ...s.axes.map(axis => axis.name), 'first', 'second', 'rank in the second'], best.map(i => [s.nameOf(i), ...s.axes.map(axis => s.axisText(axis, i)), number(s.first[i], 2), number(s.second[i], 2), `${number(s.secondRank[i], 0)} of ${number(s.halved, 0)}`]), sentence));
  const chart = framed(place, draw);
  s.onKeep(chart.redraw);
  return chart;
};
