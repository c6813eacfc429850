/**
 * Compares our answers with two runs of nvidia-ml-py, one before and one after: equal, or inside their bracket.
 * Usage: node compare.js BEFORE.json OURS.json AFTER.json
 * Exit status 1 where an answer is neither.
 */
import { readFileSync } from 'node:fs';

const [before, ours, after] = process.argv.slice(2, 5).map((path) => JSON.parse(readFileSync(path, 'utf8')));

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const number = (value) => (isObject(value) && 'big' in value ? Number(value.big) : value);

/** Where ours is neither equal to one of theirs nor between them. */
function differences(mine, low, high, path) {
  const value = number(mine);
  if (typeof low === 'number' && typeof value === 'number') {
    const slack = Math.max(Math.abs(low), Math.abs(high ?? low)) * SLACK;
    const [least, most] = [Math.min(low, high ?? low) - slack, Math.max(low, high ?? low) + slack];
    return value >= least && value <= most ? [] : [`${path}: ${value}, not in ${least}..${most}`];
  }
  if (Array.isArray(value) && Array.isArray(low)) {
    // Ours ends with what is filled; theirs is as long as the C array.
    return value.flatMap((item, i) => differences(item, low[i], high?.[i], `${path}[${i}]`));
  }
  // Some getters of nvidia-ml-py return the one field of a struct that matters.
  if (isObject(value) && !isObject(low)) {
    const fields = Object.entries(value);
    const same = fields.filter(([, field]) => differences(field, low, high, path).length === 0);
    return same.length > 0 ? [] : [`${path}: ${JSON.stringify(value)}, not ${JSON.stringify(low)}`];
  }
  if (isObject(value) && isObject(low)) {
    return Object.keys(low)
      .filter((name) => name in value && !name.startsWith('_'))
      .flatMap((name) => differences(value[name], low[name], high?.[name], `${path}.${name}`));
  }
  const known = [low, high].map((item) => JSON.stringify(item));
  return known.includes(JSON.stringify(value)) ? [] : [`${path}: ${JSON.stringify(value)}, not ${known[0]}`];
}

/** Power, clocks and temperatures move while we look: this much of a value beyond the bracket is let pass. */
const SLACK = 0.02;

const found = { compared: 0, equalErrors: 0, notOurs: new Set(), broken: new Set() };
const wrong = [];
ours.gpus.forEach((answers, gpu) => {
  for (const [name, first] of Object.entries(before.gpus[gpu])) {
    const mine = answers[name];
    const second = after.gpus[gpu][name];
    if (mine === undefined) found.notOurs.add(name);
    else if ('broken' in first) found.broken.add(`${name} (${first.broken})`);
    else if ('broken' in mine) wrong.push(`gpu${gpu} ${name}: ${mine.broken}`);
    else if ('error' in first || 'error' in mine) {
      found.compared++;
      if (first.error === mine.error) found.equalErrors++;
      else wrong.push(`gpu${gpu} ${name}: error ${mine.error}, not ${first.error}`);
    } else {
      found.compared++;
      wrong.push(...differences(mine.value, first.value, second?.value, `gpu${gpu} ${name}`));
    }
  }
});

console.log(`compared ${found.compared} answers, ${found.equalErrors} of them the same refusal`);
console.log(`not a function of the header: ${[...found.notOurs].join(' ') || 'none'}`);
console.log(`failed in nvidia-ml-py itself: ${[...found.broken].join('; ') || 'none'}`);
console.log(`differences: ${wrong.length}`);
for (const line of wrong) console.log(`  ${line}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
