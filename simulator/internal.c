/*
 * What the real nvidia-smi asks past NVML's public functions: a table of internal ones, whose first word is its size in bytes.
 * What is known of it are public facts (NVIDIA/k8s-test-infra) and what 470 to 580 were seen to ask. Of all else a call succeeds
 * and counts nothing, or is not supported.
 */
#ifndef FRONT

enum { SLOTS = 320 };
enum { IS_MONITORED = 72, HANDLE_BY_INDEX = 81, PROCESSES = 213, HOST_LINK_GENERATION = 230 };
enum { PROCESS_KINDS = 3, MOST_PROCESSES = 1024 };

EXPORT nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device);
EXPORT nvmlReturn_t nvmlDeviceGetMaxPcieLinkGeneration(nvmlDevice_t device, unsigned int *generation);
EXPORT nvmlReturn_t nvmlSystemGetProcessName(unsigned int pid, char *name, unsigned int length);
EXPORT nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t device, unsigned int *count, nvmlProcessInfo_t *infos);
EXPORT nvmlReturn_t nvmlDeviceGetMPSComputeRunningProcesses_v3(nvmlDevice_t device, unsigned int *count, nvmlProcessInfo_t *infos);
EXPORT nvmlReturn_t nvmlDeviceGetGraphicsRunningProcesses_v3(nvmlDevice_t device, unsigned int *count, nvmlProcessInfo_t *infos);

struct internal_process {
  uint32_t pid, unused;
  uint64_t memory;
  uint32_t gpu_instance, compute_instance;
  uint64_t protected_memory;
  char name[4096];
};

static nvmlReturn_t internal_processes(nvmlDevice_t device, unsigned kind, unsigned *count, struct internal_process *list)
{
  nvmlReturn_t (*const asks[PROCESS_KINDS])(nvmlDevice_t, unsigned *, nvmlProcessInfo_t *) = {
    nvmlDeviceGetComputeRunningProcesses_v3, nvmlDeviceGetMPSComputeRunningProcesses_v3, nvmlDeviceGetGraphicsRunningProcesses_v3
  };
  nvmlProcessInfo_t *some = calloc(MOST_PROCESSES, sizeof *some);
  unsigned found = MOST_PROCESSES, room = *count;
  nvmlReturn_t status = asks[kind](device, &found, some);
  *count = 0;
  for (unsigned i = 0; status == NVML_SUCCESS && i < found && i < room; i++) {
    struct internal_process *process = &list[(*count)++];
    memset(process, 0, sizeof *process);
    process->pid = some[i].pid;
    process->memory = some[i].usedGpuMemory;
    process->gpu_instance = some[i].gpuInstanceId;
    process->compute_instance = some[i].computeInstanceId;
    nvmlSystemGetProcessName(process->pid, process->name, sizeof process->name);
  }
  free(some);
  return status;
}

static int is_address(uint64_t value)
{
  return value >= 0x10000 && value >> 47 == 0;
}

static nvmlReturn_t internal_call(unsigned slot, uint64_t a, uint64_t b, uint64_t c)
{
  nvmlDevice_t device = (nvmlDevice_t)(uintptr_t)a;
  unsigned *number = (unsigned *)(uintptr_t)b;
  if (slot == HANDLE_BY_INDEX && a < MOST_PROCESSES && is_address(b))
    return nvmlDeviceGetHandleByIndex_v2((unsigned)a, (nvmlDevice_t *)(uintptr_t)b);
  if (slot >= PROCESSES && slot < PROCESSES + PROCESS_KINDS && is_address(b))
    return internal_processes(device, slot - PROCESSES, number, (struct internal_process *)(uintptr_t)c);
  if (handle_name(a) == NULL || b == 0) return NVML_SUCCESS;
  /* What is no address is a selector or a time, and what follows is the place for an answer that is not known. */
  if (!is_address(b)) return NVML_ERROR_NOT_SUPPORTED;
  if (slot == HOST_LINK_GENERATION) return nvmlDeviceGetMaxPcieLinkGeneration(device, number);
  /* dmon and pmon ask whether they may watch a GPU. */
  *number = slot == IS_MONITORED;
  return NVML_SUCCESS;
}

#define ONE(h, t, o) \
  static nvmlReturn_t slot_##h##t##o(uint64_t a, uint64_t b, uint64_t c) { return internal_call(h * 100 + t * 10 + o, a, b, c); }
#define TEN(f, h, t) f(h, t, 0) f(h, t, 1) f(h, t, 2) f(h, t, 3) f(h, t, 4) f(h, t, 5) f(h, t, 6) f(h, t, 7) f(h, t, 8) f(h, t, 9)
#define HUNDRED(f, h) \
  TEN(f, h, 0) TEN(f, h, 1) TEN(f, h, 2) TEN(f, h, 3) TEN(f, h, 4) TEN(f, h, 5) TEN(f, h, 6) TEN(f, h, 7) TEN(f, h, 8) TEN(f, h, 9)
#define ALL(f) HUNDRED(f, 0) HUNDRED(f, 1) HUNDRED(f, 2) TEN(f, 3, 0) TEN(f, 3, 1)
#define ENTRY(h, t, o) (void *)slot_##h##t##o,
ALL(ONE)
static void *internal_table[SLOTS] = { ALL(ENTRY) };

EXPORT nvmlReturn_t nvmlInternalGetExportTable(void **table, const unsigned char *guid)
{
  (void)guid;
  internal_table[0] = (void *)(uintptr_t)sizeof internal_table;
  *table = internal_table;
  return NVML_SUCCESS;
}

#endif
