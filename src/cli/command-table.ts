/** All there is to call: the commands on GPUs, and those about nvsmi itself. */
import type { OptionSpec } from '../base/argv.js';
import type { CommandSpec } from '../commands/command.js';
import { type CommandEntry, commands } from '../commands/index.js';

export const allCommands: readonly CommandEntry[] = [
  ...commands,
  {
    name: 'help',
    summary: 'Show this help, or the help of a command.',
    examples: [['nvsmi help topo', 'The options of topo; the same as nvsmi topo -h.']],
    load: async () => (await import('./help.js')).spec,
  },
  {
    name: 'version',
    summary: 'Show the versions of nvsmi, NVML, the driver and CUDA.',
    examples: [['nvsmi version --json', 'The versions as JSON.']],
    load: async () => (await import('../commands/version.js')).spec,
  },
  {
    name: 'completion',
    summary: 'Print the completion script of a shell.',
    examples: [
      ['source <(nvsmi completion bash)', 'In ~/.bashrc: complete in bash.'],
      ['source <(nvsmi completion zsh)', 'In ~/.zshrc, below compinit: complete in zsh.'],
      ['nvsmi completion fish | source', 'In ~/.config/fish/config.fish: complete in fish.'],
    ],
    load: async () => (await import('./completion/completion.js')).spec,
  },
];

export const HELP = 'help';

const helpOption: OptionSpec = { short: ['h'], long: HELP, help: 'Show this help.' };

/** The options of a command, -h among them. */
export const optionsOf = ({ options }: CommandSpec): readonly OptionSpec[] =>
  options.some(({ long }) => long === HELP) ? options : [helpOption, ...options];
