import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

/** What your-service stands on: its log, health, metrics and HTTP server, and an end in order. Node alone. */

const VERSION = '0.1.0';
const NAME = process.env.SERVICE_NAME || 'your-service';
/** Bytes of a request. */
const LONGEST_BODY = 1024 * 1024;
const MOST_MEMORY = 512 * 1024 * 1024;
const CORRELATION_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** Writes one line, as event-schemas/log_line.json of a stack that qbtc makes says. */
export function log(level, message, context = {}, correlationId) {
  const line = { timestamp: new Date().toISOString(), service: NAME, level, message, context };
  const correlated = correlationId === undefined ? line : { ...line, correlation_id: correlationId };
  process.stdout.write(`${JSON.stringify(correlated)}\n`);
}

export function reasonOf(error) {
  return error instanceof Error ? error.message || error.name : String(error);
}

/** What came from outside if it is fit to be a correlation id, or else a new one. */
export function correlationIdOf(outside) {
  return typeof outside === 'string' && CORRELATION_ID.test(outside) ? outside : randomUUID();
}

/** Counters, and how long things took, in the text format of Prometheus. */
export class Metrics {
  #families = new Map();

  count(name, about, labels) {
    this.#add(name, 'counter', about, labels, { [name]: 1 });
  }

  observe(name, about, seconds, labels) {
    this.#add(name, 'summary', about, labels, { [`${name}_sum`]: seconds, [`${name}_count`]: 1 });
  }

  text() {
    const lines = [...this.#families.values()].flatMap(({ head, series }) => [
      head,
      ...[...series].map(([key, value]) => `${key} ${value}`),
    ]);
    const uptime = [
      '# HELP process_uptime_seconds Since the process was started',
      '# TYPE process_uptime_seconds gauge',
      `process_uptime_seconds ${process.uptime()}`,
    ];
    return `${[...lines, ...uptime].join('\n')}\n`;
  }

  #add(name, kind, about, labels, amounts) {
    const family = this.#families.get(name) ?? {
      head: `# HELP ${name} ${about}\n# TYPE ${name} ${kind}`,
      series: new Map(),
    };
    this.#families.set(name, family);
    const shown = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    for (const [sample, amount] of Object.entries(amounts)) {
      const key = `${sample}{${shown.join(',')}}`;
      family.series.set(key, (family.series.get(key) ?? 0) + amount);
    }
  }
}

/** How the service does: what each of its checks says. */
export class Health {
  #checks = new Map();
  ending = false;

  /**
   * A check rejects, or throws, with the reason. Without it the service cannot work (`unhealthy`), or works less well
   * (`degraded`).
   */
  add(name, check, whenFailing) {
    this.#checks.set(name, { check, whenFailing });
  }

  async report() {
    const checks = {};
    for (const [name, { check, whenFailing }] of this.#checks) {
      const began = performance.now();
      const found = await Promise.resolve()
        .then(check)
        .then(
          () => ({ status: 'healthy' }),
          (error) => ({ status: whenFailing, reason: reasonOf(error) }),
        );
      checks[name] = { ...found, latency_ms: Math.round((performance.now() - began) * 100) / 100 };
    }
    const states = Object.values(checks).map(({ status }) => status);
    const worst = ['unhealthy', 'degraded'].find((each) => states.includes(each)) ?? 'healthy';
    return {
      service: NAME,
      status: this.ending ? 'unhealthy' : worst,
      version: VERSION,
      uptime_seconds: Math.round(process.uptime() * 1000) / 1000,
      ...(this.ending ? { reason: 'the service is ending' } : {}),
      checks,
    };
  }
}

function checkMemory() {
  const { rss } = process.memoryUsage();
  if (rss > MOST_MEMORY) throw new Error(`it takes ${Math.round(rss / 1024 / 1024)} MiB`);
}

