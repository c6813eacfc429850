import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { WORDS, wordsIn } from '../../tools/words.js';

const found = (path: string, text: string): readonly string[] =>
  wordsIn(path, text).map(({ line, word }) => `${line} ${word}`);

describe('the word list', () => {
  it('is met by every comment, help text and document', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(new URL('../../tools/words.ts', import.meta.url))],
      { cwd: fileURLToPath(new URL('../../', import.meta.url)), encoding: 'utf8' },
    );
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('names a plainer word for each, in any case and form', () => {
    expect(wordsIn('a.md', 'Nobody\nspoke of it.')).toEqual([
      { line: 1, word: 'Nobody', use: 'no one, no user, not' },
      { line: 2, word: 'spoke of', use: 'names, mentions' },
    ]);
    for (const [word, use] of WORDS) expect(use, word).not.toBe('');
  });

  it('holds for comments and texts of a program, and not for its names', () => {
    const code = [
      "const behind = tells('it stands there'); // nobody",
      '/**',
      ' * It is as it',
      ' * is: `told`.',
      ' */',
      `const text = \`It $\{behind} goes on $\{told}\`; const pattern = /'told"/; // in hand`,
    ].join('\n');
    expect(found('src/a.ts', code)).toEqual(['1 stands', '1 nobody', '3 as it is', '6 goes on', '6 in hand']);
  });

  it('holds for the names that src declares', () => {
    const source = fileURLToPath(new URL('../../src/', import.meta.url));
    const list = new RegExp(`^(?:${WORDS.map(([word]) => word).join('|')})$`);
    const declared = /^ *(?:export )?(?:async )?(?:const|let|function\*?|interface|type|class) (\w+)/gm;
    const wrong = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) =>
        [...readFileSync(join(source, file), 'utf8').matchAll(declared)]
          .filter(([, name = '']) =>
            (name.match(/[A-Z]?[a-z\d]+|[A-Z]+(?![a-z])/g) ?? []).some((part) =>
              list.test(part.toLowerCase()),
            ),
          )
          .map(([, name]) => `${file}: ${name}`),
      );
    expect(wrong).toEqual([]);
  });

  it('leaves code of documents alone, and words that only begin alike', () => {
    expect(found('a.md', 'A `told` stand-in, as it is printed.\n```\nbehind\n```\nno more than 3')).toEqual(
      [],
    );
  });
});
