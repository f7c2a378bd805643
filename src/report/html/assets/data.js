// Packed columns back into numbers; numbers and dates into text. The other half of pack.rs and format.rs.
const DIGITS = new Int8Array(128).fill(-1);
[...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].forEach((c, i) => { DIGITS[c.charCodeAt(0)] = i; });
const decode = column => {
  const text = column.d, scale = column.s, out = [];
  let value = 0, bits = 0, unit = 1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 46) { out.push(NaN); continue; }
    const digit = DIGITS[code];
    bits += (digit & 31) * unit;
    if (digit > 31) { unit *= 32; continue; }
    value += bits % 2 ? -(bits + 1) / 2 : bits / 2;
    out.push(value / scale);
    bits = 0; unit = 1;
  }
  return Float64Array.from(out);
};
const WHY = [['▽', 'signal'], ['✕', 'stop'], ['◇', 'target'], ['✕', 'trail'], ['■', 'margin call'], ['■', 'kill switch'], ['▽', 'manual'], ['■', 'delisted'], ['✕', 'time stop'], ['■', 'daily loss']];
const MINUS = '\u2212';
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const number = (value, decimals, plus, before = '', after = '') => {
  if (!Number.isFinite(value)) return 'n/a';
  const [whole, rest] = Math.abs(value).toFixed(decimals).split('.');
  const zero = !/[1-9]/.test(whole + (rest || ''));
  const sign = zero ? '' : value < 0 ? MINUS : plus ? '+' : '';
  return sign + before + whole.replace(/\B(?=(\d{3})+$)/g, ',') + (rest ? '.' + rest : '') + after;
};
const dollars = value => number(value, Math.abs(value) >= 9999.5 ? 0 : 2, false, '$');
const percent = (fraction, decimals, plus) => number(fraction * 100, decimals, plus, '', '%');
const priceText = value => number(value, Math.abs(value) < 1 ? 4 : 2);
const sharesText = value => Number.isInteger(value) ? number(value, 0) : number(value, 9).replace(/\.?0+$/, '');
const axisDollars = (value, step) => {
  const size = Math.abs(value), [scale, unit] = step >= 1e9 || size >= 1e9 ? [1e9, 'B'] : size >= 1e6 ? [1e6, 'M'] : size >= 1e4 ? [1e3, 'k'] : [1, ''];
  let decimals = 0;
  while (decimals < 4 && Math.abs(step / scale * 10 ** decimals - Math.round(step / scale * 10 ** decimals)) > 1e-6) decimals++;
  return number(value / scale, unit ? decimals : decimals === 1 ? 2 : decimals, false, '$', unit);
};
const toneOf = value => value > 0 ? 'gain' : value < 0 ? 'loss' : '';
const safe = text => String(text).replace(/[&<>"']/g, c => '&#' + c.charCodeAt(0) + ';');
// Days since 1970 to a date (Hinnant, "chrono-compatible low-level date algorithms").
const civil = days => {
  const z = days + 719468, era = Math.floor(z / 146097), doe = z - era * 146097;
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36524) - Math.floor(doe / 146096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100)), mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return [yoe + era * 400 + (month < 3 ? 1 : 0), month, doy - Math.floor((153 * mp + 2) / 5) + 1];
};
const daysOf = (year, month, day) => Math.floor(Date.UTC(year, month - 1, day) / 864e5);
// New York's distance from UTC in minutes on a day: the law of 1987 to 2006, then that of 2007.
const newYork = (() => {
  const cache = new Map();
  const sunday = (year, month, nth) => { const first = daysOf(year, month, 1), at = first + (11 - first % 7) % 7; return at + 7 * (nth - 1); };
  return days => {
    const year = civil(days)[0];
    if (!cache.has(year)) cache.set(year, year >= 2007 ? [sunday(year, 3, 2), sunday(year, 11, 1)] : [sunday(year, 4, 1), sunday(year, 11, 1) - 7]);
    const [from, to] = cache.get(year);
    return days >= from && days < to ? -240 : -300;
  };
})();
// A moment of this report's unit as [day number, minute of the day in New York].
const moment = (time, data) => {
  if (data.daily) return [time, 0];
  const day = Math.floor(time / 1440), local = time + newYork(day);
  return [Math.floor(local / 1440), local - Math.floor(local / 1440) * 1440];
};
const two = value => String(value).padStart(2, '0');
const clock = minute => two(Math.floor(minute / 60)) + ':' + two(minute % 60);
const isoDate = days => { const [y, m, d] = civil(days); return y + '-' + two(m) + '-' + two(d); };
const proseDate = days => { const [y, m, d] = civil(days); return d + ' ' + MONTHS[m - 1] + ' ' + y; };
const tableTime = (time, data) => { const [day, minute] = moment(time, data); return isoDate(day) + (data.daily ? '' : ' ' + clock(minute)); };
const longTime = (time, data) => { const [day, minute] = moment(time, data); return DAYS[((day + 4) % 7 + 7) % 7] + ' ' + proseDate(day) + (data.daily ? '' : ', ' + clock(minute) + ' ET'); };
const shortTime = (time, data, withClock) => { const [day, minute] = moment(time, data); return withClock && !data.daily ? proseDate(day).replace(/ \d{4}$/, '') + ' ' + clock(minute) : proseDate(day); };
