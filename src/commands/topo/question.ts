/** What a question of `topo` is: a matrix of all GPUs, or the answer to one sentence. */
import type { OptionSpec } from '../../base/argv.js';
import type { Release } from '../../base/release.js';
import type { Parts } from '../../format/document.js';
import type { Gpu, Session } from '../../nvml/session.js';
import type { Asking } from '../../query/ask/asking.js';
import type { SystemFiles } from '../../system/files.js';
import type { Collected, View } from '../runner/collect.js';

/** The options with a value. */
export interface TopoGiven {
  readonly id?: string;
  readonly cpu?: number;
  readonly nearest_gpus?: number;
  readonly p2pstatus?: string;
}

export interface TopoScope {
  readonly session: Session;
  readonly files: SystemFiles;
  /** The GPUs of -i; none without it. */
  readonly chosen: readonly Gpu[];
  readonly given: TopoGiven;
  readonly release: Release;
}

/** What one sentence says. */
export interface TopologyAnswer {
  readonly text: string;
  readonly parts: Parts;
}

type MatrixView = Omit<View, 'long' | 'help'>;

/** A matrix of all GPUs: records of relations, and the text that is made of them. */
export interface Matrix {
  readonly views: (given: TopoGiven) => readonly MatrixView[];
  readonly text: (collected: Collected, scope: TopoScope) => string;
  /** The refusal up to 550 where a GPU has no handle (470, 525, 535 and 550 on the fake); 580 printed `-p2p` there. */
  readonly failure: string;
}

export interface TopoView extends OptionSpec {
  /** Refuses a value that no machine could answer. */
  readonly check?: (given: TopoGiven) => void;
  /** Comes before all others: with -m beside it each of them was refused without a matrix (H100, 580.159.04). */
  readonly isFirst?: true;
  /** Answered also where -i names GPUs that no question is about, before that is refused (470 to 580 on the fake). */
  readonly ignoresId?: true;
  /** What is said where -i does not name the GPUs that it is about; left out where it is about none, and -i names too many. */
  readonly refusal?: string;
  /** What is shown: a matrix, or the answer to a question of its own. */
  readonly matrix?: Matrix;
  readonly answer?: (scope: TopoScope) => Asking<TopologyAnswer>;
}

export type AboutGpus = Required<Pick<TopoView, 'refusal' | 'answer'>>;
