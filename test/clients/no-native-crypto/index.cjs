// In place of native code that its install script would fetch from elsewhere: matrix-bot-sdk without encryption.
function NotInstalled() {
  throw new Error('no native encryption is installed for these tests');
}

module.exports = new Proxy(
  {},
  {
    get(_, name) {
      return typeof name === 'symbol' || name === '__esModule' || name === 'then' ? undefined : NotInstalled;
    },
  },
);
