import { envLines } from '../env-lines.ts';
import type { Fact, Reader } from '../fact.ts';
import { baseName, folderOf } from '../repository.ts';

const EXAMPLE = /^\.?env\.(example|sample|template|dist|defaults?)$|^\.(example|sample)\.env$/;

/** `.env` and its examples: what variables a service reads. Values are never written anywhere, but for addresses. */
export const envFiles: Reader = {
  name: '.env',
  async read(repository) {
    const files = repository.files.filter(
      (file) => baseName(file) === '.env' || EXAMPLE.test(baseName(file)),
    );
    const facts = await Promise.all(
      files.map(async (file): Promise<Fact[]> => {
        const folder = folderOf(file);
        const isExample = baseName(file) !== '.env';
        const lines = envLines((await repository.text(file)) ?? '');
        const variables = lines.map(({ name, value, line }): Fact => {
          const said = { value, at: { file, line } };
          return { kind: 'variable', folder, name, value: said, rank: isExample ? 2 : 1 };
        });
        return isExample
          ? variables
          : [...variables, { kind: 'env-file', folder, at: { file, line: 1 }, path: file }];
      }),
    );
    return facts.flat();
  },
};
