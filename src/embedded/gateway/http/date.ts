let second = 0;
let text = '';

/** What a Date field says now (RFC 9110, 6.6.1). */
export function httpDate(now: number = Date.now()): string {
  const current = Math.floor(now / 1000);
  if (current !== second) {
    second = current;
    text = new Date(current * 1000).toUTCString();
  }
  return text;
}

/** The three forms of a date in HTTP (RFC 9110, 5.6.7). */
const FORMS = [
  /^[A-Z][a-z]{2}, (?<day>\d{2}) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<clock>\d\d:\d\d:\d\d) GMT$/,
  /^[A-Z][a-z]{5,8}, (?<day>\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\d{2}) (?<clock>\d\d:\d\d:\d\d) GMT$/,
  /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<clock>\d\d:\d\d:\d\d) (?<year>\d{4})$/,
];

/**
 * Reads a date; of a year with two digits the century is that of nginx (`ngx_parse_http_time`).
 *
 * @returns milliseconds since the epoch; `undefined` for what is no date
 */
export function parsedDate(field: string): number | undefined {
  for (const form of FORMS) {
    const { day, month, year, clock } = form.exec(field)?.groups ?? {};
    if (day === undefined || year === undefined) continue;
    const century = year.length === 4 ? '' : year < '70' ? '20' : '19';
    const text = `${day.replace(' ', '0')} ${month} ${century}${year} ${clock}`;
    const time = Date.parse(`${text} GMT`);
    // 30 February is read as another day.
    return !Number.isNaN(time) && new Date(time).toUTCString().slice(5, 25) === text ? time : undefined;
  }
  return undefined;
}

/** The moments that a date can name: of the years 1970 to 9999. */
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59);
/** Up to here nginx writes years with two digits. */
const LAST_SHORT_YEAR = 2037;

/** Gives a moment as nginx writes it into cookies (`ngx_http_cookie_time`). */
export function cookieDate(time: number): string {
  const date = new Date(Math.min(Math.max(time, 0), LATEST_MS));
  const [weekday, day, month, year = '', clock] = date.toUTCString().split(' ');
  const short = Number(year) > LAST_SHORT_YEAR ? year : year.slice(2);
  return `${weekday} ${day}-${month}-${short} ${clock} GMT`;
}
