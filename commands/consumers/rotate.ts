import type { Register } from '../command.ts';
import { revealKey } from './reveal-key.ts';

interface Options {
  json?: boolean;
  overlap?: boolean;
}

export const rotate: Register = (group, run) => {
  group
    .command('rotate')
    .argument('<name>', 'a consumer that was added')
    .description('give a consumer a new key, and print it')
    .option('--overlap', 'keep the old key good until the next rotation, or `revoke --previous`')
    .option('--json', 'print its name and key as JSON')
    .action(
      run<Options>(async (context, { overlap = false, json = false }, [name = '']) => {
        const { rotateConsumer } = await import('../../src/lifecycle/consumers.ts');
        const { openStackHere } = await import('../../src/lifecycle/open.ts');
        const rotated = await rotateConsumer(context, await openStackHere(context), name, { overlap });
        return revealKey(context, name, rotated, json);
      }),
    );
};
