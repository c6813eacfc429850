/**
 * Preloaded by startup.js: notes when nvsmi reaches each stage, by watching what it cannot do without Node (files
 * loaded, native modules, writes) and by wrapping koffi's functions. The program that runs is the one that is
 * shipped; the wrappers cost it some 0.1 ms.
 */
const { writeSync } = require('node:fs');
const Module = require('node:module');
const { basename } = require('node:path');

const exec = BigInt(process.env.NVSMI_BENCH_START);
const sinceExec = () => Number(process.hrtime.bigint() - exec) / 1e6;
const begun = sinceExec();
/** When Node's own clock began. */
const origin = begun - performance.now();
const stages = [];
/** A stage that comes again has its number behind it. */
function note(stage, from) {
  const earlier = stages.filter((each) => each.stage.replace(/ #\d+$/, '') === stage).length;
  stages.push({ stage: earlier === 0 ? stage : `${stage} #${earlier + 1}`, from, to: sinceExec() });
}

const seen = new Set();
/** Runs one step and notes it, the first time only. */
function once(stage, step, from = sinceExec()) {
  if (seen.has(stage)) return step();
  seen.add(stage);
  const result = step();
  note(stage, from);
  return result;
}

const load = Module._load;
Module._load = function (request, ...others) {
  if (!/[/\\]/.test(request) || request.endsWith('.node')) return load.call(this, request, ...others);
  return once(`load ${basename(request)}`, () => load.call(this, request, ...others));
};

const dlopen = process.dlopen;
process.dlopen = (module, path, ...others) => {
  once('koffi', () => dlopen.call(process, module, path, ...others));
  module.exports = watched(module.exports);
};

const watched = (koffi) => ({
  ...koffi,
  load: (...args) => {
    const library = once('dlopen', () => koffi.load(...args));
    return {
      func: (name, ...signature) => watchedCall(name, library.func(name, ...signature)),
      unload: () => library.unload(),
    };
  },
});

const OPENING = { nvmlInit_v2: 'nvmlInit', nvmlDeviceGetHandleByIndex_v2: 'attach' };
const PREPARING = /^nvml(Init|Shutdown|DeviceGetCount|DeviceGetHandle)/;
/** A call on the main thread is a stage of its own from so many milliseconds on. */
const LONG = 0.3;

function watchedCall(name, call) {
  const run = (...args) => {
    const from = sinceExec();
    const result = call(...args);
    if (OPENING[name] !== undefined) note(OPENING[name], from);
    else if (!PREPARING.test(name)) {
      once('first call', () => undefined, from);
      if (sinceExec() - from > LONG) note(name, from);
    }
    return result;
  };
  run.async = (...args) => {
    const from = sinceExec();
    const done = args.pop();
    call.async(...args, (...results) => {
      note(`${OPENING[name] ?? name} (worker)`, from);
      done(...results);
    });
  };
  return run;
}

const fs = require('node:fs');
fs.writeSync = (...args) => once('write', () => writeSync(...args));

/** Both ways out: the event of a natural end, and a call that ends the process at once. */
let told = false;
function tell() {
  if (told) return;
  told = true;
  const { nodeStart, v8Start, environment, bootstrapComplete } = performance.nodeTiming;
  const boot = { nodeStart, v8Start, environment, bootstrapComplete };
  for (const key of Object.keys(boot)) boot[key] += origin;
  writeSync(3, JSON.stringify({ begun, boot, stages, exit: sinceExec() }));
}
process.on('exit', tell);
const { reallyExit } = process;
process.reallyExit = (status) => {
  tell();
  reallyExit.call(process, status);
};
