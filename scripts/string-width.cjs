// What the build puts in the place of string-width: the same, loaded with the first text that it is asked about. Its tables
// take longer to load than all of `qbtc status` takes to print, and nearly all text is counted without it.
let widthOf;

module.exports = (text) => {
  widthOf ??= require('string-width').default;
  return widthOf(text);
};
