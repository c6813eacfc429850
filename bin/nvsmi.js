#!/usr/bin/env node
require('../dist/cli/compile-cache.js');
require('../dist/cli/nvsmi.js');
