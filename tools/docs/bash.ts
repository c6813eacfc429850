/** Completion for bash, without the bash-completion package. */
import { EVERYWHERE, type Page, type Pages, STAMP, spellings, takesFile, valuesOf } from './pages.js';

const quoted = (words: readonly string[]): string => `'${words.join(' ')}'`;

/** The function of the script that completes, by what stands between several values. */
const LISTERS = { ',': '_nvsmi_list', '': '_nvsmi_letters', one: '_nvsmi_word' };

/** Lines of a case: what follows an option that takes a value. */
function valueCases(page: Page): readonly string[] {
  return page.options.flatMap((option) => {
    if (option.value === undefined) return [];
    const pattern = spellings(option)
      .map((spelling) => `"${page.name} ${spelling}"`)
      .join('|');
    const values = valuesOf(option);
    if (values !== undefined) {
      const files = takesFile(option) ? '; COMPREPLY+=($(compgen -f -- "$current"))' : '';
      const how = LISTERS[values.between ?? 'one'];
      return [`    ${pattern}) ${how} ${quoted(values.words)} "$current"${files}; return ;;`];
    }
    if (takesFile(option)) return [`    ${pattern}) COMPREPLY=($(compgen -f -- "$current")); return ;;`];
    return option.value === 'required' ? [`    ${pattern}) return ;;`] : [];
  });
}

export function bashCompletion({ root, commands }: Pages): string {
  const optionCases = [root, ...commands].map(
    (page) => `    '${page.name}') words=${quoted(page.options.flatMap(spellings))} ;;`,
  );
  const leading = [...EVERYWHERE].map((long) => `--${long}`);
  return `# bash completion for nvsmi. ${STAMP}

# The last word of a comma list, with the words before it kept.
_nvsmi_list() {
  local done=''
  [[ $2 == *,* ]] && done=\${2%,*},
  COMPREPLY=($(compgen -P "$done" -W "$1" -- "\${2##*,}"))
  compopt -o nospace 2>/dev/null
}

# A letter behind those that are there.
_nvsmi_letters() {
  COMPREPLY=($(compgen -P "$2" -W "$(for letter in $1; do [[ $2 == *$letter* ]] || echo "$letter"; done)"))
  compopt -o nospace 2>/dev/null
}

_nvsmi_word() {
  COMPREPLY=($(compgen -W "$1" -- "$2"))
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
  # Some options may stand before the command.
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
  [[ $COMP_CWORD -eq $at ]] && words+=' ${commands.map(({ name }) => name).join(' ')}'
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}

complete -F _nvsmi nvsmi
`;
}
