/*
 * The dispatcher of every function of the simulated NVML. Answers come from a table that is read when the
 * library is loaded: the file that lies beside the library under its name with ".table" added, where the library
 * itself lies, by whatever links it was found. Without one there is no driver. A library that is built with FRONT, for
 * tests, takes it from NVSMI_FAKE_TABLE.
 *
 * A line of the table is a directive or an entry; words are separated by single spaces.
 *   !handle NAME ADDRESS    what a handle is called
 *   !log PATH               append every call to a file (with FRONT: or NVSMI_FAKE_LOG)
 *   !real PATH              forward what is not answered here (or NVSMI_FAKE_REAL); where built with FRONT
 *   !overrun                write to the value after the array of nvmlDeviceGetFieldValues, as NVML does
 *   !start MICROSECONDS     when the first moment is, since the epoch; when the library is loaded, if it is left out
 *   !round MILLISECONDS     how long it takes until the first moment comes again
 *   !events                 event sets work (events.c)
 *   !gpm HANDLE METRIC STATUS BITS FROM UNTIL  a GPM metric (gpm.c): the bits of a double, and its part of the loop as with i
 *   !control PATH           rules that may change are in this file (control.c), whose path begins in the folder of the table
 *   !fail, !hang            a rule
 *   FUNCTION TOKEN...       an entry; FUNCTION may be * for all
 * A token is a letter and its parts behind colons, numbers or bytes as x and hex digits. P is a parameter.
 *   when:    =:P:VALUE      the parameter has this value
 *            s:P:BYTES      the C string is this
 *            @:P:OFF:BYTES  the memory behind the pointer holds this
 *            v:P:OFF:VALUE  the struct has this version; ARGUMENT_VERSION_MISMATCH where only that is wrong
 *            i:FROM:UNTIL   it is one of these milliseconds of the round
 *            a:N            not for the first N matching calls      n:N   for N calls only
 *   then:    u:MICROSECONDS wait      m:MICROSECONDS  the same while no other call waits so, as for a driver's lock
 *            h              write the log, and never return
 *            j:N            wait until N calls are here at once; TIMEOUT after five seconds
 *            c  go on with the next entry that matches
 *            r:STATUS       return this
 *            >:P:OFF:BYTES  write behind the pointer
 *            t:P:ROOM:BYTES text, INSUFFICIENT_SIZE where parameter ROOM is too small
 *            T:P:ROOM:BYTES the same where ROOM points to the room, and is told the size
 *            w:ROOM:P:BYTES as many 64-bit words as parameter ROOM says
 *            l:COUNT:P:SIZE:USE:BYTES  a list of items. USE of its room: 0 INSUFFICIENT_SIZE and the count where it is too small,
 *                           1 the same, but SUCCESS where there is no array at all, 2 it is not read, 3 what fits is given
 *            b:P:BYTES      a list's second array
 *            p:P:POINTER:COUNT:SIZE:BYTES  an array that a struct points to, with the places of its pointer
 *                           and its count in the struct
 *            y:P:OFF:TIME:KEPT:ROUND:HEAD  the items of l or p are samples with a time at TIME, of which the last KEPT can be
 *                           had; parameter P, or its struct at OFF - 1, says since when. ROUND and HEAD: moments.c
 *            R:BYTES        the text that is the result
 *            f:ID:SCOPE:STATUS:TYPE:FROM:UNTIL:BYTES  a value of nvmlDeviceGetFieldValues, and its part of the loop as with i
 *   k:NAME   what the log calls the inputs
 * Directives that state.c reads make setters change what getters answer.
 * Entries are tried in the order of the file. A function without entries is FUNCTION_NOT_FOUND, inputs
 * without an entry are NOT_FOUND, or what src/snapshot/unrecorded.ts says; nvmlInit and nvmlShutdown succeed.
 */
#ifdef FRONT
#include <dlfcn.h>
#endif
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

#define MOST_PARAMS 16
/* Numbers of a token. */
#define PARTS 8

struct token {
  char kind;
  uint64_t n[PARTS];
  uint8_t *bytes;
  size_t length;
};

