import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { parse } from 'yaml';
import { startTimeOf } from '../src/alive.ts';
import { ABSENT, digestOf, Inputs, withSettings } from '../src/services/bundle-inputs.ts';
import { esbuildVersion, makeBundle, RECIPE } from '../src/services/bundling.ts';
import {
  BUNDLE,
  inputDigest,
  MANIFEST,
  PRELOAD,
  parseManifest,
  type ReadyMadeManifest,
} from '../src/services/ready-made.ts';
import { ownSources } from '../src/services/source-map.ts';
import { stackFolders } from '../src/state/folders.ts';

// Bundles the programs of the template and of the add-ons into dist/bundles: a stack whose code is the template's takes
// them as they are.

const CHECKOUT = process.cwd();
const TEMPLATES = [
  join('templates', 'stack'),
  ...readdirSync(join('templates', 'addons'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join('templates', 'addons', name)),
];
const [CORE = ''] = TEMPLATES;
/** The packages that a stack has, as a path in it. */
const LOCKED = new Set(
  TEMPLATES.flatMap((folder) => {
    const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, unknown>;
    };
    return Object.keys(packages);
  }),
);

interface Program {
  name: string;
  folder: string;
  entry: string;
}

/** Makes what is out of date; answers with the files that are there then, and with what they were made of. */
export async function makeReadyMade(out: string): Promise<{ files: string[]; inputs: string[] }> {
  const inputs = new Inputs();
  const esbuild = await esbuildVersion();
  const programs = TEMPLATES.flatMap(programsOf).map((program) => ({
    program,
    place: join(out, toStack(join(program.folder, program.entry))),
  }));
  const outdated = programs.filter(({ place }) => !isCurrent(place, esbuild, inputs));
  // A bundle holds the paths of what it was made of: it is made of a stack that has these files and no others.
  const stage = mkdtempSync(join(tmpdir(), 'qbtc-bundles-'));
  try {
    for (const { program, place } of outdated) {
      const places = {
        entryPoint: resolve(program.folder, program.entry),
        outfile: join(stage, 'bundle.cjs'),
      };
      const { inputs: found } = await makeBundle(CHECKOUT, bundledIn(CHECKOUT, program), places);
      layOut(stage, madeOf(found.filter(isInStack), inputs));
      await make(program, { stage, place, esbuild }, inputs);
    }
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
  const places = programs.map(({ place }) => place);
  removeOthers(out, new Set([...places, join(out, PRELOAD)]));
  const made = places.flatMap((place) => Object.entries(parseManifest(place)?.files ?? {}));
  return {
    files: readdirSync(out, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
    inputs: made.flatMap(([path, digest]) => (digest === ABSENT ? [] : [inCheckout(path)])),
  };
}

/** Removes the bundles of programs that are no longer there, and what killed builds have left. */
function removeOthers(folder: string, kept: ReadonlySet<string>): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (kept.has(path) || isMadeNow(name)) continue;
    const leadsOn = [...kept].some((each) => each.startsWith(`${path}${sep}`));
    if (leadsOn) removeOthers(path, kept);
    else rmSync(path, { recursive: true, force: true });
  }
}

/** Another build may be at work on it. */
function isMadeNow(name: string): boolean {
  const [, pid] = SCRATCH.exec(name) ?? [];
  return pid !== undefined && startTimeOf(Number(pid)) !== undefined;
}

const SCRATCH = /\.(\d+)\.scratch$/;

type Listed = Pick<ReadyMadeManifest, 'files' | 'links'>;

const bundledIn = (root: string, program: Program) => ({ ...program, path: join(root, program.folder) });

function layOut(stage: string, { files, links }: Listed): void {
  for (const [path, digest] of Object.entries(files)) {
    const file = join(stage, path);
    if (digest === ABSENT || existsSync(file)) continue;
    mkdirSync(dirname(file), { recursive: true });
    copyFileSync(inCheckout(path), file);
  }
  for (const [link, path] of Object.entries(links)) {
    const place = join(stage, link);
    if (existsSync(place)) continue;
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(relative(dirname(place), join(stage, path)), place, 'junction');
  }
}

