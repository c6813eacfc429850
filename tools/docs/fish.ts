/** Completion for fish. */
import type { OptionSpec } from '../../src/argv.js';
import { type Page, type Pages, STAMP, takesFile, valuesOf } from './pages.js';

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** The function of the script that completes, by what stands between several values. */
const LISTERS = { ',': '__nvsmi_list', '': '__nvsmi_letters' };

function line(page: Page, option: OptionSpec): string {
  const condition = page.name === '' ? '__nvsmi_alone' : `__fish_seen_subcommand_from ${page.name}`;
  const parts = ['complete -c nvsmi', `-n ${quoted(condition)}`];
  for (const name of option.short ?? []) parts.push(name.length === 1 ? `-s ${name}` : `-o ${name}`);
  parts.push(`-l ${option.long}`);
  // -x: a value and no file; -r -F: a file. fish has no options whose value may be left out.
  if (option.value === 'required') parts.push(takesFile(option) ? '-r -F' : '-x');
  const values = valuesOf(option);
  if (values !== undefined) {
    if (option.value === 'optional') parts.push('-x');
    const words = values.words.join(' ');
    parts.push(
      `-a ${quoted(values.between === undefined ? words : `(${LISTERS[values.between]} ${words})`)}`,
    );
  }
  return [...parts, `-d ${quoted(option.help)}`].join(' ');
}

export function fishCompletion({ root, commands }: Pages): string {
  const names = commands.map(({ name }) => name).join(' ');
  const subcommands = commands.map(
    ({ name, summary }) => `complete -c nvsmi -n __nvsmi_alone -a ${name} -d ${quoted(summary)}`,
  );
  const options = [root, ...commands].flatMap((page) => page.options.map((option) => line(page, option)));
  return `# fish completion for nvsmi. ${STAMP}

function __nvsmi_alone
    not __fish_seen_subcommand_from ${names}
end

# The words of a comma list behind those that are there.
function __nvsmi_list
    set -l done (commandline -ct | string replace -r '^-[^=]*=' '' | string match -r '.*,')
    printf '%s\\n' "$done"$argv
end

# A letter behind those that are there.
function __nvsmi_letters
    set -l done (commandline -ct | string replace -r '^-[^=]*=' '')
    for letter in $argv
        string match -q "*$letter*" -- "$done"; or printf '%s\\n' "$done$letter"
    end
end

complete -c nvsmi -f
${[...subcommands, ...options].join('\n')}
`;
}
