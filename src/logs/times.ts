const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Since the epoch, written as text. */
const EPOCH = /^\d{10,19}(?:\.\d+)?$/;

/** In UTC, whatever zone it was written in; without a zone it is the time of the machine. Python puts a comma before the fraction. */
export function timeOf(written: unknown): string | undefined {
  if (typeof written === 'string') {
    // Most are written in this form already.
    if (UTC.test(written)) return Number.isNaN(Date.parse(written)) ? undefined : written;
    if (EPOCH.test(written)) return timeOf(Number(written));
    return isoOf(written.includes(',') ? written.replace(/(:\d\d),(\d)/, '$1.$2') : written);
  }
  if (typeof written !== 'number') return undefined;
  // Seconds have ten digits until the year 2286, nanoseconds nineteen.
  const milliseconds = written < 1e11 ? written * 1000 : written > 1e17 ? written / 1e6 : written;
  return isoOf(milliseconds);
}

function isoOf(written: string | number): string | undefined {
  const at = new Date(written);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
