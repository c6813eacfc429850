/** Where a text stops being JSON. Of most faults JSON.parse does not say so: Node shows the surroundings instead. */

/** Whether a text is JSON, or may become JSON when something is added to its end. */
function mayGoOn(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const at = /at position (\d+)/.exec(message)?.[1];
    return at === undefined ? message.includes('end of JSON input') : Number(at) === text.length;
  }
}

/** The offset of the first character that JSON cannot have there; the text's length where it ends too early. */
export function brokenAt(text: string): number {
  let well = 0;
  for (let broken = text.length + 1; broken - well > 1; ) {
    const middle = (well + broken) >> 1;
    if (mayGoOn(text.slice(0, middle))) well = middle;
    else broken = middle;
  }
  return well;
}

/** line:column of an offset, both from 1. */
export function lineAndColumn(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
}
