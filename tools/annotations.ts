/** Table: what nvml.h cannot say about its functions. Everything else is read off the declarations. */

/**
 * Outputs that are declared without a sign and have one: a temperature below zero comes as its two's complement, which the
 * summary of nvidia-smi shows as such and its other outputs as 4294967291 C (470.256.02 and 550.163.01, with such answers).
 */
export const SIGNED: ReadonlySet<string> = new Set([
  'nvmlDeviceGetTemperature.temp',
  'nvmlDeviceGetTemperatureThreshold.temp',
  'nvmlUnitGetTemperature.temp',
]);

/** Constants of 64 bits, all ones: nvml-api.json has them as -1. */
export const BITS_64: ReadonlySet<string> = new Set(['NVML_RUSD_POLL_ALL']);

/** Array parameters and the parameters that may hold their count. The order is that of the declaration. */
export const COUNT_OF_ARRAY: Readonly<Record<string, readonly string[]>> = {
  addresses: ['pageCount'],
  clocksMHz: ['count'],
  computeInstances: ['count'],
  deviceArray: ['count'],
  devices: ['deviceCount'],
  gpuInstances: ['count'],
  hwbcEntries: ['hwbcCount'],
  infos: ['infoCount'],
  pids: ['count'],
  placements: ['count'],
  samples: ['sampleCount'],
  sessionInfo: ['sessionCount'],
  sessionInfos: ['sessionCount'],
  utilization: ['processSamplesCount'],
  utilizationSamples: ['vgpuInstanceSamplesCount', 'vgpuProcessSamplesCount'],
  vgpuInstances: ['vgpuCount'],
  vgpuTypeIds: ['vgpuCount'],
};

/** A second array of the same count: nvmlDeviceGetRetiredPages_v2 gives a time for each address. */
export const BESIDE_ARRAY: Readonly<Record<string, string>> = { addresses: 'timestamps' };

/** How many items an array has room for at first, where that is not 32. A list grows when it is asked to. */
export const ARRAY_ROOM: Readonly<Record<string, number>> = {
  clocksMHz: 256,
  pids: 128,
  samples: 256,
  addresses: 64,
  deviceArray: 64,
};

/**
 * Functions that answer a list with success and its true length, even when the array was too short, or that want the
 * exact count, or whose list is nearly always empty, which the count alone shows in less time (encoder sessions: 5.6 us
 * instead of 6.2, H100): they are asked for the count first.
 */
export const COUNT_FIRST: ReadonlySet<string> = new Set([
  'nvmlSystemGetTopologyGpuSet',
  'nvmlDeviceGetTopologyNearestGpus',
  'nvmlDeviceGetEncoderSessions',
  'nvmlDeviceGetFBCSessions',
  'nvmlVgpuInstanceGetEncoderSessions',
  'nvmlVgpuInstanceGetFBCSessions',
]);

/** Arrays whose size in bytes follows by value, and how many elements they have. */
export const SIZED_ARRAY: Readonly<Record<string, number>> = { pstates: 16 };

/** Bit sets: their length in 64-bit words comes before them by value. Enough for 4096 CPUs or NUMA nodes. */
export const WORD_SETS: Readonly<Record<string, { readonly length: string; readonly words: number }>> = {
  cpuSet: { length: 'cpuSetSize', words: 64 },
  nodeSet: { length: 'nodeSetSize', words: 64 },
};

/** Room for a text, by the parameter of the function that fills it. */
export const TEXT_ROOM: Readonly<Record<string, number>> = {
  mdevUuid: 80,
  name: 96,
  partNumber: 80,
  pgpuMetadata: 256,
  serial: 30,
  uuid: 96,
  version: 80,
  vgpuPciId: 32,
  vgpuTypeClass: 64,
  vgpuTypeLicenseString: 128,
  vgpuTypeName: 64,
  vmId: 80,
};

/** The same where one function is narrower or wider than its parameter's name says. */
export const TEXT_ROOM_OF: Readonly<Record<string, number>> = {
  nvmlSystemGetProcessName: 4096,
  nvmlDeviceGetInforomVersion: 16,
  nvmlDeviceGetInforomImageVersion: 16,
  nvmlDeviceGetVbiosVersion: 32,
  nvmlDeviceGetGspFirmwareVersion: 64,
};

/** Parameters that always have the same value: the room in a struct that says it itself. */
export const FIXED_PARAM: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  nvmlSystemGetDriverBranch: { length: 80 },
};

