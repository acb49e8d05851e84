import { join, posix } from 'node:path';
import { filesOf } from '../../config/files.ts';
import { listingOf } from '../../config/listing.ts';
import { EXIT, QbtcError } from '../../errors.ts';
import type { NewService, ServiceKind, ServiceLanguage } from '../../model/new-service.ts';
import { readTextFile } from '../../text-file.ts';
import { templateFiles } from '../copy.ts';
import { type Surroundings, TEMPLATE_EXCHANGE } from './surroundings.ts';
import { folderOfTemplate, type ServiceTemplate, TEMPLATES } from './templates.ts';
import { whereTrue, withName } from './text.ts';

/** Where services stand in a stack. */
export const SERVICES_FOLDER = 'services';
/** What says in its folder what a service is. */
export const SERVICE_FILE = 'service.yaml';
/** What the templates have in the place of the port. */
const TEMPLATE_PORT = /^port: \d+$/m;
const IMAGE_PORT = /PORT=\d+/;
/** An exchange that may stand in YAML and between quotes as it is. */
const PLAIN_NAME = /^[A-Za-z][\w.-]*$/;
const SERVICE_FILES = `${SERVICES_FOLDER}/*/${SERVICE_FILE}`;

/** What is to be written for a new service. */
export interface ServicePlan extends Omit<NewService, 'files'> {
  /** The text of each file, by its path below the folder of the service. */
  texts: ReadonlyMap<string, string>;
  /** What has to be added to `include` of qbtc.yaml. */
  include: string | undefined;
}

export interface Wanted {
  name: string;
  kind: ServiceKind;
  language: ServiceLanguage;
  port: number;
}

/**
 * A service of this kind, as it fits into the stack. Nothing is written.
 * @throws QbtcError NO_BROKER, NO_TEMPLATE
 */
export async function planService(
  { installation, root }: { installation: string; root: string },
  wanted: Wanted,
  around: Surroundings,
): Promise<ServicePlan> {
  const { name, kind, language, port } = wanted;
  const template = templateOf(kind, language, around);
  if (around.resources.rabbitmq === undefined && (kind === 'consumer' || template.base === 'runtime'))
    throw new QbtcError(
      'NO_BROKER',
      `${kind === 'consumer' ? 'a consumer' : 'a service on the runtime of this stack'} needs a broker, and the stack has none`,
      {
        hint: 'declare one in qbtc.yaml: infrastructure: { broker: { kind: rabbitmq } }',
      },
    );
  const from = folderOfTemplate(installation, template);
  const folder = `${SERVICES_FOLDER}/${name}`;
  const texts = new Map<string, string>();
  for (const path of await templateFiles(from)) {
    const text = withName(await readTextFile(join(from, path)), name);
    texts.set(withName(path, name), fitted(path, text, wanted, around));
  }
  return {
    service: name,
    serviceKind: kind,
    language,
    base: template.base,
    port,
    folder,
    texts,
    include: await missingPattern(root, folder, around.include),
  };
}

function templateOf(
  kind: ServiceKind,
  language: ServiceLanguage,
  { runtime }: Surroundings,
): ServiceTemplate {
  const found = TEMPLATES.filter((each) => each.kind === kind && each.language === language);
  const best =
    (runtime !== undefined && found.find(({ base }) => base === 'runtime')) ||
    found.find(({ base }) => base === 'plain');
  if (best) return best;
  throw new QbtcError('NO_TEMPLATE', `there is no template of a ${kind} in ${language} for this stack`, {
    exit: EXIT.usage,
  });
}

/** The text of a file with what this stack calls otherwise, and without what it does not have. */
function fitted(path: string, template: string, { name, port }: Wanted, around: Surroundings): string {
  const { resources, key, runtime, accounts, exchange, cloudevents } = around;
  const text = PLAIN_NAME.test(exchange) ? template.replaceAll(TEMPLATE_EXCHANGE, exchange) : template;
  if (posix.basename(path) === 'package.json') return withVersions(withScope(text, runtime), around);
  if (posix.basename(path) === 'Dockerfile') return text.replace(IMAGE_PORT, `PORT=${port}`);
  if (!path.endsWith('.yaml')) return withScope(text, runtime);
  const { rabbitmq, redis, apisix } = resources;
  const held = whereTrue(text, {
    broker: rabbitmq !== undefined,
    cache: redis !== undefined,
    gateway: apisix !== undefined,
    key: apisix !== undefined && key !== undefined,
    accounts,
    cloudevents,
  });
  const called: Readonly<Record<string, string>> = {
    broker: rabbitmq ?? 'broker',
    cache: redis ?? 'cache',
    gateway: apisix ?? name,
  };
  return held
    .replace(TEMPLATE_PORT, `port: ${port}`)
    .replaceAll(
      /(?<=^ *(?:- |resource: )|resources\.|subject: )(broker|cache|gateway)\b(?=$|\.|,)/gm,
      (word) => called[word] ?? word,
    )
    .replaceAll('${gateway.url}', apisix === undefined ? `\${services.${name}.url}` : '${gateway.url}')
    .replaceAll('${secrets.test-api-key}', `\${secrets.${key}}`);
}

/** The packages of the stack's own under the scope that they have there. */
function withScope(text: string, runtime: string | undefined): string {
  const [, scope] = /^(@[^/]+)\//.exec(runtime ?? '') ?? [];
  return scope === undefined ? text : text.replaceAll('@stack/', `${scope}/`);
}

/** Packages that others of the stack ask for are asked for in their versions: there is one of each. */
function withVersions(text: string, { workspaces }: Surroundings): string {
  const manifest = JSON.parse(text) as { dependencies?: Record<string, string> };
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    const range = workspaces.find(({ versions }) => versions[name] !== undefined)?.versions[name];
    if (manifest.dependencies !== undefined && range !== undefined) manifest.dependencies[name] = range;
  }
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** The pattern that `include` lacks for the service to be one of the stack; `undefined` where it lacks none. */
async function missingPattern(root: string, folder: string, include: unknown): Promise<string | undefined> {
  const file = `${folder}/${SERVICE_FILE}`;
  const patterns = [include].flat().filter((each) => typeof each === 'string');
  const matches = await filesOf(root, patterns, listingOf(root, [file]));
  if (matches.length > 0) return undefined;
  // What is called so already need not be one of ours: a Service of Kubernetes is.
  return (await filesOf(root, [SERVICE_FILES])).length === 0 ? SERVICE_FILES : file;
}
