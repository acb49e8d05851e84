import type { Host } from '../context.ts';
import type { ProcessFamily, RunningProcess } from '../model/observation.ts';

/**
 * Whether a process is the leader, of its group or session, or was started by one that is: `npm start` runs the server as
 * a child, a shell as a grandchild, and either may lead a group of its own.
 */
export async function belongsTo(
  { processFamily }: Pick<Host, 'processFamily'>,
  pid: number,
  leader: number,
): Promise<boolean> {
  const passed = new Set<number>();
  for (let at: number | undefined = pid; at !== undefined && !passed.has(at); ) {
    if (at === leader) return true;
    passed.add(at);
    const family: ProcessFamily | undefined = await processFamily(at);
    if (family?.group === leader || family?.session === leader) return true;
    at = family?.parent;
  }
  return false;
}

/** All processes that belong to the leader, it included where it still runs; those who started others come first. */
export function familyOf(all: readonly RunningProcess[], leader: number): number[] {
  const found = new Set(all.filter(({ pid }) => pid === leader).map(({ pid }) => pid));
  const joins = ({ pid, parent, group, session }: RunningProcess) =>
    !found.has(pid) &&
    (group === leader ||
      session === leader ||
      parent === leader ||
      (parent !== undefined && found.has(parent)));
  for (let more = all.filter(joins); more.length > 0; more = all.filter(joins))
    for (const { pid } of more) found.add(pid);
  return [...found];
}
