/** The argument with which nvsmi calls NVML for another process. Its help does not show it. */
export const CALLS_ARGUMENT = '--make-nvml-calls';
