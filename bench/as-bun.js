/**
 * The single file runs these scripts as Bun does, where BUN_BE_BUN is set (`BUN_BE_BUN=1 dist/nvsmi-linux-x64 bench/oneshot.js`): for
 * machines without Node. What it starts then is nvsmi again.
 */
delete process.env.BUN_BE_BUN;
