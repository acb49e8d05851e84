import type { Context } from '../context.ts';
import type { Stack } from '../model/stack.ts';
import { containedParts, containersAt } from '../runtimes/containers/index.ts';
import { processRuntime } from '../runtimes/processes/index.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { instancesOf } from '../services/service.ts';
import { readChoices } from '../state/choices.ts';

/** The runtimes of a stack, and which of its parts each runs, by what the last `up` chose. */
interface StackRuntimes {
  /** Those that run something of the stack. */
  inUse: readonly Runtime[];
  /** Who runs a resource, a service or an instance of one, and what that calls what it runs of it. */
  of(name: string): { runtime: Runtime; parts: readonly string[] };
  /** Lets go of what they hold. */
  close(): void;
}

/** What runtimes need of the world. */
export type RuntimesContext = Pick<Context, 'host' | 'clock' | 'installation' | 'exec' | 'docker'>;

/** Before the first `up` all is a process. */
export async function openRuntimes(
  context: RuntimesContext,
  { root, services }: Pick<Stack, 'root' | 'services'>,
): Promise<StackRuntimes> {
  const contained = containedParts(await readChoices(root));
  const processes = processRuntime(context, root);
  const containers = containersAt(context, root);
  const serviceOf = (name: string) =>
    services.find(
      (service) => service.name === name || instancesOf(service).some((each) => each.name === name),
    );
  return {
    inUse: contained.size === 0 ? [processes] : [processes, containers],
    of(name) {
      const service = serviceOf(name);
      const declared = service?.name ?? name;
      if (contained.has(declared)) return { runtime: containers, parts: [declared] };
      const instances = service?.name === name ? instancesOf(service).map((instance) => instance.name) : [];
      return { runtime: processes, parts: [...new Set([...instances, name])] };
    },
    close() {
      for (const runtime of [processes, containers]) runtime.close();
    },
  };
}
