/** The hosts of --ssh: a comma list, or a file with a host a line. */

/** Hosts at most, of a list or a file. */
const MOST_HOSTS = 20_000;

/** What is no host: it begins with a dash, which ssh would take for an option, or has letters that no name has. */
export class BadHost extends Error {}

/** Each host once, in the order given. `readFile` gives the text of a file. Throws BadHost. */
export function readHosts(given: string, readFile: (path: string) => string): readonly string[] {
  const texts = given.startsWith('@')
    ? readFile(given.slice(1)).split('\n').map(withoutComment)
    : given.split(',');
  const hosts = [...new Set(texts.map((text) => text.trim()).filter((text) => text !== ''))];
  if (hosts.length > MOST_HOSTS) throw new BadHost(`more than ${MOST_HOSTS} hosts`);
  for (const host of hosts) {
    if (!/^(?!-)[A-Za-z0-9_.@:[\]%-]{1,255}$/.test(host))
      throw new BadHost(`${host.slice(0, 100)} is not a host`);
  }
  return hosts;
}

const withoutComment = (line: string): string => line.replace(/#.*/, '');
