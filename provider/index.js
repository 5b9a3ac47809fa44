'use strict';
// What the engine starts. Plain, old JavaScript, so that a Node of any age can say what is wrong.
var needed = 20;
if (Number(process.versions.node.split('.')[0]) < needed) {
  process.stderr.write(
    'emqx-haproxy needs Node ' +
      needed +
      ' or newer; this is ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ')\n',
  );
  process.exit(1);
}
if (!require('fs').existsSync(__dirname + '/dist/main.js')) {
  process.stderr.write('emqx-haproxy is not built; run `npm install` in ' + __dirname + '\n');
  process.exit(1);
}
require('./dist/main.js');
