// The table of runs: sorts by every column, draws only the rows in sight; a chosen run shows its values and its command.
const sparkOf = (s, i, width, height) => {
  const n = s.data.sparks, values = s.spark.subarray(i * n, (i + 1) * n);
  if (!n || !Number.isFinite(values[0])) return '';
  let low = 0, high = 0;
  for (const value of values) { low = Math.min(low, value); high = Math.max(high, value); }
  const span = high - low || 1, y = value => r1(height - 2 - (value - low) / span * (height - 4));
  let d = `M1 ${y(0)}`;
  values.forEach((value, k) => { d += `L${r1(1 + (k + 1) / n * (width - 2))} ${y(value)}`; });
  return `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" aria-hidden="true"><path class="spark" d="${d}"/></svg>`;
};
// A word as a shell takes it.
const quoted = word => /^[A-Za-z0-9_.\/=,:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
const commandOf = (s, i) => ['alphaflow', 'backtest', s.data.file, ...[...s.data.without, ...s.axes.filter(axis => !axis.key.startsWith('stress.')).map(axis => `${axis.key}=${axis.typed[axis.at[i]]}`)].flatMap(set => ['--set', set])].map(quoted).join(' ');
const runTable = (section, s) => {
  const list = section.querySelector('.rows'), filter = section.querySelector('#filter'), shown = section.querySelector('#shown'), said = section.querySelector('#said'), detail = section.querySelector('#detail'), clearAll = section.querySelector('#clear');
  const column = (key, name, tone) => { const found = s.column(key); return found && [name || found.name, i => found.v[i], i => tone ? `<span class="${tone(found.v[i])}">${inForm(found.v[i], found.form)}</span>` : inForm(found.v[i], found.form), '', i => inForm(found.v[i], found.form)]; };
  const fall = value => value < 0 ? 'loss' : '', ratio = (name, values) => [name, i => values[i], i => number(values[i], 2), 'dim', () => '−0.00'];
  const secondRank = i => { const rank = s.secondRank[i]; if (!Number.isFinite(rank)) return 'n/a'; const low = rank > s.halved / 2; return `<span class="${low ? 'warn' : ''}">${number(rank, 0)}${low ? ' ▼' : ''}</span>`; };
  const hasHalves = s.halved > 0;
  const columns = [
    ['#', i => i < s.ranked ? -(i + 1) : NaN, i => i < s.ranked ? number(i + 1, 0) : ['n/a', 'invalid', 'failed'][s.end[i]], 'dim', () => 'invalid'],
    ...s.axes.map(axis => [axis.name, axis.numeric ? i => axis.numbers[axis.at[i]] : i => axis.at[i], i => safe(s.axisText(axis, i)), '', i => s.axisText(axis, i)]),
    column(s.objective.key),
    s.objective !== s.sharpe && column('sharpe'),
    hasHalves && ratio('1st half', s.first), hasHalves && ratio('2nd half', s.second),
    hasHalves && ['2nd rank', i => -s.secondRank[i], secondRank, 'dim', () => '10,000 ▼'],
    s.objective.key !== 'cagr' && column('cagr'), column('max_drawdown', 'Max DD', fall), s.objective.key !== 'profit_factor' && column('profit_factor'), column('win_rate'), column('trades'), column('refusals'), column('deflated_sharpe', 'Deflated'),
    s.data.sparks > 0 && ['Equity', null, i => sparkOf(s, i, 82, 20), '', () => '0'.repeat(11)],
  ].filter(Boolean);
  const objectiveAt = columns.findIndex(([name]) => name === s.objective.name), // columns are as wide as the head with its arrow and the widest of some values
    sample = Array.from({ length: Math.min(s.n, 200) }, (_, k) => Math.floor(k * s.n / Math.min(s.n, 200)));
  const widths = columns.map(([name, , , , written], j) => Math.ceil(Math.max(Math.min(widthOf(name + (j === objectiveAt ? ' ↓' : ''), 600) * 1.04, 100), ...sample.map(i => Math.min(widthOf(written(i)) * 1.15, 220))) + 14)), total = widths.reduce((sum, width) => sum + width, 0);
  const choice = section.querySelector('#sort'), turn = section.querySelector('#turn');
  choice.innerHTML = columns.map(([name, key], j) => key ? `<option value="${j}">${safe(name === '#' ? 'rank' : name)}</option>` : '').join('');
  list.innerHTML = `<div class="view"><table aria-label="Runs"><colgroup>${columns.map(() => '<col>').join('')}</colgroup><thead><tr>${columns.map(([name, key], j) => `<th scope="col">${key ? `<button type="button" data-column="${j}">${safe(name)}</button>` : safe(name)}</th>`).join('')}</tr></thead><tbody></tbody></table></div>`;
  list.querySelectorAll('col').forEach((col, j) => { col.style.width = (widths[j] / total * 100).toFixed(2) + '%'; });
  const view = list.firstChild, table = view.firstChild, body = table.tBodies[0], order = new Uint32Array(s.n).map((_, i) => i);
  table.style.minWidth = total + 'px';
  let rows = order, sort = objectiveAt, down = true, active = 0, chosen = -1, drawnFrom = -1, drawnTo = -1;
  const narrow = () => innerWidth <= 700, rowHeight = () => narrow() ? 53 : 29;
  const short = i => `<td colspan="${columns.length}"><div class="two"><b>${columns[0][2](i)}</b><span>${safe(s.valuesOf(i))}</span><b>${inForm(s.objective.v[i], s.objective.form)}</b></div><div class="two dim"><span></span><span>${['cagr', 'max_drawdown', 'trades'].map(key => s.column(key)).filter(Boolean).map(found => found.key === 'trades' ? `${inForm(found.v[i], 'n')} trades` : `${found.key === 'cagr' ? 'CAGR' : 'DD'} ${inForm(found.v[i], found.form)}`).join(' · ')}</span></div></td>`;
  const draw = force => {
    const height = rowHeight(), room = Math.max(view.clientHeight, 400), from = Math.max(0, Math.floor(view.scrollTop / height) - 6), to = Math.min(rows.length, from + Math.ceil(room / height) + 14);
    if (!force && from === drawnFrom && to === drawnTo) return;
    const focused = body.contains(document.activeElement), slim = narrow();
    drawnFrom = from; drawnTo = to;
    const pad = (count, kind) => count > 0 ? `<tr class="pad ${kind}" aria-hidden="true"><td colspan="${columns.length}"></td></tr>` : '';
    let html = pad(from, 'above');
    for (let p = from; p < to; p++) {
      const i = rows[p];
      html += `<tr data-row="${p}" tabindex="${p === active ? 0 : -1}" aria-rowindex="${p + 2}"${i === chosen ? ' aria-selected="true"' : ''}>${slim ? short(i) : columns.map(([, , cell, kind], j) => `<td class="${kind}${j === sort ? ' sorted' : ''}">${cell(i)}</td>`).join('')}</tr>`;
    }
    body.innerHTML = html + pad(rows.length - to, 'below');
    const above = body.querySelector('.above td'), below = body.querySelector('.below td');
    if (above) above.style.height = from * height + 'px';
    if (below) below.style.height = (rows.length - to) * height + 'px';
    if (focused) body.querySelector(`[data-row="${active}"]`)?.focus({ preventScroll: true });
  };
  const arrange = () => {
    const key = columns[sort][1], keys = new Float64Array(s.n), sense = down ? -1 : 1;
    // What is undefined comes last, whichever way the column is turned.
    for (let i = 0; i < s.n; i++) { const value = key(i); keys[i] = Number.isFinite(value) ? value * sense : Infinity; }
    order.sort((a, b) => (keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : 0) || a - b);
    list.querySelectorAll('thead th').forEach((th, j) => {
      if (j === sort) th.setAttribute('aria-sort', down ? 'descending' : 'ascending'); else th.removeAttribute('aria-sort');
      const button = th.querySelector('button');
      if (button) button.textContent = columns[j][0] + (j === sort ? (down ? ' ↓' : ' ↑') : '');
    });
    choice.value = sort;
    turn.textContent = down ? '↓' : '↑';
    turn.setAttribute('aria-label', down ? 'Largest first' : 'Smallest first');
    pick();
  };
  const pick = () => {
    rows = s.isFiltered() ? order.filter(i => s.keep[i]) : order;
    table.setAttribute('aria-rowcount', rows.length + 1);
    shown.textContent = `${number(rows.length, 0)} of ${number(s.n, 0)} shown`;
    clearAll.hidden = !s.isFiltered();
    active = 0;
    view.scrollTop = 0;
    list.querySelector('.empty')?.remove();
    draw(true);
    if (!rows.length) list.insertAdjacentHTML('beforeend', `<p class="empty">No run matches${filter.value.trim() ? ' ' + safe(filter.value.trim()) : ''}. Clear the filters.</p>`);
  };
  const sortBy = j => { if (j === sort) down = !down; else { sort = j; down = !s.axes.some(axis => axis.name === columns[j][0]); } arrange(); };
  // A run in full: what it was given, what came of it, and how to make it again.
  const show = i => {
    const pairs = (items, kind) => `<dl class="${kind}">${items.map(([name, value]) => `<div><dt>${safe(name)}</dt><dd>${safe(value)}</dd></div>`).join('')}</dl>`, shocked = s.axes.some(axis => axis.key.startsWith('stress.'));
    detail.innerHTML = `<div class="head"><h3>${safe(s.nameOf(i)[0].toUpperCase() + s.nameOf(i).slice(1))}</h3><button type="button" id="close">Close</button></div>`
      + (s.end[i] ? `<p class="said"><span class="warn">▲</span> This run is ${s.end[i] === 1 ? 'invalid' : 'failed'}${s.why[i] >= 0 ? ': ' + safe(s.data.reasons[s.why[i]]) : '.'}</p>` : '')
      + pairs(s.axes.map(axis => [axis.key, s.axisText(axis, i)]), 'given')
      + (s.end[i] ? '' : pairs([...s.columns.map(found => [found.name, inForm(found.v[i], found.form)]), ...(hasHalves ? [['Sharpe, first half', number(s.first[i], 2)], ['Sharpe, second half', number(s.second[i], 2)]] : [])], 'made'))
      + `<div class="command"><pre tabindex="0" role="region" aria-label="Command">${safe(commandOf(s, i))}</pre><button type="button" id="copy-command">Copy command</button></div>`
      + `<p class="said">${shocked ? 'The command makes the run without its shock: a backtest has none. ' : ''}Of the whole sweep: ${safe(s.data.headline)}</p>`;
    copyButton(detail.querySelector('#copy-command'), () => commandOf(s, i));
    detail.querySelector('#close').onclick = () => { chosen = -1; detail.innerHTML = ''; draw(true); body.querySelector(`[data-row="${active}"]`)?.focus(); };
  };
  const reveal = p => { const height = rowHeight(); if (p * height < view.scrollTop) view.scrollTop = p * height; if ((p + 2) * height > view.scrollTop + view.clientHeight) view.scrollTop = (p + 2) * height - view.clientHeight; };
  const choose = p => { active = p; chosen = rows[p]; draw(true); show(chosen); };
  const move = p => { active = Math.min(Math.max(p, 0), rows.length - 1); reveal(active); draw(true); body.querySelector(`[data-row="${active}"]`)?.focus({ preventScroll: true }); };
  s.choose = (i, far) => { const p = rows.indexOf(i); if (p < 0) return; reveal(p); choose(p); if (far) detail.scrollIntoView({ block: 'nearest' }); };
  const type = () => { const { test, error } = readFilter(s, filter.value); said.textContent = error || ''; if (!error) s.filter('words', test); };
  view.addEventListener('scroll', () => draw(false), { passive: true });
  filter.addEventListener('input', type);
  filter.addEventListener('keydown', event => { if (event.key === 'Escape') { filter.value = ''; type(); } });
  list.querySelector('thead').addEventListener('click', event => { const button = event.target.closest('[data-column]'); if (button) sortBy(+button.dataset.column); });
  choice.addEventListener('change', () => sortBy(+choice.value));
  turn.addEventListener('click', () => sortBy(sort));
  body.addEventListener('click', event => { const row = event.target.closest('[data-row]'); if (row) choose(+row.dataset.row); });
  body.addEventListener('keydown', event => {
    const keys = { ArrowDown: active + 1, ArrowUp: active - 1, j: active + 1, k: active - 1, Home: 0, End: rows.length - 1, PageDown: active + 12, PageUp: active - 12 };
    if (event.key === 'Enter' || event.key === ' ') choose(active); else if (event.key === 'Escape' && chosen >= 0) detail.querySelector('#close').click(); else if (event.key in keys) move(keys[event.key]); else return;
    event.preventDefault();
  });
  addEventListener('resize', () => draw(true));
  s.onKeep(pick);
  arrange();
  return { clear: () => { filter.value = ''; type(); }, clearAll };
};
