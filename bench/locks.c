/*
 * What overlaps inside the driver, from C: attaching GPUs, first calls, infoROM checks and PCIe counters, in turn and on
 * threads. Tells which waits a program can hide behind others and which the driver makes it wait out.
 * Build: gcc -O2 -o locks bench/locks.c -ldl -lpthread
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef void *device;
#define MOST 16

static void *library;
static device gpus[MOST];
static unsigned count;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int call(const char *name, device gpu, long a, void *out) {
  int (*function)(device, ...) = (int (*)(device, ...))dlsym(library, name);
  if (function == NULL) return -1;
  return a < 0 ? function(gpu, out) : function(gpu, (int)a, out);
}

/* What is asked of a GPU here: calls that a report makes, most of them slow the first time. */
static const struct { const char *name; long argument; } FIRST[] = {
  {"nvmlDeviceGetDisplayMode", -1}, {"nvmlDeviceGetModuleId", -1}, {"nvmlDeviceGetMaxPcieLinkGeneration", -1},
  {"nvmlDeviceGetPcieReplayCounter", -1}, {"nvmlDeviceGetPerformanceState", -1}, {"nvmlDeviceGetUtilizationRates", -1},
  {"nvmlDeviceGetPowerUsage", -1}, {"nvmlDeviceGetTotalEnergyConsumption", -1}, {"nvmlDeviceGetMaxClockInfo", 0},
  {"nvmlDeviceGetMaxClockInfo", 1}, {"nvmlDeviceGetMaxClockInfo", 2}, {"nvmlDeviceGetMaxClockInfo", 3},
  {"nvmlDeviceGetTemperatureThreshold", 1}, {"nvmlDeviceGetTemperatureThreshold", 2}, {"nvmlDeviceGetTemperature", 0},
};

struct job { int what; unsigned gpu; double took; unsigned value; };
enum { ATTACH, CALLS, INFOROM, SENT, RECEIVED, MEMORY };

static void *run(void *argument) {
  struct job *job = argument;
  double began = now();
  char out[4096] = {0};
  device gpu = gpus[job->gpu];
  int (*attach)(unsigned, device *) = dlsym(library, "nvmlDeviceGetHandleByIndex_v2");
  int (*validate)(device) = dlsym(library, "nvmlDeviceValidateInforom");
  switch (job->what) {
    case ATTACH: attach(job->gpu, &gpus[job->gpu]); break;
    case CALLS:
      for (size_t i = 0; i < sizeof FIRST / sizeof *FIRST; i++) call(FIRST[i].name, gpu, FIRST[i].argument, out);
      break;
    case INFOROM: validate(gpu); break;
    case SENT: case RECEIVED: call("nvmlDeviceGetPcieThroughput", gpu, job->what - SENT, &job->value); break;
    case MEMORY: call("nvmlDeviceGetMemoryInfo", gpu, -1, out); break;
  }
  job->took = now() - began;
  return NULL;
}

/* Runs jobs in turn or at once, and prints the whole time, each time and each value. */
static void jobs(const char *what, int at_once, struct job *list, unsigned n) {
  pthread_t threads[2 * MOST];
  double began = now();
  for (unsigned i = 0; i < n; i++) {
    if (at_once) pthread_create(&threads[i], NULL, run, &list[i]);
    else run(&list[i]);
  }
  for (unsigned i = 0; at_once && i < n; i++) pthread_join(threads[i], NULL);
  printf("%-40s %-8s %7.2f ms:", what, at_once ? "at once" : "in turn", now() - began);
  for (unsigned i = 0; i < n; i++) printf(" %.2f", list[i].took);
  if (list[0].what == SENT) for (unsigned i = 0; i < n; i++) printf(" %u KB/s", list[i].value);
  printf("\n");
}

static void of_all(const char *name, int what, int at_once) {
  struct job list[MOST] = {0};
  for (unsigned i = 0; i < count; i++) list[i] = (struct job){what, i, 0, 0};
  jobs(name, at_once, list, count);
}

/* One round in a process of its own, so that first calls are first calls. */
static void round_of(int at_once) {
  if (fork() != 0) { wait(NULL); return; }
  ((int (*)(void))dlsym(library, "nvmlInit_v2"))();
  ((int (*)(unsigned *))dlsym(library, "nvmlDeviceGetCount_v2"))(&count);
  if (count > MOST) count = MOST;
  of_all("attaching all GPUs", ATTACH, at_once);
  of_all("first calls about all GPUs", CALLS, at_once);
  of_all("infoROM checks of all GPUs", INFOROM, at_once);
  for (int i = 0; i < 5; i++)
    jobs("PCIe counters of GPU 0", at_once, (struct job[]){{SENT, 0, 0, 0}, {RECEIVED, 0, 0, 0}}, 2);
  of_all("PCIe counter of all GPUs", SENT, at_once);
  jobs("infoROM of GPU 0, memory of the last GPU", at_once, (struct job[]){{INFOROM, 0, 0, 0}, {MEMORY, count - 1, 0, 0}}, 2);
  fflush(stdout);
  _exit(0);
}

int main(void) {
  library = dlopen("libnvidia-ml.so.1", RTLD_NOW);
  if (library == NULL) { fprintf(stderr, "%s\n", dlerror()); return 1; }
  for (int i = 0; i < 3; i++) { round_of(0); round_of(1); }
  return 0;
}
