/**
 * Where a text stops being JSON. V8's own message says so only of some faults, and not the same in every Node: 20
 * shows the surroundings of an unexpected token in place of its position.
 */

/** What may come next: an item and a member are values and keys that may also be missing, right behind [ and {. */
type Place = 'value' | 'item' | 'key' | 'member' | 'colon' | 'more' | 'end';

/** Tokens by their first letter; numbers and words are all w. */
const ACCEPTED: Readonly<Record<Place, string>> = {
  value: '{["w',
  item: '{["w]',
  key: '"',
  member: '"}',
  colon: ':',
  more: ',',
  end: '',
};

const SPACE = /[ \t\r\n]*/y;
const TOKEN =
  /[{}[\],:]|"(?:[ !#-[\]-\uffff]|\\["\\/bfnrt]|\\u[\da-fA-F]{4})*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** As much of a broken string as is well. */
const STRING_HEAD = /"(?:[ !#-[\]-\uffff]|\\["\\/bfnrt]|\\u[\da-fA-F]{4})*/y;

/** The end of what a pattern finds right there, or the place itself. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** The offset of the first character that JSON cannot have there; the text's length where it ends too early. */
export function brokenAt(text: string): number {
  const open: string[] = [];
  let place: Place = 'value';
  for (let at = 0; ; ) {
    const start = endOf(SPACE, text, at);
    at = endOf(TOKEN, text, start);
    if (at === start) return ACCEPTED[place].includes('"') ? endOf(STRING_HEAD, text, start) : start;
    const letter = text[start] ?? '';
    const kind = '{}[],:"'.includes(letter) ? letter : 'w';
    const closes = place === 'more' && kind === open.at(-1);
    if (!closes && !ACCEPTED[place].includes(kind)) return start;
    place = behind(kind, place, open);
  }
}

function behind(kind: string, place: Place, open: string[]): Place {
  switch (kind) {
    case '{':
      open.push('}');
      return 'member';
    case '[':
      open.push(']');
      return 'item';
    case ',':
      return open.at(-1) === '}' ? 'key' : 'value';
    case ':':
      return 'value';
    case '"':
      if (place === 'key' || place === 'member') return 'colon';
      break;
    case '}':
    case ']':
      open.pop();
  }
  return open.length === 0 ? 'end' : 'more';
}

/** line:column of an offset, both from 1. */
export function lineAndColumn(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
}
