import type { LogLine } from '../../../model/log.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { logLine } from '../../terminal/log-line.ts';

export interface LogsDocument {
  kind: 'logs';
  lines: LogLine[];
}

/** Log lines, one each, never broken: what is cut or left out is told with `--verbose`. */
const logs: View<LogsDocument> = ({ lines }, style) => {
  const sources = Math.max(0, ...lines.map(({ source }) => source.length));
  return lines.flatMap((line) => logLine(line, sources, style));
};

/** All that is known of it but the line as it was written. */
function toldLine({ raw: _, ...line }: LogLine): Omit<LogLine, 'raw'> {
  return line;
}

export const form: DocumentForm<LogsDocument> = {
  terminal: logs,
  verbatim: true,
  json: ({ lines }) => ({ lines: lines.map(toldLine) }),
  jsonLines: ({ lines }) => lines.map(toldLine),
};
