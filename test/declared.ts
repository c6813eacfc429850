/** Compares values with the types that the library declares for them, as the TypeScript compiler reads them. */
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../', import.meta.url));

function programOf(files: readonly string[]): ts.Program {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files, include: [] }, ts.sys, root);
  return ts.createProgram([...files], options);
}

/** What an entry of the library (`src/nvml.ts`) exports. */
export class Declared {
  private readonly checker: ts.TypeChecker;
  private readonly exported: ReadonlyMap<string, ts.Symbol>;

  constructor(entry: string) {
    const path = `${root}${entry}`;
    const program = programOf([path]);
    this.checker = program.getTypeChecker();
    const source = program.getSourceFile(path);
    const module = source && this.checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${entry} is no module`);
    this.exported = new Map(this.checker.getExportsOfModule(module).map((one) => [one.name, one]));
  }

  /** Where a function's result is not what its declaration says: undefined where it is. */
  ofResult(fn: string, value: unknown): string | undefined {
    const [signature] = this.checker.getTypeOfSymbol(this.symbol(fn)).getCallSignatures();
    if (signature === undefined) throw new Error(`${fn} is no function`);
    return this.fault(signature.getReturnType(), value, fn);
  }

  /** The same for a value that should be of an exported type. */
  ofType(name: string, value: unknown): string | undefined {
    return this.fault(this.checker.getDeclaredTypeOfSymbol(this.symbol(name)), value, name);
  }

  private symbol(name: string): ts.Symbol {
    const found = this.exported.get(name);
    if (found === undefined) throw new Error(`${name} is not exported`);
    return (found.flags & ts.SymbolFlags.Alias) === 0 ? found : this.checker.getAliasedSymbol(found);
  }

  private fault(type: ts.Type, value: unknown, path: string): string | undefined {
    const wrong = `${path}: ${shown(value)} is no ${this.checker.typeToString(type)}`;
    if (type.isUnion()) {
      const faults = type.types.map((one) => this.fault(one, value, path));
      if (faults.includes(undefined)) return undefined;
      // The innermost fault says most.
      return faults.reduce((deepest, one) => (depth(one) > depth(deepest) ? one : deepest), wrong);
    }
    // A brand is there for the compiler alone.
    if (type.isIntersection()) {
      const primitive = type.types.find((one) => primitiveOf(one) !== undefined);
      return primitive === undefined ? wrong : this.fault(primitive, value, path);
    }
    const primitive = primitiveOf(type);
    if (primitive !== undefined) return primitive === kindOf(value) ? undefined : wrong;
    if (type.symbol?.name === 'Uint8Array') return value instanceof Uint8Array ? undefined : wrong;
    if (this.checker.isTupleType(type)) {
      const items = this.checker.getTypeArguments(type as ts.TypeReference);
      if (!Array.isArray(value) || value.length !== items.length) return wrong;
      return first(items, (item, i) => this.fault(item, value[i], `${path}[${i}]`));
    }
    if (this.checker.isArrayType(type)) {
      const [item] = this.checker.getTypeArguments(type as ts.TypeReference);
      if (!Array.isArray(value) || item === undefined) return wrong;
      return first(value, (one, i) => this.fault(item, one, `${path}[${i}]`));
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong;
    return this.objectFault(type, value as Readonly<Record<string, unknown>>, path);
  }

  private objectFault(
    type: ts.Type,
    value: Readonly<Record<string, unknown>>,
    path: string,
  ): string | undefined {
    const properties = type.getProperties();
    const names = new Set(properties.map(({ name }) => name));
    const anyName = type.getStringIndexType();
    const extra = Object.keys(value).filter((name) => !names.has(name));
    const unknown = first(extra, (name) =>
      anyName === undefined
        ? `${path}.${name} is not declared`
        : this.fault(anyName, value[name], `${path}.${name}`),
    );
    if (unknown !== undefined) return unknown;
    return first(properties, (property) => {
      const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      if (!Object.hasOwn(value, property.name))
        return isOptional ? undefined : `${path}.${property.name} is missing`;
      return this.fault(
        this.checker.getTypeOfSymbol(property),
        value[property.name],
        `${path}.${property.name}`,
      );
    });
  }
}

const PRIMITIVES: readonly (readonly [ts.TypeFlags, string])[] = [
  [ts.TypeFlags.NumberLike, 'number'],
  [ts.TypeFlags.StringLike, 'string'],
  [ts.TypeFlags.BigIntLike, 'bigint'],
  [ts.TypeFlags.BooleanLike, 'boolean'],
  [ts.TypeFlags.Null, 'null'],
  [ts.TypeFlags.VoidLike, 'undefined'],
];

const primitiveOf = (type: ts.Type): string | undefined =>
  PRIMITIVES.find(([flags]) => (type.flags & flags) !== 0)?.[1];
const kindOf = (value: unknown): string => (value === null ? 'null' : typeof value);

const shown = (value: unknown): string =>
  JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `${one}n` : one)) ?? 'undefined';

/** How many steps lead to the place that a fault names. */
const depth = (fault: string | undefined): number => fault?.split(': ')[0]?.match(/[.[]/g)?.length ?? 0;

function first<T>(items: readonly T[], find: (item: T, i: number) => string | undefined): string | undefined {
  for (const [i, item] of items.entries()) {
    const found = find(item, i);
    if (found !== undefined) return found;
  }
  return undefined;
}
