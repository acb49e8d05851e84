import type { Register } from '../command.ts';

interface Options {
  out?: string;
}

export const asyncapi: Register = (group, run) => {
  group
    .command('asyncapi')
    .description('an AsyncAPI 3 document of the events')
    .option('-o, --out <file>', 'write it there instead of printing it')
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { out }) => {
        const [{ asyncApiOf, readContracts, participantsOf }, { openStackHere }, { textOrFile }] =
          await Promise.all([
            import('../../src/events/index.ts'),
            import('../../src/lifecycle/open.ts'),
            import('./text.ts'),
          ]);
        const stack = await openStackHere(context);
        const files = await readContracts(stack);
        const text = asyncApiOf(files, { title: stack.name, version: '1' }, participantsOf(stack));
        return { document: await textOrFile(context, { stack: stack.name, format: 'asyncapi', text }, out) };
      }),
    );
};
