import { messageOf, QbtcError } from '../errors.ts';
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

/** A reporter with its options filled in. */
export function createReporter(name: ReporterName, options: ReportOptions): (document: Document) => string {
  return (document) => REPORTERS[name](document, options);
}

/** Whatever was thrown as an error that can be reported; what nobody threw on purpose is a defect of ours. */
export function asQbtcError(thrown: unknown): QbtcError {
  if (thrown instanceof QbtcError) return thrown;
  return new QbtcError('DEFECT', `a defect in qbtc: ${messageOf(thrown)}`, {
    cause: thrown,
    hint: 'please report it, with the output of the same command with --verbose',
  });
}
