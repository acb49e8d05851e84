import { access, constants, readdir, stat } from 'node:fs/promises';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { nearest } from '../../config/mistake.ts';
import type { Finding } from '../../model/finding.ts';
import { instancesOf, serviceProcess } from '../../services/index.ts';
import { type Check, processServices } from '../check.ts';

/** Windows finds programs by endings and by its registry: there it is told by starting them. */
const FINDS_BY_PATH = process.platform !== 'win32';

/** Commands of services whose program is not there. */
export const programs: Check = async (context, intent) => {
  if (!FINDS_BY_PATH) return [];
  const findings: Finding[] = [];
  for (const service of processServices(intent)) {
    const [instance] = instancesOf(service);
    if (service.entry !== undefined || instance === undefined) continue;
    const { program, cwd, env } = await serviceProcess(context, intent.stack, instance);
    const found = await findProgram(program, cwd, env.PATH ?? '');
    if (found === undefined) continue;
    findings.push({
      code: 'PROGRAM_NOT_FOUND',
      severity: 'error',
      subject: `services.${service.name}.command`,
      message: found.message,
      fix: found.near === undefined ? 'install it, or mend the command in qbtc.yaml' : `write ${found.near}`,
    });
  }
  return findings;
};

/** What is wrong with a program; `undefined` when it can be run. */
async function findProgram(
  program: string,
  cwd: string,
  path: string,
): Promise<{ message: string; near: string | undefined } | undefined> {
  const told = (what: string, near: string | undefined) => ({
    message: `found "${program}", ${what}${near === undefined ? '' : `; did you mean "${near}"?`}`,
    near,
  });
  if (program.includes('/')) {
    const file = resolve(cwd, program);
    const state = await stateOf(file);
    if (state === 'runs') return undefined;
    if (state === 'no-program') return told('which is no program that may be run', undefined);
    const near = nearest(basename(program), await namesIn(dirname(file)));
    const folder = program.slice(0, program.lastIndexOf('/') + 1);
    return told('which does not exist', near === undefined ? undefined : `${folder}${near}`);
  }
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  for (const folder of folders) if ((await stateOf(join(folder, program))) === 'runs') return undefined;
  const names = await Promise.all(folders.map(namesIn));
  return told('which no folder of PATH has', nearest(program, names.flat()));
}

async function stateOf(file: string): Promise<'runs' | 'absent' | 'no-program'> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return 'absent';
  if (!found.isFile()) return 'no-program';
  return access(file, constants.X_OK).then(
    () => 'runs',
    () => 'no-program',
  );
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
