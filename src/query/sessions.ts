/** Video encoder and frame buffer capture sessions of a GPU. */

import * as nvml from '../nvml/generated/constants.js';
import { nvmlDeviceGetEncoderSessions, nvmlDeviceGetFBCSessions } from '../nvml/generated/entries.js';
import { Missing } from '../nvml/status.js';
import { ask } from './ask/asking.js';
import { type Field, item, type RecordValues } from './field.js';
import { count, type Kind, microseconds, processId, words } from './kind.js';
import { type Probe, sample } from './probe.js';
import type { AnswerView } from './reading.js';
import type { Relation } from './relation.js';

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

/** A value that NVML lists with a session, by its path. */
const sessionField = (name: string, path: string, help: string, kind: Kind = count): Field => ({
  names: [name],
  help,
  kind,
  source: item(path),
});

/** What encoder and capture sessions have in common. */
const sessionId = sessionField('session_id', 'sessionId', 'Number of the session.');
const pid = sessionField('pid', 'pid', 'Id of the process.', processId);
const resolution = [
  sessionField('horizontal_resolution', 'hResolution', 'Horizontal resolution in pixels.'),
  sessionField('vertical_resolution', 'vResolution', 'Vertical resolution in pixels.'),
];
const averageFps = (path: string): Field =>
  sessionField('average_fps', path, 'Frames per second, as a moving average.');
const averageLatency = sessionField(
  'average_latency',
  'averageLatency',
  'Latency of a frame, as a moving average.',
  microseconds,
);

const flags = (name: string, kind: Kind, help: string): Field =>
  sessionField(name, 'sessionFlags', help, kind);

const sessions = (
  name: string,
  record: string,
  probe: Probe,
  fields: readonly Field[],
): Relation & Required<Pick<Relation, 'find'>> => ({
  name,
  record,
  fields,
  *find(gpu) {
    const items = (yield* ask(probe, gpu)).items();
    return items instanceof Missing ? items : items.map((view) => ({ values: sessionValues(fields, view) }));
  },
});

/** The values that NVML lists with a session. */
export const sessionValues = (fields: readonly Field[], view: AnswerView): RecordValues =>
  Object.fromEntries(
    fields.flatMap(({ source }) => ('item' in source ? [[source.item, view.read(source.item)]] : [])),
  );

export const encoderSessions = sessions(
  'encoder_sessions',
  'a session of the video encoder of a GPU',
  sample(nvmlDeviceGetEncoderSessions),
  [
    sessionId,
    pid,
    sessionField('codec', 'codecType', 'Codec: H.264, H.265 or AV1.', codecs),
    ...resolution,
    averageFps('averageFps'),
    averageLatency,
  ],
);

export const fbcSessions = sessions(
  'fbc_sessions',
  'a session of frame buffer capture of a GPU',
  sample(nvmlDeviceGetFBCSessions),
  [
    sessionId,
    pid,
    sessionField('display_ordinal', 'displayOrdinal', 'Number of the display.'),
    sessionField('session_type', 'sessionType', 'Type: ToSys, Cuda, Vid or HwEnc.', sessionTypes),
    flags(
      'diff_map',
      flag(nvml.NVML_NVFBC_SESSION_FLAG_DIFFMAP_ENABLED),
      'Whether the session reports a difference map between frames.',
    ),
    flags(
      'class_map',
      flag(nvml.NVML_NVFBC_SESSION_FLAG_CLASSIFICATIONMAP_ENABLED),
      'Whether the session reports a classification map.',
    ),
    flags('capture_mode', captureMode, 'How the session waits for a frame: No Wait, Blocking or Timeout.'),
    sessionField('max_horizontal_resolution', 'hMaxResolution', 'Maximum horizontal resolution in pixels.'),
    sessionField('max_vertical_resolution', 'vMaxResolution', 'Maximum vertical resolution in pixels.'),
    ...resolution,
    averageFps('averageFPS'),
    averageLatency,
  ],
);
