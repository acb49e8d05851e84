import type { Register } from '../command.ts';

interface Options {
  out?: string;
}

export const docs: Register = (group, run) => {
  group
    .command('docs')
    .description('a page in Markdown that describes every event')
    .option('-o, --out <file>', 'write it there instead of printing it')
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { out }) => {
        const [{ docsOf, readContracts, participantsOf }, { openStackHere }, { textOrFile }] =
          await Promise.all([
            import('../../src/events/index.ts'),
            import('../../src/lifecycle/open.ts'),
            import('./text.ts'),
          ]);
        const stack = await openStackHere(context);
        const files = await readContracts(stack);
        const text = docsOf(files, participantsOf(stack));
        return { document: await textOrFile(context, { stack: stack.name, format: 'markdown', text }, out) };
      }),
    );
};
