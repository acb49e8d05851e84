// What the build puts in the place of how pg asks where it runs: it makes a Response for that, and with it Node loads its
// whole fetch, in every command that asks a database.
module.exports = {
  getStream: () => new (require('node:net').Socket)(),
  getSecureStream: (options) => require('node:tls').connect(options),
};
