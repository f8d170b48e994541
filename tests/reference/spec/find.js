// Reads pairs [path, document] as JSON, and writes what the JSONPaths of npm's fbp-spec find; null where they fail.
'use strict';

const path = require('path');
const from = (...folder) => require(require.resolve(folder.pop(), { paths: [path.join(__dirname, 'node_modules', ...folder)] }));
const jsonpath = from('fbp-spec', 'jsonpath');

const found = (path, document) => {
  try {
    return JSON.parse(JSON.stringify(jsonpath.query(document, path)));
  } catch (wrong) {
    return null;
  }
};

const pairs = JSON.parse(require('fs').readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(pairs.map(([path, document]) => found(path, document))));
