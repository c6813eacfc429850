/**
 * Decides in which order questions are asked. Questions that wait in the driver are started first, and the others are asked
 * meanwhile. A question that must not be disturbed is asked while nothing else is asked about its own GPU. Calls about other
 * GPUs may continue, as they do not show on its link (two H200, 580.159.04: 0.5 to 0.7 MB/s received with a busy neighbour as
 * with an idle one, 49 to 58 MB/s with calls about the same GPU).
 */
import type { Waiter } from '../../nvml/call.js';
import type { Lifetime } from '../probe.js';

/** A question made ready, to be asked once per run or at every tick. */
export interface Task {
  /** The GPU or MIG device that it is about. */
  readonly subject: string;
  readonly lifetime: Lifetime;
  readonly waits: boolean;
  /** Other questions about its subject would disturb it. Such a question waits, too. */
  readonly undisturbed: boolean;
  /** Whether the last time had an answer, even a refusal. */
  isAnswered(): boolean;
  run(): void;
  start(): Promise<void>;
  /** The same without a promise for each question. */
  begin(waiter: Waiter<void>): void;
}

/** Questions that may be asked at the same time: those that wait, and those that answer at once. */
interface AskedTogether {
  readonly waiting: readonly Task[];
  readonly prompt: readonly Task[];
}

/** All questions about one subject: those that watch its link undisturbed, and the others, which would disturb them. */
interface SubjectTasks {
  readonly undisturbed: readonly Task[];
  readonly others: AskedTogether;
}

/** The order of some questions. It is worked out once for all samples that ask the same. */
export interface Schedule {
  readonly free: AskedTogether;
  readonly links: readonly SubjectTasks[];
}

const batchOf = (tasks: readonly Task[]): AskedTogether => ({
  waiting: tasks.filter(({ waits }) => waits),
  prompt: tasks.filter(({ waits }) => !waits),
});

export function scheduleOf(tasks: readonly Task[]): Schedule {
  const watched = new Set(tasks.filter((each) => each.undisturbed).map(({ subject }) => subject));
  return {
    free: batchOf(tasks.filter(({ subject }) => !watched.has(subject))),
    links: [...watched].map((link) => {
      const about = tasks.filter(({ subject }) => subject === link);
      return {
        undisturbed: about.filter(({ undisturbed }) => undisturbed),
        others: batchOf(about.filter(({ undisturbed }) => !undisturbed)),
      };
    }),
  };
}

/** Asks everything. A promise only where something waits on worker threads; what waits has begun by then. */
export function askInOrder({ free, links }: Schedule): void | Promise<void> {
  if (links.length === 0) return askBatch(free);
  const [first, ...rest] = links as [SubjectTasks, ...SubjectTasks[]];
  return ended([begun(() => askBatch(free)), rest.length === 0 ? askLink(first) : askLinks(first, rest)]);
}

/** Begins to ask, and turns what that throws at once into a failed promise. */
const begun = async (ask: () => void | Promise<void>): Promise<void> => ask();

/** Waits until all have ended, and only then fails if one of them failed: the caller may free what the others use. */
async function ended(asking: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(asking);
  await Promise.all(asking);
}

function askBatch({ waiting, prompt }: AskedTogether): void | Promise<void> {
  if (waiting.length === 0) return askInTurn(prompt);
  return allOf(waiting, () => askInTurn(prompt));
}

/** Begins them all and does something meanwhile. Waits and fails as `ended` does, with one promise for all. */
function allOf(tasks: readonly Task[], meanwhile: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = tasks.length + 1;
    let failure: { readonly error: unknown } | undefined;
    const end = (): void => {
      left--;
      if (left > 0) return;
      if (failure === undefined) resolve();
      else reject(failure.error);
    };
    const fail = (error: unknown): void => {
      failure ??= { error };
      end();
    };
    const waiter = { resolve: end, reject: fail };
    for (const task of tasks) task.begin(waiter);
    try {
      meanwhile();
    } catch (error) {
      return fail(error);
    }
    end();
  });
}

/** Asks one after another, on this thread. */
export function askInTurn(tasks: readonly Task[]): void {
  for (const task of tasks) task.run();
}

async function askLink({ undisturbed, others }: SubjectTasks): Promise<void> {
  const asking = askBatch(others);
  // Where nothing waits before it, the watch begins at once.
  if (asking !== undefined) await asking;
  await oneAfterAnother(undisturbed);
}

/** Watches the links of all subjects but the first while that one is asked, and its link while the others are asked. */
function askLinks(first: SubjectTasks, rest: readonly SubjectTasks[]): Promise<void> {
  const watching = rest.map(({ undisturbed }) => oneAfterAnother(undisturbed));
  const askRest = async (): Promise<void> => {
    for (const [i, { others }] of rest.entries()) {
      await watching[i];
      await askInSlices(others);
    }
  };
  const ask = async (): Promise<void> => {
    await askInSlices(first.others);
    await ended([oneAfterAnother(first.undisturbed), askRest()]);
  };
  return ended([...watching, ask()]);
}

/** Milliseconds after which the event loop gets a turn, in which the next question that waits can begin. */
const SLICE = 2;

/** Does what askBatch does, and gives the event loop a turn now and then. */
function askInSlices({ waiting, prompt }: AskedTogether): Promise<void> {
  const ask = async (): Promise<void> => {
    let turned = performance.now();
    for (const task of prompt) {
      task.run();
      if (performance.now() - turned < SLICE) continue;
      await new Promise(setImmediate);
      turned = performance.now();
    }
  };
  return ended([...waiting.map((task) => task.start()), ask()]);
}

async function oneAfterAnother(tasks: readonly Task[]): Promise<void> {
  for (const task of tasks) await task.start();
}
