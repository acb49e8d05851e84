import { createWriteStream, type WriteStream } from 'node:fs';
import type { Plugin, PluginHost } from '../plugin.ts';
import {
  type Logging,
  logging,
  loggingError,
  loggingFields,
  loggingMetadata,
  matchField,
} from '../plugin-support/logging.ts';
import { Losses } from '../plugin-support/losses.ts';

interface FileLogger extends Logging {
  path: string;
}

const filesKey = {};
/** Where the process's own output goes: the supervisor keeps it. */
const STANDARD_OUTPUT = new Set(['/dev/stdout', '/proc/self/fd/1']);
/** What waits for a slow disk at most. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

/** One JSON object a request, in the configured format or APISIX's own. */
export const fileLogger: Plugin<FileLogger> = {
  name: 'file-logger',
  version: 0.1,
  priority: 399,
  schema: {
    type: 'object',
    properties: { path: { type: 'string' }, ...loggingFields, ...matchField },
    required: ['path'],
  },
  metadataSchema: loggingMetadata,
  check: loggingError,
  compile(configuration, host) {
    const files = host.shared(filesKey, () => new LogFiles(host));
    return logging('file-logger', configuration, host, (entry) =>
      files.write(configuration.path, `${JSON.stringify(entry)}\n`),
    );
  },
};

/** The files of a gateway, each open once. */
class LogFiles {
  readonly #files = new Map<string, WriteStream>();
  readonly #losses: Losses;

  constructor(host: PluginHost) {
    this.#losses = new Losses(host, 'lines of file-logger');
    host.onClose(async () => {
      await Promise.all([...this.#files.values()].map(ended));
      this.#losses.end();
    });
  }

  write(path: string, line: string): void {
    const file = STANDARD_OUTPUT.has(path) ? process.stdout : this.#open(path);
    if (file.writableLength > MOST_WAITING_BYTES) {
      this.#losses.add(1, `${path} is too slow`);
      return;
    }
    file.write(line, (error) => {
      if (error) this.#losses.add(1, error.message);
    });
  }

  #open(path: string): WriteStream {
    const open = this.#files.get(path);
    if (open !== undefined) return open;
    const file = createWriteStream(path, { flags: 'a' });
    // A log that cannot be written must not end the gateway; it is tried again with the next line.
    file.on('error', () => this.#files.delete(path));
    this.#files.set(path, file);
    return file;
  }
}

const ended = (file: WriteStream) =>
  new Promise<void>((resolve) => {
    file.once('close', resolve);
    file.end();
  });
