import { Command, type Option } from 'commander';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type * as z from 'zod';
import type { Run } from '../../commands/command.ts';
import { commands } from '../../commands/index.ts';
import { OPERATIONS, type OperationName } from '../../src/operations/catalogue.ts';
import { quietContext } from '../support/quiet-context.ts';

/** Commands that are no operation, because of what they hand out or whom they talk to. */
const ALONE = new Set([
  'demo',
  'ci',
  'new',
  'exec',
  'consumers add',
  'consumers rotate',
  'chaos guard',
  'secrets get',
  'secrets set',
  'completion',
  'completions',
]);
/** How the outcome is told, or where it is written; `--serve` is no operation either. */
const NO_INPUT = new Set(
  'json github markdown prometheus reporter verbose html junit sarif codeQuality report out force yes serve showSecrets'.split(
    ' ',
  ),
);
/** Commands that do something by themselves, and have others below them. */
const OF_THEIR_OWN = new Set(['add', 'trace']);
/** Options that pick another operation. */
const PICKS = ['watch', 'follow', 'register'];
/** What options are given that do not take any number or word; never their default. */
const VALUES: Record<string, string> = {
  data: '{}',
  for: 'score=50',
  header: 'accept: text/html',
  loss: '1',
  portRange: '8000-8999',
  reset: '1',
  since: '10m',
  source: 'docker',
};

type Input = Record<string, unknown>;

interface Asked {
  name: OperationName;
  input: Input;
}

/** What was asked last. */
let asked: Asked | undefined;
/** What the input of each operation is by itself. */
const defaults = new Map<OperationName, Input>();

beforeAll(async () => {
  await Promise.all((Object.keys(OPERATIONS) as OperationName[]).map(record));
  return () => vi.restoreAllMocks();
});

/** Lets an operation judge its input as always, and keep it instead of opening a stack. */
async function record(name: OperationName): Promise<void> {
  const { input } = (await OPERATIONS[name].load()).operation;
  const fields = Object.entries(input.shape as Record<string, z.ZodType>);
  defaults.set(
    name,
    Object.fromEntries(fields.map(([key, field]) => [key, field.safeParse(undefined).data])),
  );
  const run = async (_context: unknown, _subject: unknown, given: Input) => {
    asked = { name, input: given };
    return {};
  };
  const load = vi.spyOn(OPERATIONS[name] as { load(): Promise<unknown> }, 'load');
  load.mockResolvedValue({ operation: { input, open: async () => undefined, run } });
}

const context = { ...quietContext(), cwd: '/' };

function programOf(): Command {
  const run: Run =
    (handler) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      const words = given
        .slice(0, -2)
        .flat()
        .filter((word) => word !== undefined) as string[];
      await handler(context, command.optsWithGlobals() as never, words);
    };
  const program = new Command('qbtc').enablePositionalOptions();
  for (const register of commands) register(program, run);
  for (const command of everyCommand(program)) command.exitOverride().configureOutput({ writeErr() {} });
  return program;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** `routes sync` */
function nameOf(command: Command): string {
  return command.parent === null ? '' : `${nameOf(command.parent)} ${command.name()}`.trim();
}

/** What comes of a command line; `undefined` where its options mean nothing together. */
async function askedBy(words: readonly string[]): Promise<Asked | undefined> {
  asked = undefined;
  try {
    await programOf().parseAsync(words, { from: 'user' });
  } catch (error) {
    expect(error, words.join(' ')).toMatchObject({ code: 'USAGE' });
    return undefined;
  }
  return asked;
}

function wordsOf(option: Option): string[] {
  const value = VALUES[option.attributeName()] ?? option.argChoices?.at(-1) ?? '2';
  return option.required || option.optional ? [String(option.long), value] : [String(option.long)];
}

/** Whether all of the value stands in the command line. */
function isGiven(words: readonly string[], value: unknown): boolean {
  const values = [value].flat();
  return values.length > 0 && values.every((each) => words.includes(written(each)));
}

function written(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The options of a command that say what is done. */
function inputsOf(command: Command): Option[] {
  return command.options.filter((option) => !option.hidden && !NO_INPUT.has(option.attributeName()));
}

/** The command with what it needs and these options; with all its arguments, or those alone that it needs. */
function line(command: Command, options: readonly Option[], all = false): string[] {
  const needed = inputsOf(command).filter((option) => option.mandatory && !options.includes(option));
  const args = command.registeredArguments.filter(({ required }) => all || required);
  return [
    ...nameOf(command).split(' '),
    ...[...needed, ...options].flatMap(wordsOf),
    ...args.map(({ argChoices }) => argChoices?.at(-1) ?? 'given'),
  ];
}

const operated = everyCommand(programOf()).filter(
  (command) =>
    (command.commands.length === 0 || OF_THEIR_OWN.has(nameOf(command))) && !ALONE.has(nameOf(command)),
);

describe.each(operated.map((command) => [nameOf(command), command] as const))('qbtc %s', (_name, command) => {
  const options = inputsOf(command).filter(({ mandatory }) => !mandatory);

  test('is told as its operation is', async () => {
    const { name } = (await askedBy(line(command, []))) ?? expect.unreachable();
    expect(command.description()).toMatch(OPERATIONS[name].about);
  });

  test('leaves what was not given to the operation, or has the same default', async () => {
    const words = line(command, []);
    const { name, input } = (await askedBy(words)) ?? expect.unreachable();
    // By the operation's own names: an option may have another.
    const own = Object.entries(input).filter(([, value]) => !isGiven(words.slice(1), value));
    const known = defaults.get(name) ?? {};
    expect(own).toEqual(own.map(([key]) => [key, known[key]]));
  });

  test.each(
    options.map((option) => [option.long, option] as const),
  )('asks for something else with %s', async (_long, option) => {
    const [plain, given] = [await askedBy(line(command, [])), await askedBy(line(command, [option]))];
    expect(given).not.toEqual(plain);
  });
});

test('each operation has a command, and each field of its input an option or an argument', async () => {
  const missing = new Map([...defaults].map(([name, fields]) => [name, new Set(Object.keys(fields))]));
  for (const command of operated) {
    const options = inputsOf(command);
    const picks = [
      [],
      ...options.filter((option) => PICKS.includes(option.attributeName())).map((each) => [each]),
    ];
    const lines = picks.flatMap((pick) => [
      line(command, pick, true),
      ...options.map((option) => line(command, [...pick, option])),
    ]);
    for (const words of lines) {
      const { name, input } = (await askedBy(words)) ?? {};
      if (name === undefined) continue;
      for (const [key, value] of Object.entries(input ?? {}))
        if (JSON.stringify(value) !== JSON.stringify(defaults.get(name)?.[key]))
          missing.get(name)?.delete(key);
      if (missing.get(name)?.size === 0) missing.delete(name);
    }
  }
  expect(missing).toEqual(new Map());
});
