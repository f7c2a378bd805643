// A measure over two swept keys: one cell a pair of values, the others at a value, or the highest, middle or lowest over them.
const RAMPS = { light: ['f4f8fc', 'c9def2', '8db8e0', '4585c4', '0a4f99', '052a55'], dark: ['0f1a26', '153454', '1f5a94', '3f8ad0', '86bff2', 'dcefff'] };
const rampColour = share => {
  const ramp = RAMPS[darkNow() ? 'dark' : 'light'], at = Math.min(Math.max(share, 0), 1) * (ramp.length - 1), k = Math.min(Math.floor(at), ramp.length - 2), f = at - k;
  const part = (hex, j) => parseInt(hex.slice(2 * j, 2 * j + 2), 16), rgb = [0, 1, 2].map(j => Math.round(part(ramp[k], j) * (1 - f) + part(ramp[k + 1], j) * f));
  const linear = rgb.map(c => { c /= 255; return c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; }), light = .2126 * linear[0] + .7152 * linear[1] + .0722 * linear[2];
  return [`rgb(${rgb.join(',')})`, light > .179 ? '#000' : '#fff'];
};
const BINS_MAX = 60;
const heatMap = (section, s) => {
  const place = section.querySelector('.chart'), readout = section.querySelector('.readout'), title = section.querySelector('h2');
  const pick = id => section.querySelector('#heat-' + id), measureSelect = pick('measure'), xSelect = pick('x'), ySelect = pick('y'), others = pick('others');
  const many = s.axes.map((axis, j) => [j, axis]).filter(([, axis]) => axis.values.length > 1), numeric = many.filter(([, axis]) => axis.numeric);
  const first = [...numeric, ...many.filter(([, axis]) => !axis.numeric), ...s.axes.map((axis, j) => [j, axis])];
  // As in the picture: the first key upright, the second level.
  let y = ySelect ? first[0][0] : -1, x = first.find(([j]) => j !== y)[0], column = s.objective, over = 'highest', fixed = new Map(), grid = null, cursor = null, chosen = null;
  place.innerHTML = '<svg tabindex="0" role="img"><g class="ink"></g><g class="over" aria-hidden="true"></g></svg>';
  const svg = place.firstChild, ink = svg.firstChild, top = svg.lastChild;
  const names = () => s.axes.map((axis, j) => [j, axis.name]);
  // Long axes are cut into bins of neighbouring values.
  const binned = axis => { const count = Math.min(axis.values.length, BINS_MAX); return { count, of: place => Math.floor(place * count / axis.values.length), text: bin => { const from = Math.ceil(bin * axis.values.length / count), to = Math.ceil((bin + 1) * axis.values.length / count) - 1; return from === to ? axis.values[from] : axis.values[from] + ' to ' + axis.values[to]; }, short: bin => axis.values[Math.ceil(bin * axis.values.length / count)] }; };
  const compute = () => {
    const bx = binned(s.axes[x]), by = y < 0 ? { count: 1, of: () => 0, text: () => '', short: () => '' } : binned(s.axes[y]), cells = Array.from({ length: bx.count * by.count }, () => null);
    const ax = s.axes[x].at, ay = y < 0 ? null : s.axes[y].at, tests = [...fixed];
    for (let i = 0; i < s.n; i++) {
      if (tests.some(([j, value]) => s.axes[j].at[i] !== value)) continue;
      const at = by.of(ay ? ay[i] : 0) * bx.count + bx.of(ax[i]), cell = cells[at] = cells[at] || { runs: 0, values: [], top: -1 };
      cell.runs++;
      if (!Number.isFinite(column.v[i])) continue;
      cell.values.push(column.v[i]);
      if (cell.top < 0) cell.top = i;
    }
    let low = Infinity, high = -Infinity;
    for (const cell of cells) {
      if (!cell || !cell.values.length) continue;
      if (over === 'median') { cell.values.sort((a, b) => a - b); const half = cell.values.length >> 1; cell.value = cell.values.length % 2 ? cell.values[half] : (cell.values[half - 1] + cell.values[half]) / 2; }
      else if (over === 'mean') cell.value = cell.values.reduce((a, b) => a + b, 0) / cell.values.length;
      else cell.value = cell.values.reduce((a, b) => over === 'lowest' ? Math.min(a, b) : Math.max(a, b));
      low = Math.min(low, cell.value); high = Math.max(high, cell.value);
    }
    const winner = s.ranked && tests.every(([j, value]) => s.axes[j].at[0] === value) ? [bx.of(ax[0]), by.of(ay ? ay[0] : 0)] : null;
    grid = { bx, by, cells, low, high, winner };
  };
  const shown = () => { const by = y < 0 ? '' : ` and ${s.axes[y].name}`, held = [...fixed].map(([j, value]) => `${s.axes[j].name} ${s.axes[j].values[value]}`); return `${column.name} by ${s.axes[x].name}${by}${held.length ? ' at ' + held.join(', ') : ''}`; };
  const read = () => {
    if (!cursor) { readout.innerHTML = chosen ? `<span>Below: only <b>${safe(chosen.text)}</b></span>` : `<span>${safe(s.data.total > s.n ? `of the best ${number(s.n, 0)} runs only; ` : '')}▢ the best run; click a cell to filter what is below</span>`; return; }
    const [cx, cy] = cursor, cell = grid.cells[cy * grid.bx.count + cx], where = `${s.axes[x].name} ${grid.bx.text(cx)}${y < 0 ? '' : `, ${s.axes[y].name} ${grid.by.text(cy)}`}`;
    const several = cell && cell.values.length > 1;
    readout.innerHTML = `<span>${safe(where)}</span><span>${cell && cell.values.length ? `${several ? over + ' ' : ''}${safe(column.name)} <b>${inForm(cell.value, column.form)}</b>${several ? ` of ${number(cell.values.length, 0)} runs` : ''}` : cell ? 'no run has a value' : 'no run'}</span>`;
  };
  const geometry = width => {
    const left = Math.max(34, Math.min(110, Math.max(...Array.from({ length: grid.by.count }, (_, j) => widthOf(grid.by.short(j)))) + 12)) + (y < 0 ? -22 : 18);
    return { left, right: Math.max(2, Math.min(widthOf(grid.bx.short(grid.bx.count - 1)), 100) / 2 - (width - left) / grid.bx.count / 2 + 2) };
  };
  let box = null;
  const draw = width => {
    compute();
    title.textContent = column.name;
    const { left, right } = geometry(width), { bx, by, cells, low, high, winner } = grid, cw = (width - left - right) / bx.count, ch = y < 0 ? 44 : Math.min(Math.max(Math.round(300 / by.count), 9), 34), height = by.count * ch;
    box = { left, cw, ch, height, width };
    const size = cw >= 40 ? 2 : 1, labels = cw >= 25 && ch >= 14, span = high > low ? high - low : 1;
    let html = '';
    for (let j = 0; j < by.count; j++) for (let k = 0; k < bx.count; k++) {
      const cell = cells[j * bx.count + k], cx = left + k * cw, cy = (by.count - 1 - j) * ch;
      if (!cell || cell.value === undefined) { if (labels) html += text(cx + cw / 2, cy + ch / 2 + 4, '–', '', 'middle'); continue; }
      const [fill, on] = rampColour(high > low ? (cell.value - low) / span : .5);
      html += `<rect x="${r1(cx)}" y="${cy}" width="${r1(Math.max(cw - (cw > 6 ? 1 : 0), 1))}" height="${ch - (ch > 6 ? 1 : 0)}" fill="${fill}"/>`;
      if (labels) html += `<text class="cell" x="${r1(cx + cw / 2)}" y="${cy + ch / 2 + 4}" text-anchor="middle" fill="${on}">${inForm(cell.value, column.form, size)}</text>`;
    }
    const everyX = Math.max(1, Math.ceil((Math.min(Math.max(...Array.from({ length: bx.count }, (_, k) => widthOf(bx.short(k)))), 110) + 8) / cw)), everyY = Math.max(1, Math.ceil(14 / ch));
    for (let k = 0; k < bx.count; k += everyX) html += text(left + (k + .5) * cw, height + 16, fitted(bx.short(k), everyX * cw - 6, 400), '', 'middle');
    if (y >= 0) for (let j = 0; j < by.count; j += everyY) html += text(left - 8, (by.count - 1 - j + .5) * ch + 4, fitted(by.short(j), 100, 400), '', 'end');
    html += text(left + (width - left) / 2, height + 36, s.axes[x].name, 'nm', 'middle');
    if (y >= 0) html += `<text class="nm" transform="translate(10 ${r1(height / 2)}) rotate(-90)" text-anchor="middle">${safe(s.axes[y].name)}</text>`;
    if (winner) html += outline(winner, 'won') + outline(winner, 'won in');
    svg.setAttribute('viewBox', `0 0 ${width} ${height + 42}`); svg.setAttribute('height', height + 42);
    svg.setAttribute('aria-label', `${shown()}. ${Number.isFinite(low) ? `From ${inForm(low, column.form)} to ${inForm(high, column.form)}.` : 'No run has a value.'} Arrow keys move over the cells, Enter filters.`);
    ink.innerHTML = html;
    mark();
  };
  // A second ring in the colour of the page shows on cells as dark, or as light, as the first.
  const outline = ([k, j], kind) => { const inset = kind.endsWith(' in') && box.cw > 12 && box.ch > 12 ? 2 : 0; return `<rect class="${kind}" x="${r1(box.left + k * box.cw - .5 + inset)}" y="${(grid.by.count - 1 - j) * box.ch - .5 + inset}" width="${r1(box.cw - 2 * inset)}" height="${box.ch - 2 * inset}"/>`; };
  const mark = () => { top.innerHTML = (chosen && chosen.x === x && chosen.y === y ? outline(chosen.at, 'picked') : '') + (cursor ? outline(cursor, 'cursor') : ''); read(); };
  const cellAt = event => { const [px, py] = pointIn(svg, event, box.width), k = Math.floor((px - box.left) / box.cw), j = grid.by.count - 1 - Math.floor(py / box.ch); return k >= 0 && k < grid.bx.count && j >= 0 && j < grid.by.count ? [k, j] : null; };
  const choose = at => {
    if (chosen && chosen.x === x && chosen.y === y && chosen.at[0] === at[0] && chosen.at[1] === at[1]) chosen = null;
    else chosen = { x, y, at, text: `${s.axes[x].name} ${grid.bx.text(at[0])}${y < 0 ? '' : `, ${s.axes[y].name} ${grid.by.text(at[1])}`}` };
    const now = chosen, { bx, by } = grid, ax = s.axes[x].at, ay = y < 0 ? null : s.axes[y].at;
    s.filter('map', now && (i => bx.of(ax[i]) === now.at[0] && (!ay || by.of(ay[i]) === now.at[1])));
    mark();
  };
  svg.addEventListener('pointermove', event => { cursor = cellAt(event); mark(); });
  svg.addEventListener('pointerleave', () => { cursor = null; mark(); });
  svg.addEventListener('blur', () => { cursor = null; mark(); });
  svg.addEventListener('click', event => { const at = cellAt(event); if (at) choose(at); });
  svg.addEventListener('keydown', event => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    readout.setAttribute('aria-live', 'polite');
    if (step) { const from = cursor || grid.winner || [0, 0]; cursor = [Math.min(Math.max(from[0] + (cursor ? step[0] : 0), 0), grid.bx.count - 1), Math.min(Math.max(from[1] + (cursor ? step[1] : 0), 0), grid.by.count - 1)]; mark(); }
    else if ((event.key === 'Enter' || event.key === ' ') && cursor) choose(cursor);
    else if (event.key === 'Escape') { cursor = null; if (chosen) choose(chosen.at); else mark(); } else return;
    event.preventDefault();
  });
  const chart = framed(place, draw);
  // One chooser for each key that is not an axis, and one for what stands for many runs.
  const choosers = () => {
    const rest = s.axes.map((axis, j) => [j, axis]).filter(([j, axis]) => j !== x && j !== y && axis.values.length > 1);
    for (const j of [...fixed.keys()]) if (!rest.some(([k]) => k === j)) fixed.delete(j);
    const ways = [['highest', 'highest'], ['median', 'median'], ['mean', 'mean'], ['lowest', 'lowest']];
    others.innerHTML = rest.map(([j, axis]) => `<label>${safe(axis.name)} <select data-axis="${j}" aria-label="${safe(axis.name)}"></select></label>`).join('') + (rest.length ? '<select data-over aria-label="What stands for many runs"></select>' : '');
    others.querySelectorAll('[data-axis]').forEach(select => { const j = +select.dataset.axis; optionsOf(select, [[-1, 'any'], ...s.axes[j].values.map((value, k) => [k, value])], fixed.has(j) ? fixed.get(j) : -1); select.onchange = () => { if (+select.value < 0) fixed.delete(j); else fixed.set(j, +select.value); cursor = null; chart.redraw(); }; });
    const way = others.querySelector('[data-over]');
    if (way) { optionsOf(way, ways, over); way.onchange = () => { over = way.value; chart.redraw(); }; }
  };
  const turn = (select, other, set) => { select.onchange = () => { set(+select.value); cursor = null; choosers(); if (other) other(); chart.redraw(); }; };
  measureOptions(measureSelect, s, column);
  measureSelect.onchange = () => { column = s.column(measureSelect.value); chart.redraw(); };
  optionsOf(xSelect, names(), x);
  // The same key on both axes turns them round.
  turn(xSelect, () => { xSelect.value = x; if (ySelect) ySelect.value = y; }, value => { if (value === y) y = x; x = value; });
  if (ySelect) { optionsOf(ySelect, names(), y); turn(ySelect, () => { xSelect.value = x; ySelect.value = y; }, value => { if (value === x) x = y; y = value; }); }
  choosers();
  asTable(section, () => tableHtml([y < 0 ? s.axes[x].name : `${s.axes[y].name} \\ ${s.axes[x].name}`, ...Array.from({ length: grid.bx.count }, (_, k) => grid.bx.text(k))], Array.from({ length: grid.by.count }, (_, j) => [grid.by.text(j) || column.name, ...Array.from({ length: grid.bx.count }, (_, k) => { const cell = grid.cells[j * grid.bx.count + k]; return cell && cell.value !== undefined ? inForm(cell.value, column.form) : '–'; })]), shown()));
  return { ...chart, clear: () => { if (chosen) choose(chosen.at); } };
};
