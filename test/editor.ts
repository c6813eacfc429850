/** What an editor shows of the library: the TypeScript language service over a piece of code. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../', import.meta.url));
const FILE = `${root}src/shown-in-an-editor.ts`;

const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
const parsed = ts.parseJsonConfigFileContent({ ...config, files: [FILE], include: [] }, ts.sys, root);
const options: ts.CompilerOptions = { ...parsed.options, noUnusedLocals: false };

/** An editor on a file in src/, which imports the entries as `./index.js` and `./nvml.js`. */
export class Editor {
  private text = '';
  private version = 0;
  private readonly service: ts.LanguageService;

  constructor() {
    const read = (path: string): string | undefined => (path === FILE ? this.text : ts.sys.readFile(path));
    this.service = ts.createLanguageService({
      getCompilationSettings: () => options,
      getScriptFileNames: () => [FILE],
      getScriptVersion: (path) => (path === FILE ? String(this.version) : '1'),
      getScriptSnapshot: (path) => {
        const text = read(path);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => root,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: (path) => path === FILE || ts.sys.fileExists(path),
      readFile: (path) => read(path) ?? readFileSync(path, 'utf8'),
      readDirectory: ts.sys.readDirectory,
      directoryExists: ts.sys.directoryExists,
      getDirectories: ts.sys.getDirectories,
    });
  }

  /** What is offered at the caret `|` in the code. */
  completions(code: string): string[] {
    const at = this.open(code);
    const found = this.service.getCompletionsAtPosition(FILE, at, undefined);
    return found?.entries.map(({ name }) => name) ?? [];
  }

  /** What is shown over the name at the caret: its comment, and its tags as `@param device …`. */
  hover(code: string): string {
    const info = this.service.getQuickInfoAtPosition(FILE, this.open(code));
    const tags = info?.tags?.map(({ name, text }) => `@${name} ${ts.displayPartsToString(text)}`) ?? [];
    return [ts.displayPartsToString(info?.documentation), ...tags].join('\n');
  }

  /** What the compiler finds wrong in the code. */
  errors(code: string): string[] {
    this.write(code);
    return this.service
      .getSemanticDiagnostics(FILE)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  }

  private open(code: string): number {
    const at = code.indexOf('|');
    this.write(code.slice(0, at) + code.slice(at + 1));
    return at;
  }

  private write(text: string): void {
    this.text = text;
    this.version++;
  }
}
