import { mkdir, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { editStack, newStack } from '../support/new-stack.ts';
import { startQbtc } from '../support/qbtc.ts';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;
/** Says that it is there, and stays. */
const IDLE = "console.log('ready', process.pid); setInterval(() => {}, 1e6);";
const TRAPPED = `${SIGNALS.map((name) => `process.on('${name}', () => { console.log('${name}'); setTimeout(() => process.exit(7), 50); });`).join(' ')} ${IDLE}`;

describe('a program that has the terminal meanwhile', () => {
  let root = '';
  let takeDown = async () => {};
  beforeAll(async () => {
    [root, takeDown] = await newStack('signals');
    for (const [name, code] of Object.entries({ idle: IDLE, trapped: TRAPPED })) {
      await writeFile(join(root, 'services', 'llm-api', 'src', `${name}.ts`), code);
      await editStack(root, (file) => {
        file.setIn(['commands', name], {
          service: 'llm-api',
          entry: `src/${name}.ts`,
          description: name,
        });
      });
    }
    await mkdir(join(root, 'flows'), { recursive: true });
    await writeFile(
      join(root, 'flows', 'hold.yaml'),
      [
        'name: hold',
        'steps:',
        '  - kind: exec',
        '    hop: { subject: llm-api, proves: it holds }',
        `    run: [node, -e, "require('fs').writeFileSync('held', String(process.pid)); setInterval(() => {}, 1e6)"]`,
        '    within: 60s',
      ].join('\n'),
    );
  }, 240_000);
  afterAll(() => takeDown());

  const ended = async (args: string[], signal: NodeJS.Signals) => {
    const running = startQbtc(args, root);
    while (!running.stdout().includes('ready')) {
      if (running.child.exitCode !== null) throw new Error(running.stderr());
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    running.child.kill(signal);
    return running.ended;
  };

  describe.each([
    [
      'exec',
      (kind: 'idle' | 'trapped') => ['exec', 'llm-api', '--', 'node', '-e', kind === 'idle' ? IDLE : TRAPPED],
    ],
    ['a command of the stack', (kind: 'idle' | 'trapped') => [kind]],
  ])('%s', (_, args) => {
    test.each(SIGNALS)('gets %s, and ends as it likes', async (signal) => {
      const { code, stdout } = await ended(args('trapped'), signal);
      expect([code, stdout.match(new RegExp(signal, 'g'))?.length]).toEqual([7, 1]);
    });

    test.each([
      'SIGTERM',
      'SIGINT',
      'SIGHUP',
    ] as const)('that %s ended: 128 and its number', async (signal) => {
      expect((await ended(args('idle'), signal)).code).toBe(128 + constants.signals[signal]);
    });
  });

  test('a flow that is interrupted leaves no program behind', async () => {
    const running = startQbtc(['test', '--only', 'hold'], root);
    const { readFile } = await import('node:fs/promises');
    let pid = '';
    while (pid === '') {
      if (running.child.exitCode !== null) throw new Error(running.stderr());
      pid = await readFile(join(root, 'held'), 'utf8').catch(() => '');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
  });
});
