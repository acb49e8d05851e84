import { existsSync } from 'node:fs';
import type { Context } from '../context.ts';
import type { MachinePart, MachineStack } from '../model/machine-stack.ts';
import { stackContainers } from '../placement/stack-containers.ts';
import { type Belonging, carriersOfAnyStack, supervisorsOfAnyStack } from '../runtimes/processes/carried.ts';
import { readRunning } from '../runtimes/processes/running-state.ts';
import { readIdentity } from '../state/index.ts';

/**
 * Every stack of which this user may see something run: processes carry their stack in their environment, containers in
 * their labels. Where the system shows no environment (Windows), only the stack of the folder is known.
 *
 * @param here the folder of the stack that the command was given in
 */
export async function observeStacks(
  context: Pick<Context, 'host' | 'docker'>,
  here: string | undefined,
): Promise<MachineStack[]> {
  const { host } = context;
  const [supervisors, carriers, containers, processes] = await Promise.all([
    supervisorsOfAnyStack(host),
    carriersOfAnyStack(host),
    stackContainers(context),
    host.processes(),
  ]);
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  const stacks = new Map<string, MachineStack>();
  const stackOf = ({ root, id, stack = '' }: Belonging): MachineStack => {
    // Copies and earlier stacks of one folder are told apart by their identity, which containers do not carry.
    const present = id === undefined ? existsSync(root) : readIdentity(root)?.id === id;
    const key = present ? root : `${root} ${id ?? ''}`;
    const known = stacks.get(key) ?? {
      name: stack,
      root,
      present,
      here: present && root === here,
      supervisor: undefined,
      parts: [],
    };
    stacks.set(key, known);
    return known;
  };
  if (here !== undefined && (await readRunning(host, here)) !== undefined)
    stackOf({ root: here, stack: readIdentity(here)?.name ?? '' });
  for (const [pid, belonging] of supervisors) stackOf(belonging).supervisor = { pid };
  for (const [pid, { part, ...belonging }] of carriers) {
    const isChild = carriers.has(parents.get(pid) ?? 0);
    if (part !== undefined && !isChild)
      stackOf(belonging).parts.push({ name: part, runs: 'process', pid, ports: [] });
  }
  for (const { root, stack = '', service, ports } of containers)
    if (root !== undefined) stackOf({ root, stack }).parts.push({ name: service, runs: 'container', ports });
  await Promise.all([...stacks.values()].filter(({ present }) => present).map((each) => fillIn(host, each)));
  return [...stacks.values()]
    .filter(({ supervisor, parts }) => supervisor !== undefined || parts.length > 0)
    .sort((a, b) => a.name.localeCompare(b.name) || a.root.localeCompare(b.root));
}

/** What a stack has written down says more: ports, and servers that write over their environment. */
async function fillIn(host: Context['host'], stack: MachineStack): Promise<void> {
  const running = await readRunning(host, stack.root);
  const written = (running?.processes ?? []).flatMap(({ name, pid, ports }): MachinePart[] =>
    pid === undefined ? [] : [{ name, runs: 'process', pid, ports }],
  );
  const pids = new Set(written.map(({ pid }) => pid));
  const others = stack.parts.filter(({ pid }) => pid === undefined || !pids.has(pid));
  stack.parts = [...written, ...others];
}
