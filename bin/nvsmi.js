#!/usr/bin/env node
require('node:module').enableCompileCache?.();
require('../dist/cli/nvsmi.js');
