/** Completion for fish. */
import type { OptionSpec } from '../../base/argv.js';
import { EVERYWHERE } from '../options.js';
import { ASK_GPUS, type HelpPage, type HelpPages, STAMP, sourceOf, takesList } from './pages.js';
import { valuesOf } from './values.js';

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** The function of the script that completes, by the separator of several values. */
const LISTERS = { ',': '__nvsmi_list', '': '__nvsmi_letters' };

/** What is offered as a value: words, or what a function of the script or of fish lists. */
function offered(option: OptionSpec): string | undefined {
  const values = valuesOf(option);
  if (values !== undefined) {
    const words = values.words.join(' ');
    return values.between === undefined ? words : `(${LISTERS[values.between]} ${words})`;
  }
  const source = sourceOf(option);
  if (source === 'folders') return '(__fish_complete_directories)';
  if (source === 'gpus') return takesList(option) ? '(__nvsmi_list (__nvsmi_gpus))' : '(__nvsmi_gpus)';
  return undefined;
}

function line(page: HelpPage, option: OptionSpec): string {
  const condition = page.name === '' ? '__nvsmi_alone' : `__fish_seen_subcommand_from ${page.name}`;
  const parts = ['complete -c nvsmi', `-n ${quoted(condition)}`];
  // Old-style options, also those of one letter: nvsmi takes no bundles of letters, and fish offers some for -s.
  for (const name of option.short ?? []) parts.push(`-o ${name}`);
  parts.push(`-l ${option.long}`);
  const words = offered(option);
  // -x: a value and no file; -r -F: a file. fish has no options whose value may be left out.
  if (option.value === 'required') parts.push(sourceOf(option) === 'files' ? '-r -F' : '-x');
  else if (words !== undefined) parts.push('-x');
  if (words !== undefined) parts.push(`-a ${quoted(words)}`);
  return [...parts, `-d ${quoted(option.help)}`].join(' ');
}

/** The word that follows the name of a command. */
function operandLine({ name, operand }: HelpPage): readonly string[] {
  const words = operand === undefined ? undefined : valuesOf(operand)?.words.join(' ');
  if (operand === undefined || words === undefined) return [];
  const condition = `string match -q ${name} -- (commandline -opc)[-1]`;
  return [`complete -c nvsmi -n ${quoted(condition)} -a ${quoted(words)} -d ${quoted(operand.help)}`];
}

export function fishCompletion({ root, commands }: HelpPages): string {
  const names = commands.map(({ name }) => name).join(' ');
  const subcommands = commands.map(
    ({ name, summary }) => `complete -c nvsmi -n __nvsmi_alone -a ${name} -d ${quoted(summary)}`,
  );
  const options = [root, ...commands].flatMap((page) => page.options.map((option) => line(page, option)));
  return `# fish completion for nvsmi. ${STAMP}

function __nvsmi_alone
    not __fish_seen_subcommand_from ${names}
end

# The words of a comma list after those that are there.
function __nvsmi_list
    set -l done (commandline -ct | string replace -r '^-[^=]*=' '' | string match -r '.*,')
    printf '%s\\n' "$done"$argv
end

# A letter after those that are there.
function __nvsmi_letters
    set -l done (commandline -ct | string replace -r '^-[^=]*=' '')
    for letter in $argv
        string match -q "*$letter*" -- "$done"; or printf '%s\\n' "$done$letter"
    end
end

# The indexes of the GPUs: of the recording or by the library that the command line names.
function __nvsmi_gpus
    set -l line (commandline -opc)
    set -l machine
    for at in (seq (count $line))
        switch $line[$at]
            case ${EVERYWHERE.map(({ long }) => `'--${long}=*'`).join(' ')}
                set -a machine $line[$at]
            case ${EVERYWHERE.map(({ long }) => `--${long}`).join(' ')}
                set -a machine $line[$at]=$line[(math $at + 1)]
        end
    end
    nvsmi $machine ${ASK_GPUS} | string match -r '^\\d+$'
end

complete -c nvsmi -f
${[...subcommands, ...commands.flatMap(operandLine), ...options].join('\n')}
`;
}
