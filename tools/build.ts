/** Builds the CLI into dist/cli, or into a folder that is named. */
import { bundleCli } from './bundle.js';

await bundleCli(process.argv[2] ?? 'dist/cli');
