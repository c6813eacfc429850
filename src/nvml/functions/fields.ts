/** Table: what the fields of NVML's structs mean beyond their C types. The generator makes the types by it too. */

/**
 * Fields and outputs in which NVML says "not available" by all ones. They read as null. In any other field all
 * ones is a value: a mask, a "default", a limit that is not set.
 */
export const ABSENT_FIELDS: ReadonlySet<string> = new Set([
  'usedGpuMemory',
  'usedGpuCcProtectedMemory',
  'gpuInstanceId',
  'computeInstanceId',
  'gpuUtilization',
  'memoryUtilization',
  'maxMemoryUsage',
  'node',
]);

/** Arrays inside a struct, and the field that says how many of their items are filled. */
export const COUNTED_FIELDS: Readonly<Record<string, string>> = {
  bridgeChipInfo: 'bridgeCount',
  clkMonList: 'clkMonListSize',
  fans: 'count',
  firmwareVersion: 'numValidEntries',
  gridLicensableFeatures: 'licensableFeaturesCount',
  logEntries: 'entriesCount',
  metrics: 'numMetrics',
  sensor: 'count',
  bwModes: 'totalBwModes',
  certChain: 'certChainSize',
  attestationCertChain: 'attestationCertChainSize',
  attestationReport: 'attestationReportSize',
  cecAttestationReport: 'cecAttestationReportSize',
};

/** Pointers to C strings that live as long as the library. */
export const TEXT_POINTERS: ReadonlySet<string> = new Set(['shortName', 'longName', 'unit']);

/** Where a struct or a call has the type of its nvmlValue_t. */
export const VALUE_TYPE_FIELDS: ReadonlySet<string> = new Set(['valueType', 'outputType', 'sampleValType']);
