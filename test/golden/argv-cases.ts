/** The recorded answers to unusual command lines. */
import { readFileSync } from 'node:fs';

export interface Case {
  readonly command: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly status: number;
  readonly lines: readonly string[];
}

/** `env NAME=VALUE`, or `bash -c timeout ...`, which ended a loop, may come before nvidia-smi. */
const COMMAND = /^(?:env (\w+)=(\S*) |bash -c (?:timeout -s \w+ [\d.]+ )?)?nvidia-smi ?(.*)$/;

/** A full disk, on which nvidia-smi loses its output with status 0: test/cli/program.test.ts, by the program itself. */
export const NEEDS_A_SHELL = [
  'bash -c nvidia-smi --query-gpu=index --format=csv > /dev/full',
  'bash -c nvidia-smi -q >/dev/full',
];

/** The recorded cases; `-i ` is -i with an empty value. */
export const cases: readonly Case[] = readFileSync(new URL('argv-cases.txt', import.meta.url), 'utf8')
  .split('\n\n')
  .filter((block) => block.startsWith('$ '))
  .map((block): Case => {
    const [first = '', rc = '', ...lines] = block.split('\n');
    const [, name, value = '', options = ''] = COMMAND.exec(first.slice('$ '.length)) ?? [];
    return {
      command: first.slice('$ '.length).replace(/^nvidia-smi ?/, ''),
      argv: options.split(' '),
      env: name === undefined ? {} : { [name]: value },
      status: Number(rc.slice('rc '.length)),
      lines: lines.filter((line) => line !== '').map((line) => line.replace(/^out: ?/, '')),
    };
  });
