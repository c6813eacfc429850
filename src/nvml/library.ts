/** The NVML library of this machine, through koffi: load it, bind symbols when first needed, run calls. */
import { existsSync } from 'node:fs';
import koffi, { type KoffiFunc, type LibraryHandle } from 'koffi';
import { type Bound, type Call, type Driver, type Handle, isOut, type Out } from './call.js';
import { libraryCandidates } from './find.js';
import { NVML_ERROR_INSUFFICIENT_SIZE, NVML_ERROR_LIBRARY_NOT_FOUND } from './generated/constants.js';
import { type FunctionName, signatures } from './generated/functions.js';
import type { Layout } from './layout.js';
import { allocate, arrayAt, fieldOf, itemSize, LIST_HEAD, roomOf, SIZE_TAIL, writeText } from './memory.js';
import { DeadLibrary, type Status } from './status.js';

const KOFFI_TYPES: Readonly<Record<string, string>> = {
  p: 'void *',
  s: 'const char *',
  u: 'uint32_t',
  i: 'int32_t',
  q: 'uint64_t',
};

/** Returns a status; nvmlErrorString alone returns a text. */
type NvmlFunction = KoffiFunc<(...args: unknown[]) => number>;

/** How often a list may outgrow its buffer in one run before its status is taken as it is. */
const MAX_GROWTHS = 4;

export interface LoadOptions {
  /** A library to load instead of searching for one. */
  readonly path?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Loads NVML. Throws DeadLibrary with status 12, naming what was tried, when there is none. */
export function loadLibrary(options: LoadOptions): Driver {
  const candidates =
    options.path === undefined
      ? libraryCandidates(process.platform, process.arch, options.env)
      : [options.path];
  const tried: string[] = [];
  for (const path of candidates) {
    if (options.path === undefined && path.startsWith('/') && !existsSync(path)) continue;
    let library: LibraryHandle;
    try {
      library = koffi.load(path);
    } catch (error) {
      tried.push(`  ${path}: ${loadReason(error, path)}`);
      continue;
    }
    if (findSymbol(library, 'nvmlShutdown') !== undefined) return new Library(path, library);
    library.unload();
    tried.push(`  ${path}: not an NVML library (it has no nvmlShutdown)`);
  }
  const where =
    options.path === undefined
      ? `\nThe usual places of ${process.platform} hold none either; name one with --nvml PATH or NVSMI_NVML.`
      : '';
  throw new DeadLibrary(
    NVML_ERROR_LIBRARY_NOT_FOUND,
    `NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Tried:\n${tried.join('\n')}${where}`,
  );
}

/** The loader's own reason, without koffi's prefix and the path it repeats. */
function loadReason(error: unknown, path: string): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^Failed to load shared library: /, '').replace(`${path}: `, '');
}

function findSymbol(library: LibraryHandle, name: FunctionName): NvmlFunction | undefined {
  const params = [...signatures[name]].map((letter) => KOFFI_TYPES[letter] as string);
  try {
    return library.func(name, name === 'nvmlErrorString' ? 'const char *' : 'int', params);
  } catch {
    return undefined;
  }
}

class Library implements Driver {
  private readonly symbols = new Map<FunctionName, NvmlFunction | undefined>();

  constructor(
    readonly source: string,
    private readonly library: LibraryHandle,
  ) {}

  bind(call: Call, subject?: Handle): Bound | undefined {
    const symbol = this.symbol(call.fn);
    return symbol === undefined ? undefined : new LibraryCall(call, symbol, subject);
  }

  close(): void {
    this.symbols.clear();
    this.library.unload();
  }

  private symbol(name: FunctionName): NvmlFunction | undefined {
    if (!this.symbols.has(name)) this.symbols.set(name, findSymbol(this.library, name));
    return this.symbols.get(name);
  }
}

/** An output with a count, and where in its memory the count lies. */
type Counted = Extract<Out, { out: 'list' | 'struct' }>;
const countAt = (out: Counted): number =>
  out.out === 'struct' && out.array !== undefined ? fieldOf(out.layout, out.array.count)[1] : 0;

/** A call with its arguments laid out once: running it passes the same array again. */
class LibraryCall implements Bound {
  readonly memory: Buffer[];
  status: Status = 0;
  private readonly outs: readonly Out[];
  private readonly params: unknown[];
  private readonly lists: readonly number[];

  constructor(
    readonly call: Call,
    private readonly symbol: NvmlFunction,
    private readonly subject: Handle | undefined,
  ) {
    this.outs = call.args.filter(isOut);
    this.lists = this.outs.flatMap((out, i) =>
      out.out === 'list' || (out.out === 'struct' && out.array !== undefined) ? [i] : [],
    );
    this.memory = this.outs.map((out) => allocate(out));
    this.params = this.layOut();
  }

