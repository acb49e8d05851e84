import type { Context } from '../src/context.ts';
import type { Stack } from '../src/model/stack.ts';
import type { Register } from './command.ts';

export const doctor: Register = (program, run) => {
  program
    .command('doctor')
    .description('what this machine has for running the stack, what it lacks, and the fix for each')
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(
      run(async (context) => {
        const [{ diagnose }, { EXIT }] = await Promise.all([
          import('../src/doctor/index.ts'),
          import('../src/errors.ts'),
        ]);
        const { stack, inStack } = await stackOrTemplate(context);
        const diagnosis = await diagnose(context, stack, inStack);
        const failed = diagnosis.checks.some(({ status }) => status === 'fail');
        return { document: { kind: 'doctor', ...diagnosis }, ...(failed ? { exit: EXIT.findings } : {}) };
      }),
    );
};

/** Outside of a stack the machine is judged by the one that `qbtc new` would make. */
async function stackOrTemplate(context: Context): Promise<{ stack: Stack; inStack: boolean }> {
  const [{ findStackFile, openStack, STACK_FILE }, { openStackHere }, { QbtcError }, { join }] =
    await Promise.all([
      import('../src/config/load.ts'),
      import('../src/lifecycle/open.ts'),
      import('../src/errors.ts'),
      import('node:path'),
    ]);
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
