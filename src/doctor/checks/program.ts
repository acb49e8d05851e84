import type { ResourceKind } from '../../model/resource.ts';
import { findProgram, type ServerProgram } from '../../resources/programs.ts';
import { type Check, pass, warning } from '../check.ts';

/** Whether a server program is installed. A stack that runs in Docker, or embedded, does without. */
export function program(wanted: ServerProgram, kind: ResourceKind): Check {
  return async ({ context, stack, plan }) => {
    const { name, package: packaged } = wanted;
    const found = await findProgram(context, wanted);
    if ('path' in found) return pass(`${name} ${found.version} (${found.path})`);
    const names = stack.resources
      .filter((resource) => resource.kind === kind)
      .map((resource) => resource.name);
    const decided = await plan;
    const embedded =
      'choices' in decided
        ? decided.choices.filter(
            ({ resource, provider, loss }) =>
              names.includes(resource) && provider === 'embedded' && loss !== '',
          )
        : [];
    if (embedded.length === 0) return pass(`${found.missing}, and is not needed`);
    return warning(
      `${found.missing}: an embedded part stands in; lost by it: ${embedded[0]?.loss}`,
      process.platform === 'darwin'
        ? `brew install ${packaged.replace('-server', '')}`
        : `sudo apt-get install ${packaged}`,
    );
  };
}
