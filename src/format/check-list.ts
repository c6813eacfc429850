/** The checks of a command, and what each looks at, as columns. */
export function checkListText(checks: readonly (readonly [id: string, about: string])[]): string {
  const width = Math.max(...checks.map(([id]) => id.length));
  return checks.map(([id, about]) => `${id.padEnd(width)}  ${about.replaceAll('`', '')}\n`).join('');
}
