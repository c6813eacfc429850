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

/** The questions about a subject that has some to be asked undisturbed, and those that would disturb them. */
interface Link {
  readonly undisturbed: readonly Question[];
  readonly others: readonly Question[];
}

/** Worked out once for all samples that ask the same. */
export interface Schedule {
  readonly waiting: readonly Question[];
  readonly prompt: readonly Question[];
  readonly links: readonly Link[];
}

export function scheduleOf(questions: readonly Question[]): Schedule {
  const watched = new Set(questions.filter((each) => each.undisturbed).map(({ subject }) => subject));
  const free = questions.filter(({ subject }) => !watched.has(subject));
  return {
    waiting: free.filter(({ waits }) => waits),
    prompt: free.filter(({ waits }) => !waits),
    links: [...watched].map((link) => {
      const about = questions.filter(({ subject }) => subject === link);
      return {
        undisturbed: about.filter(({ undisturbed }) => undisturbed),
        others: about.filter(({ undisturbed }) => !undisturbed),
      };
    }),
  };
}

/** Asks everything. A promise only where something waits on worker threads; what waits has begun by then. */
export function askAll({ waiting, prompt, links }: Schedule): void | Promise<void> {
  const started = waiting.map((question) => question.start());
  for (const question of prompt) question.run();
  const [first, ...rest] = links;
  if (first !== undefined) started.push(rest.length === 0 ? askLink(first) : askLinks(first, rest));
  if (started.length === 0) return;
  return Promise.all(started).then(() => undefined);
}

function askLink({ undisturbed, others }: Link): Promise<void> {
  const started = others.filter(({ waits }) => waits).map((question) => question.start());
  for (const question of others) if (!question.waits) question.run();
  return started.length === 0 ? inTurn(undisturbed) : Promise.all(started).then(() => inTurn(undisturbed));
}

/** Watches the links of all subjects but the first while that one is asked, and its link while the others are asked. */
async function askLinks(first: Link, rest: readonly Link[]): Promise<void> {
  const watching = rest.map(({ undisturbed }) => inTurn(undisturbed));
  await askInSlices(first.others);
  const last = inTurn(first.undisturbed);
  for (const [i, { others }] of rest.entries()) {
    await watching[i];
    await askInSlices(others);
  }
  await last;
}

/** Milliseconds after which a question that waits in turn gets the chance to begin. */
const SLICE = 2;

/** Asks one after the other, and lets the event loop turn now and then. */
async function askInSlices(questions: readonly Question[]): Promise<void> {
  const started = questions.filter(({ waits }) => waits).map((question) => question.start());
  let turned = performance.now();
  for (const question of questions) {
    if (question.waits) continue;
    question.run();
    if (performance.now() - turned < SLICE) continue;
    await new Promise(setImmediate);
    turned = performance.now();
  }
  await Promise.all(started);
}

async function inTurn(questions: readonly Question[]): Promise<void> {
  for (const question of questions) await question.start();
}
