// Generated from the contracts in event-schemas/ by `qbtc events types`: change them, and run it again.

/** Nobody waits for the answer to an llm_request any more: whoever works on it may stop. */
export interface LlmCancellation {
  /** The id of the llm_request event. */
  request: string;
}

/** Asks every core which models it can answer with. Each core listens on a queue of its own, so an event that reaches no queue says that there is no core. */
export type LlmModelsRequest = Record<string, never>;

/** The models that a core can answer with. */
export interface LlmModelsResponse {
  /** complete, or error when the engine could not be asked. */
  kind: 'complete' | 'error';
  /** The answer has one part. */
  index: 0;
  /** Identifies this try to answer. */
  answer: string;
  /** In the order in which the engine names them. */
  models?: ({
    /** The name to put into model. */
    id: string;
    /** When it was made, in seconds since the epoch; 0 when unknown. */
    created: number;
    /** Who provides it. */
    owned_by: string;
  })[];
  error?: LlmResponseError;
}

/** A chat completion that is asked for. The data is the body of OpenAI's POST /v1/chat/completions; what is not described here is passed on, and the engine refuses what it does not know. */
export interface LlmRequest {
  /** The model that shall answer, one of GET /v1/models. */
  model: string;
  /** The conversation so far, oldest first. */
  messages: LlmRequestMessage[];
  /** Whether the answer comes in chunks. Default false. */
  stream?: boolean | null;
  /** Only with stream. */
  stream_options?: {
    /** Whether a last chunk carries the token counts. Default false. */
    include_usage?: boolean | null;
    /** What is not described is passed on. */
    [field: string]: unknown;
  } | null;
  /** The most tokens that the answer may have. Older name of max_completion_tokens. */
  max_tokens?: number | null;
  /** The most tokens that the answer may have. */
  max_completion_tokens?: number | null;
  /** Up to four texts; the answer ends before the first that would appear in it. */
  stop?: null | string | string[];
  /** How many answers are wanted. Default 1. */
  n?: number | null;
  /** How freely the engine samples. Default 1. */
  temperature?: number | null;
  /** The probability mass that the engine samples from. Default 1. */
  top_p?: number | null;
  /** How much repeated tokens are held back. Default 0. */
  frequency_penalty?: number | null;
  /** How much tokens that appeared at all are held back. Default 0. */
  presence_penalty?: number | null;
  /** Makes sampling repeatable as far as the engine can. At most 2^53 - 1, above which JSON's numbers lose digits: no other seed is taken than the one that was sent. */
  seed?: number | null;
  /** Who asks, as the client names them. */
  user?: string | null;
  /** The answer is kept in the cache, also where the engine answers sooner than the cache does. */
  prompt_cache_key?: string | null;
  /** Texts that the client attaches to the request. */
  metadata?: {
    /** With it the core remembers: the turns of this consumer's conversation so far go before the messages. */
    conversation_id?: string;
    /** What is not described is passed on. */
    [field: string]: unknown;
  } | null;
  /** Functions that the engine may ask the client to call. */
  tools?: Record<string, unknown>[] | null;
  /** Which tool must, may or may not be called. */
  tool_choice?: string | Record<string, unknown> | null;
  /** The form that the answer must have. Default text. */
  response_format?: {
    /** text, json_object, or json_schema. */
    type: 'text' | 'json_object' | 'json_schema';
    /** What is not described is passed on. */
    [field: string]: unknown;
  } | null;
  /** What is not described is passed on. */
  [field: string]: unknown;
}

export interface LlmRequestMessage {
  /** Who speaks. */
  role: 'developer' | 'system' | 'user' | 'assistant' | 'tool' | 'function';
  /** What is said: a text, or parts. */
  content?: null | string | LlmRequestPart[];
  /** Tells speakers of the same role apart. */
  name?: string | null;
  /** In an assistant's message: the calls that it asked for. */
  tool_calls?: Record<string, unknown>[] | null;
  /** In a tool's message: the call that it answers. */
  tool_call_id?: string | null;
  /** What is not described is passed on. */
  [field: string]: unknown;
}

export interface LlmRequestPart {
  /** text, image_url, input_audio, file, or refusal. */
  type: string;
  /** The text of a part of the type text. */
  text?: string;
  /** What is not described is passed on. */
  [field: string]: unknown;
}

/** A part of the answer to an llm_request. Parts come in the order of their index and the last one is of the kind complete or error; an answer that is not streamed has that part only. */
export interface LlmResponse {
  /** What the part is; nothing follows complete or error. */
  kind: 'chunk' | 'complete' | 'error';
  /** The place of the part in the answer, from 0, without gaps. */
  index: number;
  /** Identifies this try to answer: parts of two tries (after a redelivery) do not fit together. */
  answer: string;
  completion?: LlmResponseCompletion;
  /** In a chunk: what was added (delta). In a complete part of an answer that is not streamed: the whole choices (message). */
  choices?: (LlmResponseChoice | LlmResponseDelta)[];
  usage?: LlmResponseUsage;
  error?: LlmResponseError;
}

