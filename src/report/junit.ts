export function wrapped(tests: number, failed: number, errors: number, ms: number, lines: string[]): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="qbtc" tests="${tests}" failures="${failed}" errors="${errors}" time="${seconds(ms)}">`,
    ...lines,
    '</testsuites>',
  ].join('\n');
}

export function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
