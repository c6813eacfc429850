/** What came of a call that changes a GPU, in words. */
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { type Status, statusReason } from '../nvml/status.js';
import { type ActionVerdict, changed, failed, unsupported } from './action.js';

/** The words of a setter's outcomes about one GPU. */
export interface Words {
  /** Left out where nvidia-smi says nothing of a success. */
  readonly done?: string;
  /** NOT_SUPPORTED; the words of `failed` where it is left out. */
  readonly absent?: string;
  /** Of other statuses: words of their own. Some are warnings. */
  readonly special?: Readonly<Record<Status, ActionVerdict>>;
  /** The start of a line that ends with the words of the status. */
  readonly failed: string;
}

/** The verdict of a status, in these words. */
export function verdictOf(status: Status, words: Words): ActionVerdict {
  if (status === 0) return words.done === undefined ? changed() : changed(words.done);
  const special = words.special?.[status];
  if (special !== undefined) return special;
  const line = `${words.failed}: ${statusReason(status)}`;
  if (status === NVML_ERROR_NOT_SUPPORTED) return unsupported(status, words.absent ?? line);
  return failed(status, line);
}
