/** The manual page. Its date is that of the newest release: the same tables make the same page. */
import { argumentOf, type OptionSpec } from '../../src/base/argv.js';
import { type HelpPage, type HelpPages, STAMP, spellings } from '../../src/cli/completion/pages.js';
import { EXIT_STATUSES } from '../../src/cli/exit-statuses.js';
import type { Example } from '../../src/commands/index.js';
import { released } from '../released.js';

/** Text for troff: backslashes and dashes are written out, a line does not begin with a dot or a quote. */
const troff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^(?=[.'])/gm, '\\&');

/** An argument in italics, in brackets where it may be left out. */
function argument(option: OptionSpec): string {
  const words = `\\fI${troff(argumentOf(option))}\\fR`;
  return option.value === 'required' ? words : `[${words}]`;
}

function optionLines(option: OptionSpec): string {
  const value = option.value === undefined ? '' : ` ${argument(option)}`;
  const names = spellings(option)
    .map((name) => `\\fB${troff(name)}\\fR`)
    .join(', ');
  return `.TP\n${names}${value}\n${troff(option.help)}`;
}

const exampleLines = ([line, what]: Example): string => `.TP\n.B ${troff(line)}\n${troff(what)}`;

/** A paragraph; a table, which has indented lines, is not filled. */
const noteLines = (notes: string): readonly string[] =>
  notes.includes('\n ') ? ['.PP', '.nf', troff(notes), '.fi'] : ['.PP', troff(notes)];

function section(page: HelpPage): string {
  const { operand, notes } = page;
  return [
    `.SS ${troff(page.name)}`,
    troff(page.summary),
    ...(operand === undefined ? [] : [`.TP\n${argument(operand)}\n${troff(operand.help)}`]),
    ...page.options.map(optionLines),
    '.PP',
    page.examples.length === 1 ? 'Example:' : 'Examples:',
    ...page.examples.map(exampleLines),
    ...(notes === undefined ? [] : noteLines(notes.trim())),
  ].join('\n');
}

const ENVIRONMENT: readonly (readonly [name: string, words: string])[] = [
  ['NVSMI_SNAPSHOT', 'A recorded machine to use, as with --snapshot; a line on stderr reports it.'],
  ['NVSMI_NVML', 'The NVML library to load, as with --nvml.'],
  ['NVSMI_TIMEOUT', 'Maximum time in seconds to wait for NVML, as with --timeout.'],
  [
    'XDG_CACHE_HOME',
    'Directory for compiled code, in nvsmi/compiled (default ~/.cache). A directory that other users could change is not used. NODE_COMPILE_CACHE sets another directory, which Node does not check; NODE_DISABLE_COMPILE_CACHE=1 disables the cache.',
  ],
  [
    'NO_COLOR',
    'If not empty: no color and no bold text on a terminal. topo -m underlines its header all the same, as it does into a pipe and as nvidia-smi does.',
  ],
  [
    'FORCE_COLOR',
    'Color and bold text everywhere (empty, 1 or true; 2 for 256 colors, 3 for all), or nowhere (any other value), regardless of NO_COLOR; as in Node.',
  ],
  ['CLICOLOR_FORCE', 'If neither empty nor 0: color and bold text even without a terminal.'],
  ['TERM', 'With dumb there is no color and no bold text.'],
  ['COLUMNS', 'Width of the help, 60 to 120 characters (default: the width of the terminal).'],
];

const entry = ([name, words]: readonly [string | number, string]): string =>
  `.TP\n.B ${troff(String(name))}\n${troff(words)}`;

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;

export function manPage({ root, commands }: HelpPages, version: string): string {
  return [
    `.\\" ${STAMP}`,
    `.TH NVSMI 1 "${released()}" "nvsmi ${version}" "User Commands"`,
    '.SH NAME',
    `nvsmi \\- ${root.summary}`,
    '.SH SYNOPSIS',
    '.B nvsmi\n[\\fIOPTIONS\\fR]',
    '.br\n.B nvsmi\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR]',
    '.SH DESCRIPTION',
    troff(
      'nvsmi shows the state of NVIDIA GPUs. It takes the options of nvidia-smi and prints the same output, and can print JSON instead. Options that change a GPU can print a plan (--dry-run) and write an audit log.',
    ),
    '.PP',
    troff('Without options it prints a summary of the GPUs and their processes.'),
    '.PP',
    troff(
      'The value of an option is the next word, or follows an equals sign. Short options of several letters have one dash, as in nvidia-smi.',
    ),
    '.SH OPTIONS',
    ...root.options.map(optionLines),
    '.SH COMMANDS',
    ...commands.map(section),
    '.SH EXAMPLES',
    ...root.examples.map(exampleLines),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.map(entry),
    '.SH EXIT STATUS',
    ...EXIT_STATUSES.map(([status, meaning]) => entry([status, sentence(meaning)])),
    '.SH SEE ALSO',
    '.BR nvidia\\-smi (1)',
    '',
  ].join('\n');
}
