// What the build puts in the place of undici: the parts that qbtc uses. The whole of it (fetch, WebSockets, mocks, caches)
// takes three times as long to load, in every command that asks a gateway. undici's own index makes the same two calls.
const Dispatcher = require('undici/lib/dispatcher/dispatcher');
Object.assign(Dispatcher.prototype, require('undici/lib/api'));

module.exports = {
  Dispatcher,
  Agent: require('undici/lib/dispatcher/agent'),
  Pool: require('undici/lib/dispatcher/pool'),
  buildConnector: require('undici/lib/core/connect'),
};
