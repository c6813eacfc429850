/** Asks hosts over OpenSSH: nvsmi where it is, else nvidia-smi, whose CSV is the same. Nothing is installed there. */
import { spawn } from 'node:child_process';
import { NVML_ERROR_UNKNOWN } from '../nvml/generated/constants.js';
import { Missing, NOT_SUPPORTED, statusFromWords } from '../nvml/status.js';
import type { Reading } from '../query/reading.js';
import { byHost, type Fleet, type FleetGpu, type Owners, type SilentHost } from './fleet.js';

/** Hosts that are asked at a time. */
const MOST_AT_ONCE = 256;
/** Bytes of one host's answer: a thousand GPUs and all of a machine's processes have less. */
const LONGEST_ANSWER = 8 * 1024 * 1024;
const LONGEST_REASON = 200;

export interface SshOptions {
  /** Milliseconds that a host has. */
  readonly deadlineMs: number;
  /** A configuration file of ssh, instead of the user's. */
  readonly config: string | undefined;
  /** Whether the processes are wanted, too. */
  readonly owners: boolean;
}

/** Separates the parts of an answer. */
const MARK = '--nvsmi-fleet--';

/** What runs at the far end, in any shell of POSIX. The names of fields are known ones, without any letter of a shell. */
function remoteCommand(fields: readonly string[], owners: boolean): string {
  const query = `$smi --query-gpu=${fields.join(',')} --format=csv,noheader,nounits`;
  const apps = '$smi --query-compute-apps=gpu_uuid,pid --format=csv,noheader,nounits';
  const parts = [
    'smi=nvsmi; command -v nvsmi >/dev/null 2>&1 || smi=nvidia-smi',
    owners ? `${query} && echo ${MARK} && ${apps} && echo ${MARK} && ps -eo pid=,user=` : query,
  ];
  return `sh -c '${parts.join('; ')}'`;
}

/** Asks all hosts, some at a time. Never throws: who does not answer is in the list of the silent. */
export async function fleetOverSsh(
  hosts: readonly string[],
  fields: readonly string[],
  options: SshOptions,
): Promise<Fleet> {
  const gpus: FleetGpu[] = [];
  const silent: SilentHost[] = [];
  const waiting = [...hosts];
  const command = remoteCommand(fields, options.owners);
  const worker = async (): Promise<void> => {
    for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
      const { text, reason } = await ask(host, command, options);
      const found = text === undefined ? undefined : gpusIn(host, text, fields, options.owners);
      if (found === undefined) silent.push({ host, reason: reason ?? 'answers with something else' });
      else gpus.push(...found);
    }
  };
  await Promise.all(Array.from({ length: Math.min(MOST_AT_ONCE, hosts.length) }, worker));
  return {
    gpus: gpus.sort((a, b) => byHost(a.host, b.host)),
    silent: silent.sort((a, b) => byHost(a.host, b.host)),
    isPrinted: true,
  };
}

interface HostAnswer {
  readonly text?: string;
  readonly reason?: string;
}

function ask(host: string, command: string, { deadlineMs, config }: SshOptions): Promise<HostAnswer> {
  const seconds = Math.max(1, Math.ceil(deadlineMs / 1000));
  const args = [
    '-T',
    '-x',
    // No password is asked for, and no host key.
    ...['BatchMode=yes', `ConnectTimeout=${seconds}`, 'LogLevel=ERROR'].flatMap((each) => ['-o', each]),
    ...(config === undefined ? [] : ['-F', config]),
    '--',
    host,
    command,
  ];
  return new Promise((resolve) => {
    const child = spawn('ssh', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    let said = '';
    let reason: string | undefined;
    const end = (why: string): void => {
      reason ??= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(end, deadlineMs, `no answer within ${deadlineMs / 1000} s`);
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      if (text.length > LONGEST_ANSWER) end('answers with too much');
    });
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      said = (said + piece).slice(-4096);
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve({ reason: `cannot start ssh: ${error.message}` });
    });
    child.once('close', (status) => {
      clearTimeout(timer);
      if (reason === undefined && status === 0) resolve({ text });
      else resolve({ reason: reason ?? failure(status, said, text) });
    });
  });
}

/** Why ssh, or what it ran, failed: the last line that it said. */
function failure(status: number | null, said: string, text: string): string {
  const lines = (said.trim() === '' ? text : said).trim().split('\n');
  const line = (lines.at(-1) ?? '').trim().slice(0, LONGEST_REASON);
  if (status === 127 || /command not found|: not found$/.test(line))
    return 'has neither nvsmi nor nvidia-smi';
  return line === '' ? `ended with status ${status}` : line;
}

/** The GPUs in an answer; undefined where it is none. */
function gpusIn(
  host: string,
  text: string,
  fields: readonly string[],
  withOwners: boolean,
): readonly FleetGpu[] | undefined {
  const [table = '', apps = '', users = ''] = withOwners ? text.split(`${MARK}\n`) : [text];
  const lines = table.split('\n').filter((line) => line.trim() !== '');
  const rows = lines.map((line) => line.split(', '));
  if (rows.some((row) => row.length !== fields.length)) return undefined;
  const owners = withOwners ? ownersIn(apps, users) : undefined;
  return rows.map((row) => {
    const readings = new Map(fields.map((field, i) => [field, printed(row[i] ?? '')] as const));
    const uuid = String(readings.get('uuid') ?? '');
    return {
      host,
      readings,
      owners: owners === undefined ? undefined : (owners.get(uuid) ?? NO_ONE),
      ageSeconds: 0,
      problems: [],
    };
  });
}

const NO_ONE: Owners = { users: [], pods: [], jobs: [], processes: 0 };

/** A cell as it was printed: its text, or why there is none. */
function printed(cell: string): Reading {
  const text = cell.trim();
  const words = /^\[(.*)\]$/.exec(text)?.[1];
  if (text === 'N/A' || words === 'N/A' || words === 'Not Supported') return NOT_SUPPORTED;
  if (words === undefined) return text;
  return Missing.of(statusFromWords(words) ?? NVML_ERROR_UNKNOWN);
}

/** Whose processes are on which GPU. */
function ownersIn(apps: string, users: string): ReadonlyMap<string, Owners> {
  const userOf = new Map(
    users.split('\n').flatMap((line) => {
      const [pid, user] = line.trim().split(/\s+/);
      return pid === undefined || user === undefined ? [] : [[pid, user] as const];
    }),
  );
  const owners = new Map<string, { users: Set<string>; processes: number }>();
  for (const line of apps.split('\n')) {
    const [uuid, pid] = line.split(', ').map((cell) => cell.trim());
    if (uuid === undefined || pid === undefined) continue;
    const own = owners.get(uuid) ?? { users: new Set<string>(), processes: 0 };
    own.processes++;
    const user = userOf.get(pid);
    if (user !== undefined) own.users.add(user);
    owners.set(uuid, own);
  }
  return new Map(
    [...owners].map(([uuid, own]) => [
      uuid,
      { users: [...own.users].sort(), pods: [], jobs: [], processes: own.processes },
    ]),
  );
}
