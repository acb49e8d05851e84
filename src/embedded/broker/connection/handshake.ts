import { type Credentials, MECHANISMS } from '../access/credentials.ts';
import { FRAME_MIN_SIZE } from '../codec/frames.ts';
import { AMQP_0_8, AMQP_0_9_1, type Dialect, type Method } from '../codec/methods.ts';
import type { Table } from '../codec/table.ts';
import { AmqpError } from '../errors.ts';
import { serverProperties } from '../server-properties.ts';
import type { Outbox } from './outbox.ts';

const NOTHING = Buffer.alloc(0);
const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');
/** The versions that clients may speak, by their headers. 0-9 is treated as 0-9-1, and 0-8 calls itself 8-0 or 9-1. */
const VERSIONS: readonly [header: Buffer, dialect: Dialect][] = [
  [PROTOCOL_HEADER, AMQP_0_9_1],
  [Buffer.from('AMQP\x01\x01\0\x09', 'latin1'), AMQP_0_9_1],
  [Buffer.from('AMQP\x01\x01\x08\0', 'latin1'), AMQP_0_8],
  [Buffer.from('AMQP\x01\x01\x09\x01', 'latin1'), AMQP_0_8],
];

/** What the server proposes; a client may lower each, 0 means that it wants no limit. */
const PROPOSAL = { channelMax: 2047, frameMax: 131_072, heartbeat: 60 };
const CHANNEL_MIN = 1;
/** RabbitMQ lets a client wait that has made a mistake before it is trusted. */
const SILENCE_MS = 3_000;

/** The handshake has failed; what the client is told, if anything. */
export class HandshakeRefusal extends Error {
  override readonly name = 'HandshakeRefusal';
  readonly answer: AmqpError | undefined;
  readonly silentMs = SILENCE_MS;

  constructor(message: string, answer?: AmqpError) {
    super(message);
    this.answer = answer;
  }
}

/** The steps from the protocol header to `connection.open`, and what was agreed on in them. */
export class Handshake {
  channelMax = PROPOSAL.channelMax;
  frameMax = FRAME_MIN_SIZE;
  /** Seconds; 0 for none. */
  heartbeat = 0;
  username = '';
  mechanism = '';
  clientProperties: Table = new Map();
  protocolAgreed = false;
  private received: Buffer = NOTHING;
  private step: 'start' | 'starting' | 'tuning' | 'opening' = 'start';
  private readonly outbox: Outbox;
  private readonly nodeName: string;
  private readonly isRight: (credentials: Credentials) => boolean;

  constructor(outbox: Outbox, nodeName: string, isRight: (credentials: Credentials) => boolean) {
    this.outbox = outbox;
    this.nodeName = nodeName;
    this.isRight = isRight;
  }

  get isTuned(): boolean {
    return this.step === 'opening';
  }

  /**
   * Takes the first bytes: `AMQP` and the version of the protocol, eight in all. Gives what comes behind them. A client
   * that speaks another protocol is told which one is spoken here.
   */
  begin(chunk: Buffer): Buffer | 'other-protocol' {
    const received = Buffer.concat([this.received, chunk]);
    this.received = received;
    if (received.length < PROTOCOL_HEADER.length) return NOTHING;
    this.received = NOTHING;
    const header = received.subarray(0, PROTOCOL_HEADER.length);
    const dialect = VERSIONS.find(([known]) => header.equals(known))?.[1];
    if (dialect === undefined) {
      this.outbox.raw(PROTOCOL_HEADER);
      return 'other-protocol';
    }
    this.protocolAgreed = true;
    this.outbox.dialect = dialect;
    this.step = 'starting';
    this.outbox.method(0, 'connection.start', {
      ...dialect.version,
      serverProperties: serverProperties(this.nodeName, dialect === AMQP_0_9_1),
      mechanisms: Buffer.from([...MECHANISMS.keys()].join(' ')),
      locales: Buffer.from('en_US'),
    });
    return received.subarray(PROTOCOL_HEADER.length);
  }

  handle(method: Method): void {
    if (method.name === 'connection.start-ok' && this.step === 'starting') {
      const { clientProperties, mechanism, response } = method.fields;
      this.clientProperties = clientProperties;
      this.mechanism = mechanism;
      this.authenticate(response);
    } else if (method.name === 'connection.tune-ok' && this.step === 'tuning') {
      const { channelMax, frameMax, heartbeat } = method.fields;
      this.assertWithin('frame_max', frameMax, FRAME_MIN_SIZE, PROPOSAL.frameMax);
      this.assertWithin('channel_max', channelMax, CHANNEL_MIN, PROPOSAL.channelMax);
      this.channelMax = channelMax;
      this.frameMax = frameMax;
      this.heartbeat = heartbeat;
      this.step = 'opening';
    } else throw new HandshakeRefusal(`unexpected method ${method.name} in connection state ${this.step}`);
  }

  /** Throws when `connection.open` comes too early. */
  assertTuned(): void {
    if (!this.isTuned)
      throw new HandshakeRefusal(`unexpected method connection.open in connection state ${this.step}`);
  }

  /** What the client has declared to understand. */
  clientCan(capability: string): boolean {
    if (this.outbox.dialect !== AMQP_0_9_1) return false;
    const capabilities = this.clientProperties.get('capabilities');
    return capabilities?.type === 'table' && capabilities.value.get(capability)?.value === true;
  }

  private authenticate(response: Buffer): void {
    const read = MECHANISMS.get(this.mechanism);
    if (read === undefined)
      throw new HandshakeRefusal(`unknown authentication mechanism '${this.mechanism}'`);
    const credentials = read(response);
    if (!this.isRight(credentials)) {
      const answer = new AmqpError(
        'ACCESS_REFUSED',
        `Login was refused using authentication mechanism ${this.mechanism}. For details see the broker logfile.`,
      );
      throw new HandshakeRefusal(
        `${this.mechanism} login refused: user '${credentials.user}' - invalid credentials`,
        this.clientCan('authentication_failure_close') ? answer : undefined,
      );
    }
    this.username = credentials.user;
    this.step = 'tuning';
    this.outbox.method(0, 'connection.tune', PROPOSAL);
  }

  private assertWithin(field: string, value: number, min: number, max: number): void {
    const refuse = (comparison: string, bound: string, limit: number) =>
      new HandshakeRefusal(
        `negotiated ${field} = ${value} is ${comparison} than the ${bound} allowed value (${limit})`,
      );
    if (value !== 0 && value < min) throw refuse('lower', 'minimum', min);
    if (value === 0 || value > max) throw refuse('higher', 'maximum', max);
  }
}
