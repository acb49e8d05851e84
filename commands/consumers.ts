import type { Context } from '../src/context.ts';
import type { ChangeOutcome } from '../src/model/plan.ts';
import type { Outcome } from '../src/operations/index.ts';
import type { Register } from './command.ts';
import { integer } from './numbers.ts';
import { operate } from './operate.ts';

interface AddOptions {
  json?: boolean;
  limit?: number;
  per: number;
}

interface RotateOptions {
  json?: boolean;
  overlap: boolean;
}

interface RevokeOptions {
  previous: boolean;
}

export const consumers: Register = (program, run) => {
  const group = program.command('consumers').description('who may call the routes, and their keys');
  group
    .command('add')
    .argument('<name>', 'letters, digits, _ and -')
    .description('make a consumer, put it into the gateway, and print its key')
    .option('--limit <requests>', 'how many requests it may make', integer(1, 1_000_000_000))
    .option('--per <seconds>', 'in how many seconds', integer(1, 86_400), 60)
    .option('--json', 'print its name and key as JSON')
    .action(
      run<AddOptions>(async (context, { limit, per, json = false }, [name = '']) => {
        const { addConsumer } = await import('../src/lifecycle/consumers.ts');
        const stack = await open(context);
        const added = await addConsumer(context, stack, name, {
          ...(limit === undefined ? {} : { limit: { count: limit, seconds: per } }),
        });
        return revealed(context, name, added, json);
      }),
    );
  group
    .command('list')
    .description('the consumers, declared and added; never a key')
    .option('--json', 'print the result as JSON')
    .action(run(operate('consumers list')));
  group
    .command('rotate')
    .argument('<name>', 'a consumer that was added')
    .description('give a consumer a new key, and print it')
    .option('--overlap', 'keep the old key good until the next rotation, or `revoke --previous`', false)
    .option('--json', 'print its name and key as JSON')
    .action(
      run<RotateOptions>(async (context, { overlap, json = false }, [name = '']) => {
        const { rotateConsumer } = await import('../src/lifecycle/consumers.ts');
        const stack = await open(context);
        const rotated = await rotateConsumer(context, stack, name, { overlap });
        return revealed(context, name, rotated, json);
      }),
    );
  group
    .command('revoke')
    .argument('<name>', 'a consumer that was added')
    .description('take a consumer and its keys out of the gateway')
    .option('--previous', 'only the key from before the last rotation', false)
    .option('--json', 'print the result as JSON')
    .action(
      run(operate<RevokeOptions>('consumers revoke', ({ previous }, [name = '']) => ({ name, previous }))),
    );
};

async function open(context: Context) {
  const { openStackHere } = await import('../src/lifecycle/open.ts');
  return openStackHere(context);
}

/** The key goes past the masks, once; what went wrong at the gateway is reported instead. */
async function revealed(
  context: Context,
  username: string,
  { key, outcomes, stack }: { key: string; outcomes: ChangeOutcome[]; stack: string },
  json: boolean,
): Promise<Outcome> {
  const { EXIT } = await import('../src/errors.ts');
  const failed = outcomes.filter(({ status }) => status !== 'done');
  const atGateway = failed.length === 0 ? {} : { failed: failed.map(({ reason = '' }) => reason) };
  context.io.reveal(json ? JSON.stringify({ username, key, ...atGateway }, null, 2) : key);
  if (failed.length === 0) return {};
  if (json) return { exit: EXIT.partial };
  return { document: { kind: 'applied', subject: 'consumers', stack, outcomes }, exit: EXIT.partial };
}
