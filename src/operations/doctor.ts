import { join } from 'node:path';
import { findStackFile, openStack, STACK_FILE } from '../config/load.ts';
import type { Context } from '../context.ts';
import { diagnose } from '../doctor/index.ts';
import { EXIT, QbtcError } from '../errors.ts';
import { openStackHere } from '../lifecycle/open.ts';
import type { Stack } from '../model/stack.ts';
import { operationOf } from './operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {},
  documents: ['doctor'],
  open: stackOrTemplate,
  async run(context, { stack, inStack }) {
    const diagnosis = await diagnose(context, stack, inStack);
    const failed = diagnosis.checks.some(({ status }) => status === 'fail');
    return { document: { kind: 'doctor', ...diagnosis }, ...(failed ? { exit: EXIT.findings } : {}) };
  },
});
/** Outside of a stack the machine is judged by the one that `qbtc new` would make. */
async function stackOrTemplate(context: Context): Promise<{ stack: Stack; inStack: boolean }> {
  try {
    await findStackFile(context.cwd);
  } catch (error) {
    if (!(error instanceof QbtcError) || error.code !== 'STACK_NOT_FOUND') throw error;
    const { root, version } = context.installation;
    const file = join(root, 'templates', 'stack', STACK_FILE);
    const stack = await openStack({ file, env: context.env, qbtcVersion: version, readOnly: true });
    return { stack, inStack: false };
  }
  return { stack: await openStackHere(context, { readOnly: true }), inStack: true };
}
