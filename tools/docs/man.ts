/** The manual page. Its date is that of the newest release: the same tables make the same page. */
import { argumentOf, type OptionSpec } from '../../src/argv.js';
import { EXIT_STATUSES } from '../../src/exit-statuses.js';
import { released } from '../released.js';
import { type Page, type Pages, STAMP, spellings } from './pages.js';

/** Text for troff: backslashes and dashes are written out, a line does not begin with a dot or a quote. */
const troff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^(?=[.'])/gm, '\\&');

function optionLines(option: OptionSpec): string {
  const argument = argumentOf(option);
  const value =
    option.value === undefined
      ? ''
      : option.value === 'required'
        ? ` \\fI${troff(argument)}\\fR`
        : ` [\\fI${troff(argument)}\\fR]`;
  const names = spellings(option)
    .map((name) => `\\fB${troff(name)}\\fR`)
    .join(', ');
  return `.TP\n${names}${value}\n${troff(option.help)}`;
}

function section(page: Page): string {
  const notes = page.notes === undefined ? [] : ['.PP', '.nf', troff(page.notes.trim()), '.fi'];
  return [`.SS ${troff(page.name)}`, troff(page.summary), ...page.options.map(optionLines), ...notes].join(
    '\n',
  );
}

const ENVIRONMENT: readonly (readonly [name: string, words: string])[] = [
  ['NVSMI_SNAPSHOT', 'A recorded machine to answer from, as with --snapshot; a line on stderr says so.'],
  ['NVSMI_NVML', 'The NVML library to load, as with --nvml.'],
  [
    'XDG_CACHE_HOME',
    'Where compiled code is kept, in nvsmi/compiled; ~/.cache if not set. Nothing is kept in a folder that other users could change. NODE_COMPILE_CACHE names another folder, which Node takes unseen, and NODE_DISABLE_COMPILE_CACHE=1 none.',
  ],
  [
    'NO_COLOR',
    'If not empty: no colour and no bold letters at a terminal; topo -m underlines its header all the same, as it does into a pipe and as nvidia-smi does.',
  ],
];

const entry = ([name, words]: readonly [string | number, string]): string =>
  `.TP\n.B ${troff(String(name))}\n${troff(words)}`;

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;

export function manPage({ root, commands }: Pages, version: string): string {
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
      'nvsmi shows what NVIDIA GPUs are doing. It takes the options of nvidia-smi and prints what nvidia-smi prints, and offers the same as JSON. It only reads: options that change a GPU are refused.',
    ),
    '.PP',
    troff('Without options it prints a summary of the GPUs and of the processes on them.'),
    '.PP',
    troff(
      'A value may follow its option as the next word or behind an equals sign. Options of several letters have one dash, as in nvidia-smi.',
    ),
    '.SH OPTIONS',
    ...root.options.map(optionLines),
    '.SH COMMANDS',
    ...commands.map(section),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.map(entry),
    '.SH EXIT STATUS',
    ...EXIT_STATUSES.map(([status, meaning]) => entry([status, sentence(meaning)])),
    '.SH SEE ALSO',
    '.BR nvidia\\-smi (1)',
    '',
  ].join('\n');
}
