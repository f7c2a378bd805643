// Heat and gross exposure against their limits; and the spans in which entries were halted, for every chart of equity.
// Spans as ranges of points: a halt stands from the close it began at to the step that lifted it.
const haltSpans = (data, times) => {
  const at = time => { let a = 0, b = times.length; while (a < b) { const m = a + b >> 1; if (times[m] < time) a = m + 1; else b = m; } return a; };
  return (data.limits ? data.limits.halts : []).map(([from, until, by]) => [at(from), until === null ? times.length : at(until), by]).map(([from, to, by]) => [from, Math.max(to, from + 1), by]);
};
// Bands at least 3 pixels wide; with `marked` each has a bar on top, so that it is no grid line.
const haltShade = (spans, x, from, to, right, boxes, marked) => {
  let narrow = '', wide = '', marks = '';
  for (const [a, b] of spans) if (b > from && a <= to) {
    const left = Math.min(Math.max(x(a), 0), right - 3), end = Math.max(Math.min(x(b), right), left + 3);
    if (marked) { const wider = Math.max(5 - (end - left), 0) / 2; marks += `M${r1(left - wider)} ${boxes[0][0] - 6}H${r1(end + wider)}v4.5H${r1(left - wider)}Z`; }
    const band = boxes.map(([top, height]) => `M${r1(left)} ${top}H${r1(end)}V${top + height}H${r1(left)}Z`).join('');
    if (end - left < 12) narrow += band; else wide += band;
  }
  return path(wide, 'halt') + path(narrow, 'halt short') + path(marks, 'm-halt');
};
const haltWords = (spans, index) => { const by = [...new Set(spans.filter(([a, b]) => a <= index && index < b).map(span => span[2]))]; return by.length ? `<span>■ halted by ${safe(by.join(' and '))}</span>` : ''; };
const limitsChart = (section, data) => {
  const c = data.curve, n = c.n, times = decode(c.t), heat = decode(c.heat), gross = decode(c.ex), spans = haltSpans(data, times);
  const place = section.querySelector('.chart'), sentence = place.dataset.label;
  const panels = [{ name: 'Heat: lost if every stop is hit, of equity', values: heat, limit: data.limits.heat }, { name: 'Gross exposure, of equity', values: gross, limit: data.limits.gross }];
  const near = (limit, most) => limit !== null && most > 0 && limit <= 4 * most;
  const limitText = limit => percent(limit, Math.abs(limit * 100 - Math.round(limit * 100)) < 1e-9 ? 0 : 2);
  let plot = null;
  const draw = (width, view) => {
    const narrow = width < 640, from = Math.max(0, Math.floor(view[0])), to = Math.min(n - 1, Math.ceil(view[1]));
    const height = plot && plot.printing() ? 84 : narrow ? 92 : 120, right = width - (narrow ? 46 : 92);
    const x = index => (index - view[0]) / Math.max(view[1] - view[0], 1e-9) * right;
    panels.forEach((panel, i) => {
      panel.top = 30 + i * (height + 40);
      let most = 0;
      for (let j = from; j <= to; j++) if (panel.values[j] > most) most = panel.values[j];
      panel.shown = near(panel.limit, most);
      panel.high = Math.max(most, panel.shown ? panel.limit : 0, .001) * 1.06;
      panel.y = value => panel.top + (1 - Math.min(value / panel.high, 1)) * height;
    });
    const last = panels[panels.length - 1], bottom = last.top + height, boxes = panels.map(panel => [panel.top, height]);
    let svg = haltShade(spans, x, from, to, right, boxes, true);
    const timeline = timeTicks(times, from, to, data, Math.floor(right / (narrow ? 64 : 84)));
    for (const [at] of timeline) { const px = Math.round(x(at)) + .5; svg += path(boxes.map(([top, h]) => `M${px} ${top}V${top + h}`).join(''), 'grid'); }
    for (const panel of panels) {
      const [ticks, step] = linearTicks(0, panel.high, 4);
      const hidden = panel.limit !== null && !panel.shown ? `; limit ${limitText(panel.limit)}, out of sight` : '';
      svg += text(0, panel.top - 12, (narrow ? panel.name.split(/[:,]/)[0] : panel.name) + (narrow ? '' : hidden), 'nm');
      const limitY = panel.shown ? panel.y(panel.limit) : -99;
      for (const tick of ticks) {
        const y = Math.round(panel.y(tick)) + .5;
        svg += path(`M0 ${y}H${right}`, tick ? 'grid' : 'base');
        if (Math.abs(y - limitY) > 13) svg += text(right + 8, y + 4, percent(tick, step < .01 ? (step < .001 ? 2 : 1) : 0));
      }
      // One bar a pixel column at its highest, so a single day is still seen.
      let d = `M${r1(x(from))} ${r1(panel.y(0))}`, i = from;
      while (i <= to) {
        const px = Math.floor(x(i)), start = i;
        let peak = 0;
        for (; i <= to && Math.floor(x(i)) === px; i++) peak = Math.max(peak, panel.values[i] || 0);
        d += `H${r1(x(start))}V${r1(panel.y(peak))}H${r1(x(Math.min(i, to)))}`;
      }
      svg += path(`${d}V${r1(panel.y(0))}Z`, 'a-risk');
      if (panel.shown) svg += path(`M0 ${r1(limitY)}H${right}`, 'stop') + text(right + 8, limitY + 4, narrow ? limitText(panel.limit) : 'limit ' + limitText(panel.limit), 't-loss');
    }
    svg += timeLabels(timeline, x, width, bottom + 16);
    return { svg, height: bottom + 24, right, top: panels[0].top, bottom, from: view[0], to: view[1], label: `Heat and gross exposure over time with their limits. ${sentence} Arrow keys move the crosshair; plus, minus and 0 zoom.` };
  };
  const probe = index => ({
    chip: shortTime(times[index], data, n <= 8000 && !c.eqlo),
    dots: panels.map(panel => [panel.y(panel.values[index]), 'd-own']),
    html: `<b>${longTime(times[index], data)}</b>` + panels.map((panel, i) => `<span>${i ? 'Gross exposure' : 'Heat'} <b>${percent(panel.values[index], 1)}</b>${panel.limit === null ? '' : ` of ${limitText(panel.limit)}`}</span>`).join('') + haltWords(spans, index),
  });
  plot = makePlot({ place, readout: section.querySelector('.readout'), count: () => n, home: () => [0, Math.max(n - 1, 1)], draw, probe });
  const details = section.querySelector('.astable');
  details.addEventListener('toggle', () => {
    if (!details.open) return;
    const [a, b] = plot.view(), from = Math.max(0, Math.floor(a)), to = Math.min(n - 1, Math.ceil(b)), all = to - from < 400, rows = [];
    for (let i = from; i <= to; i++) if (all || i === to || civil(moment(times[i], data)[0])[1] !== civil(moment(times[i + 1], data)[0])[1]) rows.push([tableTime(times[i], data), percent(heat[i], 2), percent(gross[i], 1), spans.some(([f, t]) => f <= i && i < t) ? 'halted' : 'open']);
    details.lastElementChild.innerHTML = tableHtml([data.daily ? 'Session' : 'Time, ET', 'Heat', 'Gross exposure', 'Entries'], rows, all ? '' : 'The last mark of each month; zoom in for every mark.');
  });
  plot.redraw();
  return plot;
};
