'use strict';
// What the engine starts.
if (!require('fs').existsSync(__dirname + '/dist/main.js'))
  throw new Error('the policies of emqx-haproxy are not built; run `npm install` in ' + __dirname);
require('./dist/main.js');
