import { portsOfInstance } from '../../config/service-address.ts';
import { outgoingPorts } from '../../services/outgoing.ts';
import { type Check, fail, pass, warning } from '../check.ts';

/** Whether the ports of the stack are free, or held by the stack itself or by what it would adopt. */
export const ports: Check = async ({ context, stack, plan }) => {
  const decided = await plan;
  if ('choices' in decided) {
    const adopted = decided.choices
      .filter(({ provider }) => provider === 'external')
      .map(({ resource }) => resource);
    const all = [
      ...stack.resources.flatMap((resource) => Object.values(resource.ports)),
      ...stack.services.flatMap(({ port, ports: further }) => portsOfInstance({ port, ports: further })),
    ].sort((a, b) => a - b);
    const outgoing = await outgoingPorts(context, stack);
    if (outgoing !== undefined) return warning(outgoing.found, outgoing.fix);
    const kept = adopted.length === 0 ? '' : `; adopted: ${adopted.join(', ')}`;
    return pass(`${all.join(' ')}: free or our own${kept}`);
  }
  if (decided.code !== 'PORT_TAKEN') return pass('nobody stands in the way');
  return fail(decided.details.join('\n'), decided.hint ?? 'end what holds them');
};
