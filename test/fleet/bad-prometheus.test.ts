import { describe, expect, it } from 'vitest';
import { fleet, nvidiaSmi, uuid } from './made-fleet.js';
import { answering, madePrometheus, sample, vector } from './made-prometheus.js';

describe('a Prometheus that answers badly', () => {
  const refusal = async (answer: Parameters<typeof madePrometheus>[0], ...argv: readonly string[]) => {
    const { status, out } = await fleet('--prometheus', await madePrometheus(answer), ...argv);
    return [status, out.replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')];
  };

  it('that is away is a line', async () => {
    const { status, out } = await fleet('--prometheus', 'http://127.0.0.1:1');
    expect([status, out]).toEqual([
      2,
      expect.stringMatching(/^--prometheus: cannot reach 127\.0\.0\.1:1: connect ECONNREFUSED.*\n$/),
    ]);
  });

  it('that is slow is a line, and ends with 124', async () => {
    expect(await refusal(() => undefined, '--host-timeout', '0.3')).toEqual([
      124,
      '--prometheus: HOST did not answer within 0.3 s\n',
    ]);
    const trickle = refusal(
      (_, response) => {
        response.write('{');
        const timer = setInterval(() => response.write(' '), 50);
        response.on('close', () => clearInterval(timer));
      },
      '--host-timeout',
      '0.3',
    );
    expect(await trickle).toEqual([124, '--prometheus: HOST did not answer within 0.3 s\n']);
  });

  it.each([
    [
      'an error of its own',
      422,
      '{"status":"error","errorType":"execution","error":"too many\\nsamples"}',
      [2, 'HOST refuses: too many?samples'],
    ],
    [
      'a time-out of its own',
      503,
      '{"status":"error","errorType":"timeout","error":"query timed out"}',
      [124, 'HOST refuses: query timed out'],
    ],
    [
      'a user that it does not know',
      401,
      'Unauthorized',
      [2, 'HOST answers with HTTP status 401: it asks who you are (--http.config.file)'],
    ],
    ['another page', 200, '<html>', [2, 'HOST does not answer as Prometheus does']],
    ['another JSON', 200, '[]', [2, 'HOST does not answer as Prometheus does']],
    [
      'a matrix',
      200,
      '{"status":"success","data":{"resultType":"matrix","result":[]}}',
      [2, 'HOST does not answer as Prometheus does'],
    ],
    ['another place', 302, '', [2, 'HOST answers with HTTP status 302']],
  ])('with %s is a line', async (_, code, body, [status, message]) => {
    const answer = refusal((__, response) => response.writeHead(code).end(body));
    expect(await answer).toEqual([status, `--prometheus: ${message}\n`]);
  });

  it('with samples of other forms shows what it knows', async () => {
    const odd = [
      null,
      7,
      {},
      { metric: null },
      { metric: { __name__: 'nvsmi_power_draw_watts' }, value: 'x' },
      { metric: {}, value: [0, 'NaN'] },
    ];
    const url = await madePrometheus(({ query }, response) => {
      const whole = JSON.parse(vector(/^(group|max) by/.test(query) ? [] : nvidiaSmi));
      whole.data.result.push(...odd);
      response.end(JSON.stringify(whole));
    });
    expect((await fleet('--prometheus', url)).out).toContain('1 GPU on 1 host: 1 free');
  });

  it('with hostile labels prints them plain', async () => {
    const labels = { instance: 'a\u001b[31mb\nc:1', uuid: uuid(5) };
    const info = sample('nvidia_smi_gpu_info', { ...labels, name: 'x\u202ey\u0007', index: '0' }, 1);
    const { out } = await fleet('--prometheus', await madePrometheus(answering([info])));
    expect(out).toContain('a?[31mb?c');
    expect(out).toContain('x?y?');
  });

  it('with 100,000 series answers within seconds', { timeout: 60_000 }, async () => {
    const many = Array.from({ length: 100_000 }, (_, i) =>
      sample(
        'nvsmi_utilization_gpu_ratio',
        { instance: `n${i >> 3}:1`, gpu: String(i & 7), uuid: `GPU-${uuid(i)}` },
        0,
      ),
    );
    const { status, out } = await fleet(
      '--prometheus',
      await madePrometheus(answering(many)),
      '--host-timeout',
      '30',
    );
    expect([status, out.trimEnd().split('\n').at(-1)]).toEqual([
      0,
      '100000 GPUs on 12500 hosts: 100000 free',
    ]);
  });
});
