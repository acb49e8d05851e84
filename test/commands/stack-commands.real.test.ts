import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { editStack, newStack } from '../support/new-stack.ts';
import { qbtc } from '../support/qbtc.ts';

describe('commands that the stack adds', () => {
  let root = '';
  let takeDown = async () => {};
  beforeAll(async () => {
    [root, takeDown] = await newStack('commands');
  }, 240_000);
  afterAll(() => takeDown());

  const words = async (...given: string[]) => {
    const { stdout } = await qbtc(['completions', '--', ...given], root);
    return stdout.split('\n').flatMap((line) => line.split('\t')[0] || []);
  };

  test('stand in the help of the stack, and nowhere else', async () => {
    expect((await qbtc(['--help'], root)).stdout).toMatch(
      /trade \[arguments\.\.\.\]\s+what the trading service holds/,
    );
    expect((await qbtc(['--help'], '/')).stdout).not.toContain('trade');
    const elsewhere = await qbtc(['trade', 'status'], '/');
    expect([elsewhere.code, elsewhere.stderr]).toEqual([
      64,
      expect.stringContaining("unknown command 'trade'"),
    ]);
    const nearest = await qbtc(['trde'], root);
    expect([nearest.code, nearest.stderr]).toEqual([64, expect.stringContaining('Did you mean trade?')]);
  });

  test('are completed, with their own commands, as are those of qbtc', async () => {
    expect(await words('tra')).toEqual(['trace', 'trade']);
    expect(await words('trade', '')).toEqual(['status', 'positions', 'orders', 'kill', 'resume', 'backtest']);
    expect(await words('trade', 'st')).toEqual(['status']);
    expect(await words('routes', 'sy')).toEqual(['sync']);
    expect(await words('up', '--sc')).toEqual(['--scale']);
    expect(await words('nothing', '')).toEqual([]);
    for (const shell of ['bash', 'zsh', 'fish'])
      expect((await qbtc(['completion', shell], root)).stdout).toContain('qbtc completions');
    expect((await qbtc(['completion', 'tcsh'], root)).code).toBe(64);
  });

  test('get their arguments as they are, in the folder of the caller; their exit codes are passed through', async () => {
    const folder = join(root, 'services', 'trading-hft');
    const ended = await qbtc(
      [
        'trade',
        'backtest',
        '--strategy',
        'ema-cross',
        '--data',
        'examples/klines.csv',
        '--out',
        'curve.svg',
        '--json',
      ],
      folder,
    );
    expect(ended.code, ended.stderr).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      candles: 1500,
      statistics: { trades: expect.any(Number) },
    });
    expect(await readFile(join(folder, 'curve.svg'), 'utf8')).toMatch(/^<svg/);
    for (const [args, code, said] of [
      [['trade', 'backtest'], 64, "required option '--data <file>' not specified"],
      [['trade', 'backtest', '--data', 'x.csv', '--strategy', 'luck'], 64, 'expected one of ema-cross'],
      [['trade', 'backtest', '--data', 'x.csv'], 1, 'there is no file x.csv'],
      [
        ['trade', 'backtest', '--data', 'examples/klines.csv', '--capital', '-5'],
        64,
        'expected a decimal number',
      ],
      [['trade', 'backtest', '--data', 'package.json'], 1, 'package.json:1: found the headings'],
      [['trade', 'positons'], 64, 'Did you mean positions?'],
      // Nothing runs yet.
      [['trade', 'status'], 1, 'qbtc up trading-hft'],
    ] as const) {
      const refused = await qbtc([...args], folder);
      expect([refused.code, refused.stderr], args.join(' ')).toEqual([code, expect.stringContaining(said)]);
    }
    await expect(access(join(folder, 'x.svg'))).rejects.toThrow();
  }, 240_000);

  test('that name no service or no file are mistakes of qbtc.yaml, and help works all the same', async () => {
    const text = await readFile(join(root, 'qbtc.yaml'), 'utf8');
    await editStack(root, (file) => {
      file.setIn(['commands', 'trade', 'service'], 'trading-hf');
    });
    const wrong = await qbtc(['trade', 'status'], root);
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toMatch(
      /commands\.trade\.service: found "trading-hf".*did you mean "trading-hft"\?/s,
    );
    expect((await qbtc(['--help'], root)).stdout).toContain('trade');
    await editStack(root, (file) => {
      file.setIn(['commands', 'trade', 'service'], 'trading-hft');
      file.setIn(['commands', 'trade', 'entry'], 'src/cli/man.ts');
    });
    expect((await qbtc(['trade', 'status'], root)).stderr).toMatch(
      /commands\.trade\.entry: found "src\/cli\/man\.ts".*main\.ts/s,
    );
    await writeFile(join(root, 'qbtc.yaml'), text);
  });
});
