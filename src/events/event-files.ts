import { basename, resolve } from 'node:path';
import { messageOf } from '../errors.ts';
import type { EnvelopeKind } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import { readTextFile } from '../text-file.ts';
import type { Contracts, EventProblem } from './validate.ts';

/**
 * What is wrong with the events in these files; one that cannot be read is a finding as well. Without an envelope it is the
 * name of the file that says which event it is: `order_paid.json`, `order_paid.2.json`.
 */
export async function checkEventFiles(
  contracts: Contracts,
  cwd: string,
  files: readonly string[],
  envelope: EnvelopeKind,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const file of files) {
    const report = (code: string, message: string) =>
      findings.push({
        code,
        severity: 'error',
        subject: `event in ${file}`,
        message,
        fix: '',
        place: { file, line: 1, column: 1 },
      });
    let event: unknown;
    try {
      event = JSON.parse(await readTextFile(resolve(cwd, file)));
    } catch (error) {
      report('unreadable', messageOf(error));
      continue;
    }
    for (const { path, message } of envelope === 'none'
      ? bare(contracts, file, event)
      : contracts.check(event))
      report('mismatch', `${path === '' ? 'the event' : path} ${message}`);
  }
  return findings;
}

function bare(contracts: Contracts, file: string, event: unknown): EventProblem[] {
  const [name = ''] = basename(file).split('.');
  if (!contracts.names.includes(name))
    return [{ path: '', message: `is ${name}, which no contract describes` }];
  return contracts.checkData(name, event);
}
