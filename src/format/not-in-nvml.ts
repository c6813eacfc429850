/** The tables of compute-policy and boost-slider, and the lines of base-clocks. H100 and H200, 580.159.04. */
import { Missing } from '../nvml/status.js';
import { type Cell, cellText } from '../query/cell.js';
import type { BaseClockCells, PolicyCells, SliderCells } from '../query/not-in-nvml.js';
import { boxTable } from './box.js';

const valueOrNothing = (value: Cell): string => (value.reading instanceof Missing ? 'N/A' : cellText(value));

export const computePolicyTable = (policies: readonly PolicyCells[]): string =>
  boxTable({
    head: [' GPU compute policies:', ' GPU     Name           Value'],
    columns: [{ width: 4, align: 'right' }, { width: 3 }, { width: 16 }, { width: 14 }],
    rows: policies.map((p) => [cellText(p.gpu), '', cellText(p.name), valueOrNothing(p.value)]),
  });

export const boostSliderTable = (sliders: readonly SliderCells[]): string =>
  boxTable({
    head: [' GPU Boost Slider', ' GPU     Slider       Max Value    Current Value'],
    columns: [{ width: 4, align: 'right' }, { width: 5 }, { width: 17 }, { width: 15 }, { width: 8 }],
    rows: sliders.map((s) => [
      cellText(s.gpu),
      '',
      cellText(s.slider),
      valueOrNothing(s.max),
      valueOrNothing(s.current),
    ]),
  });

export const baseClockLines = (clocks: readonly BaseClockCells[]): string =>
  clocks
    .map(({ gpu, graphics_mhz: graphics }) => {
      const unit = graphics.reading instanceof Missing ? '' : 'MHz';
      return `GPU ${cellText(gpu)}:\n\tGraphics: \t${valueOrNothing(graphics)}${unit}\n`;
    })
    .join('');
