import { describe, expect, it } from 'vitest';
import { gb200, h200x2 } from './machines.js';
import { golden, lines, runOn } from './run-on.js';

describe('power-smoothing', () => {
  it('says of every GPU without it that it is not supported, with status 0', async () => {
    const { status, out } = await runOn(h200x2(), ['power-smoothing', '-ppd']);
    expect({ status, out }).toEqual({ status: 0, out: golden('h200-x2', 'ps-ppd') });
    expect((await runOn('h100-x1', ['power-smoothing', '-ppd'])).out).toBe(
      'Power Smoothing is not supported on this device.\n',
    );
  });

  it('shows the parameters of every preset profile, and why a GPU reports none', async () => {
    const { status, out } = await runOn(gb200(), ['power-smoothing', '-ppd']);
    expect(status).toBe(0);
    expect(out).toContain(
      lines(`
            Preset Profile 1
                % TMP Floor                                : 2601 %
                Ramp Up Rate                               : 2611 mW/s
                Ramp Down Rate                             : 2621 mW/s
                Ramp Down Hysteresis Value                 : 2631 ms
                Secondary Power Floor                      : 2811 W
                Primary Floor Activation Window Multiplier : 2821
                Primary Floor Target Window Multiplier     : 2831
                Primary Floor Activation Offset            : N/A
      `)
        .replaceAll(/^/gm, '    ')
        .trimEnd(),
    );
    expect(out.endsWith('Unable to get Power Smoothing information: Insufficient Permissions\n')).toBe(true);
  });

  it('gives JSON', async () => {
    const { out } = await runOn(gb200(), ['power-smoothing', '-ppd', '--json']);
    const { preset_profiles: profiles } = JSON.parse(out);
    expect(profiles).toHaveLength(3);
    expect(profiles[0]).toMatchObject({
      gpu: 0,
      profile: 0,
      tmp_floor: 2600,
      primary_floor_activation_offset: null,
      reasons: { primary_floor_activation_offset: 'Not Supported' },
    });
  });

  it('refuses to change anything', async () => {
    expect((await runOn(gb200(), ['power-smoothing', '-s', '1'])).out).toContain('nvsmi only reads');
  });
});
