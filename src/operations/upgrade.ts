import * as z from 'zod';
import { EXIT } from '../errors.ts';
import { stackPlaceHere } from '../lifecycle/open.ts';
import { conflictsOf, upgradeStack } from '../lifecycle/upgrade.ts';
import type { Upgrade } from '../model/upgrade.ts';
import { operationOf } from './operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: {
    dryRun: z.boolean().default(false),
    install: z.boolean().default(true),
    allowDirty: z.boolean().default(false),
    base: z.string().min(1).exactOptional(),
  },
  documents: ['upgrade'],
  // A stack with conflicts in it need not load, nor one that asks for an older qbtc.
  open: stackPlaceHere,
  locks: ({ dryRun }) => !dryRun,
  async run(context, stack, options) {
    const upgrade = await upgradeStack(context, stack, options);
    const { dryRun } = options;
    const document = {
      kind: 'upgrade' as const,
      stack: stack.name,
      ...upgrade,
      dryRun,
      next: nextSteps(upgrade, dryRun),
    };
    return conflictsOf(upgrade).length === 0 ? { document } : { document, exit: EXIT.findings };
  },
});

function nextSteps({ changes, notices, base }: Upgrade, dryRun: boolean): { command: string; why: string }[] {
  if (changes.length === 0) return [];
  if (dryRun) return base === 'manifest' ? [{ command: 'qbtc upgrade', why: 'does it' }] : [];
  const conflicts = conflictsOf({ changes });
  return [
    ...(conflicts.length === 0
      ? []
      : [{ command: 'git diff', why: 'shows the conflicts: choose in each, and take the marks out' }]),
    ...(notices.some(({ kind }) => kind === 'packages-not-installed')
      ? [{ command: 'npm install', why: 'installs what the services need now' }]
      : []),
    { command: 'qbtc up', why: 'starts what has changed, and applies migrations, topology and routes' },
    { command: 'qbtc test', why: 'proves that it works' },
  ];
}
