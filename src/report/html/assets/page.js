// The run report as a whole: the charts and the table.
document.addEventListener('DOMContentLoaded', () => {
  const data = JSON.parse(document.getElementById('data').textContent), section = id => document.getElementById(id);
  const trades = data.trades.n ? readTrades(data) : null, charts = [];
  let price = null;
  if (section('equity') && data.curve.n > 0) charts.push(equityChart(section('equity'), data));
  if (section('price') && data.prices.some(panel => panel.n)) charts.push(price = priceChart(section('price'), data, trades));
  if (section('limits') && data.curve.heat) charts.push(limitsChart(section('limits'), data));
  if (trades) tradeTable(section('trades'), data, trades, trade => price && price.show(trade));
  shell(data.summary, charts);
});
