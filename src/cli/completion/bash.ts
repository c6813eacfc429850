/** Completion for bash, without the bash-completion package. */
import type { OptionSpec } from '../../base/argv.js';
import { EVERYWHERE } from '../options.js';
import { ASK_GPUS, type HelpPage, type HelpPages, STAMP, sourceOf, spellings, takesList } from './pages.js';
import { valuesOf } from './values.js';

const quoted = (words: readonly string[]): string => `'${words.join(' ')}'`;

/** The function of the script that completes, by the separator of several values. */
const LISTERS = { ',': '_nvsmi_list', '': '_nvsmi_letters', one: '_nvsmi_word' };

/** What the script does where the option tables do not hold the values. */
function sourceCall(option: OptionSpec): readonly string[] {
  const source = sourceOf(option);
  if (source === undefined) return [];
  if (source !== 'gpus') return [`_nvsmi_paths ${source === 'folders' ? '-d' : '-f'} "$current"`];
  return [`${LISTERS[takesList(option) ? ',' : 'one']} "$(_nvsmi_gpus)" "$current"`];
}

/** What follows the name of a command, at the place of its word. */
function operandCase({ name, operand }: HelpPage): readonly string[] {
  const words = operand === undefined ? undefined : valuesOf(operand)?.words;
  return words === undefined ? [] : [`    "${name} ${name}") words+=' ${words.join(' ')}' ;;`];
}

/** Lines of a case: what follows an option that takes a value. */
function valueCases(page: HelpPage): readonly string[] {
  return page.options.flatMap((option) => {
    if (option.value === undefined) return [];
    const pattern = spellings(option)
      .map((spelling) => `"${page.name} ${spelling}"`)
      .join('|');
    const values = valuesOf(option);
    const words =
      values === undefined ? [] : [`${LISTERS[values.between ?? 'one']} ${quoted(values.words)} "$current"`];
    const calls = [...words, ...sourceCall(option)];
    if (calls.length === 0 && option.value === 'optional') return [];
    return [`    ${pattern}) ${[...calls, 'return'].join('; ')} ;;`];
  });
}

export function bashCompletion({ root, commands }: HelpPages): string {
  const optionCases = [root, ...commands].map(
    (page) => `    '${page.name}') words=${quoted(page.options.flatMap(spellings))} ;;`,
  );
  const leading = EVERYWHERE.map(({ long }) => `--${long}`);
  return `# bash completion for nvsmi. ${STAMP}

# The words that begin as the second argument does, in any case, after what the third says.
_nvsmi_word() {
  local word
  for word in $1; do
    [[ \${word,,} == "\${2,,}"* ]] && COMPREPLY+=("$3$word")
  done
}

# The last word of a comma list, with the words before it kept.
_nvsmi_list() {
  local kept=''
  [[ $2 == *,* ]] && kept=\${2%,*},
  _nvsmi_word "$1" "\${2##*,}" "$kept"
  compopt -o nospace 2>/dev/null
}

# A letter after those that are there.
_nvsmi_letters() {
  local letter
  for letter in $1; do
    [[ $2 == *$letter* ]] || COMPREPLY+=("$2$letter")
  done
  compopt -o nospace 2>/dev/null
}

# Files (-f) or folders (-d). Names may hold blanks, and bash puts a slash after a folder.
_nvsmi_paths() {
  local found
  mapfile -t found < <(compgen "$1" -- "$2")
  COMPREPLY+=("\${found[@]}")
  compopt -o filenames 2>/dev/null
}

# The indexes of the GPUs: of the recording or by the library that the command line names.
_nvsmi_gpus() {
  local i word value machine=() index
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]} value=\${COMP_WORDS[i + 1]}
    [[ $value == = ]] && value=\${COMP_WORDS[i + 2]}
    case $word in
      ${EVERYWHERE.map(({ long }) => `--${long}=*`).join('|')}) machine+=("$word") ;;
      ${EVERYWHERE.map(({ long }) => `--${long}`).join('|')}) machine+=("$word=$value") ;;
    esac
  done
  nvsmi "\${machine[@]}" ${ASK_GPUS} | while read -r index; do
    [[ $index =~ ^[0-9]+$ ]] && echo "$index"
  done
}

_nvsmi() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command='' words
  COMPREPLY=()
  # bash takes "--format=csv" for three words.
  if [[ $current == = ]]; then
    current=''
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  # Some options may come before the command.
  local at=1
  while [[ $at -lt $COMP_CWORD ]]; do
    case \${COMP_WORDS[at]} in
      ${leading.map((name) => `${name}=*`).join('|')}) at=$((at + 1)) ;;
      ${leading.join('|')})
        [[ \${COMP_WORDS[at + 1]} == = ]] && at=$((at + 1))
        at=$((at + 2))
        ;;
      *) break ;;
    esac
  done
  case " ${commands.map(({ name }) => name).join(' ')} " in
    *" \${COMP_WORDS[at]} "*) [[ $COMP_CWORD -gt $at ]] && command=\${COMP_WORDS[at]} ;;
  esac
  case "$command $previous" in
${[...valueCases(root), ...commands.flatMap(valueCases)].join('\n')}
  esac
  case $command in
${optionCases.join('\n')}
  esac
  case "$command $previous" in
${commands.flatMap(operandCase).join('\n')}
  esac
  [[ $COMP_CWORD -eq $at ]] && words+=' ${commands.map(({ name }) => name).join(' ')}'
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}

complete -F _nvsmi nvsmi
`;
}
