import { expect, test } from 'vitest';
import type { Context } from '../../src/context.ts';
import { ports } from '../../src/doctor/checks/ports.ts';
import { planUp } from '../../src/lifecycle/up-plan.ts';
import type { OutgoingPorts } from '../../src/model/observation.ts';
import { outgoingPorts } from '../../src/services/outgoing.ts';
import { service } from '../flow/chain.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';
import { emptyStack } from '../support/stack.ts';

const LINUX: OutgoingPorts = { first: 32_768, last: 60_999, reserved: [] };
const FOUND =
  'a part may find its port taken at 33000, 33001: this machine gives the ports 32768 to 60999 to outgoing connections';
const FIX = expect.stringMatching(
  /^a base up to 29766: qbtc up --port-base 2000; or keep these ports out of it/,
);

function machine(outgoing: OutgoingPorts | undefined) {
  const context = quietContext();
  return { ...context, host: { ...context.host, outgoingPorts: async () => outgoing } };
}

/** Two replicas at ports of the range. */
async function stackAbove() {
  const root = await temporaryFolder();
  return emptyStack(root, {
    portBase: 30_000,
    services: [service('web', 33_000, { path: root, command: ['sh', '-c', 'true'], replicas: 2 })],
  });
}

test('ports that the machine gives to outgoing connections are found with the range and the way out', async () => {
  const stack = await stackAbove();
  expect(await outgoingPorts(machine(LINUX), stack)).toEqual({ found: FOUND, fix: FIX });
  const reserved = { ...LINUX, reserved: [{ first: 33_000, last: 33_001 }] };
  expect(await outgoingPorts(machine(reserved), stack)).toBeUndefined();
  expect(await outgoingPorts(machine(undefined), stack)).toBeUndefined();
});

test('up tells them before it starts anything, and starts', async () => {
  const context = machine(LINUX);
  const plan = await planUp(context, await stackAbove(), { placement: {}, only: [] });
  expect(plan.services).toMatchObject([{ service: 'web', action: 'start' }]);
  expect(context.said).toEqual([expect.stringContaining(`${FOUND}; a base up to 29766`)]);
});

test('doctor tells them as a warning', async () => {
  const examine = async (context: Context) =>
    ports({
      context,
      stack: await stackAbove(),
      inStack: true,
      engine: new Promise(() => {}),
      plan: Promise.resolve({ strategy: 'fallback', choices: [], services: [] }),
    });
  expect(await examine(machine(LINUX))).toEqual({ status: 'warning', found: FOUND, fix: FIX });
  expect(await examine(machine(undefined))).toMatchObject({ status: 'pass' });
});
