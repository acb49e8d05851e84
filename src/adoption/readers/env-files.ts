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
        const lines = ((await repository.text(file)) ?? '').split('\n');
        const variables = lines.flatMap((line, index): Fact[] => {
          const [, name = '', raw = ''] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
          if (name === '') return [];
          const value = raw.replace(/^(['"])(.*)\1.*$/, '$2').replace(/\s+#.*$/, '');
          const said = { value, at: { file, line: index + 1 } };
          return [{ kind: 'variable', folder, name, value: said, rank: isExample ? 2 : 1 }];
        });
        return isExample
          ? variables
          : [...variables, { kind: 'env-file', folder, at: { file, line: 1 }, path: file }];
      }),
    );
    return facts.flat();
  },
};
