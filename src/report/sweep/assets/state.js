// The runs as columns, how their numbers are written, and which of them are kept by the filters.
const inForm = (value, form, short) => {
  if (!Number.isFinite(value)) return short ? '–' : 'n/a';
  if (form === 'c' || form === 's') return percent(value, short && Math.abs(value) >= .1 ? 0 : 1, form === 'c');
  if (form === 'n') return short ? brief(value) : number(value, 0);
  if (form === 'd') return short ? axisDollars(value, Math.max(Math.abs(value) / 100, .01)) : number(value, 2, false, '$');
  return number(value, short ? (Math.abs(value) >= 10 ? 0 : Math.abs(value) >= 1 || short === 1 ? 1 : 2) : 2);
};
const brief = value => Math.abs(value) >= 1e6 ? number(value / 1e6, 1) + 'M' : Math.abs(value) >= 1e4 ? number(value / 1e3, 0) + 'k' : number(value, 0);
// A tick among ticks `step` apart.
const tickText = (value, form, step) => {
  if (form === 'd') return axisDollars(value, step);
  const unit = form === 'c' || form === 's' ? 100 : 1;
  let decimals = 0;
  while (decimals < 6 && Math.abs(step * unit * 10 ** decimals - Math.round(step * unit * 10 ** decimals)) > 1e-6) decimals++;
  return number(value * unit, decimals, false, '', unit === 100 ? '%' : '');
};
const readSweep = data => {
  const s = { data, n: data.n, run: decode(data.run), end: decode(data.end), why: decode(data.why), first: decode(data.first), second: decode(data.second) };
  s.axes = data.axes.map(axis => {
    const numbers = axis.values.map(value => value.trim() === '' ? NaN : Number(value)), numeric = numbers.every(Number.isFinite);
    return { key: axis.key, name: axis.name, values: axis.values, typed: axis.typed || axis.values, at: decode(axis.at), numeric, numbers };
  });
  s.columns = data.measures.map(m => ({ key: m.key, name: m.name, form: m.form, v: decode(m.v) }));
  s.column = key => s.columns.find(column => column.key === key);
  s.objective = s.column(data.objective) || s.columns[0];
  s.sharpe = s.column('sharpe');
  s.spark = decode(data.spark);
  s.rankOf = values => {
    const order = Array.from(values.keys()).filter(i => Number.isFinite(values[i])).sort((a, b) => values[b] - values[a] || a - b), rank = new Float64Array(values.length).fill(NaN);
    order.forEach((i, place) => { rank[i] = place + 1; });
    return [rank, order.length];
  };
  [s.secondRank, s.halved] = s.rankOf(s.second);
  // Ranked runs come first, best first.
  s.ranked = 0;
  while (s.ranked < s.n && Number.isFinite(s.objective.v[s.ranked])) s.ranked++;
  s.keep = new Uint8Array(s.n).fill(1);
  s.kept = s.n;
  s.axisText = (axis, i) => axis.values[axis.at[i]];
  s.valuesOf = i => s.axes.map(axis => `${axis.name} ${s.axisText(axis, i)}`).join(', ');
  s.nameOf = i => `run ${number(s.run[i], 0)}${i < s.ranked ? `, rank ${number(i + 1, 0)}` : ''}`;
  // Filters by name: each is (i => kept), or absent.
  const filters = new Map(), listeners = [];
  let waiting = false;
  s.onKeep = listener => listeners.push(listener);
  s.filter = (name, test) => {
    if (test) filters.set(name, test); else if (!filters.delete(name)) return;
    const tests = [...filters.values()];
    s.kept = 0;
    for (let i = 0; i < s.n; i++) { let kept = 1; for (const one of tests) if (!one(i)) { kept = 0; break; } s.keep[i] = kept; s.kept += kept; }
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; listeners.forEach(listener => listener()); });
  };
  s.isFiltered = () => filters.size > 0;
  s.choose = () => {};
  return s;
};
// What a name in the filter means: [value of a run, is it a share?, text of a run].
const ALIAS = { dd: 'max_drawdown', drawdown: 'max_drawdown', pf: 'profit_factor', won: 'win_rate', deflated: 'deflated_sharpe', return: 'total_return', vol: 'annual_volatility' };
const fieldOf = (s, name) => {
  const plain = text => text.toLowerCase().replace(/[^a-z0-9.]+/g, ''), wanted = plain(ALIAS[name.toLowerCase()] || name);
  if (!wanted) return null;
  const fields = [
    ...s.axes.flatMap(axis => [axis.name, axis.key].map(known => [plain(known), i => axis.numeric ? axis.numbers[axis.at[i]] : NaN, i => s.axisText(axis, i)])),
    ...s.columns.flatMap(column => [column.key, column.name].map(known => [plain(known), column.key === 'max_drawdown' ? i => Math.abs(column.v[i]) : i => column.v[i], null])),
    ['1sthalf', i => s.first[i], null], ['2ndhalf', i => s.second[i], null], ['rank', i => i < s.ranked ? i + 1 : NaN, null], ['run', i => s.run[i], null],
  ];
  for (const fits of [known => known === wanted, known => known.startsWith(wanted), known => known.includes(wanted)]) {
    const found = fields.find(([known]) => fits(known));
    if (found) return found;
  }
  return null;
};
const COMPARE = { '<': (a, b) => a < b, '>': (a, b) => a > b, '<=': (a, b) => a <= b, '>=': (a, b) => a >= b, '=': (a, b) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b)), '!=': (a, b) => Math.abs(a - b) > 1e-9 * Math.max(1, Math.abs(b)) };
// `fast<15 dd<20% invalid` as a test of a run; {error} names what is not understood.
const readFilter = (s, written) => {
  const tests = [];
  for (const [part] of written.replace(/[≤≥]/g, sign => sign === '≤' ? '<=' : '>=').matchAll(/[^\s<>=!]+\s*(?:<=|>=|!=|<|>|=)\s*[^\s<>=!]+|\S+/g)) {
    const found = part.match(/^(.+?)\s*(<=|>=|!=|<|>|=)\s*(.+)$/);
    if (!found) {
      const word = part.toLowerCase();
      if (/[<>=]/.test(part)) continue; // half typed
      tests.push(i => ['done', 'invalid', 'failed'][s.end[i]].startsWith(word) || s.axes.some(axis => s.axisText(axis, i).toLowerCase().includes(word)) || s.why[i] >= 0 && s.data.reasons[s.why[i]].toLowerCase().includes(word));
      continue;
    }
    const field = fieldOf(s, found[1]);
    if (!field) return { error: `Nothing here is called ${found[1]}.` };
    const share = found[3].endsWith('%'), value = Number(found[3].replace(/[%$,]/g, '').replace(MINUS, '-')) / (share ? 100 : 1), [, numberOf, textOf] = field, compare = COMPARE[found[2]];
    if (Number.isFinite(value)) tests.push(i => { const own = numberOf(i); return Number.isFinite(own) ? compare(own, value) : !!textOf && (found[2] === '=' ? textOf(i) === found[3] : found[2] === '!=' && textOf(i) !== found[3]); });
    else if (textOf && found[2] === '=') tests.push(i => textOf(i).toLowerCase() === found[3].toLowerCase());
    else if (textOf && found[2] === '!=') tests.push(i => textOf(i).toLowerCase() !== found[3].toLowerCase());
    else return { error: `${found[3]} is no number.` };
  }
  return { test: tests.length ? i => tests.every(test => test(i)) : null };
};
// A chart that is not over time: drawn anew when its place changes its width, or on paper.
const framed = (place, draw) => {
  let last = 0, forced = 0;
  const redraw = () => draw(forced || Math.max(280, Math.floor(place.clientWidth)));
  new ResizeObserver(() => { if (place.clientWidth && place.clientWidth !== last) { last = place.clientWidth; redraw(); } }).observe(place);
  return { redraw, force: width => { forced = width; redraw(); } };
};
const colour = name => getComputedStyle(root).getPropertyValue('--' + name).trim();
// A canvas of this size in CSS pixels, sharp on any screen, cleared.
const canvasOf = (canvas, width, height) => {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
};
const pointIn = (svg, event, width) => { const box = svg.getBoundingClientRect(), scale = width / box.width; return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale]; };
const extentOf = values => { let low = Infinity, high = -Infinity; for (const value of values) if (Number.isFinite(value)) { if (value < low) low = value; if (value > high) high = value; } return [low, high]; };
// As much of a text as has room.
const fitted = (name, room, weight = 600) => { while (name.length > 2 && widthOf(name, weight) > room) name = name.slice(0, -2).trimEnd() + '…'; return name; };
const optionsOf = (select, items, chosen) => { select.innerHTML = items.map(([value, name]) => `<option value="${safe(value)}">${safe(name)}</option>`).join(''); select.value = chosen; };
const measureOptions = (select, s, chosen) => optionsOf(select, s.columns.map(column => [column.key, column.name]), chosen.key);
// "Show as table": filled when it is opened.
const asTable = (section, fill) => { const details = section.querySelector('.astable'); details.addEventListener('toggle', () => { if (details.open) details.lastElementChild.innerHTML = fill(); }); };
