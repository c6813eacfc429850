import { describe, expect, it } from 'vitest';
import { ReceivedCalls, SentCalls } from '../../../src/nvml/backend/child/known-calls.js';
import { call, SUBJECT } from '../../../src/nvml/call.js';

describe('a call that is made again and again', () => {
  const temperature = call('nvmlDeviceGetTemperature', SUBJECT, 0);

  it('is sent whole twice, the second time with a number, and by its number from then on', () => {
    const sent = new SentCalls((each) => each);
    expect(sent.of(temperature)).toEqual({ call: temperature });
    expect(sent.of(temperature)).toEqual({ call: temperature, number: 0 });
    expect(sent.of(temperature)).toEqual({ number: 0 });
    // A call that every sample makes again is never kept.
    for (let i = 0; i < 3; i++) {
      expect(sent.of(call('nvmlDeviceGetTemperature', SUBJECT, 0))).not.toHaveProperty('number');
    }
  });

  it('is the same for the process that makes it', () => {
    const sent = new SentCalls(({ fn, args }) => ({ fn, args: [...args, 7] }));
    const received = new ReceivedCalls();
    const made = [1, 2, 3, 4].map(() => received.of(sent.of(temperature)));
    for (const each of made) expect(each).toEqual({ fn: temperature.fn, args: [...temperature.args, 7] });
    expect(() => received.of({ number: 5 })).toThrow('no call has the number 5');
  });
});
