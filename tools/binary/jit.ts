/** When a standalone binary compiles JavaScript to machine code. */
declare const Bun: { readonly unsafe: { setJITPolicy?(scale: number): void } };

/** How many times as often code has to run before it is compiled. */
const SCALE = 10;

/**
 * Later than Bun would: most runs are over before that pays off, and it takes processor time and memory while NVML is asked. Loops
 * that are fast still get there. A tick of 8 fields of two GPUs at -lms 100 took 480 us of processor time without it and 358 with it,
 * at -lms 1 68 in both (Bun 1.4.5, a fake NVML); with a scale of 1000 it was 100 there. In the monitor the compiling threads took 0.3
 * to 0.4 % of a core more without it between 10 and 40 s after the start; with it they are at work for some minutes.
 */
export const compileLater = (): void => Bun.unsafe.setJITPolicy?.(SCALE);
