import { access, constants, stat } from 'node:fs/promises';
import { damagedDocuments, stateFolder, statePath } from '../../state/index.ts';
import { type Check, fail, pass, warning } from '../check.ts';

/** Whether the stack's state can be written and read, and its secrets are read by nobody else. */
export const state: Check = async ({ stack, inStack, context }) => {
  const folder = inStack ? stack.root : context.cwd;
  const writable = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable)
    return fail(`${folder} cannot be written`, `chmod u+w "${folder}", or run qbtc as its owner`);
  if (!inStack) return pass(`${folder} can be written`);
  const secrets = statePath(stack.root, 'secrets');
  const found = await stat(secrets).catch(() => undefined);
  if (found === undefined) return pass('writable; no secrets yet, qbtc up generates them');
  const own = process.getuid?.();
  if (own !== undefined && found.uid !== own)
    return fail(
      `${secrets} belongs to another account (uid ${found.uid})`,
      `sudo chown -R ${own} "${stateFolder(stack.root)}"`,
    );
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0)
    return warning(`${secrets} can be read by others`, `chmod 600 "${secrets}"`);
  const damaged = await damagedDocuments(stack.root);
  if (damaged.length > 0)
    return warning(
      damaged.map(({ message }) => message).join('\n'),
      damaged.map(({ hint }) => hint).join('\n'),
    );
  return pass('writable, its secrets are private');
};
