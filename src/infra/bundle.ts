import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Message } from 'esbuild';
import writeFileAtomic from 'write-file-atomic';
import { QbtcError } from '../errors.ts';
import type { Service } from '../model/stack.ts';
import { stackFolders } from './folders.ts';

/** What the last bundle was made of: each input with its size and time, so that an unchanged one is not made again. */
interface Manifest {
  tool: string;
  file: string;
  digest: string;
  inputs: Record<string, string>;
}

export interface Bundle {
  /** Absolute. Its name holds the digest of its content. */
  file: string;
  digest: string;
}

/**
 * The service as one file in `.qbtc/build`, named by its content. Nothing is installed and little is read when it
 * starts, which is what makes a start fast.
 */
export async function bundleService(root: string, service: Service & { entry: string }): Promise<Bundle> {
  const folder = stackFolders(root).build;
  const manifestFile = join(folder, `${service.name}.json`);
  const { build, version } = await import('esbuild');
  const previous = await readManifest(manifestFile);
  if (previous !== undefined && previous.tool === version && (await unchanged(root, previous))) {
    return { file: join(folder, previous.file), digest: previous.digest };
  }

  const result = await build({
    entryPoints: [resolve(service.path, service.entry)],
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    external: ['pg-native'],
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'silent',
    outfile: join(folder, `${service.name}.cjs`),
  }).catch((error: { errors?: Message[] }) => {
    throw new QbtcError('BUNDLE_FAILED', `the service ${service.name} cannot be bundled`, {
      details: (error.errors ?? []).map(
        ({ text, location }) =>
          `${location === null ? service.entry : `${location.file}:${location.line}:${location.column + 1}`}: ${text}`,
      ),
      hint: 'mend the lines above; a package that is not found wants: npm ci',
      cause: error,
    });
  });

  const content = result.outputFiles[0]?.contents ?? new Uint8Array();
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 16);
  const name = `${service.name}-${digest}.cjs`;
  const inputs: Record<string, string> = {};
  for (const input of Object.keys(result.metafile.inputs))
    inputs[input] = await fingerprint(join(root, input));
  await writeFileAtomic(join(folder, name), Buffer.from(content), { mode: 0o600, fsync: false });
  const manifest: Manifest = { tool: version, file: name, digest, inputs };
  await writeFileAtomic(manifestFile, JSON.stringify(manifest), { mode: 0o600, fsync: false });
  await removeOlder(folder, service.name, name);
  return { file: join(folder, name), digest };
}

async function readManifest(file: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

async function fingerprint(file: string): Promise<string> {
  const { size, mtimeMs } = await stat(file);
  return `${size}:${mtimeMs}`;
}

async function unchanged(root: string, manifest: Manifest): Promise<boolean> {
  const files = Object.entries(manifest.inputs).map(([input, known]) => [join(root, input), known] as const);
  const same = await Promise.all(
    files.map(async ([file, known]) => (await fingerprint(file).catch(() => '')) === known),
  );
  const output = await stat(join(stackFolders(root).build, manifest.file)).catch(() => undefined);
  return output !== undefined && same.every(Boolean);
}

async function removeOlder(folder: string, service: string, keep: string): Promise<void> {
  const older = (await readdir(folder)).filter(
    (name) =>
      name !== keep && /^-[0-9a-f]{16}\.cjs$/.test(name.slice(service.length)) && name.startsWith(service),
  );
  for (const name of older) await rm(join(folder, name), { force: true });
}
