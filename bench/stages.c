/*
 * What a process does when: a library that is loaded before all others, for whole processes of any program.
 *
 *   gcc -O2 -shared -fPIC -o stages.so bench/stages.c -ldl
 *   NVSMI_BENCH_START=<milliseconds since the epoch> LD_PRELOAD=./stages.so nvsmi -L
 *
 * At the end it appends a line of JSON to the file that NVSMI_BENCH_STAGES names: milliseconds since the start at which this library was loaded, koffi and NVML
 * were, /dev/nvidiactl was opened first, the ioctls on /dev/nvidia* (first, last, how many, how long in all), the end, and the
 * peak of its memory in KiB.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double begun, loaded, koffi_from, koffi_to, nvml_from, nvml_to, opened, first_ioctl, last_ioctl, in_ioctls;
static int ioctls;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6 - begun;
}

__attribute__((constructor)) static void begin(void) {
  const char *start = getenv("NVSMI_BENCH_START");
  begun = start == NULL ? 0 : atof(start);
  loaded = now();
}

static long peak(void) {
  FILE *status = fopen("/proc/self/status", "r");
  char line[256];
  long kib = 0;
  while (status != NULL && fgets(line, sizeof line, status) != NULL) sscanf(line, "VmHWM: %ld", &kib);
  return kib;
}

static void report(void) {
  static int done;
  if (done++) return;
  const double ended = now();
  char line[512];
  const int length = snprintf(line, sizeof line,
    "{\"loaded\":%.2f,\"koffi\":%.2f,\"koffiLoaded\":%.2f,\"nvml\":%.2f,\"nvmlLoaded\":%.2f,\"deviceOpened\":%.2f,"
    "\"firstIoctl\":%.2f,\"lastIoctl\":%.2f,\"ioctls\":%d,\"inIoctls\":%.2f,\"ended\":%.2f,\"peakKiB\":%ld}\n",
    loaded, koffi_from, koffi_to, nvml_from, nvml_to, opened, first_ioctl, last_ioctl, ioctls, in_ioctls, ended, peak());
  const char *path = getenv("NVSMI_BENCH_STAGES");
  const int fd = path == NULL ? 2 : (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT, 0644);
  syscall(SYS_write, fd, line, (size_t)length);
}

void *dlopen(const char *path, int flags) {
  static void *(*next)(const char *, int);
  if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, "dlopen");
  const double from = now();
  void *library = next(path, flags);
  if (path != NULL && strstr(path, ".node") != NULL) koffi_from = from, koffi_to = now();
  else if (path != NULL && strstr(path, "nvidia-ml") != NULL && nvml_from == 0) nvml_from = from, nvml_to = now();
  return library;
}

static void note(const char *path) {
  if (opened == 0 && strcmp(path, "/dev/nvidiactl") == 0) opened = now();
}

int open(const char *path, int flags, ...) {
  static int (*next)(const char *, int, ...);
  if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, "open");
  va_list rest;
  va_start(rest, flags);
  const int mode = va_arg(rest, int);
  va_end(rest);
  note(path);
  return next(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  static int (*next)(const char *, int, ...);
  if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, "open64");
  va_list rest;
  va_start(rest, flags);
  const int mode = va_arg(rest, int);
  va_end(rest);
  note(path);
  return next(path, flags, mode);
}

int ioctl(int fd, unsigned long request, ...) {
  static int (*next)(int, unsigned long, ...);
  if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, "ioctl");
  va_list rest;
  va_start(rest, request);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  const double from = now();
  const int result = next(fd, request, argument);
  if (((request >> 8) & 0xff) == 'F') {
    last_ioctl = now();
    in_ioctls += last_ioctl - from;
    if (ioctls++ == 0) first_ioctl = from;
  }
  return result;
}

/* Every way to end at once, of which a program takes one. */
#define END(name) \
  void name(int status) { \
    report(); \
    syscall(SYS_exit_group, status); \
    __builtin_unreachable(); \
  }
END(_exit)
END(_Exit)
END(quick_exit)

__attribute__((destructor)) static void end(void) { report(); }
