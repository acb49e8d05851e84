import { resolve } from 'node:path';
import { messageOf } from '../errors.ts';
import type { Finding } from '../model/finding.ts';
import { readTextFile } from '../text-file.ts';
import type { Contracts } from './validate.ts';

/** What is wrong with the events in these files; one that cannot be read is a finding as well. */
export async function checkEventFiles(
  contracts: Contracts,
  cwd: string,
  files: readonly string[],
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
    for (const { path, message } of contracts.check(event))
      report('mismatch', `${path === '' ? 'the event' : path} ${message}`);
  }
  return findings;
}
