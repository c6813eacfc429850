/** Completion for zsh. */
import { argumentOf, type OptionSpec, type Values } from '../../src/argv.js';
import { EVERYWHERE, type Page, type Pages, STAMP, spellings, takesFile, valuesOf } from './pages.js';

/** Text within single quotes, in a place where brackets and colons mean something. */
const escaped = (text: string): string => text.replaceAll(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''");

/** One word, a comma list, letters without anything between them, or one word or a file. */
function action({ words, between }: Values, orFile: boolean): string {
  const list = words.join(' ');
  if (orFile) return ` _alternative "words\\:name\\:(${list})" "files\\:file\\:_files"`;
  if (between === undefined) return `(${list})`;
  return between === ',' ? `_sequence compadd - ${list}` : ` _values -s "" letter ${list}`;
}

function valueSpec(option: OptionSpec): string {
  if (option.value === undefined) return '';
  const message = `${option.value === 'optional' ? '::' : ':'}${escaped(argumentOf(option))}`;
  const values = valuesOf(option);
  if (values !== undefined) return `${message}:${action(values, takesFile(option))}`;
  return `${message}:${takesFile(option) ? '_files' : ' '}`;
}

function optionSpec(option: OptionSpec): string {
  const names = spellings(option);
  const help = `[${escaped(option.help)}]${valueSpec(option)}`;
  const equals = option.value === undefined ? '' : '=';
  const others = names.length > 1 ? `'(${names.join(' ')})'` : '';
  const spelled = names.map((name) => `${name}${equals}`);
  return `${others}${names.length > 1 ? `{${spelled.join(',')}}` : spelled[0]}'${help}'`;
}

const argumentsOf = (page: Page, indent: string): string =>
  page.options.map((option) => `${indent}${optionSpec(option)}`).join(' \\\n');

export function zshCompletion({ root, commands }: Pages): string {
  const described = commands.map(({ name, summary }) => `    '${name}:${escaped(summary)}'`);
  const cases = commands.map(
    (page) => `      ${page.name})\n        _arguments \\\n${argumentsOf(page, '          ')}\n        ;;`,
  );
  const leading = [...EVERYWHERE].map((long) => `--${long}`);
  return `#compdef nvsmi
# zsh completion for nvsmi. ${STAMP}

_nvsmi() {
  local -a commands=(
${described.join('\n')}
  )
  # Some options may stand before the command.
  local -i at=2
  while (( at < CURRENT )); do
    case $words[at] in
      (${leading.map((name) => `${name}=*`).join('|')}) (( at += 1 )) ;;
      (${leading.join('|')}) (( at += 2 )) ;;
      (*) break ;;
    esac
  done
  if (( CURRENT > at )) && [[ $words[at] != -* ]]; then
    local command=$words[at]
    shift $(( at - 1 )) words
    (( CURRENT -= at - 1 ))
    case $command in
${cases.join('\n')}
    esac
    return
  fi
  (( CURRENT == at )) && [[ $words[at] != -* ]] && _describe command commands
  _arguments \\
${argumentsOf(root, '    ')}
}

_nvsmi "$@"
`;
}
