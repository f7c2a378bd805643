// What every page has around its charts: theme, print, copy, keys.
const root = document.documentElement;
root.classList.add('js');
const remember = theme => { try { localStorage.setItem('alphaflow-theme', theme); } catch { /* a file opened without storage forgets the theme */ } };
try { const theme = localStorage.getItem('alphaflow-theme'); if (theme === 'dark' || theme === 'light') root.dataset.theme = theme; } catch { /* as above */ }
const darkNow = () => root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
const copyText = async content => {
  try { await navigator.clipboard.writeText(content); return true; } catch {
    // A page from a file may not have the clipboard: the old way.
    const area = document.createElement('textarea');
    area.value = content;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
};
// A button that copies what `content()` says, and says that it did.
const copyButton = (button, content) => {
  const name = button.textContent;
  button.onclick = async () => {
    button.textContent = await copyText(content()) ? 'Copied' : 'Not copied';
    setTimeout(() => { button.textContent = name; }, 1600);
  };
};
// `themed`: called after the theme has changed, by hand or by the system.
const shell = (summary, charts, themed = () => {}) => {
  const themeButton = document.getElementById('theme'), name = () => { themeButton.firstElementChild.textContent = darkNow() ? 'Light' : 'Dark'; };
  const turn = () => { root.dataset.theme = darkNow() ? 'light' : 'dark'; remember(root.dataset.theme); name(); themed(); };
  name();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { name(); themed(); });
  themeButton.onclick = turn;
  document.getElementById('print').onclick = () => print();
  copyButton(document.getElementById('copy'), () => summary);
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
  // Paper is white: what scripts colour must know it before the style sheet does.
  let chosen;
  addEventListener('beforeprint', () => { chosen = root.dataset.theme; root.dataset.theme = 'light'; paper(703, true); });
  addEventListener('afterprint', () => { if (chosen) root.dataset.theme = chosen; else delete root.dataset.theme; paper(0, false); });
  document.fonts?.ready.then(() => charts.forEach(chart => chart.redraw()));
};
