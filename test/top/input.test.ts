import { describe, expect, it } from 'vitest';
import { Input, type TerminalKey, type TerminalMouse } from '../../src/base/terminal.js';

function typed() {
  const keys: (string | undefined)[] = [];
  const clicks: TerminalMouse[] = [];
  const input = new Input({
    key: ({ name }: TerminalKey) => {
      keys.push(name);
    },
    mouse: (mouse) => {
      clicks.push(mouse);
    },
  });
  return { keys, clicks, input };
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 150));

describe('what a terminal sends', () => {
  it('is keys by name, and characters as they are', () => {
    const { input, keys } = typed();
    input.write('aK/ \x1b[A\x1bOP\x1b[5~\x1b[1;2C\x03\r\x7f日');
    expect(keys).toEqual([
      'a',
      'K',
      '/',
      'space',
      'up',
      'f1',
      'pageup',
      'shift-right',
      'ctrl-c',
      'return',
      'backspace',
      '日',
    ]);
  });

  it('is clicks and turns of the wheel; a release is neither, and nothing of it is a key', () => {
    const { input, keys, clicks } = typed();
    input.write('x\x1b[<0;12;3M\x1b[<0;12;3m\x1b[<64;1;1M\x1b[<65;300;200My');
    expect(clicks).toEqual([
      { what: 'press', x: 11, y: 2 },
      { what: 'wheel-up', x: 0, y: 0 },
      { what: 'wheel-down', x: 299, y: 199 },
    ]);
    expect(keys).toEqual(['x', 'y']);
  });

  it('may come in pieces', async () => {
    const { input, keys, clicks } = typed();
    for (const piece of ['\x1b', '[', '<0;1', ';1', 'M', 'q']) input.write(piece);
    expect([clicks.length, keys]).toEqual([1, ['q']]);
    for (const byte of Buffer.from('é日')) input.read(Uint8Array.of(byte));
    expect(keys).toEqual(['q', 'é', '日']);
  });

  it('has Escape as a key where nothing follows it', async () => {
    const { input, keys } = typed();
    input.write('\x1b');
    expect(keys).toEqual([]);
    await pause();
    expect(keys).toEqual(['escape']);
  });
});
