// The sweep report as a whole.
document.addEventListener('DOMContentLoaded', () => {
  const data = JSON.parse(document.getElementById('data').textContent), section = id => document.getElementById(id), s = readSweep(data);
  const heat = section('heat') && heatMap(section('heat'), s), coords = section('coords') && coordsChart(section('coords'), s);
  const over = [
    section('halves') && halvesChart(section('halves'), s),
    section('spread') && spreadChart(section('spread'), s),
    section('fan') && data.fan && data.dates.length > 1 && fanChart(section('fan'), s),
    section('walk') && data.walk && data.walk.dates.length > 1 && walkChart(section('walk'), s),
  ];
  const charts = [heat, coords, ...over].filter(Boolean);
  if (s.n) {
    const table = runTable(section('runs'), s);
    table.clearAll.onclick = () => { table.clear(); if (heat) heat.clear(); if (coords) coords.clear(); };
  }
  shell(data.summary, charts, () => charts.forEach(chart => chart.redraw()));
});
