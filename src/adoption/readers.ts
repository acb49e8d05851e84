import type { Fact, Reader, Repository } from './fact.ts';
import { code } from './readers/code.ts';
import { compose } from './readers/compose.ts';
import { consumers } from './readers/consumers.ts';
import { dockerfile } from './readers/dockerfile.ts';
import { documents } from './readers/documents.ts';
import { dotnet } from './readers/dotnet.ts';
import { envFiles } from './readers/env-files.ts';
import { go } from './readers/go.ts';
import { java } from './readers/java.ts';
import { packageJson } from './readers/package-json.ts';
import { procfile } from './readers/procfile.ts';
import { python } from './readers/python.ts';

/** All that is read of a repository. */
export const READERS: readonly Reader[] = [
  compose,
  procfile,
  packageJson,
  python,
  go,
  java,
  dotnet,
  dockerfile,
  envFiles,
  documents,
  code,
  consumers,
];

export async function readFacts(repository: Repository): Promise<Fact[]> {
  return (await Promise.all(READERS.map((reader) => reader.read(repository)))).flat();
}
