import { stat } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import { Document, isSeq, LineCounter, parseDocument } from 'yaml';
import { messageOf, QbtcError } from '../../errors.ts';
import { isRecord } from '../../record.ts';
import { readTextFile, unreadable } from '../../text-file.ts';
import type { GatewayDriver } from '../driver.ts';
import {
  type ConfigurationStore,
  itemId,
  wholeConfiguration,
} from '../driver-support/whole-configuration.ts';

/** APISIX reads the file only when its last line says that it is whole. */
const END = '#END';
/** APISIX 3.14 drops such an item: the id of a credential does not fit the schema that it holds its file against. */
const NO_CREDENTIALS =
  'APISIX takes no credentials from its file: give the consumer its key in `plugins` (one for each authentication plugin)';

/**
 * The file that a standalone APISIX (`role: data_plane`, `config_provider: yaml`) reads again each second. Items and
 * comments of others stay as they are. Written atomically: APISIX never meets a half of it.
 */
export function apisixStandaloneFile(file: string): GatewayDriver {
  let document = new Document({});

  const store: ConfigurationStore = {
    async read() {
      document = await open(file);
      const data: unknown = document.toJS();
      return isRecord(data) ? data : {};
    },
    async write(changes) {
      const credential = changes.findIndex(
        ({ id, item }) => item !== undefined && id.includes('/credentials/'),
      );
      if (credential !== -1) return { index: credential, reason: NO_CREDENTIALS };
      for (const { list, id, item } of changes) {
        const sequence = document.get(list);
        const data: unknown[] = isSeq(sequence) ? ((sequence.toJS(document) as unknown[]) ?? []) : [];
        const index = data.findIndex((each) => itemId(list, each) === id);
        if (item === undefined) {
          if (index !== -1) document.deleteIn([list, index]);
        } else if (index !== -1) document.setIn([list, index], document.createNode(item));
        else if (isSeq(sequence)) sequence.add(document.createNode(item));
        else document.set(list, document.createNode([item]));
      }
      const text = document.toString({ lineWidth: 0 }).replace(/\n*#END[^\n]*\s*$/, '\n');
      const mode = await stat(file).then(
        (found) => found.mode & 0o777,
        () => 0o600,
      );
      try {
        await writeFileAtomic(file, `${text.trimEnd()}\n${END}\n`, { mode });
      } catch (error) {
        throw new QbtcError('GATEWAY_UNREACHABLE', `${file} cannot be written: ${messageOf(error)}`, {
          cause: error,
        });
      }
      return undefined;
    },
  };
  return wholeConfiguration(store);
}

async function open(file: string): Promise<Document> {
  let text: string;
  try {
    text = await readTextFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Document({});
    throw unreadable('GATEWAY_UNREACHABLE', file, error);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new QbtcError('GATEWAY_FILE_BROKEN', `${file}:${line}:${col} is no valid YAML: ${error.message}`, {
      hint: 'APISIX keeps the configuration that it read before; mend the file, or remove it to have it written anew',
    });
  }
  return document.contents === null ? new Document({}) : document;
}
