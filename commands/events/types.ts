import type { Register } from '../command.ts';

interface Options {
  out?: string;
}

export const types: Register = (group, run) => {
  group
    .command('types')
    .description('TypeScript types of the events')
    .option('-o, --out <file>', 'write it there instead of printing it')
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { out }) => {
        const [{ typesOf, readContracts }, { openStackHere }, { textOrFile }] = await Promise.all([
          import('../../src/events/index.ts'),
          import('../../src/lifecycle/open.ts'),
          import('./text.ts'),
        ]);
        const stack = await openStackHere(context);
        const files = await readContracts(stack);
        const text = typesOf(files);
        return {
          document: await textOrFile(context, { stack: stack.name, format: 'typescript', text }, out),
        };
      }),
    );
};
