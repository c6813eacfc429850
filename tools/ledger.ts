/**
 * Writes docs/library-coverage.md: how each function of the library is tested. What is counted is read from where
 * it is decided: the generated entries, the tests' own lists of exceptions, and the recorded machines.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { takesArgument } from '../src/nvml/functions/caller.js';
import * as entries from '../src/nvml/generated/entries.js';
import { changing } from '../src/nvml/generated/prototypes.js';

const OUTPUT = new URL('../docs/library-coverage.md', import.meta.url);

/** Names in a test's list of exceptions: `const NAME: readonly string[] = ['a', 'b']`. */
function exceptions(test: string, list: string): readonly string[] {
  const text = readFileSync(new URL(`../test/nvml/${test}`, import.meta.url), 'utf8');
  const body = new RegExp(`const ${list}: readonly string\\[\\] = \\[([^\\]]*)\\]`).exec(text)?.[1];
  if (body === undefined) throw new Error(`${test} has no list ${list}`);
  return [...body.matchAll(/'(\w+)'/g)].map(([, name]) => name ?? '');
}

const byHand = new Set([...exceptions('api.test.ts', 'BY_HAND'), ...exceptions('api.test.ts', 'FIELDS')]);

const SNAPSHOTS = new URL('../snapshots/', import.meta.url);
const files = readdirSync(SNAPSHOTS).map((name) => new URL(name, SNAPSHOTS));
const machines = files.map((file) => {
  const { origin, calls } = JSON.parse(readFileSync(file, 'utf8'));
  return { origin, functions: new Set(Object.keys(calls)) };
});
const recorded = machines.filter(({ origin }) => origin === 'recorded');

const isGetter = ({ fn, params }: (typeof entries)[keyof typeof entries]): boolean => {
  const inputs = params.filter(takesArgument);
  return !changing.has(fn) && inputs.length === 1 && inputs[0]?.[0] === 'handle' && inputs[0][2] === 'device';
};

function rows(): string[] {
  return Object.values(entries).map((entry) => {
    const { fn } = entry;
    const how = byHand.has(fn) ? 'own tests' : 'every argument, output and error';
    const kind = changing.has(fn) ? 'changes' : 'reads';
    const seen = recorded.filter(({ functions }) => functions.has(fn)).length;
    const compared = isGetter(entry) ? 'yes' : '';
    return `| ${fn} | ${kind} | ${how} | ${seen === 0 ? '' : seen} | ${compared} |`;
  });
}

function ledger(): string {
  const all = Object.values(entries);
  const onDevice = all.filter(({ fn }) => recorded.some(({ functions }) => functions.has(fn)));
  return [
    '# How the functions of the library are tested',
    '',
    'Written by `npm run generate`; not to be edited.',
    '',
    `- ${all.length} functions; ${all.filter(({ fn }) => changing.has(fn)).length} of them change something.`,
    `- Through koffi against a compiled library with NVML's ABI: ${all.length - byHand.size} by test/nvml/api.test.ts, with every`,
    '  argument checked in C, every output read back, as a promise too, and each of the errors thrown as its class;',
    `  ${byHand.size} by tests of their own (test/nvml/lifetime.test.ts): opening, closing, texts and field values.`,
    `- Answered by a real driver: ${onDevice.length} functions have answers in the ${recorded.length} machines recorded on GPUs.`,
    `- Compared with nvidia-ml-py on a device by tools/crosscheck: the ${all.filter(isGetter).length} getters that take a device alone, as far`,
    '  as nvidia-ml-py has them.',
    '- Setters have never been called on a real GPU here: their arguments are tested against the compiled library only.',
    '',
    '| function | | through koffi | recorded machines | comparable with Python |',
    '|---|---|---|---|---|',
    ...rows(),
    '',
  ].join('\n');
}

const text = ledger();
if (!process.argv.includes('--check')) writeFileSync(OUTPUT, text);
else if (readFileSync(OUTPUT, 'utf8') !== text) {
  console.error('docs/library-coverage.md is not what tools/ledger.ts writes: run npm run generate');
  process.exitCode = 1;
}
