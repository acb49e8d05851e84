/** What a lock file of npm says of one package (https://docs.npmjs.com/cli/configuring-npm/package-lock-json). */
interface LockedPackage {
  name?: string;
  /** A link to a workspace, which `resolved` names. */
  link?: boolean;
  resolved?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

/** By where each stands: `node_modules/NAME`, or the folder of a workspace. */
export type LockedPackages = Record<string, LockedPackage>;

/** The places of all that is installed for these workspaces, folders below the root, and for the root itself. */
export function reached(packages: LockedPackages, workspaces: readonly string[]): Set<string> {
  const found = new Set<string>();
  const visit = (path: string, own: boolean): void => {
    const entry = packages[path];
    if (entry === undefined || found.has(path)) return;
    found.add(path);
    if (entry.link === true) {
      visit(entry.resolved ?? '', true);
      return;
    }
    const wanted = {
      ...entry.dependencies,
      ...entry.optionalDependencies,
      ...entry.peerDependencies,
      ...(own ? entry.devDependencies : undefined),
    };
    for (const name of Object.keys(wanted)) {
      const place = placeOf(packages, path, name);
      if (place !== undefined) visit(place, false);
    }
  };
  visit('', true);
  for (const workspace of workspaces) {
    visit(workspace, true);
    const name = packages[workspace]?.name;
    if (name !== undefined) visit(`node_modules/${name}`, false);
  }
  return found;
}

/** As Node looks a package up: beside the one that asks, then further up. */
function placeOf(packages: LockedPackages, path: string, name: string): string | undefined {
  for (let folder = path; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/'), 0))) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (Object.hasOwn(packages, place)) return place;
    if (folder === '') return undefined;
  }
}
