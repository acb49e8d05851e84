import { basename, relative, sep } from 'node:path';
import { parseStackDocument } from '../config/document.ts';
import { earlierContractFolders } from '../config/earlier-contracts.ts';
import { formatMistake, type Position } from '../config/mistake.ts';
import type { Exec } from '../context.ts';
import { messageOf, QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import { withoutMark } from '../text-file.ts';
import type { Schema, SchemaFile } from './schema-file.ts';
import { type ContractText, contractTexts } from './texts.ts';

/**
 * Every schema of a folder, by name.
 * @throws QbtcError `SCHEMAS_UNREADABLE`; `SCHEMA_INVALID` with every mistake in their JSON, each with its place
 */
export async function readSchemas(folder: string): Promise<SchemaFile[]> {
  return parseAll(await contractTexts(folder));
}

/**
 * The schemas of a stack as they were in a commit: in the folders that it had named then, and in these; one that was not
 * there had none.
 * @throws QbtcError `NOT_IN_GIT` and those of `readSchemas`
 */
export async function readSchemasAt(
  exec: Exec,
  { root, file: stackFile }: Pick<Stack, 'root' | 'file'>,
  ref: string,
  folders: readonly string[],
): Promise<SchemaFile[]> {
  const git = async (...args: string[]) => {
    const result = await exec('git', args, { cwd: root, timeoutMs: 30_000 });
    if (result.notFound || result.exitCode !== 0) {
      throw new QbtcError(
        'NOT_IN_GIT',
        result.notFound ? 'git is not installed' : `git: ${result.stderr.trim()}`,
        { hint: 'name a commit, a branch or a tag, or a folder with the schemas to compare with' },
      );
    }
    return result.stdout;
  };
  // A ref that begins with a dash is none. Names are not quoted, and relative to the folder of the stack.
  const list = async (...args: string[]) =>
    (await git('ls-tree', '--name-only', '-z', ...args)).split('\0').filter((name) => name !== '');
  const read = async (name: string) => withoutMark(await git('show', '--end-of-options', `${ref}:./${name}`));
  const inside = (path: string) => relative(root, path).split(sep).join('/');

  const earlier = await earlierContractFolders(root, inside(stackFile), {
    files: await list('-r', '--end-of-options', ref),
    read,
  });
  // `./` is the folder of the stack, wherever in the repository it stands.
  const places = [...new Set([...folders, ...earlier])].map((folder) => `./${inside(folder)}/`);
  const files = (await list('--end-of-options', ref, ...places)).filter((name) => name.endsWith('.json'));
  const texts = await Promise.all(
    files.map(async (name) => ({ file: `${ref}:${name}`, text: await read(name) })),
  );
  return parseAll(texts);
}

function parseAll(texts: readonly ContractText[]): SchemaFile[] {
  const details: string[] = [];
  const files = texts.flatMap(({ file, text }): SchemaFile[] => {
    // JSON is YAML: the reader of `qbtc.yaml` knows where everything stands.
    const document = parseStackDocument(
      text.replace(/^\t+/gm, (tabs) => ' '.repeat(tabs.length)),
      {
        topExpected: 'a mapping that starts with a JSON Schema',
      },
    );
    const fault = faultInJson(text);
    if (fault !== undefined) {
      const at = placeOf(fault, text) ?? document.mistakes[0]?.at ?? { line: 1, column: 1 };
      details.push(`${file}:${at.line}:${at.column}: ${fault.replace(/(, "| in JSON at position).*$/s, '')}`);
      return [];
    }
    if (!document.usable || document.mistakes.length > 0) {
      details.push(...document.mistakes.map((mistake) => formatMistake(file, mistake)));
      return [];
    }
    const schema = document.data as Schema;
    return [{ name: basename(file, '.json'), file, schema, at: (path) => document.at([...path]) }];
  });
  if (details.length > 0) {
    throw new QbtcError('SCHEMA_INVALID', 'a schema is no JSON', { details });
  }
  return files;
}

/** Why the text is no JSON; `undefined` when it is. */
function faultInJson(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Where the fault is, when the engine says so: not for every one. */
function placeOf(fault: string, text: string): Position | undefined {
  const position = /at position (\d+)/.exec(fault)?.[1];
  if (position === undefined) return undefined;
  const before = text.slice(0, Number(position)).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
