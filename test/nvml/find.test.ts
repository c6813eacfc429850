import { describe, expect, it } from 'vitest';
import { libraryCandidates } from '../../src/nvml/backend/find.js';

describe('the places where NVML is looked for', () => {
  it('begin with the search of the loader itself on Linux', () => {
    expect(libraryCandidates('linux', 'x64', {})[0]).toBe('libnvidia-ml.so.1');
  });

  it('are absolute paths of one file name after that, each once', () => {
    for (const arch of ['x64', 'arm64']) {
      const [, ...paths] = libraryCandidates('linux', arch, {});
      expect(paths.length).toBeGreaterThan(10);
      expect(new Set(paths).size).toBe(paths.length);
      for (const path of paths) expect(path).toMatch(/^\/[^/].*\/libnvidia-ml\.so\.1$/);
      for (const path of paths) expect(path).not.toContain('//');
    }
  });

  it('know the folders of Debian, of Red Hat, of WSL, of NixOS and of driver containers', () => {
    expect(libraryCandidates('linux', 'x64', {})).toEqual(
      expect.arrayContaining([
        '/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1',
        '/usr/lib64/libnvidia-ml.so.1',
        '/usr/lib/wsl/lib/libnvidia-ml.so.1',
        '/run/opengl-driver/lib/libnvidia-ml.so.1',
        '/run/nvidia/driver/usr/lib64/libnvidia-ml.so.1',
        '/usr/local/nvidia/lib64/libnvidia-ml.so.1',
      ]),
    );
  });

  it('follow the processor on Debian', () => {
    const paths = libraryCandidates('linux', 'arm64', {});
    expect(paths).toContain('/usr/lib/aarch64-linux-gnu/libnvidia-ml.so.1');
    expect(paths.join()).not.toContain('x86_64');
  });

  it('prefer the system of this machine to a mounted one', () => {
    const paths = libraryCandidates('linux', 'x64', {});
    expect(paths.indexOf('/usr/lib64/libnvidia-ml.so.1')).toBeLessThan(
      paths.indexOf('/host/usr/lib64/libnvidia-ml.so.1'),
    );
  });

  it('are those of the driver on Windows, wherever Windows lies', () => {
    const env = { SystemRoot: 'D:\\Win', ProgramW6432: 'D:\\Programs', ProgramFiles: 'D:\\Programs (x86)' };
    expect(libraryCandidates('win32', 'x64', env)).toEqual([
      'D:\\Win\\System32\\nvml.dll',
      'D:\\Programs\\NVIDIA Corporation\\NVSMI\\nvml.dll',
      'nvml.dll',
    ]);
    expect(libraryCandidates('win32', 'x64', {})[0]).toBe('C:\\Windows\\System32\\nvml.dll');
  });
});
