import { EXIT, QbtcError } from '../errors.ts';
import type { ServiceEnvironment } from '../model/environment.ts';
import type { Stack } from '../model/stack.ts';
import { containedParts } from '../runtimes/containers/index.ts';
import { containerEnvironment, environmentOf, instancesOf } from '../services/index.ts';
import { readChoices } from '../state/index.ts';
import { chooseProcesses } from './named.ts';

/**
 * What `up` gives a service, or one of its replicas; with its secrets. What a process has of its caller (`PATH`, `HOME`) is
 * left out.
 *
 * @throws QbtcError `NAME_UNKNOWN`; `ENVIRONMENT_UNKNOWN` for what qbtc gives none
 */
export async function environmentFor(stack: Stack, name: string): Promise<ServiceEnvironment> {
  chooseProcesses(stack, [name]);
  const instances = stack.services.flatMap(instancesOf);
  const instance = instances.find((each) => each.name === name || each.service.name === name);
  if (instance === undefined) throw givesNone(`${name} is a resource`);
  const { service } = instance;
  if (service.url !== undefined) throw givesNone(`${name} runs already at ${service.url}`);
  const contained = containedParts(await readChoices(stack.root)).has(service.name);
  return {
    stack: stack.name,
    service: service.name,
    instance: instance.name,
    runsIn: contained ? 'container' : 'process',
    variables: contained ? containerEnvironment(stack, service) : environmentOf({ env: {} }, stack, instance),
  };
}

function givesNone(why: string): QbtcError {
  return new QbtcError('ENVIRONMENT_UNKNOWN', `${why}: qbtc gives it no variables`, {
    exit: EXIT.usage,
    hint: 'name a service that the stack runs: qbtc status lists them',
  });
}
