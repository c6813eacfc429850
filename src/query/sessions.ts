/** Video encoder and frame buffer capture sessions of a GPU. */

import * as nvml from '../nvml/generated/constants.js';
import { nvmlDeviceGetEncoderSessions, nvmlDeviceGetFBCSessions } from '../nvml/generated/entries.js';
import type { Missing } from '../nvml/status.js';
import { type Cells, cell } from './cell.js';
import { count, type Kind, microseconds, processId, words } from './kind.js';
import { sample } from './probe.js';
import type { AnswerView } from './reading.js';

export const encoderSessions = sample(nvmlDeviceGetEncoderSessions);

export const fbcSessions = sample(nvmlDeviceGetFBCSessions);

/** H.264 as in the vGPU software's guide; the others in the same style. */
const codecs: Kind = words({
  [nvml.NVML_ENCODER_QUERY_H264]: 'H.264',
  [nvml.NVML_ENCODER_QUERY_HEVC]: 'H.265',
  [nvml.NVML_ENCODER_QUERY_AV1]: 'AV1',
});
/** ToSys as in the same guide. */
const sessionTypes: Kind = words({
  [nvml.NVML_FBC_SESSION_TYPE_TOSYS]: 'ToSys',
  [nvml.NVML_FBC_SESSION_TYPE_CUDA]: 'Cuda',
  [nvml.NVML_FBC_SESSION_TYPE_VID]: 'Vid',
  [nvml.NVML_FBC_SESSION_TYPE_HWENC]: 'HwEnc',
});
const flag = (mask: number): Kind => ({
  spell: (flags) => ((Number(flags) & mask) === 0 ? 'Disabled' : 'Enabled'),
  json: (flags) => (Number(flags) & mask) !== 0,
});
const CAPTURE_MODES: readonly (readonly [mask: number, words: string])[] = [
  [nvml.NVML_NVFBC_SESSION_FLAG_CAPTURE_WITH_WAIT_NO_WAIT, 'No Wait'],
  [nvml.NVML_NVFBC_SESSION_FLAG_CAPTURE_WITH_WAIT_INFINITE, 'Blocking'],
  [nvml.NVML_NVFBC_SESSION_FLAG_CAPTURE_WITH_WAIT_TIMEOUT, 'Timeout'],
];
const spellCaptureMode: Kind['spell'] = (flags) =>
  CAPTURE_MODES.find(([mask]) => (Number(flags) & mask) !== 0)?.[1] ?? 'Unknown';
const captureMode: Kind = { spell: spellCaptureMode, json: spellCaptureMode };

/** A column of a session list: its JSON name, both lines of its head, its width and where its value is. */
export interface SessionColumn {
  readonly name: string;
  readonly head: readonly [string, string];
  readonly width: number;
  readonly kind: Kind;
  readonly path: string;
}

const column = (
  name: string,
  head: SessionColumn['head'],
  width: number,
  path: string,
  kind: Kind = count,
): SessionColumn => ({ name, head, width, path, kind });

/** Two H200 without sessions, 580.159.04. */
export const encoderColumns: readonly SessionColumn[] = [
  column('session_id', ['Session', 'Id'], 8, 'sessionId'),
  column('pid', ['Process', 'Id'], 11, 'pid', processId),
  column('codec', ['Codec', 'Type'], 8, 'codecType', codecs),
  column('horizontal_resolution', ['H', 'Res'], 8, 'hResolution'),
  column('vertical_resolution', ['V', 'Res'], 8, 'vResolution'),
  column('average_fps', ['Average', 'FPS'], 8, 'averageFps'),
  column('average_latency_us', ['Average', 'Latency(us)'], 12, 'averageLatency', microseconds),
];

export const fbcColumns: readonly SessionColumn[] = [
  column('session_id', ['Session', 'Id'], 10, 'sessionId'),
  column('pid', ['Process', 'Id'], 10, 'pid', processId),
  column('display_ordinal', ['Display', 'Ordinal'], 10, 'displayOrdinal'),
  column('session_type', ['Session', 'Type'], 10, 'sessionType', sessionTypes),
  column(
    'diff_map',
    ['Diff. Map', 'State'],
    10,
    'sessionFlags',
    flag(nvml.NVML_NVFBC_SESSION_FLAG_DIFFMAP_ENABLED),
  ),
  column(
    'class_map',
    ['Class. Map', 'State'],
    12,
    'sessionFlags',
    flag(nvml.NVML_NVFBC_SESSION_FLAG_CLASSIFICATIONMAP_ENABLED),
  ),
  column('capture_mode', ['Capture', 'Mode'], 14, 'sessionFlags', captureMode),
  column('max_horizontal_resolution', ['Max H', 'Res'], 8, 'hMaxResolution'),
  column('max_vertical_resolution', ['Max V', 'Res'], 8, 'vMaxResolution'),
  column('horizontal_resolution', ['H', 'Res'], 6, 'hResolution'),
  column('vertical_resolution', ['V', 'Res'], 6, 'vResolution'),
  column('average_fps', ['Average', 'FPS'], 10, 'averageFPS'),
  column('average_latency_us', ['Average', 'Latency(us)'], 14, 'averageLatency', microseconds),
];

/** A session's values by their JSON names. */
export const sessionCells = (columns: readonly SessionColumn[], view: AnswerView): Cells =>
  Object.fromEntries(columns.map(({ name, kind, path }) => [name, cell(kind, view.read(path))]));

/** In the place of a session: why none is known. */
export const noSession = (columns: readonly SessionColumn[], why: Missing): Cells =>
  Object.fromEntries(columns.map(({ name, kind }) => [name, cell(kind, why)]));