struct entry {
  const char *key;
  nvmlReturn_t status;
  int passes, limited, locked, hangs;
  uint64_t after, times, micros, together;
  atomic_ullong seen, arrived;
  size_t tokens;
  struct token *token;
  struct entry *next;
};

struct handle {
  char *name;
  uint64_t address;
};

static struct entry *entries[FUNCTIONS], **tails[FUNCTIONS];
static struct handle *handles;
static size_t handle_count;
static int log_file = -1;
static void *real_library;
static int overruns, has_table;
static atomic_int initialised;

/* In state.c: whether setters change what is answered, its directives, what is read again, and its answers. */
static int is_writable(void);
static void read_state(const char *what, char *rest);
static void replay(void);
static nvmlReturn_t state_call(int index, const uint64_t *args);
static const nvmlReturn_t NOT_MINE;

/* Only a front needs the dynamic linker's functions, which lie in other libraries of older systems. */
static void *fake_real(const char *name)
{
#ifdef FRONT
  return real_library == NULL ? NULL : dlsym(real_library, name);
#else
  (void)name;
  return NULL;
#endif
}

/* ---- reading the table ---- */

static unsigned digit(char hex)
{
  return (unsigned)(hex <= '9' ? hex - '0' : hex - 'a' + 10) & 0xf;
}