/** Which completion the part belongs to. */
export interface LlmResponseCompletion {
  /** The id of the completion, as the client sees it. */
  id: string;
  /** When it was made, in seconds since the epoch. */
  created: number;
  /** The model that answered. */
  model: string;
  /** The engine that runs the model. */
  engine: string;
  /** Whether the answer came from the cache. */
  cached: boolean;
}

/** A whole choice. */
export interface LlmResponseChoice {
  /** The number of the choice, from 0. */
  index: number;
  /** The whole message, as OpenAI describes it. */
  message: {
    /** Always the assistant. */
    role: 'assistant';
    /** The text; null when there are only tool calls. */
    content: string | null;
    /** What is not described is passed on. */
    [field: string]: unknown;
  };
  finish_reason: LlmResponseFinishReason;
  /** What is not described is passed on. */
  [field: string]: unknown;
}

/** An addition to a choice. */
export interface LlmResponseDelta {
  /** The number of the choice, from 0. */
  index: number;
  /** What is added to the message, as OpenAI describes it. */
  delta: Record<string, unknown>;
  /** In the last delta of the choice: why it ended. */
  finish_reason?: null | LlmResponseFinishReason;
  /** What is not described is passed on. */
  [field: string]: unknown;
}

/** Why the choice ended: stop, length, tool_calls, content_filter, … */
export type LlmResponseFinishReason = string;

/** What the answer cost in tokens. */
export interface LlmResponseUsage {
  /** Tokens of the conversation. */
  prompt_tokens: number;
  /** Tokens of the answer. */
  completion_tokens: number;
  /** The sum of both. */
  total_tokens: number;
  /** What is not described is passed on. */
  [field: string]: unknown;
}

/** Why there is no answer, in OpenAI's shape. */
export interface LlmResponseError {
  /** The HTTP status for the client. */
  status: number;
  /** What is wrong, for people. */
  message: string;
  /** OpenAI's error type: invalid_request_error, server_error, … */
  type: string;
  /** The field of the request that is wrong. */
  param: string | null;
  /** OpenAI's error code: model_not_found, unsupported, … */
  code: string | null;
}

/** A service instance is not as it was registered any more: as it is now. */
export interface ServiceChanged {
  /** The name of the service. */
  name: string;
  /** Which instance of it. */
  instance: string;
  /** The version of its code. */
  version?: string;
  /** Where it listens: a name or an address. */
  host: string;
  /** The port that it listens on. */
  port: number;
  /** What it speaks there. */
  protocol: 'http' | 'https' | 'grpc' | 'amqp';
  /** The path of its health document. */
  health?: string;
  /** What else is worth knowing, as texts. */
  metadata?: Record<string, string>;
  /** The names of the fields that differ from before. */
  changes: string[];
}

/** A service instance cannot be asked any more. */
export interface ServiceGone {
  /** The name of the service. */
  name: string;
  /** Which instance of it. */
  instance: string;
  /** Why: it said goodbye, it died, or nobody heard of it for too long. */
  reason: 'stopped' | 'crashed' | 'expired';
}

/** A service instance is there and can be asked. */
export interface ServiceRegistered {
  /** The name of the service. */
  name: string;
  /** Which instance of it. */
  instance: string;
  /** The version of its code. */
  version?: string;
  /** Where it listens: a name or an address. */
  host: string;
  /** The port that it listens on. */
  port: number;
  /** What it speaks there. */
  protocol: 'http' | 'https' | 'grpc' | 'amqp';
  /** The path of its health document. */
  health?: string;
  /** What else is worth knowing, as texts. */
  metadata?: Record<string, string>;
}

/** Asks the core whether a trade that the trading service considers is worth it. Nobody trades without an answer in time. */
export interface TradingAnalysisRequest {
  /** The trading pair as Binance writes it: BTCUSDT. */
  symbol: string;
  /** Which side of the book the trade would take. */
  side: 'buy' | 'sell';
  /** The strategy that proposes it. */
  strategy: string;
  /** The price that the decision saw, in the quote currency, as a decimal number. */
  price: string;
  /** How much of the base currency the trade would move, as a decimal number. */
  quantity: string;
  /** Indicators at the moment of the decision, by name: ema_20, rsi_14, atr_14. */
  indicators?: Record<string, number>;
  /** When the market was seen as described here, in UTC. */
  observed_at: string;
  /** Whether money is at stake: paper and testnet are simulations. */
  mode: 'paper' | 'testnet' | 'live';
}

