#!/usr/bin/env node
require('../dist/cli/nvsmi.js');