/** Structs of variable length, followed by a pointer to their size, and the bytes allowed for them. */
export const VARIABLE_STRUCTS: Readonly<Record<string, number>> = {
  nvmlVgpuMetadata_t: 4096,
  nvmlVgpuPgpuMetadata_t: 4096,
};

/** Version constants of structs where the name does not follow from the struct's. */
export const VERSION_CONSTANTS: Readonly<Record<string, string | null>> = {
  nvmlGpmMetricsGet_t: 'NVML_GPM_METRICS_GET_VERSION',
  nvmlGpmSupport_t: 'NVML_GPM_SUPPORT_VERSION',
  /** Their version is an answer. */
  nvmlVgpuMetadata_t: null,
  nvmlVgpuPgpuMetadata_t: null,
};

/** Fields that say what is asked: set before the call, by struct. */
export const SELECTORS: Readonly<Record<string, readonly string[]>> = {
  nvmlAccountingStats_v2_t: ['pid'],
  nvmlClockOffset_v1_t: ['type', 'pstate'],
  nvmlCoolerInfo_v1_t: ['index'],
  nvmlFanSpeedInfo_v1_t: ['fan'],
  nvmlProcessDetailList_v1_t: ['mode'],
  nvmlProcessesUtilizationInfo_v1_t: ['lastSeenTimeStamp'],
  nvmlTemperature_v1_t: ['sensorType'],
  nvmlVgpuCreatablePlacementInfo_v1_t: ['vgpuTypeId'],
  nvmlVgpuInstancesUtilizationInfo_v1_t: ['lastSeenTimeStamp'],
  nvmlVgpuPlacementList_v2_t: ['mode'],
  nvmlVgpuProcessesUtilizationInfo_v1_t: ['lastSeenTimeStamp'],
  nvmlVgpuSchedulerLogInfo_v1_t: ['engineId'],
  nvmlVgpuSchedulerLogInfo_v2_t: ['engineId'],
  nvmlVgpuSchedulerStateInfo_v1_t: ['engineId'],
  nvmlVgpuSchedulerStateInfo_v2_t: ['engineId'],
  nvmlVgpuTypeMaxInstance_v1_t: ['vgpuTypeId'],
  nvmlSystemEventSetWaitRequest_v1_t: ['timeoutms', 'set'],
};

/** An array that a struct points to: its field, its count's field, and its items. */
export interface PointedArray {
  readonly field: string;
  readonly count: string;
  readonly item: string;
  readonly room: number;
  /** Where the items that were filled are counted, if not in `count`. */
  readonly filled?: string;
}

export const POINTED_ARRAYS: Readonly<Record<string, PointedArray>> = {
  nvmlActiveVgpuInstanceInfo_v1_t: {
    field: 'vgpuInstances',
    count: 'vgpuCount',
    item: 'unsigned int',
    room: 32,
  },
  nvmlEccSramUniqueUncorrectedErrorCounts_v1_t: {
    field: 'entries',
    count: 'entryCount',
    item: 'nvmlEccSramUniqueUncorrectedErrorEntry_v1_t',
    room: 32,
  },
  nvmlGetCPER_v1_t: { field: 'buffer', count: 'bufferSize', item: 'unsigned char', room: 65536 },
  nvmlPRMCounterList_v1_t: {
    field: 'counters',
    count: 'numCounters',
    item: 'nvmlPRMCounter_v1_t',
    room: 32,
  },
  nvmlProcessDetailList_v1_t: {
    field: 'procArray',
    count: 'numProcArrayEntries',
    item: 'nvmlProcessDetail_v1_t',
    room: 32,
  },
  nvmlProcessesUtilizationInfo_v1_t: {
    field: 'procUtilArray',
    count: 'processSamplesCount',
    item: 'nvmlProcessUtilizationInfo_v1_t',
    room: 64,
  },
  nvmlSystemEventSetWaitRequest_v1_t: {
    field: 'data',
    count: 'dataSize',
    filled: 'numEvent',
    item: 'nvmlSystemEventData_v1_t',
    room: 32,
  },
  nvmlVgpuCreatablePlacementInfo_v1_t: {
    field: 'placementIds',
    count: 'count',
    item: 'unsigned int',
    room: 64,
  },
  nvmlVgpuInstancesUtilizationInfo_v1_t: {
    field: 'vgpuUtilArray',
    count: 'vgpuInstanceCount',
    item: 'nvmlVgpuInstanceUtilizationInfo_v1_t',
    room: 32,
  },
  nvmlVgpuPlacementList_v2_t: { field: 'placementIds', count: 'count', item: 'unsigned int', room: 64 },
  nvmlVgpuProcessesUtilizationInfo_v1_t: {
    field: 'vgpuProcUtilArray',
    count: 'vgpuProcessCount',
    item: 'nvmlVgpuProcessUtilizationInfo_v1_t',
    room: 32,
  },
  nvmlVgpuTypeIdInfo_v1_t: { field: 'vgpuTypeIds', count: 'vgpuCount', item: 'unsigned int', room: 64 },
};

