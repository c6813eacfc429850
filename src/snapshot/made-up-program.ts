/** The path of a program without what its user called anything: folders and programs that are the same everywhere stay. */

/** What a Linux system, a Python environment or the driver's own software is made of. */
const FOLDERS: ReadonlySet<string> = new Set(
  'bin sbin lib lib64 libexec local opt usr home root srv snap x86_64-linux-gnu envs venv .venv env miniconda3 anaconda3 conda current cuda xorg Users Windows System32'.split(
    ' ',
  ),
);
const PROGRAM =
  /^(?:python\d?(?:\.\d+)?|Xorg|Xwayland|gnome-shell|kwin_(?:x11|wayland)|plasmashell|nvidia-[a-z-]+|nv-[a-z-]+|dcgm[a-z-]*|java|julia|ollama|postgres:?|chrome|firefox|dwm\.exe|explorer\.exe|tritonserver|vllm|VLLM::EngineCore)$/;

/** The folder of a user follows one of these. */
const HOMES: ReadonlySet<string> = new Set(['home', 'Users']);

/**
 * The program in the name of a process. Programs that set their own title (Chrome, PostgreSQL, Ray) have their arguments or
 * anything else after it. A path with a space in it ends there too: what follows might be an argument, and a secret.
 */
export function madeUpProgram(name: string): string {
  const path = name.split(/\s/, 1)[0] ?? '';
  const steps = path.split(/(?<=[/\\])/);
  return steps
    .map((step, i) => {
      const [, word = '', end = ''] = /^(.*?)([/\\]?)$/s.exec(step) ?? [];
      if (i === steps.length - 1) return word === '' || PROGRAM.test(word) ? step : `program${end}`;
      if (/^(?:|\.{1,2}|[A-Z]:)$/.test(word) || FOLDERS.has(word)) return step;
      return (HOMES.has((steps[i - 1] ?? '').slice(0, -1)) ? 'user' : 'folder') + end;
    })
    .join('');
}
