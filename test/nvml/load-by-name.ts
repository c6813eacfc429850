/** Loads NVML as a program without --nvml does, and prints where it came from and the driver's version. */

import { loadLibrary } from '../../src/nvml/backend/library.js';
import { call } from '../../src/nvml/call.js';
import { readText } from '../../src/nvml/memory.js';
import { ask } from '../../src/nvml/session.js';
import { text } from './outs.js';

const driver = loadLibrary({ env: process.env });
ask(driver, call('nvmlInit_v2'));
const { memory } = ask(driver, call('nvmlSystemGetDriverVersion', text(80)));
process.stdout.write(`${driver.source} ${readText(memory[0] as Buffer, 0, 80)}\n`);
