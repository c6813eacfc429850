/** The rows of --query-gpu as the report uses them: as they are, with another kind, or for their probe. */

import type { Past } from '../../base/release.js';
import { NOT_SUPPORTED } from '../../nvml/status.js';
import { constant, type Row, type Source } from '../field.js';
import { gpuRow } from '../gpu-fields.js';
import { type Kind, text } from '../kind.js';
import type { Probe } from '../probe.js';
import type { Pick as Path } from '../reading.js';

/** A value and how it is spelled. */
export interface ReportField {
  readonly kind: Kind;
  readonly source: Source;
  readonly past?: readonly Past<ReportField>[];
}

/** A value of a probe. */
export interface ProbeField {
  readonly kind: Kind;
  readonly source: Extract<Source, { readonly probe: Probe }>;
}

/** A value of a list's item. */
export interface ItemField {
  readonly kind: Kind;
  readonly source: Extract<Source, { readonly item: string }>;
}

/** A row of --query-gpu. */
export const row = (name: string): Row => gpuRow(name);

/** A row of --query-gpu that the report spells in another way. */
export const rowAs = (name: string, kind: Kind): ReportField => ({ kind, source: gpuRow(name).source });

/** A row of --query-gpu that a probe answers. Throws for one that none does: a mistake of the caller. */
export function askedRow(name: string): ProbeField {
  const { kind, source } = gpuRow(name);
  if (!('probe' in source)) throw new Error(`${name} has no probe`);
  return { kind, source };
}

/** The probe of a row of --query-gpu. */
export const probeOf = (name: string): Probe => askedRow(name).source.probe;

/** A reading that only the report has. */
export const reading = (kind: Kind, probe: Probe, pick: Path = 'value'): ProbeField => ({
  kind,
  source: { probe, pick },
});

/** A line that nvidia-smi prints and NVML has no function for. */
export const notInNvml: ReportField = { kind: text, source: constant(NOT_SUPPORTED) };

/** A value of a list's item. */
export const ofItem = (kind: Kind, name: string): ItemField => ({ kind, source: { item: name } });
