import { dirname, join } from 'node:path';
import { glob } from 'tinyglobby';
import * as z from 'zod';
import { readTextFile } from '../text-file.ts';

const manifest = z.object({
  name: z.string().optional(),
  workspaces: z.array(z.string()).default([]),
  dependencies: z.record(z.string(), z.string()).default({}),
});

export interface Workspace {
  name: string;
  /** Relative to the root of the stack. */
  folder: string;
  dependencies: string[];
  /** The same with the versions that are asked for. */
  versions: Record<string, string>;
}

/** The packages of the stack's own, as the `workspaces` of its `package.json` name them. */
export async function workspacesOf(root: string): Promise<Workspace[]> {
  const { workspaces } = await readManifest(join(root, 'package.json'));
  const files = await glob(
    workspaces.map((pattern) => `${pattern}/package.json`),
    { cwd: root, expandDirectories: false, ignore: ['**/node_modules/**'] },
  );
  const found = await Promise.all(
    files.sort().map(async (file) => ({ folder: dirname(file), ...(await readManifest(join(root, file))) })),
  );
  return found.flatMap(({ name, folder, dependencies }) =>
    name === undefined
      ? []
      : [{ name, folder, dependencies: Object.keys(dependencies), versions: dependencies }],
  );
}

async function readManifest(file: string): Promise<z.output<typeof manifest>> {
  return manifest.parse(JSON.parse(await readTextFile(file)));
}
