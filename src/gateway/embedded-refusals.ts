import { join } from 'node:path';
import type { Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import type { Finding } from '../model/finding.ts';
import type { GatewayState } from '../model/gateway.ts';
import type { Stack } from '../model/stack.ts';
import { COLLECTIONS } from './driver-support/collections.ts';
import { placeOfRefusal } from './refusal.ts';
import { objectsOf } from './state.ts';

/** It reads its rules and a declaration, and ends. */
const TIMEOUT_MS = 20_000;
/** How the embedded gateway says that APISIX has what it lacks. */
const LACKING = /is not available in this gateway/;

/** The program that says what the embedded gateway would refuse. */
export function embeddedJudge({ installation }: Pick<Context, 'installation'>): string {
  return join(installation.root, 'dist', 'src', 'embedded', 'gateway', 'judge', 'main.js');
}

/** What it is asked: the whole declaration, as JSON. */
export function askedOfJudge(desired: GatewayState): string {
  return JSON.stringify(
    [...objectsOf(desired)].map(({ kind, id, object }) => ({
      collection: kind === 'credential' ? 'credentials' : COLLECTIONS[kind],
      id,
      value: object,
    })),
  );
}

/**
 * Asks the program of the embedded gateway what it would refuse of a declaration, before any gateway runs.
 *
 * @returns a finding for each refusal: `not-embedded` for what APISIX has and the embedded gateway lacks, `refused` for
 *   what is wrong in any gateway. A plugin that nobody knows is left to `lint`.
 * @throws QbtcError EMBEDDED_GATEWAY_SILENT
 */
export async function embeddedRefusals(
  { exec, installation }: Pick<Context, 'exec' | 'installation'>,
  desired: GatewayState,
  stack: Pick<Stack, 'gateway'>,
): Promise<Finding[]> {
  const objects = [...objectsOf(desired)];
  if (objects.length === 0) return [];
  const refusals = await judged({ exec, installation }, askedOfJudge(desired));
  return refusals.flatMap(({ index, reason }): Finding[] => {
    const { kind, id } = objects[index] as (typeof objects)[number];
    const lacking = LACKING.test(reason);
    if (!lacking && reason.startsWith('unknown plugin')) return [];
    const place = placeOfRefusal(stack.gateway, kind, id, reason);
    return [
      {
        code: lacking ? 'not-embedded' : 'refused',
        severity: 'error',
        subject: `${kind} ${id}`,
        message: reason,
        fix: lacking
          ? 'run APISIX (qbtc up --provider NAME=docker, or provider: external), or take it out'
          : 'write it as the gateway takes it',
        ...(place === undefined ? {} : { place }),
      },
    ];
  });
}

async function judged(
  { exec, installation }: Pick<Context, 'exec' | 'installation'>,
  declared: string,
): Promise<{ index: number; reason: string }[]> {
  const { exitCode, stdout, stderr } = await exec(process.execPath, [embeddedJudge({ installation })], {
    input: declared,
    timeoutMs: TIMEOUT_MS,
  });
  if (exitCode === 0) return JSON.parse(stdout) as { index: number; reason: string }[];
  throw new QbtcError('EMBEDDED_GATEWAY_SILENT', 'the embedded gateway does not say what it would refuse', {
    details: stderr.trim().split('\n').slice(-5),
    hint: 'install qbtc again (npm ci)',
  });
}
