// Reads pairs [path, document] as JSON, and writes what JSONPath finds: of npm's fbp-spec 0.8.0 and of 0.5.2; null where it fails.
'use strict';

const from = (...folder) => require(require.resolve(folder.pop(), { paths: [require('path').join(__dirname, 'node_modules', ...folder)] }));
const newer = from('fbp-spec-0.8.0', 'jsonpath');
const older = from('fbp-spec-0.5.2', 'JSONPath');

const found = (look, document) => {
  try {
    return JSON.parse(JSON.stringify(look(structuredClone(document)))); // filters of the older one may change it
  } catch (wrong) {
    return null;
  }
};

console.log = () => {}; // the older one prints what goes wrong
const pairs = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const results = pairs.map(([path, document]) => [
  found((copy) => newer.query(copy, path), document),
  found((copy) => older.eval(copy, path, { flatten: true }), document),
]);
process.stdout.write(JSON.stringify(results));
