/** Where libnvidia-ml may lie, in the order it is tried. */
import { posix } from 'node:path';

/**
 * Names and paths to try, best first. The first entry is the loader's own search (LD_LIBRARY_PATH,
 * ld.so.cache); the others are where distributions and container runtimes put the driver.
 */
export function libraryCandidates(
  platform: NodeJS.Platform,
  arch: string,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  if (platform === 'win32') {
    const windows = env.SystemRoot ?? 'C:\\Windows';
    const programs = env.ProgramW6432 ?? env.ProgramFiles ?? 'C:\\Program Files';
    return [`${windows}\\System32\\nvml.dll`, `${programs}\\NVIDIA Corporation\\NVSMI\\nvml.dll`, 'nvml.dll'];
  }
  const name = 'libnvidia-ml.so.1';
  const triplet = arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  const roots = ['', '/run/nvidia/driver', '/driver-root', '/host'];
  const folders = [`/usr/lib/${triplet}`, '/usr/lib64', '/usr/lib'];
  return [
    name,
    ...roots.flatMap((root) => folders.map((folder) => posix.join('/', root, folder, name))),
    `/usr/lib/wsl/lib/${name}`,
    `/usr/local/nvidia/lib64/${name}`,
    `/run/opengl-driver/lib/${name}`,
    `/home/kubernetes/bin/nvidia/lib64/${name}`,
  ];
}
