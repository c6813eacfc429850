/** The tables of compute-policy and boost-slider, and the lines of base-clocks. H100 and H200, 580.159.04. */
import { Missing } from '../nvml/status.js';
import { type Cell, type Cells, cellText } from '../query/cell.js';
import { boxTable } from './box.js';

/** A record, and the index of its GPU. */
export interface RecordOfGpu<Name extends string> {
  readonly gpu: number;
  readonly cells: Cells<Name>;
}

const valueOrNothing = (value: Cell): string => (value.reading instanceof Missing ? 'N/A' : cellText(value));

export const computePolicyTable = (policies: readonly RecordOfGpu<'policy' | 'value'>[]): string =>
  boxTable({
    head: [' GPU compute policies:', ' GPU     Name           Value'],
    columns: [{ width: 4, align: 'right' }, { width: 3 }, { width: 16 }, { width: 14 }],
    rows: policies.map(({ gpu, cells }) => [
      String(gpu),
      '',
      cellText(cells.policy),
      valueOrNothing(cells.value),
    ]),
  });

export const boostSliderTable = (sliders: readonly RecordOfGpu<'slider' | 'max' | 'current'>[]): string =>
  boxTable({
    head: [' GPU Boost Slider', ' GPU     Slider       Max Value    Current Value'],
    columns: [{ width: 4, align: 'right' }, { width: 5 }, { width: 17 }, { width: 15 }, { width: 8 }],
    rows: sliders.map(({ gpu, cells }) => [
      String(gpu),
      '',
      cellText(cells.slider),
      valueOrNothing(cells.max),
      valueOrNothing(cells.current),
    ]),
  });

export const baseClockLines = (clocks: readonly RecordOfGpu<'clocks.base.graphics'>[]): string =>
  clocks
    .map(({ gpu, cells: { 'clocks.base.graphics': graphics } }) => {
      const unit = graphics.reading instanceof Missing ? '' : 'MHz';
      return `GPU ${gpu}:\n\tGraphics: \t${valueOrNothing(graphics)}${unit}\n`;
    })
    .join('');
