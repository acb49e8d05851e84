import type { Context } from '../src/context.ts';
import { PORT_BASE } from '../src/operations/bounds.ts';
import type { Addon } from '../src/scaffold/addons.ts';
import type { Register } from './command.ts';
import { number } from './options/number.ts';

interface Options {
  yes?: boolean;
  portBase?: number;
  install: boolean;
  git: boolean;
  with?: string;
}

export const newStack: Register = (program, run) => {
  program
    .command('new')
    .argument('[folder]', "the stack's folder, which is to be made; its last part is the name")
    .description('make a stack: services, schemas, flows, secrets, a git repository')
    .option('-y, --yes', 'ask nothing')
    .option(
      '--port-base <number>',
      'added to every port (default: the first at which all are free)',
      number(PORT_BASE),
    )
    .option('--with <addons>', 'the add-ons: names between commas, all or none (default: all)')
    .option('--no-install', 'do not install the packages')
    .option('--no-git', 'make no git repository')
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, options, [given]) => {
        const [
          { basename, join, relative, resolve },
          { createStack },
          { openStack, STACK_FILE },
          { writeComposeFiles },
          { portsOf },
          { listAddons },
        ] = await Promise.all([
          import('node:path'),
          import('../src/scaffold/create.ts'),
          import('../src/config/load.ts'),
          import('../src/lifecycle/compose-files.ts'),
          import('../src/lifecycle/ports.ts'),
          import('../src/scaffold/addons.ts'),
        ]);
        const { io, cwd, installation } = context;
        const known = await listAddons(installation.root);
        const { folder, install, git, addons } = await ask(context, given, options, known);
        const target = resolve(cwd, folder);
        const name = basename(target);
        const outgoing = await context.host.outgoingPorts();
        const created = await createStack(context, {
          target,
          name,
          version: installation.version,
          ...(options.portBase === undefined ? {} : { portBase: options.portBase }),
          ...(outgoing === undefined ? {} : { outgoing }),
          install: install ? 'ci' : 'none',
          git,
          templateFolder: join(installation.root, 'templates', 'stack'),
          addons,
          gatewayFolder: join(installation.root, 'apisix_conf'),
          onStep: (step) => io.progress.step(`making ${name}`, STEPS[step]),
        });
        io.progress.done(`making ${name}`);
        io.progress.stop();
        const stack = await openStack({
          file: join(created.root, STACK_FILE),
          env: context.env,
          qbtcVersion: installation.version,
        });
        await writeComposeFiles(context, stack);
        const shown = relative(cwd, created.root) || '.';
        return {
          document: {
            kind: 'scaffold',
            name,
            folder: shown,
            portBase: created.portBase,
            ports: portsOf(stack),
            notices: created.notices,
            next: [
              ...(shown === '.'
                ? []
                : [{ command: `cd ${quoted(shown)}`, why: 'everything else is run in there' }]),
              ...(created.installed ? [] : [{ command: 'npm ci', why: 'installs what the services need' }]),
              { command: 'qbtc up', why: 'starts all of it, and returns when it is healthy' },
              { command: 'qbtc test', why: 'follows one chat request through gateway, broker and database' },
              { command: 'qbtc score', why: 'says what is missing, and the command that mends it' },
            ],
          },
        };
      }),
    );
};

const STEPS = {
  copy: 'copying the template',
  ports: 'looking for free ports',
  secrets: 'generating secrets',
  git: 'making the first commit',
  install: 'npm ci (this takes a while)',
} as const;

/** What the command line leaves open, asked on a terminal and otherwise decided. */
async function ask(context: Context, given: string | undefined, options: Options, known: readonly Addon[]) {
  const { io, prompts } = context;
  const { chooseAddons } = await import('../src/scaffold/addons.ts');
  const decided = chooseAddons(known, options.with ?? 'all');
  if (options.yes || !io.interactive) {
    if (given !== undefined)
      return { folder: given, install: options.install, git: options.git, addons: decided };
    const { EXIT, QbtcError } = await import('../src/errors.ts');
    throw new QbtcError('NAME_MISSING', 'which folder is the stack to be made in?', {
      exit: EXIT.usage,
      hint: 'qbtc new my-stack',
    });
  }
  const { stackNameProblem } = await import('../src/config/name.ts');
  const { basename } = await import('node:path');
  const folder =
    given ??
    (await prompts.input('Name of the stack (and its folder)', {
      default: 'my-stack',
      validate: (value) => stackNameProblem(basename(value)) ?? true,
    }));
  const choices = known.map(({ name, description }) => ({ name: `${name}: ${description}`, value: name }));
  const addons =
    options.with !== undefined || known.length === 0
      ? decided
      : chooseAddons(known, (await prompts.tick('Add-ons', choices)).join());
  const install = options.install && (await prompts.confirm('Install its packages now?', { default: true }));
  const git = options.git && (await prompts.confirm('Make a git repository?', { default: true }));
  return { folder, install, git, addons };
}

/** As a shell would want it typed. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
