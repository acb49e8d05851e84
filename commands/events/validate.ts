import type { Register } from '../command.ts';

export const validate: Register = (group, run) => {
  group
    .command('validate')
    .description('check the contracts in event-schemas/; with files, check the events in them')
    .argument('[files...]', 'JSON files, each with one event in its envelope')
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(
      run(async (context, _options, files) => {
        const [
          { checkEventFiles, openContracts, readContracts, validateSchemas },
          { openStackHere },
          { EXIT },
        ] = await Promise.all([
          import('../../src/events/index.ts'),
          import('../../src/lifecycle/open.ts'),
          import('../../src/errors.ts'),
        ]);
        const stack = await openStackHere(context);
        const schemas = files.length > 0 ? [] : await readContracts(stack);
        const findings =
          files.length > 0
            ? await checkEventFiles((await openContracts(stack)).contracts, context.cwd, files)
            : validateSchemas(schemas, stack.root);
        return {
          document: {
            kind: 'findings',
            subject: 'validation',
            about: files.length > 0 ? 'the events' : 'the contracts',
            stack: stack.name,
            findings,
            checked: files.length > 0 ? files.length : schemas.length,
          },
          exit: findings.length === 0 ? EXIT.done : EXIT.findings,
        };
      }),
    );
};
