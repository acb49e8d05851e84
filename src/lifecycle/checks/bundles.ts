import { Bundles } from '../../services/index.ts';
import { type Check, processServices } from '../check.ts';
import { collected } from '../collected.ts';
import { folderWithoutPackages } from '../packages.ts';

/** Services in TypeScript or JavaScript that do not compile. One without its packages says so itself. */
export const bundles: Check = async (context, intent) => {
  const { stack, bundles = new Bundles(stack.root, context) } = intent;
  const found = await Promise.all(
    processServices(intent).map(async (service) => {
      const { entry } = service;
      if (entry === undefined || (await folderWithoutPackages(stack.root, service.path)) !== undefined)
        return [];
      // What is kept of it is what the start takes.
      const bundled = { ...service, entry };
      return collected(async () => (intent.mayWrite ? bundles.bundle(bundled) : bundles.check(bundled)));
    }),
  );
  return found.flat();
};
