import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { glob } from 'tinyglobby';

/** Where Python keeps packages for everybody, and for who runs this. */
const PLACES = [
  '/usr/lib/python3/dist-packages',
  '/usr/lib/python3.*/site-packages',
  '/usr/local/lib/python3.*/{dist,site}-packages',
];

/** The programs of the virtual environment beside the code, and the path to them; none where there is none. */
export async function environmentIn(folder: string): Promise<{ path: string; names: string[] } | undefined> {
  for (const path of ['.venv/bin', 'venv/bin', '.venv/Scripts', 'venv/Scripts'])
    try {
      const names = await readdir(join(folder, path));
      return { path, names: names.map((name) => name.replace(/\.exe$/, '')) };
    } catch {
      // There is none of that name.
    }
  return undefined;
}

/** The packages that are installed outside of any environment, by their names as PEP 503 compares them. */
export async function installedPackages(): Promise<ReadonlySet<string>> {
  const home = join(homedir(), '.local/lib/python3.*/site-packages');
  const found = await glob(
    [...PLACES, home].map((place) => `${place}/*.{dist-info,egg-info}`),
    { onlyFiles: false, absolute: true, expandDirectories: false },
  );
  return new Set(
    found.map((path) => comparable(path.replace(/\/$/, '').replace(/^.*\//, '').split('-')[0] ?? '')),
  );
}

/** What a requirements.txt asks for by name; addresses, paths and options are left out. */
export function requiredPackages(text: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const found = /^\s*([A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?\s*([=<>!~;#]|$)/.exec(line);
    return found === null ? [] : [comparable(found[1] ?? '')];
  });
}

/** PEP 503, "Normalized Names". */
function comparable(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}
