import { expect, test } from 'vitest';
import { qbtc } from '../support/qbtc.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

test.each<[string, string[], string, RegExp]>([
  [
    'a value that is none of the choices',
    ['up', '--strategy', 'foo'],
    'INVALID_ARGUMENT',
    /^qbtc up --help$/,
  ],
  ['an unknown option', ['up', '--strateg', 'x'], 'UNKNOWN_OPTION', /--strategy.* qbtc up --help$/],
  ['an unknown command', ['staus'], 'UNKNOWN_COMMAND', /status.* qbtc --help$/],
  ['an unknown command of a group', ['routes', 'lnt'], 'UNKNOWN_COMMAND', /lint.* qbtc routes --help$/],
  [
    'an argument that is missing',
    ['topology', 'migrate'],
    'MISSING_ARGUMENT',
    /^qbtc topology migrate --help$/,
  ],
  ['a value that is missing', ['logs', '--json', '--since'], 'OPTION_MISSING_ARGUMENT', /^qbtc logs --help$/],
  ['a value that cannot be read', ['logs', '--grep', '('], 'INVALID_ARGUMENT', /^qbtc logs --help$/],
  ['a word too many', ['status', 'a', 'b'], 'EXCESS_ARGUMENTS', /^qbtc status --help$/],
  ['an option of the command around it', ['trace', '--last', 'ls'], 'USAGE', /^see `qbtc trace ls --help`$/],
  ['a command that is missing', ['routes'], 'MISSING_COMMAND', /^qbtc routes --help$/],
])('%s is an error document like every other', async (_, args, code, hint) => {
  const cwd = await temporaryFolder();
  const [json, terminal, github] = await Promise.all([
    qbtc(args.includes('--json') ? args : [...args, '--json'], cwd),
    qbtc(
      args.filter((each) => each !== '--json'),
      cwd,
    ),
    qbtc([...args, '--github'], cwd),
  ]);
  expect([json.code, terminal.code]).toEqual([64, 64]);
  const { error } = JSON.parse(json.stdout);
  expect(error).toMatchObject({ code, hint: expect.stringMatching(hint) });
  expect(json.stderr).toBe('');
  expect(terminal.stdout).toBe('');
  // It is wrapped to the width of the terminal.
  const told = terminal.stderr.replace(/\s+/g, ' ');
  expect(told).toContain(code === 'MISSING_COMMAND' ? 'Usage: qbtc routes' : error.message);
  expect(github.code).toBe(64);
});

test('help and version are no errors', async () => {
  const cwd = await temporaryFolder();
  for (const args of [['--help'], ['up', '--help'], ['--version'], ['help', 'up']]) {
    const { code, stdout, stderr } = await qbtc(args, cwd);
    expect([code, stdout !== '', stderr]).toEqual([0, true, '']);
  }
});

test('--verbose is understood before the command and behind it', async () => {
  const cwd = await temporaryFolder();
  for (const args of [
    ['--verbose', 'status'],
    ['status', '--verbose'],
  ]) {
    const { code, stderr } = await qbtc(args, cwd);
    expect(code).toBe(1);
    expect(stderr).toContain('STACK_NOT_FOUND');
  }
});
