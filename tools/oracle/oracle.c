/*
 * Lets a real nvidia-smi run on the fake NVML (test/fake-nvml), with any recording as the machine. Preloaded into it:
 *
 *   gcc -shared -fPIC -O1 -o oracle.so tools/oracle/oracle.c -ldl
 *   LD_LIBRARY_PATH=FAKE LD_PRELOAD=./oracle.so nvidia-smi
 *
 * nvidia-smi asks some things past NVML's public functions, through a table of internal ones (its GUID, slots and the layout of a
 * process entry are public: NVIDIA/k8s-test-infra). Here the public functions of the fake answer for them. A slot of unknown
 * meaning succeeds and says 0. With NVML_ORACLE_LOG=1 every function looked up and every slot asked is written to stderr.
 * NVML_ORACLE_DRIVER is the version of the program, as 525.147.05; NVML_ORACLE_PARTS has the part number of each GPU, with commas between them,
 * NVML_ORACLE_ADDRESSES the PCI address of each GPU that cannot be attached.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  SLOTS = 320,
  PARSE_PCI_ADDRESS = 12,
  PCI_COMMON_ANCESTOR = 23,
  IS_MONITORED = 72,
  PCI_ADDRESS_BY_INDEX = 75,
  HANDLE_BY_INDEX = 81,
  ENFORCED_POWER_LIMIT = 108,
  TIMESLICE = 193,
  BOOST_SLIDERS = 194,
  POWER_HINT = 199,
  MODULE_ID = 207,
  VOLTAGE = 209,
  BASE_CLOCK = 210,
  GSP_FIRMWARE_VERSION = 211,
  PROCESSES_FIRST = 213,
  PROCESSES_LAST = 215,
  HOST_MAX_LINK_GENERATION = 230,
  MEMORY_AFFINITY = 223,
  GPU_PART_NUMBER = 231,
  /* With room for a text it is the number of the replaceable unit, which no public function has. */
  MARGIN_TEMPERATURE_525 = 237,
  MARGIN_TEMPERATURE = 240,
  NUMA_NODE = 241,
  ADDRESSING_MODE = 242,
  SPARSE_OPERATION_535 = 243,
  SPARSE_OPERATION_550 = 249,
};
enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, TIMEOUT = 10, HOPPER = 9 };

typedef struct {
  uint32_t pid, pad;
  uint64_t memory;
  uint32_t gpuInstance, computeInstance;
} PublicProcess;

/* An entry of the internal list begins as the public one does; since 535 the protected memory follows, then the name. */
enum { NAME_SIZE = 4096, NAME_AT_525 = 24, NAME_AT = 32 };

static size_t name_at(void)
{
  const char *driver = getenv("NVML_ORACLE_DRIVER");
  return driver != NULL && atoi(driver) < 535 ? NAME_AT_525 : NAME_AT;
}

static void *library;
static void *(*real_dlsym)(void *, const char *);

static void *function(const char *name)
{
  return library == NULL ? NULL : real_dlsym(library, name);
}

static int logs(void)
{
  static int on = -1;
  if (on < 0) on = getenv("NVML_ORACLE_LOG") != NULL;
  return on;
}

/* Handles that the fake gave out. */
static void *handles[64];
static int known;

static int index_of(void *handle)
{
  for (int i = 0; i < known; i++)
    if (handles[i] == handle) return i;
  return -1;
}

static int handle_by_index(unsigned index, void **out)
{
  int (*get)(unsigned, void **) = function("nvmlDeviceGetHandleByIndex_v2");
  int status = get == NULL ? NOT_SUPPORTED : get(index, out);
  if (status == SUCCESS && index_of(*out) < 0 && known < 64) handles[known++] = *out;
  return status;
}

static int processes(void *device, unsigned slot, unsigned *count, char *list)
{
  static const char *const asks[] = {
    "nvmlDeviceGetComputeRunningProcesses_v3",
    "nvmlDeviceGetMPSComputeRunningProcesses_v3",
    "nvmlDeviceGetGraphicsRunningProcesses_v3",
  };
  int (*get)(void *, unsigned *, PublicProcess *) = function(asks[slot - PROCESSES_FIRST]);
  int (*name)(unsigned, char *, unsigned) = function("nvmlSystemGetProcessName");
  PublicProcess some[256];
  unsigned room = *count, found = 256;
  int status = get == NULL ? NOT_SUPPORTED : get(device, &found, some);
  *count = 0;
  if (status != SUCCESS) return status;
  for (unsigned i = 0; i < found && i < room; i++) {
    char *entry = list + (*count)++ * (name_at() + NAME_SIZE);
    memset(entry, 0, name_at() + NAME_SIZE);
    memcpy(entry, &some[i], sizeof some[i]);
    if (name != NULL) name(some[i].pid, entry + name_at(), NAME_SIZE);
  }
  return SUCCESS;
}