/** An answer to a request that cannot be done. */
export class Refused extends Error {
  status;
  code;

  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Add routes, checks and what is to be ended; then `run` it until SIGTERM or SIGINT. */
export class Service {
  metrics = new Metrics();
  health = new Health();
  /** By method and path: `GET /api/x`. */
  routes = new Map();
  #ends = [];
  #server = createServer((request, response) => {
    this.#answering.set(request.socket, { request, answer: this.#answer(request, response) });
  });
  /** The last answer of each connection. */
  #answering = new WeakMap();

  constructor() {
    this.health.add('memory', checkMemory, 'degraded');
    // Node would answer at once, before the requests that came before on the same connection.
    this.#server.on('clientError', async (_error, socket) => {
      const last = this.#answering.get(socket);
      if (last?.request.complete) await last.answer;
      if (socket.writable)
        socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    });
  }

  /** Ends run one after the other, the last added first, before the HTTP server's. */
  onEnd(name, end) {
    this.#ends.push({ name, end });
  }

  /** Listens, and gives the address. */
  async listen(host = process.env.HOST || '127.0.0.1', port = Number(process.env.PORT || 0)) {
    await new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(port, host, resolve);
    });
    return `http://${host}:${this.#server.address().port}`;
  }

  async close() {
    this.health.ending = true;
    const ends = [{ name: 'http', end: () => this.#closeServer() }, ...this.#ends].reverse();
    for (const { name, end } of ends)
      await Promise.resolve()
        .then(end)
        .catch((error) => log('warn', `could not end in order: ${name}`, { error: reasonOf(error) }));
  }

  async run() {
    const url = await this.listen();
    log('info', 'listening', { url, ms: Math.round(performance.now()) });
    const end = (reason) => {
      log('info', 'ending', { reason });
      setTimeout(
        () => {
          log('error', 'did not end in time');
          process.exit(1);
        },
        Number(process.env.SHUTDOWN_TIMEOUT_MS || 10_000),
      ).unref();
      void this.close().then(() => {
        log('info', 'ended');
        process.exit(0);
      });
    };
    process.once('SIGTERM', end).once('SIGINT', end);
  }

  #closeServer() {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
    });
  }

  async #answer(request, response) {
    const began = performance.now();
    const { method = '', url = '/' } = request;
    const path = url.split('?', 1)[0] ?? '/';
    const quiet = path === '/health' || path === '/metrics';
    const correlationId = correlationIdOf(request.headers['x-correlation-id']);
    const route = this.routes.get(`${method} ${path}`);
    let status = 200;
    let content;
    let type = 'application/json';
    try {
      const body = await bodyOf(request);
      if (method === 'GET' && path === '/metrics') {
        content = this.metrics.text();
        type = 'text/plain; version=0.0.4';
      } else if (method === 'GET' && path === '/health') {
        const document = await this.health.report();
        status = document.status === 'unhealthy' ? 503 : 200;
        content = JSON.stringify(document);
      } else if (route === undefined) throw new Refused(404, 'not_found', `there is no ${method} ${path}`);
      else content = JSON.stringify(await route({ correlationId, json: () => jsonIn(body) }));
    } catch (error) {
      const known = error instanceof Refused;
      if (!known && !request.complete) return log('warn', 'a request broke off', {}, correlationId);
      // A mistake in a route does not end the service.
      if (!known) log('error', 'a request failed', { error: reasonOf(error) }, correlationId);
      const told = known ? error : new Refused(500, 'internal', 'something went wrong');
      status = told.status;
      content = JSON.stringify({ error: { code: told.code, message: told.message } });
    }
    response.writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(content),
      'x-correlation-id': correlationId,
      ...(this.health.ending || !request.complete ? { connection: 'close' } : {}),
    });
    response.end(content);
    const ms = performance.now() - began;
    // Not the path as it came: whoever asks for many different ones would fill the memory.
    const known = route !== undefined || quiet ? path : 'unknown';
    const about = 'Time to answer an HTTP request';
    const labels = { method, route: known, status: String(status) };
    this.metrics.observe('http_request_duration_seconds', about, ms / 1000, labels);
    if (!quiet)
      log(
        'info',
        'answered a request',
        { method, route: known, status, ms: Math.round(ms * 100) / 100 },
        correlationId,
      );
  }
}

async function bodyOf(request) {
  const parts = [];
  let length = 0;
  // The connection stays open for the answer.
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    length += part.length;
    if (length > LONGEST_BODY)
      throw new Refused(413, 'too_large', `a body has at most ${LONGEST_BODY} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function jsonIn(body) {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new Refused(400, 'bad_request', 'the body is not JSON');
  }
}
