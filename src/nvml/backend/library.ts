/** The NVML library of this machine, through koffi: load it, bind symbols when first needed. */
import { existsSync } from 'node:fs';
import type { LibraryHandle } from 'koffi';
import { plainly } from '../../base/plain-text.js';
import type { Bound, Call, Driver, Handle } from '../call.js';
import { KoffiNotFound } from '../failures.js';
import { NVML_ERROR_LIBRARY_NOT_FOUND } from '../generated/constants.js';
import { type FunctionName, signatures } from '../generated/functions.js';
import { writes } from '../generated/writes.js';
import { DeadLibrary, NO_LIBRARY } from '../status.js';
import { libraryCandidates } from './find.js';
import { koffi } from './koffi.js';
import { LibraryCall, type NvmlFunction } from './library-call.js';

const KOFFI_TYPES: Readonly<Record<string, string>> = {
  p: 'void *',
  s: 'const char *',
  u: 'uint32_t',
  i: 'int32_t',
  q: 'uint64_t',
};

export interface LoadOptions {
  /** A library to load instead of searching for one. */
  readonly path?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether functions that change a GPU can be called. */
  readonly writable?: boolean;
}

/** There is no NVML: status 12, in nvidia-smi's words, and what was tried beside them. */
export class LibraryNotFound extends DeadLibrary {
  constructor(
    readonly platform: NodeJS.Platform,
    /** A line for each file that was tried: its path, and why it was not loaded. */
    readonly tried: readonly string[],
    /** Whether one file was named, and no other place was looked at. */
    readonly wasNamed: boolean,
  ) {
    const where = wasNamed ? '' : `\nThe usual places of ${platform} hold none either.`;
    super(NVML_ERROR_LIBRARY_NOT_FOUND, NO_LIBRARY, `Tried:\n${tried.join('\n')}${where}`);
  }
}

/** Loads NVML. Throws LibraryNotFound when there is none, KoffiNotFound when nothing can be loaded. */
export function loadLibrary(options: LoadOptions): Driver {
  const candidates =
    options.path === undefined
      ? libraryCandidates(process.platform, process.arch, options.env)
      : [options.path];
  const loader = loadKoffi();
  const tried: string[] = [];
  for (const path of candidates) {
    if (options.path === undefined && path.startsWith('/') && !existsSync(path)) continue;
    let library: LibraryHandle;
    try {
      library = loader.load(path);
    } catch (error) {
      tried.push(plainly`  ${path}: ${loadReason(error, path)}`);
      continue;
    }
    if (findSymbol(library, 'nvmlShutdown') !== undefined) {
      return new NvmlLibrary(path, library, options.writable ?? false);
    }
    library.unload();
    tried.push(plainly`  ${path}: not an NVML library (it has no nvmlShutdown)`);
  }
  throw new LibraryNotFound(process.platform, tried, options.path !== undefined);
}

/** koffi, ready to load a library. */
function loadKoffi(): ReturnType<typeof koffi> {
  try {
    koffi();
  } catch (error) {
    throw new KoffiNotFound(error);
  }
  widenWorkerStacks();
  return koffi();
}

/**
 * Some fields take 174 KB of stack (272 and 273, H200, 580.159.04), and koffi gives its worker threads 128. Once a
 * library is loaded, perhaps by other code, it is unchanged.
 */
const WORKER_STACK = 1 << 20;

function widenWorkerStacks(): void {
  if ((koffi().config().async_stack_size ?? 0) >= WORKER_STACK) return;
  try {
    koffi().config({ async_stack_size: WORKER_STACK });
  } catch {
    // Loaded before: all but those fields can still be asked.
  }
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

/** A mistake of the program: only src/act/ opens a driver that may change a GPU. */
const notWritable = (fn: FunctionName): string =>
  `${fn} changes the GPU, and the driver was not opened for that`;

class NvmlLibrary implements Driver {
  readonly onWindows = process.platform === 'win32';
  private readonly symbols = new Map<FunctionName, NvmlFunction | undefined>();

  constructor(
    readonly source: string,
    private readonly library: LibraryHandle,
    private readonly isWritable: boolean,
  ) {}

  bind(call: Call, subject?: Handle): Bound | undefined {
    if (!this.isWritable && writes.has(call.fn)) throw new Error(notWritable(call.fn));
    const symbol = this.symbol(call.fn);
    return symbol === undefined ? undefined : new LibraryCall(call, symbol, subject);
  }

  textAt(pointer: bigint): string | undefined {
    return pointer === 0n ? undefined : koffi().decode.string(pointer);
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