/**
 * Struct parameters that go against the rule. The rule: a function that changes something reads its struct
 * (`in`), any other fills it (`out`), and one with selectors or a given array does both (`inout`).
 */
export const STRUCT_ROLES: Readonly<Record<string, Readonly<Record<string, 'in' | 'out' | 'inout'>>>> = {
  nvmlDeviceGetConfComputeGpuAttestationReport: { gpuAtstReport: 'inout' },
  nvmlDeviceGetHandleByUUIDV: { uuid: 'in' },
  nvmlDeviceQueryDrainState: { pciInfo: 'in' },
  nvmlDeviceReadPRMCounters_v1: { counterList: 'inout' },
  nvmlDeviceReadWritePRM_v1: { buffer: 'inout' },
  nvmlEventSetWait: { data: 'out' },
  nvmlEventSetWait_v2: { data: 'out' },
  nvmlGetVgpuCompatibility: { vgpuMetadata: 'in', pgpuMetadata: 'in' },
  nvmlGpmMetricsGet: { metricsGet: 'inout' },
  nvmlSystemEventSetCreate: { request: 'out' },
  nvmlSystemEventSetWait: { request: 'inout' },
  nvmlSystemGetCPER_v1: { cper: 'inout' },
};

/** Pointers to scalars that are read, not filled. */
export const SCALARS_IN: Readonly<Record<string, readonly string[]>> = {
  nvmlDeviceSetTemperatureThreshold: ['temp'],
};

/**
 * Those of CHANGES that change nothing but this process. PRM registers are here as `prm` reads them with the function that could
 * write them, too.
 */
export const OF_THE_PROCESS: ReadonlySet<string> = new Set([
  'nvmlInit',
  'nvmlInit_v2',
  'nvmlInitWithFlags',
  'nvmlShutdown',
  'nvmlDeviceSetCpuAffinity',
  'nvmlDeviceClearCpuAffinity',
  'nvmlEventSetCreate',
  'nvmlDeviceRegisterEvents',
  'nvmlEventSetWait',
  'nvmlEventSetWait_v2',
  'nvmlEventSetFree',
  'nvmlSystemEventSetCreate',
  'nvmlSystemEventSetFree',
  'nvmlSystemRegisterEvents',
  'nvmlSystemEventSetWait',
  'nvmlGpmSampleAlloc',
  'nvmlGpmSampleFree',
  'nvmlGpmSampleGet',
  'nvmlGpmMigSampleGet',
  'nvmlDeviceReadWritePRM_v1',
]);

