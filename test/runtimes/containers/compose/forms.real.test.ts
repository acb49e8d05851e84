import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { composeProgram } from '../../../support/docker/compose.ts';
import { temporaryFolder } from '../../../support/quiet-context.ts';
import { COMMANDS, PORTS } from './forms.ts';

const program = await composeProgram();

interface Read {
  command?: string[] | null;
  ports?: { target: number; published?: string; host_ip?: string; protocol: string }[];
}

/** What compose itself makes of these services. */
async function readByCompose(services: Record<string, object>): Promise<Record<string, Read>> {
  const folder = await temporaryFolder('qbtc-forms-');
  await writeFile(join(folder, 'compose.yaml'), JSON.stringify({ services }));
  const { stdout } = await promisify(execFile)(
    program ?? '',
    ['-f', 'compose.yaml', 'config', '--format', 'json'],
    { cwd: folder, env: { PATH: process.env.PATH, HOME: folder }, maxBuffer: 64 * 1024 * 1024 },
  );
  return (JSON.parse(stdout) as { services: Record<string, Read> }).services;
}

describe.skipIf(program === undefined)('compose itself', () => {
  test('splits commands as the table says', async () => {
    const read = await readByCompose(
      Object.fromEntries(COMMANDS.map(([command], index) => [`s${index}`, { image: 'x', command }])),
    );
    for (const [index, [command, words]] of COMMANDS.entries()) {
      const found = (read[`s${index}`]?.command ?? []).map((word) => word.replaceAll('$$', '$'));
      expect({ command, words: found }).toEqual({ command, words });
    }
  });

  test('publishes ports as the table says', async () => {
    const read = await readByCompose(
      Object.fromEntries(PORTS.map(([port], index) => [`s${index}`, { image: 'x', ports: [port] }])),
    );
    for (const [index, [port, expected]] of PORTS.entries()) {
      const found = (read[`s${index}`]?.ports ?? []).map(({ target, protocol, host_ip, published }) => ({
        container: `${target}/${protocol}`,
        host: host_ip ?? '',
        published: published ?? '',
      }));
      expect({ port, found }).toEqual({ port, found: expected });
    }
  });
});
