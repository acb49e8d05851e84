// What the build puts in the place of a package that is loaded but never used.
module.exports = {};
