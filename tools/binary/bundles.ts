/** Runs bundles that are kept in memory, with the code that V8 made of them in an earlier run. */
import { Script } from 'node:vm';

export interface Kept {
  /** The text of a bundle, as `wrapped` makes it. */
  text(name: string): string;
  /** Its code, where there is some. V8 takes no code of another version, and compiles the text instead. */
  code(name: string): Buffer | undefined;
}

type Require = (name: string) => unknown;
type Wrapper = (exports: unknown, require: Require, module: { exports: unknown }, filename: string) => void;

/** A bundle as the function that Node makes of a CommonJS module. */
export const wrapped = (text: string): string => `(function(exports,require,module,__filename){${text}\n})`;

/** Makes a require() that knows bundles as `./NAME.js`, and Node's own modules. */
export function requireOf(
  kept: Kept,
  builtin: Require,
  onCompiled?: (name: string, script: Script) => void,
): Require {
  const modules = new Map<string, { exports: unknown }>();
  return function require(request: string): unknown {
    if (!request.startsWith('./')) return builtin(request);
    const known = modules.get(request);
    if (known !== undefined) return known.exports;
    const name = request.slice(2);
    const module = { exports: {} };
    modules.set(request, module);
    const cachedData = kept.code(name);
    const script = new Script(kept.text(name), {
      filename: name,
      ...(cachedData === undefined ? {} : { cachedData }),
    });
    onCompiled?.(name, script);
    const run = script.runInThisContext() as Wrapper;
    run(module.exports, require, module, process.execPath);
    return module.exports;
  };
}