/* One of the texts between the commas of a variable. */
static int text_of(const char *variable, int index, char *out, size_t room)
{
  const char *texts = getenv(variable);
  for (; texts != NULL && index > 0; index--) {
    texts = strchr(texts, ',');
    if (texts != NULL) texts++;
  }
  size_t length = texts == NULL ? 0 : strcspn(texts, ",");
  if (length == 0 || length >= room) return NOT_SUPPORTED;
  memcpy(out, texts, length);
  out[length] = 0;
  return SUCCESS;
}

static int number(const char *name, void *device, unsigned *out)
{
  int (*get)(void *, unsigned *) = function(name);
  return get == NULL ? NOT_SUPPORTED : get(device, out);
}

/* A value of a struct that has nothing but its version before it. */
static int versioned(const char *name, void *device, unsigned *out)
{
  struct { unsigned version, value; } answer = { 8 | 1 << 24, 0 };
  int (*get)(void *, void *) = function(name);
  int status = get == NULL ? NOT_SUPPORTED : get(device, &answer);
  if (status == SUCCESS) *out = answer.value;
  return status;
}

/* Only an H100 and an H200 were seen to have a sparse operation mode, which was off. */
static int sparse_operation(void *device, unsigned *out)
{
  unsigned architecture = 0;
  if (number("nvmlDeviceGetArchitecture", device, &architecture) != SUCCESS || architecture != HOPPER) return NOT_SUPPORTED;
  *out = 0;
  return SUCCESS;
}

/* The PCI address of a GPU, which need not be attached for it. */
static int pci_address(unsigned index, unsigned *domain, unsigned *bus, unsigned *slot_)
{
  struct { char legacy[16]; unsigned domain, bus, device, ids[2]; char id[32]; } info;
  int (*get)(void *, void *) = function("nvmlDeviceGetPciInfo_v3");
  void *device = NULL;
  char address[32];
  if (text_of("NVML_ORACLE_ADDRESSES", (int)index, address, sizeof address) == SUCCESS)
    return sscanf(address, "%x:%x:%x", domain, bus, slot_) == 3 ? SUCCESS : INVALID_ARGUMENT;
  int status = handle_by_index(index, &device);
  if (status == SUCCESS) status = get == NULL ? NOT_SUPPORTED : get(device, &info);
  if (status != SUCCESS) return status;
  *domain = info.domain;
  *bus = info.bus;
  *slot_ = info.device;
  return SUCCESS;
}

/* A PCI address as text: domain:bus:device[.function], or bus:device.function. */
static int parse_address(const char *text, unsigned *domain, unsigned *bus, unsigned *slot_)
{
  unsigned function = 0;
  *domain = 0;
  if (sscanf(text, "%x:%x:%x.%x", domain, bus, slot_, &function) >= 3) return SUCCESS;
  *domain = 0;
  return sscanf(text, "%x:%x.%x", bus, slot_, &function) == 3 ? SUCCESS : INVALID_ARGUMENT;
}

/* What two PCI addresses have in common, counted from PIX (0) to SYS (4). */
static int common_ancestor(const char *one, const char *other, unsigned *level)
{
  int (*find)(const char *, void **) = function("nvmlDeviceGetHandleByPciBusId_v2");
  int (*get)(void *, void *, unsigned *) = function("nvmlDeviceGetTopologyCommonAncestor");
  void *a = NULL, *b = NULL;
  unsigned public = 0;
  if (find == NULL || get == NULL) return NOT_SUPPORTED;
  int status = find(one, &a);
  if (status == SUCCESS) status = find(other, &b);
  if (status == SUCCESS) status = get(a, b, &public);
  if (status == SUCCESS) *level = public < 10 ? 0 : public / 10 - 1;
  return status;
}

