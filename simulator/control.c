/*
 * Rules in words, a line each, of the table (with a "!" before them) and of a file that may change while programs run:
 *   fail [HANDLE] FUNCTION STATUS    the function, of any version, returns this; FUNCTION may be * for all
 *   hang [HANDLE] FUNCTION           it does not return
 *   xid HANDLE NUMBER                an Xid event of a GPU, once
 * Empty lines and those that begin with # are skipped. What is wrong is reported on stderr once.
 */

/* The entries of the file, by function, which come before those of the table. What is replaced is never freed: a call may be at it. */
static struct entry *_Atomic ruled[FUNCTIONS];
static struct entry *last_rule[FUNCTIONS], *new_rules[FUNCTIONS];

static struct entry *first_entry(int function)
{
  struct entry *rule = atomic_load(&ruled[function]);
  return rule == NULL ? entries[function] : rule;
}

static void add_to_file(int function, struct entry entry)
{
  struct entry *copy = malloc(sizeof entry);
  memcpy(copy, &entry, sizeof entry);
  copy->next = entries[function];
  if (last_rule[function] == NULL) new_rules[function] = copy;
  else last_rule[function]->next = copy;
  last_rule[function] = copy;
}

static uint64_t handle_named(const char *name)
{
  for (size_t i = 0; i < handle_count; i++)
    if (strcmp(handles[i].name, name) == 0) return handles[i].address;
  return 0;
}

static int status_named(const char *name)
{
  static const char prefix[] = "NVML_ERROR_";
  if (strncmp(name, prefix, sizeof prefix - 1) == 0) name += sizeof prefix - 1;
  for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
    if (strncmp(statuses[i].name, prefix, sizeof prefix - 1) == 0 && strcmp(statuses[i].name + sizeof prefix - 1, name) == 0)
      return statuses[i].value;
  return -1;
}

/* Whether a function is meant: by its whole name, or by the name that all its versions have. */
static int is_version_of(const char *function, const char *name)
{
  size_t length = strlen(name);
  if (strcmp(name, "*") == 0) return 1;
  if (strncmp(function, name, length) != 0) return 0;
  return function[length] == 0 || (strncmp(function + length, "_v", 2) == 0 && function[length + 2] >= '0' && function[length + 2] <= '9');
}

/* Adds entries for a rule; of a handle only to functions that take one. Returns how many. */
static int rule_for(const char *name, uint64_t handle, struct entry entry, void (*add)(int, struct entry))
{
  int added = 0;
  for (int i = 0; i < FUNCTIONS; i++) {
    if (!is_version_of(functions[i].name, name)) continue;
    size_t param = strcspn(functions[i].params, "dh");
    struct entry one = entry;
    if (handle != 0) {
      if (functions[i].params[param] == 0) continue;
      one.token = malloc(sizeof *one.token);
      one.token[one.tokens++] = (struct token){ .kind = '=', .n = { param, handle } };
    }
    add(i, one);
    added++;
  }
  return added;
}

/* Events that happened: those of the file, in its order. */
struct event { uint64_t handle, number; };
static struct event *happened;
static size_t happened_count;

/* The Xid lines of the file as it is now. */
static struct event *listed;
static size_t listed_count;

enum { MOST_WORDS = 4 };

/* Carries out a rule. Returns 0 where it is none. */
static int obey(char *line, void (*add)(int, struct entry))
{
  char *words[MOST_WORDS] = { 0 }, *rest = NULL;
  int count = 0;
  for (char *word = strtok_r(line, " \t\r", &rest); word != NULL; word = strtok_r(NULL, " \t\r", &rest)) {
    if (count == MOST_WORDS) return 0;
    words[count++] = word;
  }
  if (count < 2) return 0;
  uint64_t handle = handle_named(words[1]);
  char **about = words + (handle == 0 ? 1 : 2);
  int left = count - (handle == 0 ? 1 : 2);
  struct entry entry = { .times = UINT64_MAX };
  if (strcmp(words[0], "hang") == 0) {
    entry.hangs = 1;
    return left == 1 && rule_for(about[0], handle, entry, add) > 0;
  }
  if (strcmp(words[0], "fail") == 0) {
    int status = left == 2 ? status_named(about[1]) : -1;
    entry.status = (nvmlReturn_t)status;
    return status > 0 && rule_for(about[0], handle, entry, add) > 0;
  }
  if (strcmp(words[0], "xid") == 0 && handle != 0 && left == 1) {
    listed = realloc(listed, (listed_count + 1) * sizeof *listed);
    listed[listed_count++] = (struct event){ handle, strtoull(about[0], NULL, 10) };
    return about[0][strspn(about[0], "0123456789")] == 0;
  }
  return 0;
}

/* ---- the file ---- */

static char control_path[PATH_MAX];
static pthread_mutex_t control_lock = PTHREAD_MUTEX_INITIALIZER;

static void control_at(const char *path) { beside_table(control_path, sizeof control_path, path); }

/* All of a file as text; empty where there is none. */
static char *text_of(const char *path)
{
  size_t length = 0, room = 4096;
  char *text = malloc(room);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  for (ssize_t got; file >= 0 && (got = read(file, text + length, room - length - 1)) > 0;) {
    length += (size_t)got;
    if (length + 1 == room) text = realloc(text, room *= 2);
  }
  if (file >= 0) close(file);
  text[length] = 0;
  return text;
}

/* Events are new where the file has grown; a file that was written again has all of its events once more. */
static void note_events(const struct event *before, size_t count)
{
  size_t from = count <= listed_count && memcmp(before, listed, count * sizeof *before) == 0 ? count : 0;
  happened = realloc(happened, (happened_count + listed_count + 1) * sizeof *happened);
  for (size_t i = from; i < listed_count; i++) happened[happened_count++] = listed[i];
}

static void read_rules(char *text)
{
  struct event *before = listed;
  size_t count = listed_count;
  listed = calloc(1, sizeof *listed);
  listed_count = 0;
  memset(new_rules, 0, sizeof new_rules);
  memset(last_rule, 0, sizeof last_rule);
  int number = 1;
  for (char *line = text, *end; line != NULL; line = end, number++) {
    end = strchr(line, '\n');
    if (end != NULL) *end++ = 0;
    char *copy = strdup(line);
    if (line[strspn(line, " \t\r")] != 0 && line[0] != '#' && !obey(copy, add_to_file))
      fprintf(stderr, "nvsmi simulate: %s:%d: not a rule: %s\n", control_path, number, line);
    free(copy);
  }
  for (int i = 0; i < FUNCTIONS; i++) atomic_store(&ruled[i], new_rules[i]);
  if (before != NULL) note_events(before, count);
  else note_events(listed, 0);
  free(before);
}

/* Reads the file where it is another than before; looks for that fifty times a second at most. */
static void read_control(void)
{
  static char *known;
  static _Atomic int64_t looked;
  if (control_path[0] == 0) return;
  int64_t now = (int64_t)now_micros();
  if (now - atomic_load(&looked) < 20000) return;
  pthread_mutex_lock(&control_lock);
  atomic_store(&looked, now);
  char *text = text_of(control_path);
  if (known == NULL || strcmp(text, known) != 0) {
    free(known);
    known = strdup(text);
    read_rules(text);
  }
  free(text);
  pthread_mutex_unlock(&control_lock);
}
