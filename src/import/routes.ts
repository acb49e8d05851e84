import { prepareFolder, replaceSecrets } from '../config/secrets.ts';
import { desiredGateway, maskField, unstamped } from '../gateway/index.ts';
import type { GatewayKind, GatewayObject, GatewayState } from '../model/gateway.ts';
import type { ImportedObject, Loss } from '../model/import.ts';
import type { Change, FieldChange } from '../model/plan.ts';
import type { Stack } from '../model/stack.ts';
import { isRecord } from '../record.ts';
import { atServices, type PlacedObject, type StandIn } from './at-services.ts';
import { differs, type KnownValues } from './compare.ts';
import { mapText } from './escape.ts';
import { keepSecrets } from './keep-secrets.ts';
import { withoutOwnName } from './own-name.ts';
import { type ImportPlan, saving } from './plan.ts';
import type { ImportedRoutes } from './route-format.ts';
import { secretOfVariable } from './secret-variables.ts';
import { inFileOrder } from './source.ts';
import { GatewayTarget } from './target.ts';

export interface RouteImport {
  /** The file that was read, as messages write it. */
  source: string;
  /** The gateway file to add to, absolute; `infrastructure/apisix_conf/NAME.yaml` after the source when left out. */
  into?: string;
  env: Readonly<Record<string, string | undefined>>;
  /** The folder that the places of the stack are written from. */
  cwd: string;
}

/**
 * Plans how the objects of another gateway's file come into the stack. What is declared as it is already is left; routes that
 * lead to a service of the stack become routes of that service; the rest goes into a gateway file. Secrets go to the secrets
 * of the stack, and the files refer to them.
 *
 * @throws QbtcError `GATEWAY_DECLARATION`; `IMPORT_TARGET`
 */
export async function planRouteImport(
  stack: Stack,
  { objects, losses }: ImportedRoutes,
  { source, into, env, cwd }: RouteImport,
): Promise<ImportPlan> {
  const values: KnownValues = { secrets: stack.secrets, env };
  const declared = whole(desiredGateway(stack));
  const known = ({ kind, id }: Pick<ImportedObject, 'kind' | 'id'>) => declared.get(`${kind} ${id}`);
  const isDeclared = (item: ImportedObject) => {
    const there = known(item);
    return there !== undefined && fieldsOf(item, there, values).length === 0;
  };
  const named = objects.map((item) => ({ ...item, object: withSecretNames(item.object, stack) }));
  const open = together(named).filter((item) => !isDeclared(item));
  const placed = atServices(open, stack);
  const { objects: kept, secrets } = keepSecrets(placed.objects, stack.secrets);
  const withNew = { ...values, secrets: { ...stack.secrets, ...secrets } };
  const target = await GatewayTarget.open(stack, { source, cwd, ...(into === undefined ? {} : { into }) });
  const changes: Change[] = [];
  for (const item of kept) {
    const there = known(item);
    const fields = there === undefined ? [] : fieldsOf(item, there, withNew);
    if (there !== undefined && fields.length === 0) continue;
    changes.push(
      await planObject(target, item, there === undefined ? undefined : fields, [
        ...Object.values(withNew.secrets),
      ]),
    );
  }
  const written = changes.some(({ blocked }) => blocked === undefined);
  if (written) await target.declareSecrets(Object.keys(secrets));
  const { apply, ...rest } = saving(stack.root, target.changed());
  return {
    changes,
    losses: inFileOrder([...losses, ...placed.standIns.flatMap((standIn) => lostSettings(standIn, open))]),
    ...rest,
    async apply() {
      if (written && Object.keys(secrets).length > 0) {
        await prepareFolder(stack.root);
        await replaceSecrets(stack.root, secrets);
      }
      await apply();
    },
  };
}

async function planObject(
  target: GatewayTarget,
  item: PlacedObject,
  fields: FieldChange[] | undefined,
  secrets: readonly string[],
): Promise<Change> {
  const { kind, id, service } = item;
  const about = { kind, name: id };
  if (fields === undefined) {
    const at = await target.add(item);
    return { action: 'create', ...about, reason: at };
  }
  const masked = fields.map((field) => maskField(kind, field, secrets));
  const isReplaced = await target.replace(item);
  if (isReplaced) return { action: 'update', ...about, fields: masked };
  const place = target.placeOf(item);
  const where = place === undefined ? 'the stack' : `${place.file}:${place.line}`;
  const blocked = `${where} declares it otherwise${service === undefined ? '' : `, for another service than ${service.name}`}`;
  return { action: 'update', ...about, fields: masked, blocked };
}

function fieldsOf(
  { kind, id, object }: ImportedObject,
  declared: GatewayObject,
  values: KnownValues,
): FieldChange[] {
  return differs(kind, comparable(object, id), comparable(declared, id), values);
}

/** Credentials by their ids, as their order says nothing; no name that repeats an id. */
function comparable(object: GatewayObject, id: string): GatewayObject {
  const { credentials, ...rest } = withoutOwnName(object, id);
  if (!Array.isArray(credentials) || credentials.length === 0) return rest;
  const byId = credentials
    .filter(isRecord)
    .map(({ id: own, ...each }) => [String(own), withoutOwnName(each, String(own))]);
  return { ...rest, credentials: Object.fromEntries(byId) };
}

/** Consumers with their credentials in them, as files of the gateway have them. */
function together(objects: readonly ImportedObject[]): ImportedObject[] {
  const credentials = objects.filter(({ kind }) => kind === 'credential');
  return objects.flatMap((item): ImportedObject[] => {
    if (item.kind === 'credential') return [];
    if (item.kind !== 'consumer') return [item];
    const own = credentials.filter(({ id }) => id.startsWith(`${item.id}/`));
    if (own.length === 0) return [item];
    const list = own.map(({ id, object }) => ({ id: id.slice(item.id.length + 1), ...object }));
    return [{ ...item, object: { ...item.object, credentials: list } }];
  });
}

/** What the stack declares by kind and id, without its stamp. */
function whole(state: GatewayState): Map<string, GatewayObject> {
  const objects = together(declaredObjects(state));
  return new Map(objects.map(({ kind, id, object }) => [`${kind} ${id}`, object]));
}

/** The objects of a state without what qbtc adds to them. */
export function declaredObjects(state: GatewayState): ImportedObject[] {
  return (Object.keys(state) as GatewayKind[]).flatMap((kind) =>
    [...state[kind]].map(([id, object]) => ({ kind, id, object: unstamped(object) })),
  );
}

/** Variables that `routes export` made of secrets are those secrets again. */
function withSecretNames(object: GatewayObject, { secretNames }: Stack): GatewayObject {
  return mapText(object, (text) =>
    text.replace(/\$\{\{\s*(\w+)\s*\}\}|(?<!\$)\$\{(\w+)\}/g, (whole, ofApisix?: string, plain?: string) => {
      const variable = ofApisix ?? plain ?? '';
      const name = secretOfVariable(variable, secretNames);
      return name === undefined ? whole : `\${secrets.${name}}`;
    }),
  );
}

function lostSettings({ kind, id, service, lost }: StandIn, objects: readonly ImportedObject[]): Loss[] {
  const place = objects.find((each) => each.kind === kind && each.id === id)?.place;
  if (place === undefined) return [];
  return lost.map((field) => ({
    place,
    field: kind === 'upstream' ? `${kind} ${id}: ${field}` : `${kind} ${id}: upstream.${field}`,
    reason: `the service ${service} of the stack stands for this upstream, and sets that itself`,
  }));
}
