// The page as a whole: theme, print, summary, keys; then the charts and the table.
const root = document.documentElement;
root.classList.add('js');
const remember = theme => { try { localStorage.setItem('alphaflow-theme', theme); } catch { /* a file opened without storage forgets the theme */ } };
try { const theme = localStorage.getItem('alphaflow-theme'); if (theme === 'dark' || theme === 'light') root.dataset.theme = theme; } catch { /* as above */ }
const darkNow = () => root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
document.addEventListener('DOMContentLoaded', () => {
  const data = JSON.parse(document.getElementById('data').textContent), section = id => document.getElementById(id);
  const trades = data.trades.n ? readTrades(data) : null, charts = [];
  let price = null;
  if (section('equity') && data.curve.n > 0) charts.push(equityChart(section('equity'), data));
  if (section('price') && data.prices.some(panel => panel.n)) charts.push(price = priceChart(section('price'), data, trades));
  if (section('limits') && data.curve.heat) charts.push(limitsChart(section('limits'), data));
  if (trades) tradeTable(section('trades'), data, trades, trade => price && price.show(trade));
  const themeButton = section('theme'), name = () => { themeButton.firstElementChild.textContent = darkNow() ? 'Light' : 'Dark'; };
  const turn = () => { root.dataset.theme = darkNow() ? 'light' : 'dark'; remember(root.dataset.theme); name(); };
  name();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', name);
  themeButton.onclick = turn;
  section('print').onclick = () => print();
  const copy = section('copy');
  copy.onclick = async () => {
    let done = true;
    try { await navigator.clipboard.writeText(data.summary); } catch {
      // A page from a file may not have the clipboard: the old way.
      const area = document.createElement('textarea');
      area.value = data.summary;
      document.body.append(area);
      area.select();
      done = document.execCommand('copy');
      area.remove();
    }
    copy.textContent = done ? 'Copied' : 'Not copied';
    setTimeout(() => { copy.textContent = 'Copy summary'; }, 1600);
  };
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea')) return;
    if (event.key === 'd' || event.key === 'D') turn(); else if (event.key === 'p' || event.key === 'P') print();
  });
  // What is copied from a table reads as numbers elsewhere.
  document.addEventListener('copy', event => {
    const selection = String(getSelection());
    if (!selection.includes(MINUS)) return;
    event.clipboardData.setData('text/plain', selection.replaceAll(MINUS, '-'));
    event.preventDefault();
  });
  // On paper: charts as wide as the page, and the hashes that nobody can unfold there.
  const files = document.querySelector('.files'), paper = (width, open) => { charts.forEach(chart => chart.force(width)); if (files) files.open = open; };
  addEventListener('beforeprint', () => paper(703, true));
  addEventListener('afterprint', () => paper(0, false));
  document.fonts?.ready.then(() => charts.forEach(chart => chart.redraw()));
});
