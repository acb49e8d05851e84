import type { Repository } from './fact.ts';
import { folderOf } from './repository.ts';

const CODE = /\.(m?[jt]s|cjs|cts|py|go|java|kt|cs)$/;
const NOT_RUN =
  /(^|\/)(tests?|__tests__|spec|e2e|examples?|docs?|scripts|public|static|migrations|fixtures|mocks?)\/|\.(test|spec|e2e-spec|d|min|config)\.\w+$|(^|\/)test_[^/]*\.py$|_test\.(go|py)$/;
/** A repository has more code than says what it does at the edges. */
const MOST_FILES = 3000;

/** A file of code that may run as part of a service. */
export interface CodeFile {
  file: string;
  folder: string;
  text: string;
}

/** The code of a repository, without its tests and tools; of these languages where they are named, by their endings. */
export async function codeOf(repository: Repository, endings?: RegExp): Promise<CodeFile[]> {
  const files = repository.files
    .filter((file) => CODE.test(file) && !NOT_RUN.test(file) && (endings?.test(file) ?? true))
    .slice(0, MOST_FILES);
  return Promise.all(
    files.map(async (file) => ({
      file,
      folder: folderOf(file),
      text: (await repository.text(file)) ?? '',
    })),
  );
}

/** The line that a place in a text stands in. */
export function lineOf(text: string, index: number): string {
  const end = text.indexOf('\n', index);
  return text.slice(text.lastIndexOf('\n', index) + 1, end < 0 ? text.length : end);
}
