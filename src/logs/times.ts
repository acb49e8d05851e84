/** In UTC, whatever zone it was written in; without a zone it is the time of the machine. Python puts a comma before the fraction. */
export function timeOf(written: unknown): string | undefined {
  if (typeof written === 'string') return isoOf(written.replace(/(:\d\d),(\d)/, '$1.$2'));
  if (typeof written !== 'number') return undefined;
  // Seconds have ten digits until the year 2286, nanoseconds nineteen.
  const milliseconds = written < 1e11 ? written * 1000 : written > 1e17 ? written / 1e6 : written;
  return isoOf(milliseconds);
}

function isoOf(written: string | number): string | undefined {
  const at = new Date(written);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
