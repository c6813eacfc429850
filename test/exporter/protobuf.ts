/** Reads the wire format of Protocol Buffers, as far as OTLP uses it, and in it the metrics of a push. */

type Field = number | bigint | Buffer;
type Message = ReadonlyMap<number, readonly Field[]>;

/** The fields of a message, by number. */
export function message(bytes: Buffer): Message {
  const fields = new Map<number, Field[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = tag >>> 3;
    let value: Field;
    switch (tag & 7) {
      case 0:
        value = varint();
        break;
      case 1:
        value = bytes.readDoubleLE(at);
        at += 8;
        break;
      case 2: {
        const length = Number(varint());
        value = bytes.subarray(at, at + length);
        at += length;
        break;
      }
      default:
        throw new Error(`wire type ${tag & 7} at ${at}`);
    }
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

const parts = (of: Message, number: number): readonly Message[] =>
  (of.get(number) ?? []).map((each) => message(each as Buffer));
const text = (of: Message | undefined, number: number): string => String(of?.get(number)?.[0] ?? '');

export interface PushedMetric {
  readonly name: string;
  readonly unit: string;
  readonly kind: 'gauge' | 'sum';
  readonly isMonotonic: boolean;
  readonly points: readonly {
    readonly value: number;
    readonly attributes: Readonly<Record<string, string>>;
  }[];
}

export interface Push {
  readonly resource: Readonly<Record<string, string>>;
  readonly metrics: readonly PushedMetric[];
}

/** Attributes are number `number` of a message: KeyValue { key = 1, AnyValue { string = 1 } = 2 }. */
const attributesOf = (of: Message | undefined, number: number): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (of === undefined ? [] : parts(of, number)).map((each) => [text(each, 1), text(parts(each, 2)[0], 1)]),
  );

/** ExportMetricsServiceRequest. */
export function pushIn(body: Buffer): Push {
  const [resourceMetrics] = parts(message(body), 1);
  if (resourceMetrics === undefined) throw new Error('no ResourceMetrics');
  const metrics = parts(resourceMetrics, 2).flatMap((scope) => parts(scope, 2));
  return {
    resource: attributesOf(parts(resourceMetrics, 1)[0], 1),
    metrics: metrics.map((metric) => {
      const [gauge] = parts(metric, 5);
      const [sum] = parts(metric, 7);
      return {
        name: text(metric, 1),
        unit: text(metric, 3),
        kind: gauge === undefined ? 'sum' : 'gauge',
        isMonotonic: sum?.get(3)?.[0] === 1n,
        points: parts(gauge ?? sum ?? new Map(), 1).map((point) => ({
          value: Number(point.get(4)?.[0] ?? point.get(6)?.[0]),
          attributes: attributesOf(point, 7),
        })),
      };
    }),
  };
}
