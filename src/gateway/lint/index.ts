import type { Finding } from '../../model/finding.ts';
import type { GatewayState } from '../../model/gateway.ts';
import type { Stack } from '../../model/stack.ts';
import type { LintRule } from './rule.ts';
import { danglingReference } from './rules/dangling-reference.ts';
import { duplicateUri } from './rules/duplicate-uri.ts';
import { hostBesideAny } from './rules/host-beside-any.ts';
import { invalidVars } from './rules/invalid-vars.ts';
import { limitNeverApplies } from './rules/limit-never-applies.ts';
import { looseUri } from './rules/loose-uri.ts';
import { noAuthentication } from './rules/no-authentication.ts';
import { noHealthCheck } from './rules/no-health-check.ts';
import { shadowedUri } from './rules/shadowed-uri.ts';
import { unknownPlugin } from './rules/unknown-plugin.ts';
import { unreachableHost } from './rules/unreachable-host.ts';
import { unreachableUri } from './rules/unreachable-uri.ts';

export const RULES: readonly LintRule[] = [
  unknownPlugin,
  danglingReference,
  unreachableUri,
  unreachableHost,
  invalidVars,
  duplicateUri,
  shadowedUri,
  hostBesideAny,
  looseUri,
  limitNeverApplies,
  noAuthentication,
  noHealthCheck,
];

/** What can be told of the declared gateway without asking one, in the order of the files. */
export function lintGateway(state: GatewayState, stack: Pick<Stack, 'gateway'>): Finding[] {
  const findings = RULES.flatMap(({ code, severity, check }) =>
    check(state).map(({ kind, id, path = [], message, fix, nearest }): Finding => {
      const place = stack.gateway.locate(kind, id, path);
      return {
        code,
        severity,
        subject: `${kind} ${id}`,
        message,
        fix,
        ...(nearest === undefined ? {} : { nearest }),
        ...(place === undefined ? {} : { place }),
      };
    }),
  );
  return inFileOrder(findings);
}

export function inFileOrder(findings: readonly Finding[]): Finding[] {
  const key = ({ place }: Finding) => place?.file ?? '';
  return [...findings].sort(
    (a, b) => key(a).localeCompare(key(b)) || (a.place?.line ?? 0) - (b.place?.line ?? 0),
  );
}
