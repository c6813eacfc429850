/**
 * In which order questions are asked. What waits in the driver is started first and the rest asked meanwhile. What must
 * not be disturbed is asked while nothing else is asked about its own GPU: calls about one GPU do not show on the link of
 * another (two H200, 580.159.04: 0.5 to 0.7 MB/s received with a busy neighbour as with an idle one, 49 to 58 MB/s with calls
 * about the same GPU).
 */
import type { Lifetime } from './probe.js';

/** A question ready to be asked, once per run or at every sample. */
export interface Question {
  /** Whom it is about. */
  readonly subject: string;
  readonly lifetime: Lifetime;
  readonly waits: boolean;
  /** Other questions about its subject would disturb it. It waits, too. */
  readonly undisturbed: boolean;
  run(): void;
  start(): Promise<void>;
}

/** Questions that may be asked at the same time: those that wait, and those that answer at once. */
interface Batch {
  readonly waiting: readonly Question[];
  readonly prompt: readonly Question[];
}

/** The questions about a subject that has some to be asked undisturbed, and those that would disturb them. */
interface Link {
  readonly undisturbed: readonly Question[];
  readonly others: Batch;
}

/** Worked out once for all samples that ask the same. */
export interface Schedule {
  readonly free: Batch;
  readonly links: readonly Link[];
}

const batchOf = (questions: readonly Question[]): Batch => ({
  waiting: questions.filter(({ waits }) => waits),
  prompt: questions.filter(({ waits }) => !waits),
});

export function scheduleOf(questions: readonly Question[]): Schedule {
  const watched = new Set(questions.filter((each) => each.undisturbed).map(({ subject }) => subject));
  return {
    free: batchOf(questions.filter(({ subject }) => !watched.has(subject))),
    links: [...watched].map((link) => {
      const about = questions.filter(({ subject }) => subject === link);
      return {
        undisturbed: about.filter(({ undisturbed }) => undisturbed),
        others: batchOf(about.filter(({ undisturbed }) => !undisturbed)),
      };
    }),
  };
}

/** Asks everything. A promise only where something waits on worker threads; what waits has begun by then. */
export function askAll({ free, links }: Schedule): void | Promise<void> {
  const [first, ...rest] = links;
  if (first === undefined) return askBatch(free);
  return ended([begun(() => askBatch(free)), rest.length === 0 ? askLink(first) : askLinks(first, rest)]);
}

const start = (question: Question): Promise<void> => question.start();

/** Where it throws at once, the promise fails. */
const begun = async (ask: () => void | Promise<void>): Promise<void> => ask();

/** Waits for all before it fails as one of them did: nothing goes on behind the back of who is told. */
async function ended(asking: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(asking);
  await Promise.all(asking);
}

function askBatch({ waiting, prompt }: Batch): void | Promise<void> {
  const ask = (): void => {
    for (const question of prompt) question.run();
  };
  return waiting.length === 0 ? ask() : ended([...waiting.map(start), begun(ask)]);
}

async function askLink({ undisturbed, others }: Link): Promise<void> {
  const asking = askBatch(others);
  // Where nothing waits before it, the watch begins at once.
  if (asking !== undefined) await asking;
  await inTurn(undisturbed);
}

/** Watches the links of all subjects but the first while that one is asked, and its link while the others are asked. */
function askLinks(first: Link, rest: readonly Link[]): Promise<void> {
  const watching = rest.map(({ undisturbed }) => inTurn(undisturbed));
  const askRest = async (): Promise<void> => {
    for (const [i, { others }] of rest.entries()) {
      await watching[i];
      await askInSlices(others);
    }
  };
  const ask = async (): Promise<void> => {
    await askInSlices(first.others);
    await ended([inTurn(first.undisturbed), askRest()]);
  };
  return ended([...watching, ask()]);
}

/** Milliseconds after which a question that waits in turn gets the chance to begin. */
const SLICE = 2;

/** Asks like askBatch, and lets the event loop turn now and then. */
function askInSlices({ waiting, prompt }: Batch): Promise<void> {
  const ask = async (): Promise<void> => {
    let turned = performance.now();
    for (const question of prompt) {
      question.run();
      if (performance.now() - turned < SLICE) continue;
      await new Promise(setImmediate);
      turned = performance.now();
    }
  };
  return ended([...waiting.map(start), ask()]);
}

async function inTurn(questions: readonly Question[]): Promise<void> {
  for (const question of questions) await question.start();
}