/** Functions that change a setting, a counter, an instance, an event set or the library itself. */
export const CHANGES: ReadonlySet<string> = new Set([
  'nvmlInit',
  'nvmlInit_v2',
  'nvmlInitWithFlags',
  'nvmlShutdown',
  'nvmlDeviceSetCpuAffinity',
  'nvmlDeviceClearCpuAffinity',
  'nvmlDeviceSetClockOffsets',
  'nvmlDeviceSetPowerMizerMode_v1',
  'nvmlDeviceSetDramEncryptionMode',
  'nvmlDeviceSetConfComputeUnprotectedMemSize',
  'nvmlSystemSetConfComputeGpusReadyState',
  'nvmlSystemSetConfComputeKeyRotationThresholdInfo',
  'nvmlDeviceSetPowerManagementLimit',
  'nvmlDeviceSetPowerManagementLimit_v2',
  'nvmlDeviceSetHostname_v1',
  'nvmlUnitSetLedState',
  'nvmlDeviceSetPersistenceMode',
  'nvmlDeviceSetComputeMode',
  'nvmlDeviceSetEccMode',
  'nvmlDeviceClearEccErrorCounts',
  'nvmlDeviceSetDriverModel',
  'nvmlDeviceSetGpuLockedClocks',
  'nvmlDeviceResetGpuLockedClocks',
  'nvmlDeviceSetMemoryLockedClocks',
  'nvmlDeviceResetMemoryLockedClocks',
  'nvmlDeviceSetApplicationsClocks',
  'nvmlDeviceResetApplicationsClocks',
  'nvmlDeviceSetAutoBoostedClocksEnabled',
  'nvmlDeviceSetDefaultAutoBoostedClocksEnabled',
  'nvmlDeviceSetDefaultFanSpeed_v2',
  'nvmlDeviceSetFanControlPolicy',
  'nvmlDeviceSetFanSpeed_v2',
  'nvmlDeviceSetTemperatureThreshold',
  'nvmlDeviceSetGpuOperationMode',
  'nvmlDeviceSetAPIRestriction',
  'nvmlDeviceSetGpcClkVfOffset',
  'nvmlDeviceSetMemClkVfOffset',
  'nvmlDeviceSetAccountingMode',
  'nvmlDeviceClearAccountingPids',
  'nvmlDeviceResetNvLinkErrorCounters',
  'nvmlDeviceSetNvLinkUtilizationControl',
  'nvmlDeviceFreezeNvLinkUtilizationCounter',
  'nvmlDeviceResetNvLinkUtilizationCounter',
  'nvmlDeviceSetNvLinkDeviceLowPowerThreshold',
  'nvmlSystemSetNvlinkBwMode',
  'nvmlDeviceSetNvlinkBwMode',
  'nvmlEventSetCreate',
  'nvmlDeviceRegisterEvents',
  'nvmlEventSetWait',
  'nvmlEventSetWait_v2',
  'nvmlEventSetFree',
  'nvmlSystemEventSetCreate',
  'nvmlSystemEventSetFree',
  'nvmlSystemRegisterEvents',
  'nvmlSystemEventSetWait',
  'nvmlDeviceModifyDrainState',
  'nvmlDeviceRemoveGpu',
  'nvmlDeviceRemoveGpu_v2',
  'nvmlDeviceDiscoverGpus',
  'nvmlDeviceClearFieldValues',
  'nvmlDeviceSetVirtualizationMode',
  'nvmlDeviceSetVgpuHeterogeneousMode',
  'nvmlDeviceSetVgpuCapabilities',
  'nvmlDeviceVgpuForceGspUnload',
  'nvmlVgpuInstanceSetEncoderCapacity',
  'nvmlVgpuInstanceClearAccountingPids',
  'nvmlGpuInstanceSetVgpuSchedulerState',
  'nvmlGpuInstanceSetVgpuSchedulerState_v2',
  'nvmlGpuInstanceSetVgpuHeterogeneousMode',
  'nvmlDeviceSetVgpuSchedulerState',
  'nvmlDeviceSetVgpuSchedulerState_v2',
  'nvmlSetVgpuVersion',
  'nvmlDeviceReadWritePRM_v1',
  'nvmlDeviceSetMigMode',
  'nvmlDeviceCreateGpuInstance',
  'nvmlDeviceCreateGpuInstanceWithPlacement',
  'nvmlGpuInstanceDestroy',
  'nvmlGpuInstanceCreateComputeInstance',
  'nvmlGpuInstanceCreateComputeInstanceWithPlacement',
  'nvmlComputeInstanceDestroy',
  'nvmlGpmSampleAlloc',
  'nvmlGpmSampleFree',
  'nvmlGpmSampleGet',
  'nvmlGpmMigSampleGet',
  'nvmlGpmSetStreamingEnabled',
  'nvmlDeviceWorkloadPowerProfileSetRequestedProfiles',
  'nvmlDeviceWorkloadPowerProfileClearRequestedProfiles',
  'nvmlDeviceWorkloadPowerProfileUpdateProfiles_v1',
  'nvmlDevicePowerSmoothingActivatePresetProfile',
  'nvmlDevicePowerSmoothingUpdatePresetProfileParam',
  'nvmlDevicePowerSmoothingSetState',
  'nvmlDeviceSetRusdSettings_v1',
]);

/** Handle types and their kinds. */
export const HANDLES: Readonly<Record<string, string>> = {
  nvmlDevice_t: 'device',
  nvmlUnit_t: 'unit',
  nvmlGpuInstance_t: 'gpuInstance',
  nvmlComputeInstance_t: 'computeInstance',
  nvmlEventSet_t: 'eventSet',
  nvmlSystemEventSet_t: 'systemEventSet',
  nvmlGpmSample_t: 'gpmSample',
};

