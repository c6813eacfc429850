/** Asks an API of Prometheus: its own, or that of Thanos, Mimir or VictoriaMetrics. Within a deadline and a size. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { FleetError } from './fleet.js';
import type { HttpConfig } from './http-config.js';

/** A series and its value. */
export interface SeriesSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Bytes of an answer: more than 200,000 series have. */
const LONGEST = 128 * 1024 * 1024;
/** Characters of a message that comes from the other side. */
const LONGEST_MESSAGE = 300;

export class PrometheusApi {
  constructor(
    private readonly url: URL,
    private readonly config: HttpConfig,
    private readonly deadlineMs: number,
    /** The moment that is asked about, in seconds since the epoch; undefined for now. */
    private readonly at: number | undefined,
  ) {}

  /** The vector of an expression. Throws FleetError. */
  async query(expression: string): Promise<readonly SeriesSample[]> {
    const form = new URLSearchParams({ query: expression, timeout: `${this.deadlineMs}ms` });
    if (this.at !== undefined) form.set('time', String(this.at));
    const { status, body } = await this.post('api/v1/query', form.toString());
    const answer = answerOf(body);
    if (answer?.status === 'error') {
      const late = answer.errorType === 'timeout';
      throw new FleetError(`${this.name} refuses: ${(answer.error ?? '').slice(0, LONGEST_MESSAGE)}`, late);
    }
    if (status !== 200)
      throw new FleetError(`${this.name} answers with HTTP status ${status}${HINTS[status] ?? ''}`);
    const result = answer?.data?.result;
    if (answer?.data?.resultType !== 'vector' || !Array.isArray(result)) {
      throw new FleetError(`${this.name} does not answer as Prometheus does`);
    }
    return result.flatMap(sampleOf);
  }

  private get name(): string {
    return this.url.host;
  }

  private post(path: string, form: string): Promise<{ readonly status: number; readonly body: string }> {
    const base = this.url.href.endsWith('/') ? this.url : new URL(`${this.url.href}/`);
    const { authorization, ca, cert, key, serverName, isUnverified } = this.config;
    const isSecure = base.protocol === 'https:';
    return new Promise((resolve, reject) => {
      const asked = (isSecure ? httpsRequest : httpRequest)(
        new URL(path, base),
        {
          method: 'POST',
          // A connection of its own: one that was kept may be closed while a long answer is read, and a request on it fails.
          agent: false,
          headers: {
            'Content-Type': 'application/x-www-form-urlencoded',
            'Content-Length': Buffer.byteLength(form),
            Accept: 'application/json',
            ...(authorization === undefined ? {} : { Authorization: authorization }),
          },
          signal: AbortSignal.timeout(this.deadlineMs),
          ...(isSecure
            ? {
                ca,
                cert,
                key,
                rejectUnauthorized: !isUnverified,
                ...(serverName ? { servername: serverName } : {}),
              }
            : {}),
        },
        (response) => {
          const pieces: Buffer[] = [];
          let length = 0;
          response.on('data', (piece: Buffer) => {
            length += piece.length;
            pieces.push(piece);
            if (length <= LONGEST) return;
            asked.destroy();
            reject(new FleetError(`${this.name} answers with more than ${LONGEST / 2 ** 20} MiB`));
          });
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString('utf8') }),
          );
          response.on('error', (error) => reject(this.failure(error)));
        },
      );
      asked.on('error', (error) => reject(this.failure(error)));
      asked.end(form);
    });
  }

  private failure(error: NodeJS.ErrnoException): FleetError {
    if (error.name === 'AbortError' || error.name === 'TimeoutError') {
      return new FleetError(`${this.name} did not answer within ${this.deadlineMs / 1000} s`, true);
    }
    return new FleetError(`cannot reach ${this.name}: ${error.message.slice(0, LONGEST_MESSAGE)}`);
  }
}

const HINTS: Readonly<Record<number, string>> = {
  401: ': it asks who you are (--http.config.file)',
  403: ': this user may not',
  404: ': there is no Prometheus API at this address',
};

interface PrometheusAnswer {
  readonly status?: string;
  readonly errorType?: string;
  readonly error?: string;
  readonly data?: { readonly resultType?: string; readonly result?: unknown };
}

function answerOf(body: string): PrometheusAnswer | undefined {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null ? json : undefined;
  } catch {
    return undefined;
  }
}

/** A sample of the answer; none where it has another form, or no number. */
function sampleOf(each: unknown): readonly SeriesSample[] {
  const { metric, value } = (each ?? {}) as { metric?: SeriesSample['metric']; value?: readonly unknown[] };
  const number = Array.isArray(value) ? Number(value[1]) : Number.NaN;
  return typeof metric === 'object' && metric !== null && Number.isFinite(number)
    ? [{ metric, value: number }]
    : [];
}
