/** Completion for bash, without the bash-completion package. */
import { type Page, type Pages, STAMP, spellings, takesFile, valuesOf } from './pages.js';

const quoted = (words: readonly string[]): string => `'${words.join(' ')}'`;

/** Lines of a case: what follows an option that takes a value. */
function valueCases(page: Page): readonly string[] {
  return page.options.flatMap((option) => {
    if (option.value === undefined) return [];
    const pattern = spellings(option)
      .map((spelling) => `"${page.name} ${spelling}"`)
      .join('|');
    const values = valuesOf(page, option);
    if (values !== undefined) {
      return [`    ${pattern}) _nvsmi_list ${quoted(values.words)} "$current"; return ;;`];
    }
    if (takesFile(option)) return [`    ${pattern}) COMPREPLY=($(compgen -f -- "$current")); return ;;`];
    return option.value === 'required' ? [`    ${pattern}) return ;;`] : [];
  });
}

export function bashCompletion({ root, commands }: Pages): string {
  const optionCases = [root, ...commands].map(
    (page) => `    '${page.name}') words=${quoted(page.options.flatMap(spellings))} ;;`,
  );
  return `# bash completion for nvsmi. ${STAMP}

# The last word of a comma list, with the words before it kept.
_nvsmi_list() {
  local done=''
  [[ $2 == *,* ]] && done=\${2%,*},
  COMPREPLY=($(compgen -P "$done" -W "$1" -- "\${2##*,}"))
  compopt -o nospace 2>/dev/null
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
  case " ${commands.map(({ name }) => name).join(' ')} " in
    *" \${COMP_WORDS[1]} "*) [[ $COMP_CWORD -gt 1 ]] && command=\${COMP_WORDS[1]} ;;
  esac
  case "$command $previous" in
${[...valueCases(root), ...commands.flatMap(valueCases)].join('\n')}
  esac
  case $command in
${optionCases.join('\n')}
  esac
  [[ $COMP_CWORD -eq 1 ]] && words+=' ${commands.map(({ name }) => name).join(' ')}'
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}

complete -F _nvsmi nvsmi
`;
}
