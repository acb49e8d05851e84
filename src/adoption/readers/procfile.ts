import type { Fact, Reader } from '../fact.ts';
import { baseName, folderOf } from '../repository.ts';
import { commandOf } from '../words.ts';

/** Procfile: a service for each line, but for what is run once at a release. */
export const procfile: Reader = {
  name: 'Procfile',
  async read(repository) {
    const files = repository.files.filter((file) => baseName(file) === 'Procfile');
    const facts = await Promise.all(
      files.map(async (file) => {
        const lines = ((await repository.text(file)) ?? '').split('\n');
        return lines.flatMap((line, index): Fact[] => {
          const [, name = '', command = ''] = /^([A-Za-z0-9_-]+):\s*(.+?)\s*$/.exec(line) ?? [];
          if (name === '') return [];
          const at = { file, line: index + 1 };
          const folder = folderOf(file);
          if (name === 'release')
            return [
              { kind: 'loss', at, what: 'release', of: [], instead: 'it is run by hand before qbtc up' },
            ];
          const program: Fact = {
            kind: 'program',
            folder,
            name,
            at,
            command: { value: commandOf(command.replaceAll(/\$(PORT\b|\{PORT\})/g, '$${port}')), at },
            serves: true,
            rank: 1,
            group: `procfile:${name}`,
          };
          // What is called web is given a port; it is the one process that has one.
          return name === 'web' ? [program, { kind: 'reads-port', variable: 'PORT', folder, at }] : [program];
        });
      }),
    );
    return facts.flat();
  },
};