/** The core's answer to a trading_analysis_request: one signal, once. The order that follows from it carries an id that follows from signal_id, so that a redelivered signal cannot become a second order. */
export interface TradingSignal {
  /** What the part is; nothing follows either of them. */
  kind: 'complete' | 'error';
  /** The place of the part in the answer: 0, as there is only one. */
  index: number;
  /** Identifies this try to answer. */
  answer: string;
  /** Identifies the signal for ever. */
  signal_id?: string;
  /** The trading pair as Binance writes it: BTCUSDT. */
  symbol?: string;
  /** What to do; hold means to leave the trade. */
  action?: 'buy' | 'sell' | 'hold';
  /** How sure the core is, from 0 to 1. */
  confidence?: number;
  /** Why, for people. */
  reason?: string;
  /** After this the signal means nothing any more, in UTC. */
  valid_until?: string;
  /** What analysed it: the name of a model, or offline for the offline engine. */
  engine?: string;
  /** What the 26-dimensional state of the symbol says of the last looks at the market. */
  state?: {
    /** l1-norm coherence of the state, from 0 to 25. */
    coherence: number;
    /** Purity of the state, from 1/26 to 1. */
    purity: number;
    /** Von Neumann entropy of the state, in bits. */
    entropy: number;
    /** Fidelity to the state of the symbol before; null for the first. */
    resonance: number | null;
  };
  /** Why there is no signal. */
  error?: {
    /** A word for programs: unsupported_symbol, timeout. */
    code: string;
    /** What is wrong, for people. */
    message: string;
  };
}

/** Tells the web interface that something it shows has changed. */
export interface WebUiUpdate {
  /** What has changed: services, positions, score. */
  topic: string;
  /** Which one of them; left out for all. */
  subject?: string;
  /** The fields that have changed, with their new values. */
  patch: Record<string, unknown>;
  /** The one session that it concerns; left out for all. */
  session?: string;
}

/** The data of every event, by its name. */
export interface EventData {
  llm_cancellation: LlmCancellation;
  llm_models_request: LlmModelsRequest;
  llm_models_response: LlmModelsResponse;
  llm_request: LlmRequest;
  llm_response: LlmResponse;
  service_changed: ServiceChanged;
  service_gone: ServiceGone;
  service_registered: ServiceRegistered;
  trading_analysis_request: TradingAnalysisRequest;
  trading_signal: TradingSignal;
  web_ui_update: WebUiUpdate;
}

export type EventName = keyof EventData;

/** Where events go, and from which queue those who share them take them; an answer goes to whoever has asked. */
export const DESTINATIONS = {
  llm_cancellation: {
    exchange: 'qbtc.topic',
    routingKey: 'llm.cancel',
  },
  llm_models_request: {
    exchange: 'qbtc.topic',
    routingKey: 'llm.models.request',
  },
  llm_request: {
    exchange: 'qbtc.topic',
    routingKey: 'llm.request',
    queue: 'q_llm_requests',
  },
  service_changed: {
    exchange: 'qbtc.topic',
    routingKey: 'service.changed',
    queue: 'q_service_changed',
  },
  service_gone: {
    exchange: 'qbtc.topic',
    routingKey: 'service.gone',
    queue: 'q_service_gone',
  },
  service_registered: {
    exchange: 'qbtc.topic',
    routingKey: 'service.registered',
    queue: 'q_service_registered',
  },
  trading_analysis_request: {
    exchange: 'qbtc.topic',
    routingKey: 'trading.analysis.request',
    queue: 'q_trading_requests',
  },
  web_ui_update: {
    exchange: 'qbtc.topic',
    routingKey: 'web.ui.update',
    queue: 'q_web_ui_updates',
  },
} as const;

/** The schema of each event, with its major version. */
export const SCHEMAS = {
  llm_cancellation: 'urn:qbtc:event:llm_cancellation:1',
  llm_models_request: 'urn:qbtc:event:llm_models_request:1',
  llm_models_response: 'urn:qbtc:event:llm_models_response:1',
  llm_request: 'urn:qbtc:event:llm_request:1',
  llm_response: 'urn:qbtc:event:llm_response:1',
  service_changed: 'urn:qbtc:event:service_changed:1',
  service_gone: 'urn:qbtc:event:service_gone:1',
  service_registered: 'urn:qbtc:event:service_registered:1',
  trading_analysis_request: 'urn:qbtc:event:trading_analysis_request:1',
  trading_signal: 'urn:qbtc:event:trading_signal:1',
  web_ui_update: 'urn:qbtc:event:web_ui_update:1',
} as const;
