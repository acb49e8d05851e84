import { basename } from 'node:path';
import { QbtcError } from '../../errors.ts';

/** What is wrong with a file that was kept for the next start. */
export type Damage = { file: string } & (
  | { kind: 'missing'; because: string }
  /** It is cut off: this much of it was promised to be on the disk. */
  | { kind: 'short'; bytes: number; promised: number }
  /** Bytes that are no record. */
  | { kind: 'unreadable'; offset: number; bytes: number; before: number; after: number }
  /** A record that is whole and is not understood. */
  | { kind: 'not-understood'; offset: number; reason: string }
  /** It is whole in itself and is not what it should be. */
  | { kind: 'wrong'; reason: string }
);

/** One sentence: which file, where, what was found, what was expected. */
export function describeDamage(damage: Damage): string {
  const { file } = damage;
  switch (damage.kind) {
    case 'missing':
      return `${file} is missing: ${damage.because}`;
    case 'short':
      return `${file} ends at byte ${damage.bytes}, and ${damage.promised} bytes of it were confirmed`;
    case 'unreadable':
      return (
        `${file}, byte ${damage.offset}: ${damage.bytes} bytes are no record; ` +
        `${damage.before} whole records stand before them and ${damage.after} after them`
      );
    case 'not-understood':
      return `${file}, byte ${damage.offset}: ${damage.reason}`;
    case 'wrong':
      return `${file}: ${damage.reason}`;
  }
}

/** How a person says that the rest is to be used without what is damaged. */
const ACCEPT_LOSS = 'qbtc up --accept-loss';
const MOST_DETAILS = 20;

/** Nothing was changed: what is damaged may still be mended, or come back from a backup. */
export function damagedError(
  code: string,
  folder: string,
  damages: readonly Damage[],
  afterwards = '',
): QbtcError {
  const lines = damages.map(describeDamage);
  const [first = ''] = lines;
  const more = lines.length > 1 ? ` (and ${lines.length - 1} more)` : '';
  return new QbtcError(code, `${folder} has lost what was confirmed: ${first}${more}`, {
    details: lines.length > 1 ? lines.slice(0, MOST_DETAILS) : [],
    hint: `put the files back from a backup; or start without what is damaged, which is kept aside there: ${ACCEPT_LOSS}${afterwards}`,
  });
}

/** The names of the files that are damaged and there. */
export function damagedFiles(damages: readonly Damage[]): string[] {
  return [
    ...new Set(damages.filter(({ kind }) => kind !== 'missing').map(({ file }) => basename(file))),
  ].sort();
}
