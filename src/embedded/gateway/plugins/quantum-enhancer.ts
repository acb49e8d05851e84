import type { Plugin, PluginGauge } from '../plugin.ts';

interface QuantumEnhancer {
  frequency: number;
  enable_quantum_headers: boolean;
  vigoleonrocks_signature: boolean;
}

/**
 * The request headers that the upstream gets. This is the one place that says what they are: a Lua plugin of the
 * same name must send the same bytes. `X-Quantum-Frequency` carries the configured frequency in decimal, without
 * a fraction when it has none.
 */
export const QUANTUM_HEADERS = {
  frequency: 'X-Quantum-Frequency',
  enhanced: { name: 'X-QBTC-Enhanced', value: 'true' },
  signature: { name: 'X-VIGOLEONROCKS-System', value: 'active' },
} as const;

const FREQUENCY: PluginGauge = {
  name: 'qbtc_quantum_frequency',
  help: 'The frequency of the quantum-enhancer plugin',
  together: 'max',
};

/**
 * Marks requests for the quantum core. Values that a client sends under these names, however it spells them, never get
 * through.
 */
export const quantumEnhancer: Plugin<QuantumEnhancer> = {
  name: 'quantum-enhancer',
  version: 0.1,
  // APISIX recommends 1 to 99 for plugins that are not its own.
  priority: 88,
  schema: {
    type: 'object',
    properties: {
      frequency: { type: 'number', exclusiveMinimum: 0, default: 888 },
      enable_quantum_headers: { type: 'boolean', default: true },
      vigoleonrocks_signature: { type: 'boolean', default: true },
    },
  },
  compile: (configuration, host) => ({
    access(exchange) {
      const { headers } = exchange.request;
      const route = exchange.route?.id ?? '';
      host.gauge(FREQUENCY, { route }, configuration.frequency);
      const { frequency, enhanced, signature } = QUANTUM_HEADERS;
      headers.removeVouched(frequency, enhanced.name, signature.name);
      if (configuration.enable_quantum_headers) {
        headers.add(frequency, String(configuration.frequency));
        headers.add(enhanced.name, enhanced.value);
      }
      if (configuration.vigoleonrocks_signature) headers.add(signature.name, signature.value);
      return undefined;
    },
  }),
};
