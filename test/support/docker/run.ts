import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs a program to its end; whatever it ends with is an answer. */
export function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const { input, ...rest } = options;
    const child = execFile(
      program,
      [...args],
      { ...rest, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) =>
        resolve({
          exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : 1,
          stdout,
          stderr,
        }),
    );
    if (input !== undefined) child.stdin?.end(input);
  });
}

/** Sees to it that `program` is there. Answers with the reason why it cannot be. */
export async function installPackages(
  packages: readonly string[],
  program: string,
): Promise<string | undefined> {
  if (existsSync(program)) return undefined;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
    return `${program} is not installed, and this account cannot install it`;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  // Test files run beside each other, and apt lets only one in.
  const one = [join(tmpdir(), 'qbtc-test-apt.lock'), 'apt-get'];
  await run('flock', [...one, 'update'], { env });
  const { stderr } = await run('flock', [...one, ...install], { env });
  return existsSync(program) ? undefined : `${packages.join(', ')} could not be installed: ${stderr.trim()}`;
}
