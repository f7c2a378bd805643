// The trade table: sorts by every column, filters by words, draws only the rows in sight.
const readTrades = data => {
  const raw = data.trades, trades = { n: raw.n, names: raw.names };
  for (const key of ['s', 'short', 'q', 'et', 'ep', 'xt', 'xp', 'pnl', 'fees', 'why', 'ses', 'r', 'worst', 'best', 'ei', 'xi']) trades[key] = decode(raw[key]);
  return trades;
};
const tradeTable = (section, data, trades, show) => {
  const list = section.querySelector('.list'), filter = section.querySelector('#filter'), shown = section.querySelector('#shown');
  let largest = 1;
  for (let i = 0; i < trades.n; i++) largest = Math.max(largest, Math.abs(trades.pnl[i]));
  const open = i => !Number.isFinite(trades.xt[i]), why = i => open(i) ? ['', 'still open'] : WHY[trades.why[i]] || WHY[6];
  let longest = 0;
  for (const shares of trades.q) longest = Math.max(longest, sharesText(shares).length);
  const hasShort = trades.short.includes(1), sharesWidth = Math.max(6.4, longest * .62 + 1.7).toFixed(1) + '%', dateWidth = data.daily ? '9.6%' : '12.5%';
  const bar = value => { const w = Math.max(Math.abs(value) / largest * 43, value ? 1 : 0); return `<svg width="90" height="9" viewBox="0 0 90 9" aria-hidden="true"><path class="zero" d="M45 0V9"/><rect class="bar ${toneOf(value)}" x="${r1(value < 0 ? 45 - w : 45)}" y="1" width="${r1(w)}" height="7"/></svg>`; };
  const result = value => `<span class="${toneOf(value)}">${number(value, 2, true, '$')}</span>`;
  const columns = [
    ['Symbol', i => trades.names[trades.s[i]] || '', i => safe(trades.names[trades.s[i]] || '') + (trades.short[i] ? ' <span class="dim">short</span>' : ''), hasShort ? '8.4%' : '6.4%', 'word'],
    ['Shares', i => trades.q[i], i => sharesText(trades.q[i]), sharesWidth, ''],
    ['Entered', i => trades.et[i], i => tableTime(trades.et[i], data), dateWidth, 'word'],
    ['Price', i => trades.ep[i], i => priceText(trades.ep[i]), '7%', ''],
    ['Left', i => open(i) ? Infinity : trades.xt[i], i => open(i) ? '' : tableTime(trades.xt[i], data), dateWidth, 'word'],
    ['Price', i => open(i) ? -Infinity : trades.xp[i], i => open(i) ? '' : priceText(trades.xp[i]), '7%', ''],
    ['Sessions', i => trades.ses[i], i => number(trades.ses[i], 0), '7.2%', ''],
    ['P&L, net', i => trades.pnl[i], i => result(trades.pnl[i]), '9.6%', ''],
    ['', null, i => bar(trades.pnl[i]), '9.4%', ''],
    ['R', i => Number.isFinite(trades.r[i]) ? trades.r[i] : -Infinity, i => Number.isFinite(trades.r[i]) ? number(trades.r[i], 2, true) : '<span class="none" title="no stop, so no risk to measure by">n/a</span>', '6.4%', ''],
    ['Worst', i => trades.worst[i], i => percent(trades.worst[i], 1, true), '6.4%', 'dim'],
    ['Best', i => trades.best[i], i => percent(trades.best[i], 1, true), '6.6%', 'dim'],
    ['Why it left', i => why(i)[1], i => why(i).join(' ').trim(), '8.4%', 'word dim'],
  ];
  // A phone has no header row to sort by: a choice and a direction stand in.
  const choice = section.querySelector('#sort'), turn = section.querySelector('#turn'), full = { 3: 'Entry price', 5: 'Exit price' };
  choice.innerHTML = columns.map(([name, key], j) => key ? `<option value="${j}">${safe(full[j] || name)}</option>` : '').join('');
  const order = Array.from({ length: trades.n }, (_, i) => i);
  let rows = order, sort = 2, down = true, active = 0, chosen = -1;
  const plain = Array.from(order, i => [trades.names[trades.s[i]] || '', trades.short[i] ? 'short' : 'long', tableTime(trades.et[i], data), open(i) ? '' : tableTime(trades.xt[i], data), why(i)[1], trades.pnl[i] > 0 ? 'won' : trades.pnl[i] < 0 ? 'lost' : ''].join(' ').toLowerCase());
  list.innerHTML = `<div class="view"><table aria-label="Trades"><colgroup>${columns.map(() => '<col>').join('')}</colgroup><thead><tr>${columns.map(([name, key, , , kind], j) => `<th scope="col" class="${kind}">${key ? `<button type="button" data-column="${j}">${safe(name)}</button>` : '<span class="hidden">P&amp;L as a bar</span>'}</th>`).join('')}</tr></thead><tbody></tbody></table></div>`;
  list.querySelectorAll('col').forEach((col, j) => { col.style.width = columns[j][3]; });
  const view = list.firstChild, table = view.firstChild, body = table.tBodies[0];
  const rowHeight = () => innerWidth <= 700 ? 53 : 29;
  let drawnFrom = -1, drawnTo = -1;
  const draw = force => {
    const height = rowHeight(), room = Math.max(view.clientHeight, 400), from = Math.max(0, Math.floor(view.scrollTop / height) - 6), to = Math.min(rows.length, from + Math.ceil(room / height) + 14);
    if (!force && from === drawnFrom && to === drawnTo) return;
    const focused = body.contains(document.activeElement);
    drawnFrom = from; drawnTo = to;
    const pad = (count, kind) => count ? `<tr class="pad ${kind}" aria-hidden="true"><td colspan="13"></td></tr>` : '';
    let html = pad(from, 'above');
    for (let p = from; p < to; p++) {
      const i = rows[p];
      html += `<tr data-row="${p}" tabindex="${p === active ? 0 : -1}" aria-rowindex="${p + 2}"${i === chosen ? ' aria-selected="true"' : ''}>${columns.map(([, , cell, , kind]) => `<td${kind && ` class="${kind}"`}>${cell(i)}</td>`).join('')}</tr>`;
    }
    body.innerHTML = html + pad(rows.length - to, 'below');
    const above = body.querySelector('.above td'), below = body.querySelector('.below td');
    if (above) above.style.height = from * height + 'px';
    if (below) below.style.height = (rows.length - to) * height + 'px';
    if (focused) { const row = body.querySelector(`[data-row="${active}"]`); if (row) row.focus({ preventScroll: true }); }
  };
  // Sorting is the slow half, so a word typed into the filter picks from rows that are in order already.
  const arrange = () => {
    const key = columns[sort][1], keys = new Array(trades.n), sense = down ? -1 : 1;
    for (const i of order) keys[i] = key(i);
    order.sort((a, b) => (keys[a] < keys[b] ? -sense : keys[a] > keys[b] ? sense : 0) || b - a);
    list.querySelectorAll('thead th').forEach((th, j) => {
      if (j === sort) th.setAttribute('aria-sort', down ? 'descending' : 'ascending'); else th.removeAttribute('aria-sort');
      const button = th.querySelector('button');
      if (button) button.textContent = columns[j][0] + (j === sort ? (down ? ' ↓' : ' ↑') : '');
    });
    choice.value = sort;
    turn.textContent = down ? '↓' : '↑';
    turn.setAttribute('aria-label', down ? 'Largest or last first' : 'Smallest or first first');
    pick();
  };
  const pick = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows = words.length ? order.filter(i => words.every(word => plain[i].includes(word))) : order;
    table.setAttribute('aria-rowcount', rows.length + 1);
    shown.textContent = `${number(rows.length, 0)} of ${number(trades.n, 0)} shown`;
    active = 0;
    view.scrollTop = 0;
    draw(true);
    if (!rows.length) body.innerHTML = `<tr class="pad"><td colspan="13"></td></tr>`;
    list.querySelector('.empty')?.remove();
    if (!rows.length) list.insertAdjacentHTML('beforeend', `<p class="empty">No trade matches ${safe(filter.value.trim())}. Clear the filter.</p>`);
  };
  // Words start at A, numbers and dates at the largest; the same column again turns round.
  const sortBy = column => {
    if (column === sort) down = !down; else { sort = column; down = column !== 0 && column !== 12; }
    arrange();
  };
  const choose = p => { active = p; chosen = rows[p]; draw(true); show(chosen); };
  const move = p => {
    const height = rowHeight();
    active = Math.min(Math.max(p, 0), rows.length - 1);
    if (active * height < view.scrollTop) view.scrollTop = active * height;
    if ((active + 2) * height > view.scrollTop + view.clientHeight) view.scrollTop = (active + 2) * height - view.clientHeight;
    draw(true);
    body.querySelector(`[data-row="${active}"]`)?.focus({ preventScroll: true });
  };
  view.addEventListener('scroll', () => draw(false), { passive: true });
  filter.addEventListener('input', pick);
  filter.addEventListener('keydown', event => { if (event.key === 'Escape') { filter.value = ''; pick(); } });
  list.querySelector('thead').addEventListener('click', event => {
    const button = event.target.closest('[data-column]');
    if (!button) return;
    sortBy(+button.dataset.column);
  });
  choice.addEventListener('change', () => sortBy(+choice.value));
  turn.addEventListener('click', () => sortBy(sort));
  body.addEventListener('click', event => { const row = event.target.closest('[data-row]'); if (row) { choose(+row.dataset.row); section.ownerDocument.getElementById('price')?.scrollIntoView({ block: 'start' }); } });
  body.addEventListener('keydown', event => {
    const keys = { ArrowDown: active + 1, ArrowUp: active - 1, j: active + 1, k: active - 1, Home: 0, End: rows.length - 1, PageDown: active + 12, PageUp: active - 12 };
    if (event.key === 'Enter' || event.key === ' ') choose(active); else if (event.key in keys) move(keys[event.key]); else return;
    event.preventDefault();
  });
  addEventListener('resize', () => draw(true));
  arrange();
  return { redraw: () => draw(true) };
};