/* A table of eight GPUs has a million bytes, and every program that loads the library reads it. */
static uint8_t *unhex(const char *hex, size_t *length)
{
  *length = strlen(hex) / 2;
  uint8_t *bytes = malloc(*length + 1);
  for (size_t i = 0; i < *length; i++) bytes[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
  bytes[*length] = 0;
  return bytes;
}

static void read_token(struct entry *entry, char *word)
{
  struct token token = { .kind = word[0] };
  if (token.kind == 'k') {
    entry->key = strdup(word[1] == ':' ? word + 2 : "");
    return;
  }
  char *rest = NULL, *part = strtok_r(word + 1, ":", &rest);
  for (int i = 0; part != NULL; part = strtok_r(NULL, ":", &rest)) {
    if (part[0] == 'x') token.bytes = unhex(part + 1, &token.length);
    else if (i < PARTS) token.n[i++] = strtoull(part, NULL, 10);
  }
  switch (token.kind) {
  case 'r': entry->status = (nvmlReturn_t)token.n[0]; return;
  case 'c': entry->passes = 1; return;
  case 'h': entry->hangs = 1; return;
  case 'u': entry->micros = token.n[0]; return;
  case 'm': entry->micros = token.n[0]; entry->locked = 1; return;
  case 'j': entry->together = token.n[0]; return;
  case 'a': entry->after = token.n[0]; entry->limited = 1; return;
  case 'n': entry->times = token.n[0]; entry->limited = 1; return;
  }
  entry->token = realloc(entry->token, (entry->tokens + 1) * sizeof token);
  entry->token[entry->tokens++] = token;
}

static void append(int function, struct entry entry)
{
  struct entry *copy = malloc(sizeof entry);
  memcpy(copy, &entry, sizeof entry);
  if (tails[function] == NULL) tails[function] = &entries[function];
  *tails[function] = copy;
  tails[function] = &copy->next;
}

static void open_log(const char *path)
{
  if (path != NULL) log_file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static void open_real(const char *path)
{
#ifdef FRONT
  if (path == NULL) return;
  real_library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (real_library == NULL) fprintf(stderr, "fake NVML: %s\n", dlerror());
#else
  (void)path;
#endif
}

/* control.c and events.c */
static int obey(char *line, void (*add)(int, struct entry));
static void control_at(const char *path);
static void read_control(void);
static struct entry *first_entry(int function);
static int answers_events;
static int event_call(const char *name, const uint64_t *args, nvmlReturn_t *status);
/* In gpm.c. */
static void add_metric(const char *rest);
static int gpm_call(const char *name, const uint64_t *args, nvmlReturn_t *status);

static const char *table_path;

static void read_directive(char *line)
{
  if (strncmp(line, "!fail ", 6) == 0 || strncmp(line, "!hang ", 6) == 0) {
    obey(line + 1, append);
    return;
  }
  char *rest = NULL, *what = strtok_r(line, " ", &rest);
  if (strcmp(what, "!log") == 0) open_log(rest);
  else if (strcmp(what, "!real") == 0) open_real(rest);
  else if (strcmp(what, "!overrun") == 0) overruns = 1;
  else if (strcmp(what, "!events") == 0) answers_events = 1;
  else if (strcmp(what, "!gpm") == 0) add_metric(rest);
  else if (strcmp(what, "!control") == 0) control_at(rest);
  else if (strcmp(what, "!start") == 0) start_micros = (int64_t)strtoull(rest, NULL, 10);
  else if (strcmp(what, "!round") == 0) round_micros = (int64_t)strtoull(rest, NULL, 10) * 1000;
  else if (strcmp(what, "!handle") == 0) {
    char *name = strtok_r(NULL, " ", &rest);
    handles = realloc(handles, (handle_count + 1) * sizeof *handles);
    handles[handle_count++] = (struct handle){ strdup(name), strtoull(rest, NULL, 10) };
  } else read_state(what, rest);
}

/* Tables have the entries of a function one after the other. */
static int function_named(const char *name)
{
  static int last;
  for (int tried = 0; tried < FUNCTIONS; tried++, last = (last + 1) % FUNCTIONS)
    if (strcmp(name, functions[last].name) == 0) return last;
  return -1;
}

static void read_line(char *line)
{
  if (line[0] == '!') {
    read_directive(line);
    return;
  }
  char *rest = NULL, *name = strtok_r(line, " ", &rest);
  if (name == NULL) return;
  struct entry entry = { .times = UINT64_MAX };
  for (char *word; (word = strtok_r(NULL, " ", &rest)) != NULL;) read_token(&entry, word);
  if (strcmp(name, "*") == 0) {
    for (int i = 0; i < FUNCTIONS; i++) append(i, entry);
    return;
  }
  int i = function_named(name);
  if (i >= 0) append(i, entry);
}

/* The file that this code was mapped from, without the links by which it was found. */
static int own_path(char *path, size_t room)
{
  FILE *maps = fopen("/proc/self/maps", "r");
  uint64_t here = (uint64_t)(uintptr_t)own_path;
  char *line = NULL;
  size_t length = 0;
  int found = 0;
  while (maps != NULL && !found && getline(&line, &length, maps) > 0) {
    char *end, *name = strchr(line, '/');
    uint64_t from = strtoull(line, &end, 16), until = strtoull(end + 1, NULL, 16);
    found = name != NULL && from <= here && here < until;
    if (found) snprintf(path, room, "%.*s", (int)strcspn(name, "\n"), name);
  }
  free(line);
  if (maps != NULL) fclose(maps);
  return found;
}

__attribute__((constructor)) static void load(void)
{
  char file_name[PATH_MAX], beside[PATH_MAX + 8];
  const char *path = NULL;
#ifdef FRONT
  path = getenv("NVSMI_FAKE_TABLE");
  has_table = 1;
#endif
  if (path == NULL && own_path(file_name, sizeof file_name)) {
    snprintf(beside, sizeof beside, "%s.table", file_name);
    path = beside;
  }
  start_micros = epoch_micros();
  table_path = path;
  FILE *file = path == NULL ? NULL : fopen(path, "r");
  has_table |= file != NULL;
  if (file != NULL) {
    char *line = NULL;
    size_t room = 0;
    for (ssize_t length; (length = getline(&line, &room, file)) > 0;) {
      if (line[length - 1] == '\n') line[length - 1] = 0;
      read_line(line);
    }
    free(line);
    fclose(file);
  }
  replay();
#ifdef FRONT
  open_log(getenv("NVSMI_FAKE_LOG"));
  open_real(getenv("NVSMI_FAKE_REAL"));
#endif
}

/* ---- answering ---- */

static const char *handle_name(uint64_t address)
{
  for (size_t i = 0; i < handle_count; i++)
    if (handles[i].address == address) return handles[i].name;
  return NULL;
}

/* In front mode a caller's handle is the real library's: which GPU it is, only that library can tell. */
static uint64_t known_handle(uint64_t real)
{
  nvmlReturn_t (*index_of)(nvmlDevice_t, unsigned *) = fake_real("nvmlDeviceGetIndex");
  nvmlReturn_t (*is_mig)(nvmlDevice_t, unsigned *) = fake_real("nvmlDeviceIsMigDeviceHandle");
  nvmlDevice_t device = (nvmlDevice_t)(uintptr_t)real;
  unsigned index = 0, mig = 0;
  char name[32];
  if (real == 0 || index_of == NULL || index_of(device, &index) != NVML_SUCCESS) return 0;
  if (is_mig != NULL && is_mig(device, &mig) == NVML_SUCCESS && mig != 0) return 0;
  snprintf(name, sizeof name, "gpu%u", index);
  for (size_t i = 0; i < handle_count; i++)
    if (strcmp(handles[i].name, name) == 0) return handles[i].address;
  return 0;
}

enum match { NO, YES, OUTDATED };

static enum match matches(struct entry *entry, const uint64_t *args)
{
  enum match found = YES;
  for (size_t i = 0; i < entry->tokens; i++) {
    const struct token *token = &entry->token[i];
    if (token->kind == 'i' && !is_now(token->n[0], token->n[1])) return NO;
    if (strchr("=s@v", token->kind) == NULL) continue;
    const char *behind = (const char *)(uintptr_t)args[token->n[0]];
    switch (token->kind) {
    case '=':
      if (args[token->n[0]] != token->n[1]) return NO;
      break;
    case 's':
      if (behind == NULL || strcmp(behind, (const char *)token->bytes) != 0) return NO;
      break;
    case '@':
      if (behind == NULL || memcmp(behind + token->n[1], token->bytes, token->length) != 0) return NO;
      break;
    case 'v': {
      uint32_t version = (uint32_t)token->n[2];
      if (behind != NULL && memcmp(behind + token->n[1], &version, sizeof version) != 0) found = OUTDATED;
      break;
    }
    }
  }
  if (found == YES && entry->limited) {
    uint64_t seen = atomic_fetch_add(&entry->seen, 1);
    if (seen < entry->after || seen - entry->after >= entry->times) return NO;
  }
  return found;
}

static double now_micros(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Long waits sleep, as a driver that waits for the GPU does; the kernel cannot sleep for a few microseconds. */
static void wait_micros(uint64_t micros)
{
  if (micros == 0) return;
  double end = now_micros() + (double)micros;
  if (micros >= 1000) {
    struct timespec left = { (time_t)(micros / 1000000), (long)(micros % 1000000) * 1000 };
    while (nanosleep(&left, &left) != 0) { }
  }
  while (now_micros() < end) { }
}

static pthread_mutex_t driver_lock = PTHREAD_MUTEX_INITIALIZER;

static void wait_for(const struct entry *entry)
{
  if (entry->locked) pthread_mutex_lock(&driver_lock);
  wait_micros(entry->micros);
  if (entry->locked) pthread_mutex_unlock(&driver_lock);
}

/* Whether as many calls came together as the entry wants. */
static int have_met(struct entry *entry)
{
  if (entry->together == 0) return 1;
  uint64_t wanted = (atomic_fetch_add(&entry->arrived, 1) / entry->together + 1) * entry->together;
  double end = now_micros() + 5e6;
  while (atomic_load(&entry->arrived) < wanted) {
    if (now_micros() > end) return 0;
    wait_micros(1000);
  }
  return 1;
}

/* How the room of a list is used; the numbers are the table's. */
enum room { WHOLE, WHOLE_OR_COUNT, UNREAD, WHAT_FITS };

static nvmlReturn_t fill_items(uint8_t *count, void *items, size_t size, enum room use, const struct token *token)
{
  uint32_t room, length = (uint32_t)(token->length / size);
  memcpy(&room, count, sizeof room);
  if (use == WHAT_FITS && items != NULL && room < length) length = room;
  memcpy(count, &length, sizeof length);
  if (length == 0 || (items == NULL && use != WHOLE)) return NVML_SUCCESS;
  if (items == NULL || (room < length && use != UNREAD)) return NVML_ERROR_INSUFFICIENT_SIZE;
  memcpy(items, token->bytes, length * size);
  return NVML_SUCCESS;
}

static int is_scoped(const struct entry *entry, uint64_t id)
{
  for (size_t i = 0; i < entry->tokens; i++)
    if (entry->token[i].kind == 'f' && entry->token[i].n[0] == id && entry->token[i].n[1] != 0) return 1;
  return 0;
}

/* What the table has is filled in; the other ids are NOT_FOUND, or stay as the real library left them. */
static nvmlReturn_t fill_fields(const struct entry *entry, const uint64_t *args, int keep)
{
  nvmlFieldValue_t *values = (nvmlFieldValue_t *)(uintptr_t)args[2];
  if (values == NULL || (int32_t)args[1] <= 0) return NVML_ERROR_INVALID_ARGUMENT;
  for (uint32_t v = 0; v < (uint32_t)args[1]; v++) {
    const struct token *found = NULL;
    for (size_t i = 0; i < entry->tokens; i++) {
      const struct token *token = &entry->token[i];
      if (token->kind != 'f' || token->n[0] != values[v].fieldId) continue;
      if (!is_now(token->n[4], token->n[5])) continue;
      if (token->n[1] == values[v].scopeId) {
        found = token;
        break;
      }
      /* Refused at all, so with any scope; nvidia-smi leaves the scope of what has none unset. */
      if (token->n[1] == 0 && (token->n[2] != 0 || !is_scoped(entry, token->n[0]))) found = token;
    }
    if (found == NULL && keep) continue;
    values[v].nvmlReturn = found == NULL ? NVML_ERROR_NOT_FOUND : (nvmlReturn_t)found->n[2];
    if (found == NULL || found->n[2] != 0) continue;
    values[v].valueType = (nvmlValueType_t)found->n[3];
    memcpy(&values[v].value, found->bytes, found->length);
  }
  /* As NVML does (H200, 580.159.04): a value after the array that has not failed is written to. Tests ask for it. */
  nvmlFieldValue_t *after = &values[args[1]];
  if (overruns && after->nvmlReturn == NVML_SUCCESS) memset(after, 0xee, sizeof *after);
  return NVML_SUCCESS;
}

/* The samples of a list that are newer than the call asks; the caller frees their bytes. */
static struct token newer_items(const struct token *samples, const struct token *all, size_t size, const uint64_t *args)
{
  const struct samples kept = { all->bytes, all->length / size, size, samples->n[2], samples->n[3],
                                (int64_t)samples->n[4], (int64_t)samples->n[5] };
  uint64_t since = args[samples->n[0]];
  if (samples->n[1] != 0) memcpy(&since, (const uint8_t *)(uintptr_t)since + samples->n[1] - 1, sizeof since);
  struct token newer = *all;
  newer.length = newer_samples(&kept, since, &newer.bytes) * size;
  return newer;
}

/* Fills a list with all its items, or with the samples of it that are wanted: none at all are NOT_FOUND. */
static nvmlReturn_t fill_list(const struct entry *entry, const struct token *token, uint8_t *count, void *items,
                              size_t size, enum room use, const uint64_t *args)
{
  const struct token *samples = NULL;
  for (size_t i = 0; i < entry->tokens; i++)
    if (entry->token[i].kind == 'y') samples = &entry->token[i];
  if (samples == NULL) return fill_items(count, items, size, use, token);
  struct token newer = newer_items(samples, token, size, args);
  nvmlReturn_t status = newer.length == 0 ? NVML_ERROR_NOT_FOUND : fill_items(count, items, size, use, &newer);
  free(newer.bytes);
  return status;
}

static nvmlReturn_t fill_token(const struct entry *entry, const struct token *token, const uint64_t *args)
{
  uint8_t *first = (uint8_t *)(uintptr_t)args[token->n[0]];
  uint8_t *second = (uint8_t *)(uintptr_t)args[token->n[1] < MOST_PARAMS ? token->n[1] : 0];
  if (strchr(">tTlp", token->kind) != NULL && first == NULL) return NVML_ERROR_INVALID_ARGUMENT;
  if (strchr("wT", token->kind) != NULL && second == NULL) return NVML_ERROR_INVALID_ARGUMENT;
  switch (token->kind) {
  case '>':
    memcpy(first + token->n[1], token->bytes, token->length);
    break;
  case 't':
    if (args[token->n[1]] < token->length) return NVML_ERROR_INSUFFICIENT_SIZE;
    memcpy(first, token->bytes, token->length);
    break;
  case 'T': {
    uint32_t room, length = (uint32_t)token->length;
    memcpy(&room, second, sizeof room);
    memcpy(second, &length, sizeof length);
    if (room < length) return NVML_ERROR_INSUFFICIENT_SIZE;
    memcpy(first, token->bytes, token->length);
    break;
  }
  case 'w': {
    size_t room = 8 * args[token->n[0]];
    memset(second, 0, room);
    memcpy(second, token->bytes, room < token->length ? room : token->length);
    break;
  }
  case 'l':
    return fill_list(entry, token, first, second, token->n[2], (enum room)token->n[3], args);
  case 'b':
    if (first != NULL) memcpy(first, token->bytes, token->length);
    break;
  case 'p': {
    void *items;
    memcpy(&items, first + token->n[1], sizeof items);
    return fill_list(entry, token, first + token->n[2], items, token->n[3], WHOLE, args);
  }
  }
  return NVML_SUCCESS;
}

static nvmlReturn_t fill(const struct entry *entry, const uint64_t *args)
{
  for (size_t i = 0; i < entry->tokens; i++) {
    if (strchr(">tTwlbp", entry->token[i].kind) == NULL) continue;
    nvmlReturn_t status = fill_token(entry, &entry->token[i], args);
    if (status != NVML_SUCCESS) return status;
  }
  return NVML_SUCCESS;
}

/* The text of a status, where the table has one: nvmlErrorString returns it instead of filling it in. */
static const char *fake_text(const char *name, uint64_t status)
{
  const uint64_t args[MOST_PARAMS] = { status };
  for (int i = 0; i < FUNCTIONS; i++) {
    if (strcmp(functions[i].name, name) != 0) continue;
    for (struct entry *entry = entries[i]; entry != NULL; entry = entry->next)
      for (size_t t = 0; t < entry->tokens; t++)
        if (entry->token[t].kind == 'R' && matches(entry, args) == YES) return (char *)entry->token[t].bytes;
  }
  return NULL;
}

static void write_inputs(FILE *out, const struct function *function, const uint64_t *args)
{
  const char *separator = "";
  for (size_t i = 0; function->params[i] != 0; i++) {
    const char *text = (const char *)(uintptr_t)args[i];
    const char *name = handle_name(args[i]);
    switch (function->params[i]) {
    case 'd': case 'h': fprintf(out, "%s%s", separator, name == NULL ? "" : name); break;
    case 's': fprintf(out, "%s%s", separator, text == NULL ? "" : text); break;
    case 'i': fprintf(out, "%s%d", separator, (int32_t)args[i]); break;
    case 'u': case 'q': fprintf(out, "%s%llu", separator, (unsigned long long)args[i]); break;
    default: continue;
    }
    separator = ",";
  }
}

/* One write per line, so that calls on several threads do not mix. */
static void log_call(const struct function *function, const uint64_t *args, const char *key)
{
  char *line = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&line, &length);
  fprintf(out, "%s ", function->name);
  if (strcmp(function->name, "nvmlDeviceGetFieldValues") == 0) {
    const nvmlFieldValue_t *values = (const nvmlFieldValue_t *)(uintptr_t)args[2];
    const char *name = handle_name(args[0]);
    fprintf(out, "%s", name == NULL ? "" : name);
    for (uint32_t i = 0; values != NULL && i < (uint32_t)args[1]; i++) {
      fprintf(out, ",%u", values[i].fieldId);
      if (values[i].scopeId != 0) fprintf(out, ":%u", values[i].scopeId);
    }
  } else if (key != NULL) fputs(key, out);
  else write_inputs(out, function, args);
  fputc('\n', out);
  fclose(out);
  if (write(log_file, line, length) < 0) perror("fake NVML: log");
  free(line);
}

static nvmlReturn_t without_entry(const struct function *function, int outdated, int has_entries)
{
  if (strncmp(function->name, "nvmlInit", 8) == 0 || strcmp(function->name, "nvmlShutdown") == 0)
    return has_table ? NVML_SUCCESS : NVML_ERROR_DRIVER_NOT_LOADED;
  if (outdated) return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
  return has_entries ? (nvmlReturn_t)function->unrecorded : NVML_ERROR_FUNCTION_NOT_FOUND;
}

static void count_init(const struct function *function, nvmlReturn_t status)
{
  if (status != NVML_SUCCESS) return;
  if (strncmp(function->name, "nvmlInit", 8) == 0) initialised++;
  if (strcmp(function->name, "nvmlShutdown") == 0 && initialised > 0) initialised--;
}

/* Answers a call, or says in `real` which function of the real library has to. */
static nvmlReturn_t fake_call(int index, const uint64_t *given, void **real)
{
  struct function *function = &functions[index];
  uint64_t args[MOST_PARAMS] = { 0 };
  size_t length = strlen(function->params);
  memcpy(args, given, (length + 1) * sizeof *args);
  if (real_library != NULL) {
    if (function->real == NULL) function->real = fake_real(function->name);
    for (size_t i = 0; i < length; i++)
      if (function->params[i] == 'd') args[i] = known_handle(args[i]);
  }
  int has_answers = 0, outdated = 0, alone = 0;
  read_control();
  struct entry *entry = first_entry(index);
  for (; entry != NULL; entry = entry->next) {
    has_answers |= entry->key != NULL;
    enum match match = matches(entry, args);
    outdated |= match == OUTDATED;
    if (match != YES) continue;
    if (entry->hangs) {
      if (log_file >= 0) log_call(function, args, entry->key);
      for (;;) pause();
    }
    wait_for(entry);
    alone |= !have_met(entry);
    if (!entry->passes) break;
  }
  if (log_file >= 0) log_call(function, args, entry == NULL ? NULL : entry->key);
  if (alone) return NVML_ERROR_TIMEOUT;
  int is_fields = strcmp(function->name, "nvmlDeviceGetFieldValues") == 0;
  if (real_library != NULL && (entry == NULL || (is_fields && entry->status == NVML_SUCCESS))) {
    nvmlReturn_t (*fields)(nvmlDevice_t, int, nvmlFieldValue_t *) = function->real;
    if (entry == NULL || fields == NULL) {
      *real = function->real;
      return NVML_ERROR_FUNCTION_NOT_FOUND;
    }
    nvmlReturn_t status =
        fields((nvmlDevice_t)(uintptr_t)given[0], (int)given[1], (nvmlFieldValue_t *)(uintptr_t)given[2]);
    return status == NVML_SUCCESS ? fill_fields(entry, args, 1) : status;
  }
  if (real_library == NULL && function->needs_init && initialised == 0) return NVML_ERROR_UNINITIALIZED;
  nvmlReturn_t status;
  if (is_writable() && (entry == NULL || entry->key != NULL)) {
    status = state_call(index, args);
    if (status != NOT_MINE) return status;
  }
  if (entry == NULL && event_call(function->name, args, &status)) return status;
  if (entry == NULL && gpm_call(function->name, args, &status)) return status;
  if (entry == NULL) {
    status = without_entry(function, outdated, has_answers);
    for (size_t i = 0; i < length; i++)
      if (status == NVML_ERROR_NOT_FOUND && strchr("dh", function->params[i]) != NULL && handle_name(args[i]) == NULL)
        return NVML_ERROR_INVALID_ARGUMENT;
    count_init(function, status);
    return status;
  }
  status = entry->status;
  if (status == NVML_SUCCESS) status = is_fields ? fill_fields(entry, args, 0) : fill(entry, args);
  count_init(function, status);
  return status;
}
