import type { Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import type { Finding } from '../model/finding.ts';
import type { Check, Intent } from './check.ts';
import { bundles } from './checks/bundles.ts';
import { containers } from './checks/containers.ts';
import { declarations } from './checks/declarations.ts';
import { gateway } from './checks/gateway.ts';
import { lockFile } from './checks/lock-file.ts';
import { packages } from './checks/packages.ts';
import { programs } from './checks/programs.ts';
import { collected, type Thrown } from './collected.ts';

const CHECKS: readonly Check[] = [packages, lockFile, programs, bundles, gateway, declarations, containers];

/** All that can be told of a start before anything is started: what stands in its way, and what is to be known. */
export async function checkBefore(context: Context, intent: Intent): Promise<Finding[]> {
  const found = await Promise.all(
    CHECKS.map(async (check) => {
      const findings: Finding[] = [];
      const thrown = await collected(async () => void findings.push(...(await check(context, intent))));
      return [...findings, ...thrown];
    }),
  );
  // What two checks read is told once.
  const seen = new Set<string>();
  return found.flat().filter(({ code, subject, message }) => {
    const key = [code, subject, message].join('\0');
    return !seen.has(key) && seen.add(key);
  });
}

/**
 * Ends a start with all that stands in its way.
 *
 * @throws QbtcError the only one that there is as it was thrown; `START_REFUSED` with a line for each
 */
export function refuseFaulty(findings: readonly Finding[]): void {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const [only] = errors;
  if (only === undefined) return;
  if (errors.length === 1 && isThrown(only)) throw only.error;
  throw new QbtcError(
    'START_REFUSED',
    errors.length === 1
      ? 'something stands in the way of the start; nothing was started'
      : `${errors.length} things stand in the way of the start; nothing was started`,
    {
      details: errors.flatMap(lines),
      hint:
        errors.length === 1 && only.fix !== '' ? only.fix : 'mend them; qbtc up --dry-run shows what is left',
    },
  );
}

/** A finding as lines: those of a thrown one come after it. */
export function lines(finding: Finding): string[] {
  const { place, subject, message, fix } = finding;
  const at = place === undefined ? '' : `${place.file}:${place.line}:${place.column} `;
  const about = subject === '' ? '' : `${subject}: `;
  const remedy = fix === '' ? '' : ` (${fix})`;
  const details = isThrown(finding) ? finding.error.details.map((line) => `  ${line}`) : [];
  return [`${at}${about}${message}${remedy}`, ...details];
}

function isThrown(finding: Finding): finding is Thrown {
  return 'error' in finding;
}
