/** Checks of what the GPU does now: temperature, power, clocks, utilization. */
import { fail, type Judged, ok, warn } from '../../base/verdict.js';
import type { CheckedGpu, GpuCheck } from '../check.js';
import { backwards, span } from '../rate.js';

const COOL = 'Check fans, air flow and the temperature of the room; reduce the load.';

const temperature: GpuCheck = {
  id: 'temperature',
  about: 'Temperature of GPU and memory, compared with the limits that the GPU reports.',
  warns: 'it is over the highest operating temperature',
  fails: 'it is at the temperature at which the GPU slows down, or over it',
  needs: ['temperature.gpu'],
  uses: [
    'temperature.gpu.max',
    'temperature.gpu.slowdown',
    'temperature.gpu.tlimit',
    'temperature.gpu.tlimit.slowdown',
    'temperature.memory',
    'temperature.memory.max',
  ],
  judge: ({ number, has }) => {
    const now = number('temperature.gpu');
    const hasLimit = ['temperature.gpu.max', 'temperature.gpu.slowdown', 'temperature.gpu.tlimit'].some(has);
    if (now >= number('temperature.gpu.slowdown'))
      return fail(
        `The temperature is ${now} C; the GPU slows down at ${number('temperature.gpu.slowdown')} C.`,
        COOL,
      );
    if (number('temperature.gpu.tlimit') <= number('temperature.gpu.tlimit.slowdown')) {
      return fail(`The temperature is ${now} C, above the limit at which the GPU slows down.`, COOL);
    }
    if (now > number('temperature.gpu.max'))
      return warn(
        `The temperature is ${now} C; the maximum operating temperature is ${number('temperature.gpu.max')} C.`,
        COOL,
      );
    if (number('temperature.gpu.tlimit') <= 0)
      return warn(`The temperature is ${now} C, with no margin to the limit.`, COOL);
    const memory = number('temperature.memory');
    if (memory > number('temperature.memory.max'))
      return warn(
        `The memory temperature is ${memory} C; the maximum is ${number('temperature.memory.max')} C.`,
        COOL,
      );
    return ok(`Temperature ${now} C, ${hasLimit ? 'within its limits' : 'and names no limit'}.`);
  },
};

/** A limit is kept on average; a momentary draw may be over it. */
const OVER_LIMIT = 1.1;

const power: GpuCheck = {
  id: 'power',
  about: 'Power draw, as averaged by the driver, compared with the enforced limit.',
  warns: 'it is more than a tenth over the limit',
  needs: ['power.draw', 'enforced.power.limit'],
  judge: ({ number }) => {
    const [draw, limit] = [number('power.draw'), number('enforced.power.limit')];
    return draw > limit * OVER_LIMIT
      ? warn(
          `The power draw is ${draw} W; the limit is ${limit} W.`,
          'Check the power supply and the sensors of the board; reset the GPU if it stays.',
        )
      : ok(`The power draw is ${draw} W of ${limit} W.`);
  },
};

/** A reason for lower clocks: active now, and its counter in microseconds since the driver was loaded. */
function slowdown(
  id: string,
  reason: string,
  { words, not, action, judge }: { words: string; not: string; action: string; judge: typeof warn },
): GpuCheck {
  const [now, counter] = [`clocks_event_reasons.${reason}`, `clocks_event_reasons_counters.${reason}`];
  return {
    id,
    about: `Whether ${words}: now, and how long since the last run with --state.`,
    [judge === fail ? 'fails' : 'warns']: 'it does so now, or did for more than `slowdown_seconds_per_hour`',
    needs: [now],
    uses: [counter],
    judge: ({ word, growth, health }: CheckedGpu): Judged => {
      if (word(now) === 'true') return judge(`Right now ${words}.`, action);
      const grown = growth(counter);
      if (grown === undefined) return ok(`Right now ${not}.`);
      if (grown.by < 0) return backwards(`the time that ${words}`);
      const seconds = grown.by / 1e6;
      const text = `${Math.round(seconds * 100) / 100} s in the last ${span(grown.hours)} in which ${words}`;
      return seconds / Math.max(grown.hours, 1) > health.limits.slowdown_seconds_per_hour
        ? judge(`${text}.`, action)
        : ok(`${text}.`);
    },
  };
}

const SUPPLY = 'Check power supplies and their cables, and the power capping of the chassis.';

const slowdowns: readonly GpuCheck[] = [
  slowdown('thermal-slowdown', 'hw_thermal_slowdown', {
    words: 'the hardware lowers the clocks because the GPU is too hot',
    not: 'the hardware does not lower the clocks because of heat',
    action: COOL,
    judge: fail,
  }),
  slowdown('thermal-limit', 'sw_thermal_slowdown', {
    words: 'the driver lowers the clocks because of the temperature',
    not: 'the driver does not lower the clocks because of the temperature',
    action: COOL,
    judge: warn,
  }),
  slowdown('power-brake', 'hw_power_brake_slowdown', {
    words: 'the power brake of the system lowers the clocks',
    not: 'no power brake lowers the clocks',
    action: SUPPLY,
    judge: warn,
  }),
];

const hardwareSlowdown: GpuCheck = {
  id: 'hardware-slowdown',
  about: 'Whether the hardware lowers the clocks, for whichever reason.',
  warns: 'it does so now',
  needs: ['clocks_event_reasons.hw_slowdown'],
  judge: ({ word }) =>
    word('clocks_event_reasons.hw_slowdown') === 'true'
      ? warn('The hardware lowers the clocks.', `${COOL} ${SUPPLY}`)
      : ok('The hardware does not lower the clocks.'),
};

const stuck: GpuCheck = {
  id: 'stuck-utilization',
  about:
    'Whether the driver reports 100 percent utilization without a process and with the power draw of an idle GPU.',
  warns: 'it is',
  needs: ['utilization.gpu', 'processes.count', 'power.draw', 'enforced.power.limit'],
  judge: ({ number, health }) => {
    const share = (100 * number('power.draw')) / number('enforced.power.limit');
    const isStuck =
      number('utilization.gpu') === 100 &&
      number('processes.count') === 0 &&
      share < health.limits.idle_power_percent;
    return isStuck
      ? warn(
          `Utilization is 100 % without a process, at ${Math.round(share)} % of the power limit.`,
          'Do not trust the utilization. Check for processes of other containers; reset the GPU when it is idle.',
        )
      : ok(`Utilization is ${number('utilization.gpu')} %.`);
  },
};

export const loadChecks: readonly GpuCheck[] = [temperature, power, ...slowdowns, hardwareSlowdown, stuck];
