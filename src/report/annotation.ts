import type { Notice } from './notice.ts';

/**
 * A workflow command of GitHub Actions, which shows it beside the line of the file
 * (https://docs.github.com/actions/reference/workflow-commands).
 */
export function annotation({ severity, message, title, place }: Notice): string {
  const properties = { title, file: place?.file, line: place?.line, col: place?.column };
  const listed = Object.entries(properties).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${escaped(String(value), true)}`],
  );
  return `::${severity} ${listed.join(',')}::${escaped(message, false)}`;
}

function escaped(text: string, property: boolean): string {
  const data = text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  return property ? data.replaceAll(':', '%3A').replaceAll(',', '%2C') : data;
}
