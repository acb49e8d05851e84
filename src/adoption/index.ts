import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { parseStackDocument } from '../config/document.ts';
import { includedFiles } from '../config/include.ts';
import { STACK_FILE } from '../config/load.ts';
import { formatMistake } from '../config/mistake.ts';
import { QbtcError } from '../errors.ts';
import type { AdoptedFile, Loss, Obstacle } from '../model/adoption.ts';
import { makeStateFolder, statePath } from '../state/index.ts';
import { readTextFile, unreadable } from '../text-file.ts';
import { placeText } from './comments.ts';
import { type Draft, draftOf } from './draft/index.ts';
import { flowsOf } from './flows.ts';
import { isEmptyYaml, mergeStack } from './merge.ts';
import { READERS, readFacts } from './readers.ts';
import { openRepository } from './repository.ts';
import { readSeen } from './seen-file.ts';
import { writeStack } from './write.ts';

export { writeSeen } from './seen-file.ts';

export interface AdoptOptions {
  /** The folder of the repository, absolute. */
  root: string;
  /** Brings a `qbtc.yaml` that is there to what would be written now. */
  update: boolean;
}

/** What would be written, and what could not be said. */
export interface AdoptionPlan {
  draft: Draft;
  files: AdoptedFile[];
  kept: string[];
  obstacles: Obstacle[];
  losses: Loss[];
  /** `qbtc.yaml` as it is written without what people have changed: the next update goes by it. */
  written: string;
}

/**
 * Reads a repository and says what `qbtc.yaml` would be for it. Writes nothing, starts nothing.
 * @throws QbtcError `STACK_EXISTS`, `STACK_NOT_FOUND` (with `update`), `NOTHING_TO_ADOPT`, `ADOPTED_UNREADABLE`,
 *   `CONFIG_INVALID` for a `qbtc.yaml` that cannot be added to
 */
export async function planAdoption({ root, update }: AdoptOptions): Promise<AdoptionPlan> {
  const mine = await textOf(join(root, STACK_FILE));
  if (mine !== undefined && !update)
    throw new QbtcError('STACK_EXISTS', `There is a ${STACK_FILE} here already`, {
      hint: '"qbtc init --update" brings it to what the repository says now, and keeps what you have changed.',
    });
  if (mine === undefined && update)
    throw new QbtcError('STACK_NOT_FOUND', `There is no ${STACK_FILE} here that could be updated`, {
      hint: 'qbtc init',
    });
  const facts = await readFacts(
    await openRepository(root, mine === undefined ? [] : await includedFolders(root, mine)),
  );
  const draft = draftOf(facts, basename(root), await readSeen(root));
  if (draft.services.length === 0 && draft.resources.length === 0)
    throw new QbtcError('NOTHING_TO_ADOPT', 'Nothing was found here that could be run', {
      details: [
        `looked for: ${READERS.map(({ name }) => name).join(', ')}`,
        ...draft.obstacles.map(({ at, of, found, fix }) => `${placeText(at)}: ${of}: ${found}: ${fix}`),
        ...draft.losses.map(({ at, what, instead }) => `${placeText(at)}: ${what}: ${instead}`),
      ],
      hint: 'Change into the folder of the repository; or make a stack with "qbtc new NAME".',
    });
  const sources = [
    ...draft.services.flatMap(({ name, command }) => [name.at.file, command.at.file]),
    ...(draft.services.length === 0 ? draft.resources.map(({ name }) => name.at.file) : []),
  ].filter((file, index, all) => all.indexOf(file) === index);
  const written = writeStack(draft, sources.length > 6 ? [...sources.slice(0, 6), '…'] : sources);
  if (mine !== undefined) mustBeMapping(mine);
  const last = update ? await textOf(statePath(root, 'adopted')) : undefined;
  const isOwn = mine === undefined || mine === last;
  const merged = isOwn ? { text: written, kept: [] } : mergeStack(mine, last, written);
  const files: AdoptedFile[] = [changeOf(STACK_FILE, mine, merged.text)];
  const unseen = new Map(flowsOf(draftOf(facts, basename(root))).map(({ path, text }) => [path, text]));
  for (const { path, text } of flowsOf(draft)) {
    const there = await textOf(join(root, path));
    // A flow that is there is somebody's by now, unless it is what the files alone had come to.
    files.push(changeOf(path, there, there === undefined || there === unseen.get(path) ? text : there));
  }
  return { draft, files, kept: merged.kept, obstacles: draft.obstacles, losses: draft.losses, written };
}

/** Writes what was planned. */
export async function applyAdoption(root: string, { files, written }: AdoptionPlan): Promise<void> {
  for (const { path, text, change } of files) {
    if (change === 'unchanged') continue;
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFileAtomic(file, text);
  }
  await makeStateFolder(root);
  await writeFileAtomic(statePath(root, 'adopted'), written);
}

/** Where services stand that say themselves what they are: `include` names them. */
async function includedFolders(root: string, text: string): Promise<string[]> {
  const files = await includedFiles(root, parseStackDocument(text));
  return files.map((file) => relative(root, dirname(file)).split(sep).join('/'));
}

/** What is no mapping, or no YAML, can neither be read by qbtc nor be brought up to date: it is the user's to mend. */
function mustBeMapping(text: string): void {
  const { mistakes } = parseStackDocument(text);
  if (mistakes.length === 0 || isEmptyYaml(text)) return;
  throw new QbtcError('CONFIG_INVALID', `${STACK_FILE} cannot be brought up to date as it is`, {
    details: mistakes.map((mistake) => formatMistake(STACK_FILE, mistake)),
  });
}

function changeOf(path: string, before: string | undefined, text: string): AdoptedFile {
  const change = before === undefined ? 'created' : before === text ? 'unchanged' : 'updated';
  return { path, text, change };
}

/** `undefined` where there is none; what is there and cannot be read is never taken for absent, and written over. */
async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readTextFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable('ADOPTED_UNREADABLE', file, error);
  }
}
