// Where ticks stand: values on 1-2-5 steps, times at the turn of years, months, days and hours.
const niceStep = rough => {
  const power = 10 ** Math.floor(Math.log10(rough)), lead = rough / power;
  return (lead <= 1.0001 ? 1 : lead <= 2.0001 ? 2 : lead <= 5.0001 ? 5 : 10) * power;
};
const linearTicks = (low, high, most) => {
  if (!(high > low)) return [[low], 1];
  const step = niceStep((high - low) / most), ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) ticks.push(k * step);
  return [ticks, step];
};
const logTicks = (low, high, most) => {
  for (const leads of [[1, 1.5, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]) {
    const ticks = [];
    for (let p = Math.floor(Math.log10(low)); p <= Math.ceil(Math.log10(high)); p++) for (const lead of leads) {
      const tick = lead * 10 ** p;
      if (tick >= low && tick <= high) ticks.push(tick);
    }
    if (ticks.length <= most || leads.length === 1) return ticks.length >= 3 ? ticks : linearTicks(low, high, most)[0];
  }
};
const CALENDAR = [
  ...[1, 2, 5, 10, 15, 30].map(n => ['minute', n]), ...[60, 120].map(n => ['minute', n]),
  ...[1, 2, 5, 10].map(n => ['day', n]), ...[1, 2, 3, 6].map(n => ['month', n]), ...[1, 2, 5, 10, 20].map(n => ['year', n]),
];
// Ticks of the points from..to whose times are `times`: [place, label, heavy], the finest kind that has `room` for each.
const timeTicks = (times, from, to, data, room) => {
  const parts = [];
  for (let i = from; i <= to; i++) { const [day, minute] = moment(times[i], data), [y, m, d] = civil(day); parts.push([i, y, m, d, day, minute]); }
  const span = parts.length ? parts[parts.length - 1][4] - parts[0][4] : 0;
  const most = Math.max(2, room);
  for (const [kind, every] of CALENDAR) {
    if (kind === 'minute' && (data.daily || span > 8)) continue;
    if (kind === 'day' && span > 130) continue;
    const ticks = [];
    let sessions = 0;
    for (let j = 1; j < parts.length && ticks.length <= most; j++) {
      const [, y, m, d, day, minute] = parts[j], was = parts[j - 1];
      if (kind === 'minute') {
        if (day !== was[4]) ticks.push([parts[j][0], d + ' ' + MONTHS[m - 1], true]);
        else if (Math.floor(minute / every) !== Math.floor(was[5] / every) && minute % every < 5) ticks.push([parts[j][0], clock(minute - minute % every), false]);
      } else if (kind === 'day') {
        if (day === was[4]) continue;
        sessions++;
        if (m !== was[2]) ticks.push([parts[j][0], d + ' ' + MONTHS[m - 1], true]);
        else if (sessions % every === 0) ticks.push([parts[j][0], String(d), false]);
      } else if (kind === 'month') {
        if (m === was[2] && y === was[1]) continue;
        if (y !== was[1]) ticks.push([parts[j][0], String(y), true]);
        else if ((m - 1) % every === 0) ticks.push([parts[j][0], MONTHS[m - 1], false]);
      } else if (y !== was[1] && y % every === 0) ticks.push([parts[j][0], String(y), false]);
    }
    if (ticks.length <= most && (ticks.length > 1 || kind === 'year')) return ticks;
  }
  return [];
};
