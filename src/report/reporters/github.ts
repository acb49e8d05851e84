import { messageOf, type QbtcError } from '../../errors.ts';
import type { CheckResult } from '../../model/score.ts';
import type { Document } from '../document.ts';
import type { Reporter } from '../reporter.ts';
import { terminal } from './terminal.ts';

/** `qbtc.yaml:12:5 …`, as mistakes of a file are written. */
const PLACE = /^([^\s:]+):(\d+):(\d+):?\s*(.*)$/s;

/**
 * Workflow commands of GitHub Actions, which shows them beside the lines of the files
 * (https://docs.github.com/actions/reference/workflow-commands). What has no annotation is printed as at a terminal.
 */
export const github: Reporter = (document, options) => {
  const lines = annotations(document);
  const text = terminal(document, { ...options, color: false });
  return lines.length === 0 ? text : [...lines, text].join('\n');
};

function annotations(document: Document): string[] {
  switch (document.kind) {
    case 'findings':
      return document.findings.map(({ severity, code, subject, message, fix, place }) =>
        annotation(severity, `${subject}: ${message}${fix === '' ? '' : ` (${fix})`}`, {
          title: `qbtc ${code}`,
          ...(place === undefined ? {} : { file: place.file, line: place.line, col: place.column }),
        }),
      );
    case 'plan':
      return document.changes.map(({ action, kind, name, reason = '', blocked }) =>
        annotation('warning', `${action} ${kind} ${name}: ${blocked ?? reason}`, { title: 'qbtc drift' }),
      );
    case 'applied':
      return document.outcomes
        .filter(({ status }) => status === 'failed')
        .map(({ change, reason = '', place }) => {
          const [, file, line, col] = (place === undefined ? null : PLACE.exec(place)) ?? [];
          const about = `${change.action} ${change.kind} ${change.name}: ${reason}`;
          return annotation('error', about, {
            title: 'qbtc routes sync',
            ...(file === undefined ? {} : { file, line: Number(line), col: Number(col) }),
          });
        });
    case 'contract-diff':
      return document.changes
        .filter(({ breaks }) => breaks.length > 0)
        .map(({ event, field, what, breaks, file }) =>
          annotation('error', `${[event, field].filter((name) => name !== '').join(' ')}: ${what}`, {
            title: `qbtc events diff: breaks ${breaks.join(' and ')} compatibility`,
            ...(file === undefined ? {} : { file }),
          }),
        );
    case 'flows':
      return document.flows.flatMap(({ name, file, run, stoppedAt }) => {
        if (stoppedAt === undefined) return [];
        const { hop, subject, reason } = stoppedAt;
        return [
          annotation('error', `stopped at hop ${hop}, ${subject}: ${reason}`, {
            title: `qbtc test ${name}${run === undefined ? '' : ` run ${run}`}`,
            file,
          }),
        ];
      });
    case 'score':
      return document.score.components.flatMap(({ checks }) => checks.flatMap(lostPoints));
    case 'doctor':
      return document.checks
        .filter(({ status }) => status !== 'pass')
        .map(({ name, status, found, fix }) =>
          annotation(status === 'fail' ? 'error' : 'warning', `${found}${fix === null ? '' : ` (${fix})`}`, {
            title: `qbtc doctor: ${name}`,
          }),
        );
    case 'error':
      return errorAnnotations(document.error);
    default:
      return [];
  }
}

/** The check is gone for good or in part: what is set aside in `qbtc.yaml`, or could not be measured, only warns. */
function lostPoints({
  code,
  subject,
  severity,
  status,
  points,
  max,
  fix,
  evidence,
  ignored,
}: CheckResult): string[] {
  if (status === 'passed') return [];
  const graveness =
    status === 'failed' && severity === 'critical' && ignored === undefined ? 'error' : 'warning';
  const advice = fix?.command ?? fix?.byHand ?? '';
  const lost = status === 'failed' ? `-${(max - points).toFixed(2)}` : 'not measured';
  return [
    annotation(graveness, `${subject}: ${fix?.why ?? evidence}${advice === '' ? '' : ` (${advice})`}`, {
      title: `qbtc score ${code} ${lost}`,
    }),
  ];
}

/** Each mistake at its place in its file; what has none is told as a whole. */
function errorAnnotations(error: QbtcError): string[] {
  const placed = error.details.flatMap((detail) => {
    const [, file, line, col, message] = PLACE.exec(detail) ?? [];
    if (file === undefined || message === undefined) return [];
    return [annotation('error', message, { file, line: Number(line), col: Number(col) })];
  });
  if (placed.length > 0) return placed;
  const text = [messageOf(error), ...error.details, ...(error.hint === undefined ? [] : [error.hint])].join(
    '\n',
  );
  return [annotation('error', text, { title: `qbtc ${error.code}` })];
}

function annotation(
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
