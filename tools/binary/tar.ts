/** Archives of which the same content makes the same bytes, whatever the umask and the day. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** Packs what is in a folder. */
export function tar(archive: string, folder: string, date: Date, ...names: readonly string[]): void {
  const plain = `${archive}.tar`;
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];
  const dated = [`--mtime=@${date.getTime() / 1000}`, '--mode=u=rwX,go=rX'];
  execFileSync('tar', [...same, ...dated, '-cf', plain, '-C', folder, ...names]);
  writeFileSync(archive, gzipSync(readFileSync(plain), { level: 9 }));
  rmSync(plain);
}
