/** The fields by which a record says which GPU it is of. */
import { type Field, own } from './field.js';
import { gpuRow } from './gpu-fields.js';
import { count } from './kind.js';

export const identity = {
  gpu: { names: ['gpu'], help: "NVML's index of the GPU.", kind: count, source: own('index') },
  name: gpuRow('name'),
  uuid: gpuRow('uuid'),
} as const satisfies Readonly<Record<string, Field>>;
