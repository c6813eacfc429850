/** Completion for zsh. */
import { argumentOf, type OptionSpec, type Values } from '../../base/argv.js';
import { EVERYWHERE } from '../options.js';
import {
  ASK_GPUS,
  type HelpPage,
  type HelpPages,
  STAMP,
  sourceOf,
  spellings,
  takesList,
  type ValueSource,
} from './pages.js';
import { valuesOf } from './values.js';

/** Text within single quotes, in a place where brackets and colons mean something. */
const escaped = (text: string): string => text.replaceAll(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''");

/** Small letters match large ones. */
const ANY_CASE = '-M "m\\:{a-z}={A-Z}"';

/** One word, a comma list, letters without anything between them, or one word or a file. */
function action({ words, between }: Values, source: ValueSource | undefined): string {
  const list = words.join(' ');
  if (source === 'files') return ` _alternative "words\\:name\\:(${list})" "files\\:file\\:_files"`;
  if (between === undefined) return `(${list})`;
  return between === ',' ? `_sequence compadd ${ANY_CASE} - ${list}` : ` _values -s "" letter ${list}`;
}

function sourceAction(option: OptionSpec): string {
  switch (sourceOf(option)) {
    case 'files':
      return '_files';
    case 'folders':
      // _files would offer files where no folder fits.
      return '_path_files -/';
    case 'gpus':
      return takesList(option) ? '_sequence _nvsmi_gpus' : '_nvsmi_gpus';
    case undefined:
      return ' ';
  }
}

function valueSpec(option: OptionSpec): string {
  if (option.value === undefined) return '';
  const message = `${option.value === 'optional' ? '::' : ':'}${escaped(argumentOf(option))}`;
  const values = valuesOf(option);
  return `${message}:${values === undefined ? sourceAction(option) : action(values, sourceOf(option))}`;
}

function optionSpec(option: OptionSpec): string {
  const names = spellings(option);
  const help = `[${escaped(option.help)}]${valueSpec(option)}`;
  const equals = option.value === undefined ? '' : '=';
  const others = names.length > 1 ? `'(${names.join(' ')})'` : '';
  const spelled = names.map((name) => `${name}${equals}`);
  return `${others}${names.length > 1 ? `{${spelled.join(',')}}` : spelled[0]}'${help}'`;
}

/** The word that follows the name of a command. */
const operandSpec = ({ operand }: HelpPage): readonly string[] =>
  operand === undefined
    ? []
    : [
        `'${operand.value === 'optional' ? '::' : ':'}${operand.long}:(${valuesOf(operand)?.words.join(' ')})'`,
      ];

const argumentsOf = (page: HelpPage, indent: string): string =>
  [...operandSpec(page), ...page.options.map(optionSpec)].map((spec) => `${indent}${spec}`).join(' \\\n');

export function zshCompletion({ root, commands }: HelpPages): string {
  const described = commands.map(({ name, summary }) => `    '${name}:${escaped(summary)}'`);
  const cases = commands.map(
    (page) => `      ${page.name})\n        _arguments \\\n${argumentsOf(page, '          ')}\n        ;;`,
  );
  const leading = EVERYWHERE.map(({ long }) => `--${long}`);
  return `#compdef nvsmi
# zsh completion for nvsmi. ${STAMP}

# The indexes of the GPUs: of the recording or by the library that the command line names.
_nvsmi_gpus() {
  local -a machine found
  local -i i
  for (( i = 2; i < $#nvsmi_line; i++ )); do
    case $nvsmi_line[i] in
      (${EVERYWHERE.map(({ long }) => `--${long}=*`).join('|')}) machine+=($nvsmi_line[i]) ;;
      (${EVERYWHERE.map(({ long }) => `--${long}`).join('|')}) machine+=($nvsmi_line[i]=$nvsmi_line[i+1]) ;;
    esac
  done
  found=(\${(M)\${(f)"$(nvsmi $machine ${ASK_GPUS})"}:#<->})
  compadd "$@" -a found
}

_nvsmi() {
  local -a nvsmi_line=("\${(@)words}")
  local -a commands=(
${described.join('\n')}
  )
  # Some options may come before the command.
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

# Loaded by compinit this file is the function; sourced, it says what the function is for.
if [[ $funcstack[1] == _nvsmi ]]; then
  _nvsmi "$@"
else
  compdef _nvsmi nvsmi
fi
`;
}
