import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Writes down the licences of what is bundled: they ask to be passed on with it.
 * @param inputs the files that were bundled, by their paths in the checkout
 */
export async function writeLicences(inputs) {
  const packages = new Set(
    inputs.flatMap((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []),
  );
  const notices = await Promise.all(
    [...packages].sort().map(async (folder) => {
      const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
      return `${name} ${version}\n\n${await licenceOf(folder, license)}\n`;
    }),
  );
  const target = join('dist', 'LICENSES.txt');
  await writeFile(target, notices.join(`\n${'-'.repeat(80)}\n\n`));
  return target;
}

/** The text of a licence, and of what it wants to be told beside it; some have it at the end of their readme alone. */
async function licenceOf(folder, license) {
  const entries = await readdir(folder);
  const texts = async (pattern) => {
    const names = entries.filter((entry) => pattern.test(entry)).sort();
    const read = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    return read.map((text) => text.replaceAll('\r\n', '\n').trim());
  };
  const own = await texts(/^(licen[cs]e|copying|notice|third[_-]party)([._-]|$)/i);
  if (own.length > 0) return own.join('\n\n');
  const [readme = ''] = await texts(/^readme([.]|$)/i);
  const [, section = ''] = /^#* *licen[cs]e:?\n(?:[-=]+\n)?([\s\S]+)/im.exec(readme) ?? [];
  return `Licence: ${license}\n\n${section.trim()}`.trim();
}
