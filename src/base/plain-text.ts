/**
 * Text that this program did not write itself, on its way to a reader: names of GPUs and processes, versions, UUIDs, file names,
 * arguments. None of it may speak to a terminal, break a line, turn the direction of writing or hide.
 */

/**
 * What is not plain: control characters, line and paragraph separators, format characters (bidirectional marks, zero width
 * spaces, tags), all else that Unicode defines as invisible (fillers, variation selectors), halves of surrogate pairs and
 * noncharacters. Combining marks are plain. An emoji is taken as a whole, with its joiners and variation selectors;
 * elsewhere these are not plain, so that two names that look the same are the same.
 */
const EMOJI = String.raw`\p{Extended_Pictographic}[\u{1f3fb}-\u{1f3ff}]?\ufe0f?`;
const UNPLAIN = String.raw`[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]`;
const PATTERN = `(${EMOJI}(?:\\u200d${EMOJI})*)|${UNPLAIN}`;

/** Nearly all text is: compiling and running the pattern below takes a hundred times longer. */
const ASCII = /^[ -~]*$/;
const ASCII_LINES = /^[\n -~]*$/;

let pattern: RegExp | undefined;

/** A text with what is not plain in it spelled in another way. */
export function respelled(text: string, spell: (character: string) => string): string {
  if (ASCII.test(text)) return text;
  pattern ??= new RegExp(PATTERN, 'gu');
  return text.replace(pattern, (found: string, emoji: string | undefined) => emoji ?? spell(found));
}

/** A text in one line, with a question mark in place of every character that is not plain. */
export const plainText = (text: string): string => respelled(text, () => '?');

/** The same of several lines: line breaks and tabs stay. For messages, whose parts are made plain by `plainly`. */
export const plainLines = (text: string): string =>
  respelled(text, (character) => (character === '\n' || character === '\t' ? character : '?'));

/** A template for messages: what is put into it is made plain, and the rest stays. */
export const plainly = (parts: TemplateStringsArray, ...values: readonly unknown[]): string =>
  String.raw({ raw: parts }, ...values.map((value) => plainText(String(value))));

/** \u202e; a character beyond 16 bits is two of them. */
const jsonEscape = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');

/**
 * JSON for output. JSON.stringify escapes the first 32 control characters and leaves the others, bidirectional marks and
 * their kind; those are escaped here too, which leaves the values the same. Line breaks of the layout stay.
 */
export function jsonText(value: unknown, indent?: number): string {
  const json = JSON.stringify(value, null, indent);
  if (ASCII_LINES.test(json)) return json;
  return respelled(json, (character) => (character === '\n' ? character : jsonEscape(character)));
}
