import { basename, relative, sep } from 'node:path';
import type { Stack } from '../../model/stack.ts';
import { inputsOfBundle } from '../../services/index.ts';
import { isNoCode } from '../own-code.ts';

/** What changed files mean for a stack. */
export interface Affected {
  /** Services whose code is in them. */
  services: string[];
  /** Whether what is declared may be another now: settings, topology, contracts, migrations, routes. */
  declarations: boolean;
  /** Whether flows are among them. */
  flows: boolean;
}

/** What stacks are declared in, env files of any name too; the settings of packages and compilers are read by bundles alone. */
const DECLARES = /\.(?:ya?ml|json|sql|env)$|(?:^|[\\/])\.env(?:\.[^\\/]*)?$/;
const ABOVE = /^(?:\.\.[\\/])+/;
const SETTINGS = /(?:^|[\\/])(?:package(?:-lock)?|tsconfig[^\\/]*)\.json$/;

/**
 * Tells whose the files are. A program is bundled of exactly the files that its last bundle names; what a `command` runs is
 * anything in its folder.
 */
export async function affectedBy(stack: Stack, files: readonly string[]): Promise<Affected> {
  const own = stack.services.filter(({ url }) => url === undefined);
  const inputs = await Promise.all(
    own.map(async ({ name, path, entry }) => ({
      name,
      path,
      files: entry === undefined ? undefined : await inputsOfBundle(stack.root, name),
    })),
  );
  const flowFiles = new Set(stack.flowFiles);
  const services = new Set<string>();
  let declarations = false;
  let flows = false;
  for (const file of files) {
    if (flowFiles.has(file)) {
      flows = true;
      continue;
    }
    const whose = inputs.filter((each) => each.files?.has(file) ?? isCodeIn(each.path, file));
    for (const { name } of whose) services.add(name);
    const path = relative(stack.root, file);
    // A service may stand beside the stack.
    const below = path.replace(ABOVE, '');
    if (
      DECLARES.test(path) &&
      !SETTINGS.test(path) &&
      (basename(file).startsWith('.env') || !isNoCode(below))
    )
      declarations = true;
  }
  return { services: [...services], declarations, flows };
}

/** Of a service with a command of its own: what it writes is none of its code. */
function isCodeIn(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return path !== '..' && !path.startsWith(`..${sep}`) && !isNoCode(path);
}
