/** Where this code lies: what comes with it is sought from there. */
import { fileURLToPath } from 'node:url';

/**
 * The file that this code is in. A bundler that makes CommonJS of ES modules leaves them no URL (esbuild); the bundle of
 * the CLI has a path in its place. Undefined where there is neither.
 */
export function ownFile(): string | undefined {
  const url: string | undefined = import.meta.url;
  if (url === undefined) return typeof __filename === 'string' ? __filename : undefined;
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}