/** What `service.yaml` files declare: services, and the commands that they add. */
function programsOf(template: string): Program[] {
  return ['services', 'tools'].flatMap((kind) => {
    const parent = join(template, kind);
    if (!existsSync(parent)) return [];
    return readdirSync(parent).flatMap((name): Program[] => {
      const folder = join(parent, name);
      const file = join(folder, 'service.yaml');
      if (!existsSync(file)) return [];
      const { entry, commands = {} } = parse(readFileSync(file, 'utf8')) as {
        entry?: string;
        commands?: Record<string, { entry: string }>;
      };
      return [
        ...(entry === undefined ? [] : [{ name, folder, entry }]),
        ...Object.entries(commands).map(([command, { entry }]) => ({ name: command, folder, entry })),
      ];
    });
  });
}

async function make(
  program: Program,
  { stage, place, esbuild }: { stage: string; place: string; esbuild: string },
  inputs: Inputs,
): Promise<void> {
  const scratch = `${place}.${process.pid}.scratch`;
  rmSync(place, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  try {
    const folder = toStack(program.folder);
    const { content, map, keepsCode, missing, ...made } = await makeBundle(
      stage,
      bundledIn(stage, { ...program, folder }),
      {
        entryPoint: join(stage, folder, program.entry),
        outfile: join(stackFolders(stage).build, 'bundle.cjs'),
      },
    );
    const bytes = Buffer.from(content);
    const digest = digestOf(bytes);
    writeFileSync(join(scratch, BUNDLE), bytes);
    writeFileSync(join(scratch, `${BUNDLE}.map`), ownSources(map));
    const manifest: ReadyMadeManifest = {
      recipe: RECIPE,
      esbuild,
      digest,
      keepsCode,
      missing,
      ...madeOf(made.inputs, inputs),
    };
    // Last: what has a manifest is whole.
    writeFileSync(join(scratch, MANIFEST), JSON.stringify(manifest));
    renameSync(scratch, place);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The files in their places in a stack. */
function madeOf(made: readonly string[], inputs: Inputs): Listed {
  const paths = withSettings(CHECKOUT, made.map(toStack));
  const files = Object.fromEntries(paths.map((path) => [path, inputDigest(path, inCheckout(path), inputs)]));
  const links: Record<string, string> = {};
  for (const path of paths.filter((path) => /^[^/]+\/[^/]+\/package\.json$/.test(path))) {
    if (path.startsWith('node_modules/') || files[path] === ABSENT) continue;
    const folder = dirname(path);
    const { name } = JSON.parse(readFileSync(inCheckout(path), 'utf8')) as { name: string };
    links[`node_modules/${name}`] = folder;
    // What is installed for one package alone is taken before what all share.
    if (!paths.some((each) => each.startsWith(`${folder}/node_modules/`)))
      files[`${folder}/node_modules`] = ABSENT;
  }
  return { files, links };
}

function isCurrent(place: string, esbuild: string, inputs: Inputs): boolean {
  const manifest = parseManifest(place);
  return (
    manifest?.recipe === RECIPE &&
    manifest.esbuild === esbuild &&
    existsSync(join(place, `${BUNDLE}.map`)) &&
    inputs.digest(join(place, BUNDLE)) === manifest.digest &&
    Object.entries(manifest.files).every(
      ([path, digest]) => inputDigest(path, inCheckout(path), inputs) === digest,
    )
  );
}

/** A checkout has packages installed that a stack has not. */
function isInStack(path: string): boolean {
  const [name] = /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [];
  return name === undefined || LOCKED.has(name);
}

/** Where a file of the checkout stands in a stack. */
function toStack(path: string): string {
  const template = TEMPLATES.find((folder) => path.startsWith(`${folder}/`));
  return template === undefined ? path : relative(template, path);
}

/** Where the file of a stack stands in the checkout. */
function inCheckout(path: string): string {
  if (path.startsWith('node_modules/')) return path;
  return TEMPLATES.map((folder) => join(folder, path)).find(existsSync) ?? join(CORE, path);
}
