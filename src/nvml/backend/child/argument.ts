/** The argument with which nvsmi calls NVML for another process. Its help does not show it. */
export const CALLS_ARGUMENT = '--make-nvml-calls';

/** After it and the library's path, which may be empty: NVML is initialised before an order for that arrives. */
export const INIT_ARGUMENT = 'init';
