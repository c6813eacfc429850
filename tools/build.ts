/** Builds the CLI into dist/cli, or into a folder that is named. */
import { bundleCli, bundleCompileCache } from './bundle.js';

const folder = process.argv[2] ?? 'dist/cli';
await bundleCli(folder);
await bundleCompileCache(folder);
