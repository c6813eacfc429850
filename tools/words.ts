/** Checks the words of comments, help texts and documents against a list: `npm run words`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Table: words that we avoid, as patterns, and plainer ones. A space also matches a line break in a comment. */
export const WORDS: readonly (readonly [word: string, use: string])[] = [
  ['behind', 'after, at the end of, under'],
  ['tells?|told', 'says, shows, reports, distinguishes'],
  ['stands?(?!-)|stood', 'is, means'],
  ['in hand', 'current'],
  ['pass(?:es|ed)? over', 'ignores, skips'],
  ['lets? go', 'releases'],
  ['(?:goes|go|went|gone) on', 'continues'],
  ['nobody', 'no one, no user, not'],
  ['(?:some|every|any)body', 'another user, everyone, anyone'],
  ['as it is(?! \\w+(?:ed|en)\\b)', 'unchanged'],
  ['hears? of', 'receives, learns of'],
  ['lets? in', 'allows'],
  ['heed(?:s|ed)?', 'honors, obeys'],
  ['sp(?:eaks?|oke|oken) of', 'names, mentions'],
  ['anew|afresh', 'again'],
  ['reckon(?:s|ed|ing)?', 'compute, calculate'],
  ['for ever', 'forever'],
  ['forerunner', 'predecessor, older function'],
  ['no more(?! than)', 'no longer'],
  ['come what may', 'unconditionally'],
  ['for want of', 'for lack of, because there is no'],
  ['foresaw|foresee', 'expected'],
  ['whilst', 'while'],
  ['therein|thereof|thereby', 'in it, of it, so'],
  ['who(?:so)?ever', 'a program that, the first that'],
  ['be it', 'whether'],
  ['of late', 'recently'],
  ['once more', 'again'],
  ['in the place of', 'in place of, instead of'],
  ['NVML lent', 'NVML allocated'],
  ['shall', 'is to, must, should'],
  ['made (?:machine|driver|library|H100|H200|GPU)s?', 'made-up, simulated'],
];

/** What is read. Generated files are read too: they have the texts as a user sees them. */
const FOLDERS = ['src', 'tools', 'bench', 'docs', 'schemas', 'test'];
const DOCUMENTS = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'];

/** What holds words by design: this table and its test. */
const SKIPPED: readonly string[] = ['tools/words.ts', 'test/tools/words.test.ts'];

const LIST = new RegExp(
  `\\b(?:${WORDS.map(([word]) => `(${word.replaceAll(' ', '[\\s*/]+')})`).join('|')})\\b`,
  'gi',
);

/** Comments, strings and regular expressions of a program; a quote within one begins no other. */
const LITERALS =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|\$\{(?:[^{}]|\{[^{}]*\})*\}|[^`\\])*`|(?<=[(,=:[!&|?{};]\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//g;

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

const isComment = (literal: string): boolean => /^\/[*/]/.test(literal);

/** The prose of a program, every other character blank, so that places stay the same. */
function proseOf(code: string): string {
  let prose = '';
  let end = 0;
  for (const { 0: literal, index } of code.matchAll(LITERALS)) {
    prose += blank(code.slice(end, index));
    end = index + literal.length;
    const isProse = isComment(literal) || /^['"`]/.test(literal);
    const inner = isComment(literal) ? /`[^`\n]*`/g : /\$\{(?:[^{}]|\{[^{}]*\})*\}/g;
    prose += isProse ? literal.replace(inner, blank) : blank(literal);
  }
  return prose + blank(code.slice(end));
}

/** A document without its code. */
const documentOf = (text: string): string => text.replace(/^```[\s\S]*?^```|`[^`]*`/gm, blank);

export interface Finding {
  readonly line: number;
  readonly word: string;
  readonly use: string;
}

/** The words of a file to avoid, in their order. */
export function wordsIn(path: string, text: string): readonly Finding[] {
  const prose = /\.[tj]s$/.test(path) ? proseOf(text) : documentOf(text);
  return [...prose.matchAll(LIST)].map(({ 0: found, index, ...groups }) => ({
    line: prose.slice(0, index).split('\n').length,
    word: found.replace(/[\s*/]+/g, ' '),
    use:
      WORDS[
        Object.values(groups)
          .slice(0, WORDS.length)
          .findIndex((group) => group !== undefined)
      ]?.[1] ?? '',
  }));
}

if (process.argv[1]?.endsWith('words.ts')) {
  const paths = FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  ).filter(
    (path) => (/\.([tj]s|md|1)$/.test(path) || path.startsWith('schemas/')) && !SKIPPED.includes(path),
  );
  for (const path of [...DOCUMENTS, ...paths.sort()]) {
    for (const { line, word, use } of wordsIn(path, readFileSync(path, 'utf8'))) {
      console.log(`${path}:${line} ${word} -> ${use}`);
      process.exitCode = 1;
    }
  }
}
