/** GPM: whether a GPU streams its performance metrics. */
import { EXIT } from '../base/errors.js';
import { NVML_ERROR_INVALID_ARGUMENT, NVML_ERROR_NOT_FOUND } from '../nvml/generated/constants.js';
import { nvmlGpmQueryDeviceSupport, nvmlGpmSetStreamingEnabled } from '../nvml/generated/entries.js';
import type { Gpu } from '../nvml/session.js';
import { statusReason } from '../nvml/status.js';
import { sample } from '../query/probe.js';
import type { Acting } from './acting.js';
import { type ActionVerdict, changed, failed, ready } from './action.js';
import { askNow, targetOf } from './ask.js';
import { change } from './change.js';

const refused = (status: number): ActionVerdict =>
  failed(status, `Failed to set GPU performance monitoring stream state: ${statusReason(status)}`);

/** nvidia-smi 550 sets the first GPU alone; here all that are meant are set. */
export function setStreaming(acting: Acting, gpus: readonly Gpu[], state: number): number {
  const { asker } = acting;
  const able = gpus.filter(
    (gpu) => askNow(asker, sample(nvmlGpmQueryDeviceSupport), gpu).read('isSupportedDevice') === 1,
  );
  if (able.length === 0) {
    acting.say('No GPM capable devices found.\n');
    return acting.finish(NVML_ERROR_NOT_FOUND);
  }
  for (const gpu of able) {
    const { outcome, status, lines } = acting.attempt({
      action: 'set-stream-state',
      value: state,
      target: targetOf(asker, gpu),
      needs: ['root'],
      check: () => (state > 1 ? refused(NVML_ERROR_INVALID_ARGUMENT) : ready),
      make() {
        const { status } = change(asker, nvmlGpmSetStreamingEnabled, { state }, gpu);
        return status === 0 ? changed() : refused(status);
      },
    });
    acting.say(lines.map((line) => `${line}\n`).join(''));
    if (outcome === 'failed') return acting.finish(status);
  }
  return acting.finish(EXIT.ok);
}
