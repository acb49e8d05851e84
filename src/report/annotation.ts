/** `qbtc.yaml:12:5 …`, as mistakes of a file are written. */
export const PLACE = /^([^\s:]+):(\d+):(\d+):?\s*(.*)$/s;

/** The place that a text begins with, as the properties of an annotation. */
export function placeOf(text = ''): Record<string, string | number> {
  const [, file, line, col] = PLACE.exec(text) ?? [];
  return file === undefined ? {} : { file, line: Number(line), col: Number(col) };
}

/**
 * A workflow command of GitHub Actions, which shows it beside the line of the file
 * (https://docs.github.com/actions/reference/workflow-commands).
 */
export function annotation(
  severity: 'error' | 'warning',
  message: string,
  properties: Record<string, string | number>,
): string {
  const listed = Object.entries(properties).map(([name, value]) => `${name}=${escaped(String(value), true)}`);
  return `::${severity} ${listed.join(',')}::${escaped(message, false)}`;
}

function escaped(text: string, property: boolean): string {
  const data = text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  return property ? data.replaceAll(':', '%3A').replaceAll(',', '%2C') : data;
}