  run(): Status {
    if (this.lists.length === 0) {
      this.status = this.statusOf(this.symbol(...this.params));
      return this.status;
    }
    this.countFirst();
    for (let growths = 0; ; growths++) {
      this.openLists();
      this.status = this.symbol(...this.params);
      if (this.status !== NVML_ERROR_INSUFFICIENT_SIZE || growths >= MAX_GROWTHS || !this.grow()) {
        return this.status;
      }
    }
  }

  async start(): Promise<Status> {
    this.countFirst();
    for (let growths = 0; ; growths++) {
      this.openLists();
      this.status = await this.onWorker();
      if (this.status !== NVML_ERROR_INSUFFICIENT_SIZE || growths >= MAX_GROWTHS || !this.grow()) {
        return this.status;
      }
    }
  }

  private onWorker(): Promise<Status> {
    return new Promise((resolve, reject) => {
      this.symbol.async(...this.params, (error: unknown, result: number | string) =>
        error ? reject(error) : resolve(this.statusOf(result)),
      );
    });
  }

  /** A text as the result is the answer itself. */
  private statusOf(result: number | string): Status {
    if (typeof result === 'number') return result;
    const memory = this.memory[0] as Buffer;
    writeText(memory, 0, memory.length, result);
    return 0;
  }

  /** The C parameters: an output may take two of them, its memory and a length. */
  private layOut(): unknown[] {
    let next = 0;
    return this.call.args.flatMap((arg): unknown[] => {
      if (typeof arg !== 'object') return [arg];
      if (!isOut(arg)) return [this.subject];
      const memory = this.memory[next++] as Buffer;
      switch (arg.out) {
        case 'scalar':
          return [memory];
        case 'struct':
          if (arg.array !== undefined) this.point(memory, arg.layout, arg.array.field);
          return arg.room === undefined ? [memory] : [memory, memory.subarray(memory.length - SIZE_TAIL)];
        case 'text':
          if (arg.lengthBy === 'result') return [];
          if (arg.lengthBy === 'none') return [memory];
          if (arg.lengthBy === 'pointer') return [memory, memory.subarray(memory.length - SIZE_TAIL)];
          return [memory, arg.length];
        case 'list': {
          const items = memory.subarray(LIST_HEAD);
          if (arg.beside) {
            return [memory, items, memory.subarray(LIST_HEAD + itemSize(arg.item) * roomOf(arg, memory))];
          }
          return arg.arrayFirst ? [items, memory] : [memory, items];
        }
        case 'sized':
          return [memory, memory.length];
        case 'words':
          return [arg.length, memory];
        case 'fields':
          return [arg.ids.length, memory];
      }
    });
  }

  /** Lets a struct's pointer point to the array behind the struct. */
  private point(memory: Buffer, layout: Layout, field: string): void {
    memory.writeBigUInt64LE(koffi.address(memory) + BigInt(arrayAt(layout)), fieldOf(layout, field)[1]);
  }

  /** A list's count goes in as the room there is and comes out as the items there are. */
  private openLists(): void {
    for (const i of this.lists) {
      const out = this.outs[i] as Counted;
      const memory = this.memory[i] as Buffer;
      if (out.out === 'list' && out.countFirst) continue;
      memory.writeUInt32LE(roomOf(out, memory), countAt(out));
    }
  }

  /** Asks for the count without an array, and makes the room exactly that. */
  private countFirst(): void {
    const [i] = this.lists;
    const out = i === undefined ? undefined : this.outs[i];
    if (i === undefined || out?.out !== 'list' || !out.countFirst) return;
    const count = Buffer.alloc(LIST_HEAD);
    const at = this.call.args.indexOf(out);
    const params = this.layOut().map((param, place) =>
      place === at ? count : place === at + 1 ? null : param,
    );
    if (this.symbol(...params) !== 0) return;
    this.memory[i] = allocate(out, Math.max(1, count.readUInt32LE(0)));
    (this.memory[i] as Buffer).writeUInt32LE(count.readUInt32LE(0), 0);
    this.params.splice(0, this.params.length, ...this.layOut());
  }

  /** Makes room for the count that the library asked for, and half as much again. */
  private grow(): boolean {
    let grown = false;
    for (const i of this.lists) {
      const out = this.outs[i] as Counted;
      const memory = this.memory[i] as Buffer;
      const wanted = memory.readUInt32LE(countAt(out));
      const room = roomOf(out, memory);
      if (wanted <= room || wanted > 1_000_000) continue;
      this.memory[i] = allocate(out, wanted + (wanted >> 1));
      grown = true;
    }
    if (grown) this.params.splice(0, this.params.length, ...this.layOut());
    return grown;
  }
}