/** What each kind of handle refers to. */
export const HANDLE_WORDS: Readonly<Record<string, string>> = {
  device: 'a GPU, or a MIG device of one',
  unit: 'an S-class unit',
  gpuInstance: 'a GPU instance (MIG)',
  computeInstance: 'a compute instance (MIG)',
  eventSet: 'an event set',
  systemEventSet: 'a system event set',
  gpmSample: 'a GPM sample',
};

/** A question for older drivers: another function, or the same one with an older version of its struct. */
export interface OlderNote {
  readonly fn?: string;
  readonly struct?: string;
  /** Names of its outputs, where the newest form has others. */
  readonly as?: Readonly<Record<string, string>>;
}

/** What is asked in place of a function that the driver does not know, newest first. Inputs have the same names in all. */
export const OLDER: Readonly<Record<string, readonly OlderNote[]>> = {
  nvmlDeviceGetAccountingStats_v2: [{ fn: 'nvmlDeviceGetAccountingStats' }],
  nvmlDeviceGetComputeRunningProcesses_v3: [
    { fn: 'nvmlDeviceGetComputeRunningProcesses_v2' },
    { fn: 'nvmlDeviceGetComputeRunningProcesses' },
  ],
  nvmlDeviceGetCurrentClocksEventReasons: [{ fn: 'nvmlDeviceGetCurrentClocksThrottleReasons' }],
  nvmlDeviceGetDriverModel_v2: [{ fn: 'nvmlDeviceGetDriverModel' }],
  nvmlDeviceGetGpuFabricInfoV: [{ struct: 'nvmlGpuFabricInfo_v2_t' }, { fn: 'nvmlDeviceGetGpuFabricInfo' }],
  nvmlDeviceGetGpuInstancePossiblePlacements_v2: [{ fn: 'nvmlDeviceGetGpuInstancePossiblePlacements' }],
  nvmlDeviceGetGpuInstanceProfileInfoV: [{ fn: 'nvmlDeviceGetGpuInstanceProfileInfo' }],
  nvmlDeviceGetGraphicsRunningProcesses_v3: [
    { fn: 'nvmlDeviceGetGraphicsRunningProcesses_v2' },
    { fn: 'nvmlDeviceGetGraphicsRunningProcesses' },
  ],
  nvmlDeviceGetGridLicensableFeatures_v4: [{ fn: 'nvmlDeviceGetGridLicensableFeatures_v3' }],
  nvmlDeviceGetMPSComputeRunningProcesses_v3: [
    { fn: 'nvmlDeviceGetMPSComputeRunningProcesses_v2' },
    { fn: 'nvmlDeviceGetMPSComputeRunningProcesses' },
  ],
  nvmlDeviceGetMemoryInfo_v2: [{ fn: 'nvmlDeviceGetMemoryInfo' }],
  nvmlDeviceGetNvLinkInfo: [{ struct: 'nvmlNvLinkInfo_v1_t' }],
  nvmlDeviceGetNvLinkRemotePciInfo_v2: [{ fn: 'nvmlDeviceGetNvLinkRemotePciInfo' }],
  nvmlDeviceGetPciInfo_v3: [{ fn: 'nvmlDeviceGetPciInfo_v2' }, { fn: 'nvmlDeviceGetPciInfo' }],
  nvmlDeviceGetPerformanceState: [{ fn: 'nvmlDeviceGetPowerState' }],
  nvmlDeviceGetPlatformInfo: [{ struct: 'nvmlPlatformInfo_v1_t' }],
  nvmlDeviceGetRemappedRows_v2: [
    {
      fn: 'nvmlDeviceGetRemappedRows',
      as: {
        corrRows: 'corrActiveRemaps',
        uncRows: 'uncActiveRemaps',
        isPending: 'bPending',
        failureOccurred: 'bFailureOccurred',
      },
    },
  ],
  nvmlDeviceGetSupportedClocksEventReasons: [{ fn: 'nvmlDeviceGetSupportedClocksThrottleReasons' }],
  nvmlDeviceGetTemperatureV: [{ fn: 'nvmlDeviceGetTemperature', as: { temp: 'temperature' } }],
  nvmlGpuInstanceGetComputeInstanceProfileInfoV: [{ fn: 'nvmlGpuInstanceGetComputeInstanceProfileInfo' }],
  nvmlSystemGetConfComputeSettings: [{ fn: 'nvmlSystemGetConfComputeState' }],
  nvmlSystemGetCudaDriverVersion_v2: [{ fn: 'nvmlSystemGetCudaDriverVersion' }],
};
