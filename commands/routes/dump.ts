import type { Register } from '../command.ts';

interface Options {
  all: boolean;
  out?: string;
  force: boolean;
}

export const dump: Register = (group, run) => {
  group
    .command('dump')
    .description('what the gateway holds of this stack, as a file that `sync` reads')
    .option('--all', 'also what is not of this stack', false)
    .option('--out <file>', 'write it there (mode 0600) instead of printing it')
    .option('--force', 'replace the file when it is there', false)
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { all, out, force }) => {
        const [{ dumpRoutes }, { openStackHere }] = await Promise.all([
          import('../../src/gateway/index.ts'),
          import('../../src/lifecycle/open.ts'),
        ]);
        const stack = await openStackHere(context);
        const { yaml, objects, missing } = await dumpRoutes(context, stack, { all });
        const document = { kind: 'dump', stack: stack.name, yaml, objects, missing } as const;
        if (out === undefined) return { document };
        const { writeDump } = await import('./dump-file.ts');
        return { document: { ...document, file: await writeDump(context.cwd, out, yaml, force) } };
      }),
    );
};
