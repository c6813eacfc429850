/** Completion for zsh. */
import type { OptionSpec } from '../../src/argv.js';
import { type Page, type Pages, STAMP, spellings, takesFile, valuesOf } from './pages.js';

/** Text within single quotes, in a place where brackets and colons mean something. */
const escaped = (text: string): string => text.replaceAll(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''");

function valueSpec(page: Page, option: OptionSpec): string {
  if (option.value === undefined) return '';
  const message = `${option.value === 'optional' ? '::' : ':'}${escaped(option.argument ?? 'value')}`;
  const values = valuesOf(page, option);
  if (values !== undefined) return `${message}:_sequence compadd - ${values.words.join(' ')}`;
  return `${message}:${takesFile(option) ? '_files' : ' '}`;
}

function optionSpec(page: Page, option: OptionSpec): string {
  const names = spellings(option);
  const help = `[${escaped(option.help)}]${valueSpec(page, option)}`;
  const equals = option.value === undefined ? '' : '=';
  const others = names.length > 1 ? `'(${names.join(' ')})'` : '';
  const spelled = names.map((name) => `${name}${equals}`);
  return `${others}${names.length > 1 ? `{${spelled.join(',')}}` : spelled[0]}'${help}'`;
}

const argumentsOf = (page: Page, indent: string): string =>
  page.options.map((option) => `${indent}${optionSpec(page, option)}`).join(' \\\n');

export function zshCompletion({ root, commands }: Pages): string {
  const described = commands.map(({ name, summary }) => `    '${name}:${escaped(summary)}'`);
  const cases = commands.map(
    (page) => `      ${page.name})\n        _arguments \\\n${argumentsOf(page, '          ')}\n        ;;`,
  );
  return `#compdef nvsmi
# zsh completion for nvsmi. ${STAMP}

_nvsmi() {
  local -a commands=(
${described.join('\n')}
  )
  if (( CURRENT > 2 )) && [[ $words[2] != -* ]]; then
    local command=$words[2]
    shift words
    (( CURRENT-- ))
    case $command in
${cases.join('\n')}
    esac
    return
  fi
  (( CURRENT == 2 )) && [[ $words[2] != -* ]] && _describe command commands
  _arguments \\
${argumentsOf(root, '    ')}
}

_nvsmi "$@"
`;
}