static int asked(unsigned slot, void *a, void *b, void *c, void *d)
{
  if (logs()) fprintf(stderr, "[slot %u %p %p %p %p]\n", slot, a, b, c, d);
  if (slot == HANDLE_BY_INDEX && (uintptr_t)a < 64 && b != NULL) return handle_by_index((unsigned)(uintptr_t)a, b);
  if (slot == PARSE_PCI_ADDRESS && a != NULL && b != NULL && c != NULL && d != NULL) return parse_address(a, b, c, d);
  if (slot == PCI_COMMON_ANCESTOR && a != NULL && b != NULL && c != NULL) return common_ancestor(a, b, c);
  if (slot == PCI_ADDRESS_BY_INDEX && (uintptr_t)a < 64 && b != NULL && c != NULL && d != NULL)
    return pci_address((unsigned)(uintptr_t)a, b, c, d);
  /* Also of MIG devices, whose handles were not given out here: the fake knows them. */
  if (slot >= PROCESSES_FIRST && slot <= PROCESSES_LAST && b != NULL && (uintptr_t)b >> 47 == 0) return processes(a, slot, b, c);
  int index = index_of(a);
  if (index < 0) return SUCCESS;
  if (slot == GPU_PART_NUMBER) return text_of("NVML_ORACLE_PARTS", index, b, (size_t)(uintptr_t)c);
  if (slot == ENFORCED_POWER_LIMIT) return number("nvmlDeviceGetEnforcedPowerLimit", a, b);
  if (slot == MODULE_ID) return number("nvmlDeviceGetModuleId", a, b);
  if (slot == MARGIN_TEMPERATURE || (slot == MARGIN_TEMPERATURE_525 && (uintptr_t)c != 0x14)) return versioned("nvmlDeviceGetMarginTemperature", a, b);
  if (slot == NUMA_NODE) return number("nvmlDeviceGetNumaNodeId", a, b);
  if (slot == MEMORY_AFFINITY) {
    int (*get)(void *, unsigned, void *, unsigned) = function("nvmlDeviceGetMemoryAffinity");
    return get == NULL ? NOT_SUPPORTED : get(a, (unsigned)(uintptr_t)b, c, (unsigned)(uintptr_t)d);
  }
  if (slot == ADDRESSING_MODE) return versioned("nvmlDeviceGetAddressingMode", a, b);
  if (slot == SPARSE_OPERATION_535 || slot == SPARSE_OPERATION_550) return sparse_operation(a, b);
  if (slot == GSP_FIRMWARE_VERSION) {
    int (*get)(void *, char *) = function("nvmlDeviceGetGspFirmwareVersion");
    return get == NULL ? NOT_SUPPORTED : get(a, b);
  }
  /* No public function reports these, so that a recording cannot. */
  if (slot == HOST_MAX_LINK_GENERATION || slot == VOLTAGE || slot == TIMESLICE || slot == BOOST_SLIDERS || slot == POWER_HINT || slot == BASE_CLOCK) return NOT_SUPPORTED;
  /* What is no address is a selector or a time, and the place for the answer follows: nothing is known of it. */
  if ((uintptr_t)b < 0x10000 || (uintptr_t)b >> 47) return b == NULL ? SUCCESS : NOT_SUPPORTED;
  /* dmon and pmon ask whether they may watch a GPU. */
  *(unsigned *)b = slot == IS_MONITORED;
  return SUCCESS;
}

#define ONE(h, m, l) \
  static int slot_##h##m##l(void *a, void *b, void *c, void *d) { return asked(h * 100 + m * 10 + l, a, b, c, d); }
#define TEN(f, h, m) f(h, m, 0) f(h, m, 1) f(h, m, 2) f(h, m, 3) f(h, m, 4) f(h, m, 5) f(h, m, 6) f(h, m, 7) f(h, m, 8) f(h, m, 9)
#define HUNDRED(f, h) \
  TEN(f, h, 0) TEN(f, h, 1) TEN(f, h, 2) TEN(f, h, 3) TEN(f, h, 4) TEN(f, h, 5) TEN(f, h, 6) TEN(f, h, 7) TEN(f, h, 8) TEN(f, h, 9)
HUNDRED(ONE, 0) HUNDRED(ONE, 1) HUNDRED(ONE, 2) TEN(ONE, 3, 0) TEN(ONE, 3, 1)
#define ENTRY(h, m, l) slot_##h##m##l,
static void *table[SLOTS] = { HUNDRED(ENTRY, 0) HUNDRED(ENTRY, 1) HUNDRED(ENTRY, 2) TEN(ENTRY, 3, 0) TEN(ENTRY, 3, 1) };

static int export_table(void **out, const unsigned char *guid)
{
  (void)guid;
  table[0] = (void *)(uintptr_t)(SLOTS * sizeof(void *));
  *out = table;
  return SUCCESS;
}

/* Recordings have no events. The summary and the report want a set before they begin, and wait for nothing. */
static int set_create(void **set)
{
  static int one;
  *set = &one;
  return SUCCESS;
}
static int set_free(void *set) { return (void)set, SUCCESS; }
static int register_none(void *device, uint64_t types, void *set) { return (void)device, (void)types, (void)set, SUCCESS; }
static int wait_none(void *set, void *data, unsigned ms) { return (void)set, (void)data, (void)ms, TIMEOUT; }

static const struct { const char *name; void *instead; } stand_ins[] = {
  { "nvmlInternalGetExportTable", (void *)export_table },
  { "nvmlEventSetCreate", (void *)set_create },
  { "nvmlEventSetFree", (void *)set_free },
  { "nvmlDeviceRegisterEvents", (void *)register_none },
  { "nvmlEventSetWait_v2", (void *)wait_none },
  { "nvmlEventSetWait", (void *)wait_none },
};

void *dlsym(void *from, const char *name)
{
  if (real_dlsym == NULL) real_dlsym = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
  if (real_dlsym == NULL) real_dlsym = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
  void *found = real_dlsym(from, name);
  if (strncmp(name, "nvml", 4) != 0 || from == RTLD_DEFAULT || from == RTLD_NEXT) return found;
  library = from;
  for (size_t i = 0; i < sizeof stand_ins / sizeof *stand_ins; i++)
    if (strcmp(name, stand_ins[i].name) == 0) return stand_ins[i].instead;
  if (logs()) fprintf(stderr, "[%s%s]\n", found == NULL ? "no " : "", name);
  return found;
}
