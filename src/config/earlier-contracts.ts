import { posix, relative, resolve, sep } from 'node:path';
import { parseStackDocument } from './document.ts';
import { CONTRACTS_FOLDER } from './files.ts';
import { type IncludedFile, includedFiles, withIncluded } from './include.ts';
import { listingOf } from './listing.ts';

/** The files of a stack that do not stand in its folder: those of a commit. */
export interface FileTree {
  /** Relative to the stack, with slashes. */
  files: readonly string[];
  read(file: string): Promise<string>;
}

/**
 * The folders with the contracts of the stack at `root` by what its files said in the tree, absolute. Of what cannot be read
 * there is nothing: the files of an earlier version are not to be mended any more.
 */
export async function earlierContractFolders(
  root: string,
  stackFile: string,
  tree: FileTree,
): Promise<string[]> {
  const own = resolve(root, CONTRACTS_FOLDER);
  const first = tree.files.some((file) => posix.dirname(file) === CONTRACTS_FOLDER) ? [own] : [];
  if (!tree.files.includes(stackFile)) return first;
  const written = parseStackDocument(await tree.read(stackFile));
  if (!written.usable) return first;
  const included = await includedFiles(root, written, listingOf(root, tree.files));
  const files = await Promise.all(
    included.map(async (file): Promise<IncludedFile> => {
      const shown = relative(root, file).split(sep).join('/');
      return { file, shown, text: await tree.read(shown) };
    }),
  );
  const { contracts } = withIncluded(root, written, files).data;
  const named = (Array.isArray(contracts) ? contracts : [contracts]).filter(
    (each): each is string => typeof each === 'string' && each !== '',
  );
  return [...new Set([...first, ...named.map((each) => resolve(root, each))])];
}
