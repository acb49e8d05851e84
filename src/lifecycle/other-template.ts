import semver from 'semver';
import type { Context } from '../context.ts';
import { readLedger } from '../scaffold/ledger.ts';

/** Says in a line when the stack is of another version of the template than this qbtc: it goes on all the same. */
export async function sayOtherTemplate(
  { io, installation: { version } }: Pick<Context, 'io' | 'installation'>,
  root: string,
): Promise<void> {
  // What is wrong with the ledger is for who upgrades, or takes an add-on out.
  const from = (await readLedger(root).catch(() => undefined))?.template?.version;
  if (from === undefined || from === version || semver.valid(from) === null) return;
  io.err(
    semver.gt(from, version)
      ? `this stack is of the template ${from}, and this qbtc is ${version}: npm install -g qbtc@${from}`
      : `this stack is of the template ${from}, this qbtc brings ${version}: qbtc upgrade --dry-run`,
  );
}
