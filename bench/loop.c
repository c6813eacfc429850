/*
 * The calls of a loop sample, from C: what NVML itself costs. One sample asks, on every GPU, what the 1-field or
 * the 8-field query asks at every tick. Prints "name samples wall_ns cpu_ns" per sample.
 * Build: gcc -O2 -o loop bench/loop.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef void *device;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } memory_v2;
typedef struct { unsigned gpu, memory; } utilization;

static int (*init)(void);
static int (*count)(unsigned *);
static int (*byIndex)(unsigned, device *);
static int (*memoryInfo)(device, memory_v2 *);
static int (*utilizationRates)(device, utilization *);
static int (*temperature)(device, int, unsigned *);
static int (*powerUsage)(device, unsigned *);

static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static unsigned gpus;
static device handles[64];

static void sample(int fields) {
  for (unsigned i = 0; i < gpus; i++) {
    memory_v2 m = {.version = sizeof(memory_v2) | 2 << 24};
    memoryInfo(handles[i], &m);
    if (fields == 1) continue;
    utilization u;
    unsigned t;
    unsigned p;
    utilizationRates(handles[i], &u);
    temperature(handles[i], 0, &t);
    powerUsage(handles[i], &p);
  }
}

int main(int argc, char **argv) {
  int samples = argc > 1 ? atoi(argv[1]) : 20000;
  void *lib = dlopen(argc > 2 ? argv[2] : "libnvidia-ml.so.1", RTLD_NOW);
  if (!lib) return fprintf(stderr, "%s\n", dlerror()), 1;
  init = dlsym(lib, "nvmlInit_v2");
  count = dlsym(lib, "nvmlDeviceGetCount_v2");
  byIndex = dlsym(lib, "nvmlDeviceGetHandleByIndex_v2");
  memoryInfo = dlsym(lib, "nvmlDeviceGetMemoryInfo_v2");
  utilizationRates = dlsym(lib, "nvmlDeviceGetUtilizationRates");
  temperature = dlsym(lib, "nvmlDeviceGetTemperature");
  powerUsage = dlsym(lib, "nvmlDeviceGetPowerUsage");
  if (init() || count(&gpus)) return 1;
  for (unsigned i = 0; i < gpus; i++) byIndex(i, &handles[i]);
  int sets[] = {1, 8};
  for (int s = 0; s < 2; s++) {
    for (int i = 0; i < samples / 10; i++) sample(sets[s]);
    double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < samples; i++) sample(sets[s]);
    printf("{\"tool\":\"c\",\"fields\":%d,\"samples\":%d,\"wallNs\":%.0f,\"cpuNs\":%.0f}\n", sets[s], samples,
           (now(CLOCK_MONOTONIC) - wall) / samples, (now(CLOCK_PROCESS_CPUTIME_ID) - cpu) / samples);
  }
  return 0;
}
