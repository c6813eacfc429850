import { describe, expect, it } from 'vitest';
import { machineWith } from './made-machine.js';
import { golden, lines, runOn } from './run-on.js';

const encoder = (sessionId: number, codecType: number) => ({
  sessionId,
  pid: 2300 + sessionId,
  vgpuInstance: 0,
  codecType,
  hResolution: 1920,
  vResolution: 1080,
  averageFps: 60,
  averageLatency: 1977,
});

const fbc = (sessionFlags: number) => ({
  sessionId: 1,
  pid: 3984,
  vgpuInstance: 0,
  displayOrdinal: 0,
  sessionType: 1,
  sessionFlags,
  hMaxResolution: 4096,
  vMaxResolution: 2160,
  hResolution: 1600,
  vResolution: 900,
  averageFPS: 25,
  averageLatency: 39964,
});

const busy = machineWith(2, 'NVIDIA L4', {
  nvmlDeviceGetEncoderSessions: { gpu0: [encoder(1, 0), encoder(2, 1), encoder(3, 2)], gpu1: [] },
  nvmlDeviceGetFBCSessions: { gpu0: [], gpu1: [fbc(0b01001)] },
});

describe('encodersessions', () => {
  it('refuses an unknown option as nvidia-smi does', async () => {
    const { status, out } = await runOn('h100-x1', ['encodersessions', '-c', '1']);
    expect({ status, out }).toEqual({ status: 2, out: golden('h100-x1', 'enc') });
  });

  it('lists a line per session, and dashes for a GPU without any', async () => {
    const { status, out } = await runOn(busy, ['encodersessions']);
    expect({ status, out }).toEqual({
      status: 0,
      out: lines(`
        # GPU Session    Process   Codec       H       V Average     Average
        # Idx      Id         Id    Type     Res     Res     FPS Latency(us)
            0       1       2301   H.264    1920    1080      60        1977
            0       2       2302   H.265    1920    1080      60        1977
            0       3       2303     AV1    1920    1080      60        1977
            1       -          -       -       -       -       -           -
      `),
    });
  });

  it('runs until it is stopped, with the head again after twenty lines (two H200, 580.159.04)', async () => {
    const { out } = await runOn(busy, ['encodersessions', '-i', '1'], 21);
    const heads = out.split('\n').flatMap((line, i) => (line.startsWith('# GPU') ? [i] : []));
    expect(heads).toEqual([0, 22]);
  });

  it('repeats the lines, not the head, with -l', async () => {
    const { out } = await runOn(busy, ['encodersessions', '-l', '1', '-i', '1'], 3);
    expect(out.split('\n').filter((line) => line.startsWith('#'))).toHaveLength(2);
    expect(out.split('\n').filter((line) => line.startsWith('    1'))).toHaveLength(3);
  });

  it('gives JSON', async () => {
    const { out } = await runOn(busy, ['encodersessions', '--json']);
    expect(JSON.parse(out).encoder_sessions[0]).toEqual({
      gpu: 0,
      uuid: 'GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000',
      session_id: 1,
      pid: 2301,
      codec: 'H.264',
      horizontal_resolution: 1920,
      vertical_resolution: 1080,
      average_fps: 60,
      average_latency: 1977,
    });
  });
});

describe('fbcsessions', () => {
  it('refuses an unknown option as nvidia-smi does', async () => {
    const { status, out } = await runOn('h100-x1', ['fbcsessions', '-c', '1']);
    expect({ status, out }).toEqual({ status: 2, out: golden('h100-x1', 'fbc') });
  });

  it('spells types, maps and capture modes', async () => {
    const { out } = await runOn(busy, ['fbcsessions', '-i', '1']);
    expect(out.split('\n')[2]?.trim().split(/ +/)).toEqual(
      '1 1 3984 0 ToSys Enabled Disabled Blocking 4096 2160 1600 900 25 39964'.split(' '),
    );
  });

  it('gives JSON', async () => {
    const { out } = await runOn(busy, ['fbcsessions', '--json']);
    expect(JSON.parse(out).fbc_sessions).toMatchObject([
      { gpu: 1, pid: 3984, diff_map: true, class_map: false, capture_mode: 'Blocking' },
    ]);
  });
});
