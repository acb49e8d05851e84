import { messageOf, QbtcError } from '../errors.ts';
import { printableIn } from '../printable.ts';
import type { Document } from './document.ts';
import type { Reporter, ReportOptions } from './reporter.ts';
import { github } from './reporters/github.ts';
import { html } from './reporters/html.ts';
import { json, jsonLines } from './reporters/json.ts';
import { junit } from './reporters/junit.ts';
import { markdown } from './reporters/markdown.ts';
import { prometheus } from './reporters/prometheus.ts';
import { terminal } from './reporters/terminal.ts';

export type { Document } from './document.ts';

export const REPORTER_NAMES = [
  'terminal',
  'json',
  'json-lines',
  'github',
  'junit',
  'html',
  'markdown',
  'prometheus',
] as const;
export type ReporterName = (typeof REPORTER_NAMES)[number];

const REPORTERS: Record<ReporterName, Reporter> = {
  terminal,
  json,
  'json-lines': jsonLines,
  github,
  junit,
  html,
  markdown,
  prometheus,
};

/** For machines: they get every byte as it is, escaped as JSON does. */
const FOR_MACHINES: ReadonlySet<ReporterName> = new Set(['json', 'json-lines']);

/**
 * A reporter with its options filled in. What people see is made printable here, for every document alike: logs, names and
 * answers of others must not steer the terminal of who reads them.
 */
export function createReporter(name: ReporterName, options: ReportOptions): (document: Document) => string {
  return (document) => REPORTERS[name](FOR_MACHINES.has(name) ? document : printableIn(document), options);
}

/** Whatever was thrown as an error that can be reported; what nobody threw on purpose is a defect of ours. */
export function asQbtcError(thrown: unknown): QbtcError {
  if (thrown instanceof QbtcError) return thrown;
  return new QbtcError('DEFECT', `a defect in qbtc: ${messageOf(thrown)}`, {
    cause: thrown,
    hint: 'please report it, with the output of the same command with --verbose',
  });
}
