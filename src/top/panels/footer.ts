/** The last line: a question, what is being typed, a message, or the keys. */
import { plainly } from '../../base/plain-text.js';
import { keyRows } from '../key-table.js';
import { cutLine, type Line, type StyledText, span } from '../span.js';
import type { Model } from '../state.js';

export function footerLine(model: Model): Line {
  const { surface } = model;
  return cutLine(content(model), surface.columns, surface.isUtf8 ? '…' : '>');
}

function content({ state, replay }: Model): Line {
  const { confirmation, prompt, message } = state;
  if (confirmation !== undefined) {
    const { targets, signal } = confirmation;
    const [first] = targets;
    const who =
      targets.length === 1
        ? plainly`process ${first?.pid} (${first?.command.split(' ', 1)[0]})`
        : `${targets.length} processes`;
    return [{ ...span(`Send ${signal} to ${who}? y: yes, any other key: no`, 'bad'), bold: true }];
  }
  if (prompt !== undefined) {
    const name = prompt.is === 'filter' ? 'Filter' : 'Search';
    return [
      { ...span(`${name}: `, 'title'), bold: true },
      span(prompt.text),
      { ...span(' '), reverse: true },
    ];
  }
  if (message !== undefined) return [span(message, 'warn')];
  return keyRows({ isReadonly: state.isReadonly, isReplay: replay !== undefined }).flatMap(
    ({ short }): readonly StyledText[] =>
      short === undefined ? [] : [{ ...span(short[0]), reverse: true }, span(`${short[1]}  `)],
  );
}
