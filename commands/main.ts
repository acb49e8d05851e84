import { setMaxListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError, Option } from 'commander';
import type { Context } from '../src/context.ts';
import { EXIT, type ExitCode, QbtcError } from '../src/errors.ts';
import type { Outcome } from '../src/operations/index.ts';
import type { Document, ReporterName } from '../src/report/index.ts';
import type { Run } from './command.ts';
import { commands } from './index.ts';
import { addStackCommands } from './stack-commands.ts';
import { usageError } from './usage-error.ts';

// The composition root: the real context, the program, the only catch, the exit code.

/** Written in by the build, so that `--version` reads no file. */
declare const QBTC_VERSION: string;

const installation = { root: fileURLToPath(new URL('../..', import.meta.url)), version: QBTC_VERSION };
/** The command line up to what is handed on to another program. */
const words = process.argv.slice(2, process.argv.includes('--') ? process.argv.indexOf('--') : undefined);
const interruption = new AbortController();
// Whatever waits listens to it, and much waits at the same time.
setMaxListeners(0, interruption.signal);
let context: Promise<Context> | undefined;
let exit: number = EXIT.done;

/** Opened once; who opens it says whether the command was given `--json`. */
function openContext(json = false): Promise<Context> {
  context ??= import('../src/system/index.ts').then(({ createContext }) =>
    createContext(process, installation, interruption.signal, json),
  );
  return context;
}

/** `github` prints annotations where a document has any. */
type Format = Exclude<ReporterName, 'json-lines'>;

async function report(document: Document, format: Format, verbose: boolean, toStderr = false): Promise<void> {
  const [opened, { loadReporter }, { originOf }] = await Promise.all([
    openContext(),
    import('../src/report/index.ts'),
    import('./report-origin.ts'),
  ]);
  const { io } = opened;
  const origin = await originOf(opened, format);
  const color = toStderr ? io.errColor : io.color;
  const text = (await loadReporter(format, document.kind))(document, {
    ...origin,
    width: io.columns,
    color,
    verbose,
  });
  if (text === '') return;
  if (toStderr) io.err(text);
  else io.out(text);
}

const run: Run =
  (handler) =>
  async (...args) => {
    // commander passes the positional arguments, then the options, then the command.
    const command = args.at(-1) as Command;
    const positional = args
      .slice(0, -2)
      .flat()
      .filter((value) => value !== undefined) as string[];
    const options = command.optsWithGlobals() as Parameters<typeof handler>[1] & {
      json?: boolean;
      github?: boolean;
      markdown?: boolean;
      prometheus?: boolean;
      reporter?: Format;
      verbose?: boolean;
    };
    const outcome: Outcome = await handler(await openContext(options.json), options, positional);
    if (outcome.document !== undefined) {
      await report(outcome.document, formatOf(options), options.verbose === true);
    }
    // What goes on until it is interrupted was interrupted.
    exit = outcome.exit ?? (interruption.signal.aborted ? EXIT.interrupted : EXIT.done);
  };

const program = new Command('qbtc')
  .description('From an empty folder to a running, proven, scored event-driven stack behind an API gateway.')
  .version(QBTC_VERSION)
  .option('--verbose', 'say more, and show stack traces of defects')
  .showSuggestionAfterError()
  // Told by `explain` like every other error: at a terminal, as JSON, as an annotation.
  .configureOutput({ outputError() {} })
  .exitOverride()
  .enablePositionalOptions();
for (const register of commands) register(program, run);
// People type it behind the command as well as before it.
for (const command of commandsOf(program)) command.addOption(new Option('--verbose').hideHelp());

// SIGHUP: the terminal was closed.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // Asked twice: the user does not want to wait for the clean-up.
    if (interruption.signal.aborted) process.exit(EXIT.interrupted);
    interruption.abort(new QbtcError('INTERRUPTED', 'interrupted', { exit: EXIT.interrupted }));
  });
}
// `qbtc test | head -1`: the reader has seen enough, and the command ends with its own exit code all the same.
// What else cannot be written (a full disk) is an error, once the command has done its work.
let written = true;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') written = false;
});
// Nobody who reads what is said on the way is no reason to stop in the middle of it.
process.stderr.on('error', () => {});

void main();

async function main(): Promise<void> {
  try {
    // Those of the stack, where the command line may be about one.
    await addStackCommands(program, run, { words: process.argv.slice(2), cwd: process.cwd() });
    await program.parseAsync();
  } catch (error) {
    exit = await explain(error);
  }
  // What a library keeps open (pooled connections, timers) must not hold the command.
  process.stdout.write('', () => process.exit(written || exit !== EXIT.done ? exit : EXIT.error));
}

function formatOf(
  options: Partial<Record<'json' | 'github' | 'markdown' | 'prometheus', boolean>> & { reporter?: Format },
): Format {
  const { json, github, markdown, prometheus, reporter } = options;
  if (json === true) return 'json';
  if (github === true) return 'github';
  if (markdown === true) return 'markdown';
  if (prometheus === true) return 'prometheus';
  return reporter ?? 'terminal';
}

/** Whether the command line has the option; what stands behind `--` is another program's. */
function isGiven(option: string): boolean {
  return words.includes(option);
}

/** Every command that does something, at any depth. */
function commandsOf(command: Command): Command[] {
  return command.commands.flatMap((each) => (each.commands.length === 0 ? [each] : commandsOf(each)));
}

/** What `--reporter` was given, where an error ended the command before it could say so itself. */
function reporterGiven(): { reporter?: Format } {
  const index = words.findIndex((each) => each === '--reporter' || each.startsWith('--reporter='));
  const given = words[index]?.split('=')[1] ?? words[index + 1];
  const known = (['junit', 'json', 'html', 'sarif', 'code-quality'] as const).find((each) => each === given);
  return index === -1 || known === undefined ? {} : { reporter: known };
}

async function explain(error: unknown): Promise<ExitCode> {
  const format = formatOf({ json: isGiven('--json'), github: isGiven('--github'), ...reporterGiven() });
  const isUsage = error instanceof CommanderError;
  // The help that was asked for is printed, and that of a command without its second word, too.
  if (isUsage && error.exitCode === 0) return EXIT.done;
  if (isUsage && error.code === 'commander.help' && format === 'terminal') return EXIT.usage;
  const { asQbtcError } = await import('../src/report/index.ts');
  const { signal } = interruption;
  // What fails because it was interrupted is not a defect, and what fails on the way out is still an interruption.
  const known = isUsage
    ? usageError(error, program, words)
    : asQbtcError(signal.aborted && !(error instanceof QbtcError) ? signal.reason : error);
  (await openContext()).io.progress.stop();
  await report({ kind: 'error', error: known }, format, isGiven('--verbose'), format === 'terminal');
  return signal.aborted ? EXIT.interrupted : known.exit;
}
