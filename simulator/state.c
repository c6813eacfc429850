/*
 * The state of the fake NVML: a setter changes what the getters answer, and refuses as NVML does. On with
 * the directive !writable. Setters that succeeded are appended to that file, and are done again when the library is
 * loaded the next time: so one program changes a GPU, and the next one sees it.
 *   !writable FILE                          beside the table where it has no folder
 *   !refuse STATUS                          every setter, as without root
 *   !setter FUNCTION KIND                   one that changes something: d of a GPU, s of the system, p a PCI address
 *   !check FUNCTION FROM LOW HIGH           INVALID_ARGUMENT where the value is out of bounds
 *   !power FUNCTION FROM                    the same with the constraints of the power limit
 *   !clocks FUNCTION                        INVALID_ARGUMENT where the pair of clocks is not supported
 *   !effect FUNCTION FROM GETTER WHERE PARAM OFFSET SIZE   what the getter then answers
 *   !copies FUNCTION FROM-GETTER GETTER     the getter then answers what another one does, of the same inputs
 *   !empties FUNCTION GETTER                the list of the getter is empty afterwards
 *   !gi GPU GI ID PROFILE START SIZE        an instance that is there at the beginning, and so on
 *   !ci GI CI ID PROFILE START SIZE
 *   !mig CI MIG
 * FROM is cVALUE, aPARAM, or bPARAM.OFFSET.SIZE at a pointer. WHERE is -, PARAM=VALUE or PARAM=aPARAM, joined by commas.
 */
#include <sys/stat.h>

enum { MOST_GIS = 64, MOST_CIS = 128, SLICES = 8 };
enum from_kind { CONSTANT = 'c', ARGUMENT = 'a', BEHIND = 'b' };

struct from { char kind; uint64_t n[3]; };
struct where { uint64_t param; struct from value; };
struct rule {
  char kind[8];
  int setter, getter, other;
  struct from from;
  struct where where[3];
  int wheres;
  uint64_t param, offset, size, low, high;
};

static struct rule *rules;
static size_t rule_count;
static char setter_kind[FUNCTIONS];
static char journal[PATH_MAX];
static nvmlReturn_t refusal;
static int replaying;

static int is_writable(void) { return journal[0] != 0; }

/* A path that is not absolute begins in the folder of the table. */
static void beside_table(char *out, size_t room, const char *path)
{
  const char *slash = strrchr(table_path, '/');
  int folder = path[0] == '/' || slash == NULL ? 0 : (int)(slash - table_path) + 1;
  snprintf(out, room, "%.*s%s", folder, table_path, path);
}

/* A table that names no function of NVML is a mistake of who made it. */
static int known_function(const char *name)
{
  int index = function_named(name);
  if (index >= 0) return index;
  fprintf(stderr, "simulated NVML: no function %s\n", name);
  abort();
}

static struct from read_from(const char *text)
{
  struct from from = { .kind = text[0] };
  sscanf(text + 1, "%lu.%lu.%lu", &from.n[0], &from.n[1], &from.n[2]);
  return from;
}

/* ---- GPU and compute instances ---- */

struct gi { uint64_t gpu, handle; uint32_t id, profile, start, size; int alive; };
struct ci { uint64_t gi, handle, mig; uint32_t id, profile, start, size; int alive; };

static struct gi gis[MOST_GIS];
static struct ci cis[MOST_CIS];
static int gi_count, ci_count;

static uint64_t address_named(const char *name)
{
  for (size_t i = 0; i < handle_count; i++)
    if (strcmp(handles[i].name, name) == 0) return handles[i].address;
  return 0;
}

static void add_handle(const char *name, uint64_t address)
{
  handles = realloc(handles, (handle_count + 1) * sizeof *handles);
  handles[handle_count++] = (struct handle){ strdup(name), address };
}

static struct gi *gi_of(uint64_t handle)
{
  for (int i = 0; i < gi_count; i++)
    if (gis[i].alive && gis[i].handle == handle) return &gis[i];
  return NULL;
}

static struct ci *ci_of(uint64_t handle)
{
  for (int i = 0; i < ci_count; i++)
    if (cis[i].alive && (cis[i].handle == handle || cis[i].mig == handle)) return &cis[i];
  return NULL;
}

static void read_state(const char *what, char *rest)
{
  char a[256] = "", b[256] = "", c[256] = "", d[256] = "";
  unsigned long long p[4] = { 0 };
  if (strcmp(what, "!writable") == 0) beside_table(journal, sizeof journal, rest);
  else if (strcmp(what, "!refuse") == 0) refusal = (nvmlReturn_t)atoi(rest);
  else if (strcmp(what, "!gi") == 0) {
    sscanf(rest, "%255s %255s %llu %llu %llu %llu", a, b, &p[0], &p[1], &p[2], &p[3]);
    gis[gi_count++] = (struct gi){ address_named(a), address_named(b), p[0], p[1], p[2], p[3], 1 };
  } else if (strcmp(what, "!ci") == 0) {
    sscanf(rest, "%255s %255s %llu %llu %llu %llu", a, b, &p[0], &p[1], &p[2], &p[3]);
    cis[ci_count++] = (struct ci){ address_named(a), address_named(b), 0, p[0], p[1], p[2], p[3], 1 };
  } else if (strcmp(what, "!mig") == 0) {
    sscanf(rest, "%255s %255s", a, b);
    struct ci *ci = ci_of(address_named(a));
    if (ci != NULL) ci->mig = address_named(b);
  } else {
    struct rule rule = { 0 };
    snprintf(rule.kind, sizeof rule.kind, "%s", what + 1);
    sscanf(rest, "%255s %255s %255s %255s %llu %llu %llu", a, b, c, d, &p[0], &p[1], &p[2]);
    rule.setter = known_function(a);
    if (strcmp(what, "!setter") == 0) setter_kind[rule.setter] = b[0];
    else if (strcmp(what, "!check") == 0) {
      rule.from = read_from(b);
      rule.low = strtoull(c, NULL, 10);
      rule.high = strtoull(d, NULL, 10);
    } else if (strcmp(what, "!power") == 0) rule.from = read_from(b);
    else if (strcmp(what, "!empties") == 0) rule.getter = known_function(b);
    else if (strcmp(what, "!copies") == 0) {
      rule.other = known_function(b);
      rule.getter = known_function(c);
    } else if (strcmp(what, "!effect") == 0) {
      rule.from = read_from(b);
      rule.getter = known_function(c);
      char *each = NULL;
      for (char *one = strtok_r(d, ",", &each); one != NULL && one[0] != '-'; one = strtok_r(NULL, ",", &each)) {
        char *equals = strchr(one, '=');
        rule.where[rule.wheres].param = strtoull(one, NULL, 10);
        rule.where[rule.wheres++].value = read_from(equals + 1);
      }
      rule.param = p[0];
      rule.offset = p[1];
      rule.size = p[2];
    }
    rules = realloc(rules, (rule_count + 1) * sizeof rule);
    rules[rule_count++] = rule;
  }
}

/* ---- what getters answer from the table ---- */

static uint64_t value_of(struct from from, const uint64_t *args)
{
  uint64_t value = 0;
  if (from.kind == CONSTANT) return from.n[0];
  if (from.kind == ARGUMENT) return args[from.n[0]];
  if (args[from.n[0]] != 0) memcpy(&value, (uint8_t *)(uintptr_t)args[from.n[0]] + from.n[1], from.n[2]);
  return value;
}

/* Whether an entry of the table is about the parameter's value. */
static int asks(const struct entry *entry, uint64_t param, uint64_t value)
{
  for (size_t t = 0; t < entry->tokens; t++)
    if (entry->token[t].kind == '=' && entry->token[t].n[0] == param) return entry->token[t].n[1] == value;
  return 0;
}

static int is_answer(const struct entry *entry, const struct rule *rule, const uint64_t *args)
{
  if (entry->key == NULL) return 0;
  if (setter_kind[rule->setter] == 'd' && !asks(entry, 0, args[0])) return 0;
  if (setter_kind[rule->setter] == 'p') {
    const nvmlPciInfo_t *pci = (const nvmlPciInfo_t *)(uintptr_t)args[0];
    for (size_t t = 0; t < entry->tokens; t++) {
      const struct token *token = &entry->token[t];
      if (token->kind == '@' && token->n[0] == 0 && token->n[1] < offsetof(nvmlPciInfo_t, pciDeviceId) &&
          token->n[1] >= offsetof(nvmlPciInfo_t, domain) &&
          memcmp((const uint8_t *)pci + token->n[1], token->bytes, token->length) != 0)
        return 0;
    }
  }
  for (int w = 0; w < rule->wheres; w++)
    if (!asks(entry, rule->where[w].param, value_of(rule->where[w].value, args))) return 0;
  return 1;
}

static struct token *field_token(struct entry *entry, uint64_t id)
{
  for (size_t t = 0; t < entry->tokens; t++)
    if (entry->token[t].kind == 'f' && entry->token[t].n[0] == id && entry->token[t].n[2] == 0) return &entry->token[t];
  return NULL;
}

/* The bytes that a rule is about, in the answers of an entry. */
static uint8_t *place_in(struct entry *entry, const struct rule *rule)
{
  if (strcmp(functions[rule->getter].name, "nvmlDeviceGetFieldValues") == 0) {
    struct token *token = field_token(entry, rule->param);
    return token == NULL ? NULL : token->bytes + rule->offset;
  }
  for (size_t t = 0; t < entry->tokens; t++) {
    struct token *token = &entry->token[t];
    if (token->kind == '>' && token->n[0] == rule->param && token->n[1] <= rule->offset &&
        rule->offset + rule->size <= token->n[1] + token->length)
      return token->bytes + rule->offset - token->n[1];
  }
  return NULL;
}

/* A setter is supported where one of the getters that it changes answers. */
static nvmlReturn_t supported(int setter, const uint64_t *args)
{
  nvmlReturn_t status = NVML_ERROR_NOT_SUPPORTED;
  int getters = 0;
  for (size_t r = 0; r < rule_count; r++) {
    if (rules[r].setter != setter || strcmp(rules[r].kind, "effect") != 0) continue;
    getters++;
    for (struct entry *entry = entries[rules[r].getter]; entry != NULL; entry = entry->next) {
      if (!is_answer(entry, &rules[r], args)) continue;
      if (entry->status == NVML_SUCCESS) return NVML_SUCCESS;
      status = entry->status;
    }
  }
  return getters == 0 ? NVML_SUCCESS : status;
}

/* Four bytes of what a getter answers of a GPU. */
static int answered(const char *getter, const uint64_t *args, uint64_t param, uint32_t *value)
{
  struct rule rule = { .setter = 0, .getter = known_function(getter), .param = param, .size = 4 };
  for (struct entry *entry = entries[rule.getter]; entry != NULL; entry = entry->next) {
    if (entry->key == NULL || !asks(entry, 0, args[0]) || entry->status != NVML_SUCCESS) continue;
    uint8_t *place = place_in(entry, &rule);
    if (place == NULL) continue;
    memcpy(value, place, sizeof *value);
    return 1;
  }
  return 0;
}

static int in_list(const char *getter, const uint64_t *args, const uint64_t *memory, uint32_t wanted)
{
  for (struct entry *entry = entries[known_function(getter)]; entry != NULL; entry = entry->next) {
    if (entry->key == NULL || !asks(entry, 0, args[0]) || (memory != NULL && !asks(entry, 1, *memory))) continue;
    for (size_t t = 0; t < entry->tokens; t++)
      for (size_t at = 0; entry->token[t].kind == 'l' && at + 4 <= entry->token[t].length; at += 4)
        if (memcmp(entry->token[t].bytes + at, &wanted, 4) == 0) return 1;
  }
  return 0;
}

static nvmlReturn_t checked(const struct rule *rule, const uint64_t *args)
{
  uint64_t value = value_of(rule->from, args);
  if (strcmp(rule->kind, "check") == 0 && (value < rule->low || value > rule->high)) return NVML_ERROR_INVALID_ARGUMENT;
  if (strcmp(rule->kind, "power") == 0) {
    uint32_t low = 0, high = 0;
    const char *getter = "nvmlDeviceGetPowerManagementLimitConstraints";
    if (!answered(getter, args, 1, &low) || !answered(getter, args, 2, &high)) return NVML_ERROR_NOT_SUPPORTED;
    if (value < low || value > high) return NVML_ERROR_INVALID_ARGUMENT;
  }
  if (strcmp(rule->kind, "clocks") == 0 &&
      (!in_list("nvmlDeviceGetSupportedMemoryClocks", args, NULL, (uint32_t)args[1]) ||
       !in_list("nvmlDeviceGetSupportedGraphicsClocks", args, &args[1], (uint32_t)args[2])))
    return NVML_ERROR_INVALID_ARGUMENT;
  return NVML_SUCCESS;
}

static void empty_list(const struct rule *rule, const uint64_t *args)
{
  for (struct entry *entry = entries[rule->getter]; entry != NULL; entry = entry->next)
    for (size_t t = 0; is_answer(entry, rule, args) && t < entry->tokens; t++)
      if (entry->token[t].kind == 'l') entry->token[t].length = 0;
}

/* Entries of two getters with the same inputs: the one answers then what the other does. */
static void copy_answers(const struct rule *rule, const uint64_t *args)
{
  for (struct entry *to = entries[rule->getter]; to != NULL; to = to->next)
    for (struct entry *from = entries[rule->other]; from != NULL; from = from->next) {
      if (to->key == NULL || from->key == NULL || strcmp(to->key, from->key) != 0 || !asks(to, 0, args[0])) continue;
      for (size_t t = 0; t < to->tokens && to->tokens == from->tokens; t++)
        if (to->token[t].kind == '>' && to->token[t].length == from->token[t].length)
          memcpy(to->token[t].bytes, from->token[t].bytes, to->token[t].length);
    }
}

static nvmlReturn_t run_rules(int setter, const uint64_t *args)
{
  nvmlReturn_t status = supported(setter, args);
  for (size_t r = 0; r < rule_count && status == NVML_SUCCESS; r++)
    if (rules[r].setter == setter) status = checked(&rules[r], args);
  if (status != NVML_SUCCESS) return status;
  for (size_t r = 0; r < rule_count; r++) {
    const struct rule *rule = &rules[r];
    if (rule->setter != setter) continue;
    if (strcmp(rule->kind, "empties") == 0) empty_list(rule, args);
    if (strcmp(rule->kind, "copies") == 0) copy_answers(rule, args);
    if (strcmp(rule->kind, "effect") != 0) continue;
    uint64_t value = value_of(rule->from, args);
    for (struct entry *entry = entries[rule->getter]; entry != NULL; entry = entry->next) {
      uint8_t *place = is_answer(entry, rule, args) && entry->status == NVML_SUCCESS ? place_in(entry, rule) : NULL;
      if (place != NULL) memcpy(place, &value, rule->size);
    }
  }
  return NVML_SUCCESS;
}

/* ---- MIG ---- */

static uint32_t mig_mode(uint64_t gpu, int pending)
{
  uint32_t mode = 0;
  const uint64_t args[] = { gpu };
  answered("nvmlDeviceGetMigMode", args, pending ? 2 : 1, &mode);
  return mode;
}

static int has_instances(uint64_t gpu)
{
  for (int i = 0; i < gi_count; i++)
    if (gis[i].alive && gis[i].gpu == gpu) return 1;
  return 0;
}

static int has_processes(uint64_t gpu)
{
  static const char *const lists[] = { "nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v3" };
  for (int l = 0; l < 2; l++)
    for (struct entry *entry = entries[known_function(lists[l])]; entry != NULL; entry = entry->next)
      for (size_t t = 0; entry->key != NULL && asks(entry, 0, gpu) && t < entry->tokens; t++)
        if (entry->token[t].kind == 'l' && entry->token[t].length > 0) return 1;
  return 0;
}

/* The profile of a GPU by its id, from what nvmlDeviceGetGpuInstanceProfileInfoV answers. */
static int gi_profile(uint64_t gpu, uint32_t id, nvmlGpuInstanceProfileInfo_v2_t *info)
{
  for (struct entry *entry = entries[known_function("nvmlDeviceGetGpuInstanceProfileInfoV")]; entry != NULL; entry = entry->next) {
    if (entry->key == NULL || !asks(entry, 0, gpu) || entry->status != NVML_SUCCESS) continue;
    for (size_t t = 0; t < entry->tokens; t++) {
      if (entry->token[t].kind != '>' || entry->token[t].length < sizeof *info) continue;
      memcpy(info, entry->token[t].bytes, sizeof *info);
      if (info->id == id) return 1;
    }
  }
  return 0;
}

static int gi_placements(uint64_t gpu, uint32_t profile, nvmlGpuInstancePlacement_t *places)
{
  for (struct entry *entry = entries[known_function("nvmlDeviceGetGpuInstancePossiblePlacements_v2")]; entry != NULL; entry = entry->next) {
    if (entry->key == NULL || !asks(entry, 0, gpu) || !asks(entry, 1, profile)) continue;
    for (size_t t = 0; t < entry->tokens; t++) {
      if (entry->token[t].kind != 'l') continue;
      size_t length = entry->token[t].length / sizeof *places;
      if (length > SLICES) length = SLICES;
      memcpy(places, entry->token[t].bytes, length * sizeof *places);
      return (int)length;
    }
  }
  return 0;
}

static void used_slices(uint64_t gpu, int *used)
{
  memset(used, 0, SLICES * sizeof *used);
  for (int i = 0; i < gi_count; i++)
    for (uint32_t s = 0; gis[i].alive && gis[i].gpu == gpu && s < gis[i].size; s++) used[gis[i].start + s] = 1;
}

static int is_free(const int *used, nvmlGpuInstancePlacement_t place)
{
  for (uint32_t s = 0; s < place.size; s++)
    if (place.start + s >= SLICES || used[place.start + s]) return 0;
  return 1;
}

/*
 * How large the free block is that a placement would break: of two slices, four or eight, aligned. The last memory slice has no
 * compute slice, so its blocks are broken already. NVML takes the smallest, and in it the first (public outputs of an
 * A100: 19,19,14 become 6:1, 4:1 and 0:2; 9,19,14,19 become 4:4, 0:1, 2:2 and 1:1; 14,19,... become 4:2, 6:1, 0:1).
 */
static uint32_t broken_block(const int *used, nvmlGpuInstancePlacement_t place)
{
  uint32_t found = place.start + place.size > SLICES - 1 ? place.size - 1 : place.size;
  for (uint32_t size = place.size * 2; size <= SLICES; size *= 2) {
    uint32_t from = place.start / size * size;
    if (from + size > SLICES - 1) break;
    for (uint32_t s = from; s < from + size; s++)
      if (used[s]) return found;
    found = size;
  }
  return found;
}

static uint32_t remaining(uint64_t gpu, uint32_t profile)
{
  nvmlGpuInstanceProfileInfo_v2_t info;
  nvmlGpuInstancePlacement_t places[SLICES];
  int used[SLICES], count = gi_placements(gpu, profile, places);
  uint32_t left = 0, same = 0;
  if (mig_mode(gpu, 0) == 0 || !gi_profile(gpu, profile, &info)) return 0;
  used_slices(gpu, used);
  for (int i = 0; i < gi_count; i++) same += gis[i].alive && gis[i].gpu == gpu && gis[i].profile == profile;
  for (int p = 0; p < count; p++) {
    if (!is_free(used, places[p])) continue;
    left++;
    for (uint32_t s = 0; s < places[p].size; s++) used[places[p].start + s] = 1;
  }
  uint32_t most = info.instanceCount > same ? info.instanceCount - same : 0;
  return left < most ? left : most;
}

static nvmlReturn_t create_gi(uint64_t gpu, uint32_t profile, const nvmlGpuInstancePlacement_t *wanted, void **out)
{
  nvmlGpuInstanceProfileInfo_v2_t info;
  nvmlGpuInstancePlacement_t places[SLICES], *best = NULL;
  int used[SLICES], count = gi_placements(gpu, profile, places);
  if (mig_mode(gpu, 0) == 0) return NVML_ERROR_NOT_SUPPORTED;
  if (!gi_profile(gpu, profile, &info)) return NVML_ERROR_NOT_SUPPORTED;
  if (out == NULL) return NVML_ERROR_INVALID_ARGUMENT;
  if (remaining(gpu, profile) == 0 || gi_count == MOST_GIS) return NVML_ERROR_INSUFFICIENT_RESOURCES;
  used_slices(gpu, used);
  int is_place = 0;
  for (int p = 0; p < count; p++) {
    if (wanted != NULL && (places[p].start != wanted->start || places[p].size != wanted->size)) continue;
    is_place = 1;
    if (!is_free(used, places[p])) continue;
    if (best == NULL || broken_block(used, places[p]) < broken_block(used, *best)) best = &places[p];
  }
  if (!is_place) return NVML_ERROR_INVALID_ARGUMENT;
  if (best == NULL) return NVML_ERROR_INSUFFICIENT_RESOURCES;
  char name[64];
  /* The ids of the public outputs: 0 has all slices, 1 and 2 four, 3 to 6 two, 7 to 14 one. */
  uint32_t id = SLICES / best->size - 1 + best->start / best->size;
  uint64_t handle = gpu + 0x10000000 + id * 0x100000;
  snprintf(name, sizeof name, "%s/gi%u", handle_name(gpu), id);
  uint64_t known = address_named(name);
  if (known == 0) add_handle(name, handle);
  else handle = known;
  gis[gi_count++] = (struct gi){ gpu, handle, id, profile, best->start, best->size, 1 };
  *out = (void *)(uintptr_t)handle;
  return NVML_SUCCESS;
}

/* Compute instance profiles by their number: how many slices each has. */
static const uint32_t CI_SLICES[] = { 1, 2, 3, 4, 7, 8, 6 };

static int ci_profile(const struct gi *gi, uint32_t profile, nvmlComputeInstanceProfileInfo_v2_t *info)
{
  nvmlGpuInstanceProfileInfo_v2_t whole;
  if (profile >= sizeof CI_SLICES / sizeof *CI_SLICES || !gi_profile(gi->gpu, gi->profile, &whole)) return 0;
  uint32_t slices = CI_SLICES[profile];
  if (slices > whole.sliceCount) return 0;
  memset(info, 0, sizeof *info);
  info->id = profile;
  info->sliceCount = slices;
  info->instanceCount = whole.sliceCount / slices;
  info->multiprocessorCount = whole.multiprocessorCount / whole.sliceCount * slices;
  info->sharedCopyEngineCount = whole.copyEngineCount;
  info->sharedDecoderCount = whole.decoderCount;
  info->sharedEncoderCount = whole.encoderCount;
  info->sharedJpegCount = whole.jpegCount;
  info->sharedOfaCount = whole.ofaCount;
  const char *bare = strncmp(whole.name, "MIG ", 4) == 0 ? whole.name + 4 : whole.name;
  if (slices == whole.sliceCount) snprintf(info->name, sizeof info->name, "MIG %.80s", bare);
  else snprintf(info->name, sizeof info->name, "MIG %uc.%.80s", slices, bare);
  return 1;
}

static void used_compute(const struct gi *gi, int *used)
{
  memset(used, 0, SLICES * sizeof *used);
  for (int i = 0; i < ci_count; i++)
    for (uint32_t s = 0; cis[i].alive && cis[i].gi == gi->handle && s < cis[i].size; s++) used[cis[i].start + s] = 1;
}

static uint32_t gi_slices(const struct gi *gi)
{
  nvmlGpuInstanceProfileInfo_v2_t whole;
  return gi_profile(gi->gpu, gi->profile, &whole) ? whole.sliceCount : 0;
}

static uint32_t remaining_compute(const struct gi *gi, uint32_t size)
{
  int used[SLICES];
  uint32_t left = 0;
  used_compute(gi, used);
  for (uint32_t start = 0; start + size <= gi_slices(gi); start++) {
    if (!is_free(used, (nvmlGpuInstancePlacement_t){ start, size })) continue;
    left++;
    for (uint32_t s = start; s < start + size; s++) used[s] = 1;
  }
  return left;
}

static nvmlReturn_t create_ci(struct gi *gi, uint32_t profile, const nvmlComputeInstancePlacement_t *wanted, void **out)
{
  nvmlComputeInstanceProfileInfo_v2_t info;
  int used[SLICES];
  if (!ci_profile(gi, profile, &info)) return NVML_ERROR_NOT_SUPPORTED;
  if (out == NULL) return NVML_ERROR_INVALID_ARGUMENT;
  used_compute(gi, used);
  uint32_t start = wanted == NULL ? 0 : wanted->start, last = wanted == NULL ? gi_slices(gi) : start;
  while (!is_free(used, (nvmlGpuInstancePlacement_t){ start, info.sliceCount }) || start + info.sliceCount > gi_slices(gi))
    if (++start > last) return NVML_ERROR_INSUFFICIENT_RESOURCES;
  uint32_t id = 0;
  for (int i = 0; i < ci_count; i++)
    if (cis[i].alive && cis[i].gi == gi->handle && cis[i].id == id) { id++; i = -1; }
  char name[96];
  uint64_t handle = gi->handle + 0x8000 + id * 0x100, mig = handle + 0x40;
  snprintf(name, sizeof name, "%s/ci%u", handle_name(gi->handle), id);
  uint64_t known = address_named(name);
  if (known == 0) add_handle(name, handle);
  else handle = known;
  snprintf(name, sizeof name, "%s/mig-%u-%u", handle_name(gi->gpu), gi->id, id);
  known = address_named(name);
  if (known == 0) add_handle(name, mig);
  else mig = known;
  if (ci_count == MOST_CIS) return NVML_ERROR_INSUFFICIENT_RESOURCES;
  cis[ci_count++] = (struct ci){ gi->handle, handle, mig, id, profile, start, info.sliceCount, 1 };
  *out = (void *)(uintptr_t)handle;
  return NVML_SUCCESS;
}

static nvmlReturn_t put_handles(uint32_t *count, void **out, uint64_t owner, uint32_t profile, int of_gpu)
{
  uint32_t found = 0;
  /* By their ids: an A100 that made 13, 7, 8, 9 and 10 lists 7 to 10 first (public output). */
  for (uint32_t id = 0; id < 16; id++)
    for (int i = 0; i < (of_gpu ? gi_count : ci_count); i++) {
      int is_one = of_gpu ? gis[i].alive && gis[i].id == id && gis[i].gpu == owner && gis[i].profile == profile
                          : cis[i].alive && cis[i].id == id && cis[i].gi == owner && cis[i].profile == profile;
      if (is_one) out[found++] = (void *)(uintptr_t)(of_gpu ? gis[i].handle : cis[i].handle);
    }
  *count = found;
  return NVML_SUCCESS;
}

/* MIG devices are in the order of their GPU instances' ids. */
static struct ci *mig_device(uint64_t gpu, uint32_t index)
{
  for (uint32_t id = 0; id < 16; id++)
    for (int g = 0; g < gi_count; g++)
      for (uint32_t c = 0; gis[g].alive && gis[g].gpu == gpu && gis[g].id == id && c < SLICES; c++)
        for (int i = 0; i < ci_count; i++)
          if (cis[i].alive && cis[i].gi == gis[g].handle && cis[i].id == c && index-- == 0) return &cis[i];
  return NULL;
}

static nvmlReturn_t set_mig(const uint64_t *args)
{
  uint32_t mode = (uint32_t)args[1], *activation = (uint32_t *)(uintptr_t)args[2], now = 0;
  if (!answered("nvmlDeviceGetMigMode", args, 1, &now)) return NVML_ERROR_NOT_SUPPORTED;
  if (mode > 1 || activation == NULL) return NVML_ERROR_INVALID_ARGUMENT;
  if (mode == 0 && has_instances(args[0])) return NVML_ERROR_IN_USE;
  int busy = has_processes(args[0]);
  *activation = busy ? NVML_ERROR_IN_USE : NVML_SUCCESS;
  struct rule rule = { .setter = known_function("nvmlDeviceSetMigMode"), .getter = known_function("nvmlDeviceGetMigMode"), .size = 4 };
  for (struct entry *entry = entries[rule.getter]; entry != NULL; entry = entry->next) {
    if (entry->key == NULL || !asks(entry, 0, args[0])) continue;
    for (rule.param = busy ? 2 : 1; rule.param <= 2; rule.param++) {
      uint8_t *place = place_in(entry, &rule);
      if (place != NULL) memcpy(place, &mode, 4);
    }
  }
  return NVML_SUCCESS;
}

#define PUT(p, value) do { if (args[p] == 0) return NVML_ERROR_INVALID_ARGUMENT; *(uint32_t *)(uintptr_t)args[p] = (value); } while (0)
#define PUT_HANDLE(p, value) do { if (args[p] == 0) return NVML_ERROR_INVALID_ARGUMENT; *(uint64_t *)(uintptr_t)args[p] = (value); } while (0)

static nvmlReturn_t put_text(const uint64_t *args, const char *text)
{
  if (args[2] < strlen(text) + 1) return NVML_ERROR_INSUFFICIENT_SIZE;
  strcpy((char *)(uintptr_t)args[1], text);
  return NVML_SUCCESS;
}

static nvmlReturn_t attributes(const struct ci *ci, nvmlDeviceAttributes_t *out)
{
  struct gi *gi = gi_of(ci->gi);
  nvmlGpuInstanceProfileInfo_v2_t whole;
  nvmlComputeInstanceProfileInfo_v2_t part;
  if (gi == NULL || !gi_profile(gi->gpu, gi->profile, &whole) || !ci_profile(gi, ci->profile, &part)) return NVML_ERROR_NOT_FOUND;
  *out = (nvmlDeviceAttributes_t){ part.multiprocessorCount, part.sharedCopyEngineCount, part.sharedDecoderCount,
    part.sharedEncoderCount, part.sharedJpegCount, part.sharedOfaCount, whole.sliceCount, part.sliceCount, whole.memorySizeMB };
  return NVML_SUCCESS;
}

static const nvmlReturn_t NOT_MINE = (nvmlReturn_t)-1;

/* The getters of MIG, and of MIG devices that were not recorded. */
static nvmlReturn_t mig_getter(const char *name, const uint64_t *args)
{
  if (strncmp(name, "nvmlDevice", 10) == 0) {
    name += 10;
    struct ci *ci = ci_of(args[0]);
    if (ci != NULL && ci->mig == args[0]) {
      struct gi *gi = gi_of(ci->gi);
      if (strcmp(name, "GetGpuInstanceId") == 0) { PUT(1, gi->id); return NVML_SUCCESS; }
      if (strcmp(name, "GetComputeInstanceId") == 0) { PUT(1, ci->id); return NVML_SUCCESS; }
      if (strcmp(name, "IsMigDeviceHandle") == 0) { PUT(1, 1); return NVML_SUCCESS; }
      if (strcmp(name, "GetDeviceHandleFromMigDeviceHandle") == 0) { PUT_HANDLE(1, gi->gpu); return NVML_SUCCESS; }
      if (strcmp(name, "GetAttributes_v2") == 0) return attributes(ci, (nvmlDeviceAttributes_t *)(uintptr_t)args[1]);
      if (strcmp(name, "GetUUID") == 0) {
        char uuid[64];
        snprintf(uuid, sizeof uuid, "MIG-5eed%04x-0000-4a4a-8b8b-%06x%06x", (unsigned)(gi->gpu >> 8 & 0xffff), gi->id, ci->id);
        return put_text(args, uuid);
      }
      if (strcmp(name, "GetName") == 0) {
        nvmlComputeInstanceProfileInfo_v2_t info;
        char text[160];
        ci_profile(gi, ci->profile, &info);
        snprintf(text, sizeof text, "NVIDIA %s", info.name);
        return put_text(args, text);
      }
      return NOT_MINE;
    }
    uint32_t mode = 0;
    if (!answered("nvmlDeviceGetMigMode", args, 1, &mode)) return NOT_MINE;
    if (strcmp(name, "GetGpuInstances") == 0) {
      if (mode == 0) return NOT_MINE;
      return put_handles((uint32_t *)(uintptr_t)args[3], (void **)(uintptr_t)args[2], args[0], (uint32_t)args[1], 1);
    }
    if (strcmp(name, "GetGpuInstancePossiblePlacements_v2") == 0 && args[2] == 0) {
      nvmlGpuInstancePlacement_t places[SLICES];
      int count = gi_placements(args[0], (uint32_t)args[1], places);
      if (count == 0) return NOT_MINE;
      PUT(3, (uint32_t)count);
      return NVML_SUCCESS;
    }
    if (strcmp(name, "GetGpuInstanceById") == 0) {
      for (int i = 0; i < gi_count; i++)
        if (gis[i].alive && gis[i].gpu == args[0] && gis[i].id == args[1]) { PUT_HANDLE(2, gis[i].handle); return NVML_SUCCESS; }
      return NVML_ERROR_NOT_FOUND;
    }
    nvmlGpuInstanceProfileInfo_v2_t info;
    if (strcmp(name, "GetGpuInstanceRemainingCapacity") == 0 && mode != 0 && gi_profile(args[0], (uint32_t)args[1], &info)) {
      PUT(2, remaining(args[0], (uint32_t)args[1]));
      return NVML_SUCCESS;
    }
    if (strcmp(name, "GetMaxMigDeviceCount") == 0) { PUT(1, mode == 0 ? 0 : 7); return NVML_SUCCESS; }
    if (strcmp(name, "GetMigDeviceHandleByIndex") == 0) {
      ci = mig_device(args[0], (uint32_t)args[1]);
      if (ci == NULL) return NVML_ERROR_NOT_FOUND;
      PUT_HANDLE(2, ci->mig);
      return NVML_SUCCESS;
    }
    return NOT_MINE;
  }
  struct gi *gi = gi_of(args[0]);
  if (gi != NULL && strncmp(name, "nvmlGpuInstance", 15) == 0) {
    name += 15;
    if (strcmp(name, "GetInfo") == 0) {
      *(nvmlGpuInstanceInfo_t *)(uintptr_t)args[1] = (nvmlGpuInstanceInfo_t){ (nvmlDevice_t)(uintptr_t)gi->gpu, gi->id, gi->profile, { gi->start, gi->size } };
      return NVML_SUCCESS;
    }
    nvmlComputeInstanceProfileInfo_v2_t info;
    if (strcmp(name, "GetComputeInstanceProfileInfo") == 0) {
      if (args[2] != 0 || !ci_profile(gi, (uint32_t)args[1], &info)) return NVML_ERROR_NOT_SUPPORTED;
      memcpy((void *)(uintptr_t)args[3], &info.id, sizeof(nvmlComputeInstanceProfileInfo_t));
      return NVML_SUCCESS;
    }
    if (strcmp(name, "GetComputeInstanceProfileInfoV") == 0) {
      if (args[2] != 0 || !ci_profile(gi, (uint32_t)args[1], &info)) return NVML_ERROR_NOT_SUPPORTED;
      memcpy((void *)(uintptr_t)args[3], &info, sizeof info);
      return NVML_SUCCESS;
    }
    if (strcmp(name, "GetComputeInstanceRemainingCapacity") == 0) {
      if (!ci_profile(gi, (uint32_t)args[1], &info)) return NVML_ERROR_NOT_SUPPORTED;
      PUT(2, remaining_compute(gi, info.sliceCount));
      return NVML_SUCCESS;
    }
    if (strcmp(name, "GetComputeInstances") == 0)
      return put_handles((uint32_t *)(uintptr_t)args[3], (void **)(uintptr_t)args[2], gi->handle, (uint32_t)args[1], 0);
    if (strcmp(name, "GetComputeInstanceById") == 0) {
      for (int i = 0; i < ci_count; i++)
        if (cis[i].alive && cis[i].gi == gi->handle && cis[i].id == args[1]) { PUT_HANDLE(2, cis[i].handle); return NVML_SUCCESS; }
      return NVML_ERROR_NOT_FOUND;
    }
    if (strcmp(name, "GetComputeInstancePossiblePlacements") == 0) {
      uint32_t *count = (uint32_t *)(uintptr_t)args[3], found = 0;
      nvmlComputeInstancePlacement_t *out = (nvmlComputeInstancePlacement_t *)(uintptr_t)args[2];
      if (!ci_profile(gi, (uint32_t)args[1], &info)) return NVML_ERROR_NOT_SUPPORTED;
      for (uint32_t start = 0; start + info.sliceCount <= gi_slices(gi); start++, found++)
        if (out != NULL) out[found] = (nvmlComputeInstancePlacement_t){ start, info.sliceCount };
      *count = found;
      return NVML_SUCCESS;
    }
    return NOT_MINE;
  }
  struct ci *ci = ci_of(args[0]);
  if (ci != NULL && strcmp(name, "nvmlComputeInstanceGetInfo_v2") == 0) {
    struct gi *owner = gi_of(ci->gi);
    *(nvmlComputeInstanceInfo_t *)(uintptr_t)args[1] = (nvmlComputeInstanceInfo_t){ (nvmlDevice_t)(uintptr_t)owner->gpu,
      (nvmlGpuInstance_t)(uintptr_t)owner->handle, ci->id, ci->profile, { ci->start, ci->size } };
    return NVML_SUCCESS;
  }
  return NOT_MINE;
}

static nvmlReturn_t mig_setter(const char *name, const uint64_t *args)
{
  struct gi *gi = gi_of(args[0]);
  struct ci *ci = ci_of(args[0]);
  if (strcmp(name, "nvmlDeviceSetMigMode") == 0) return set_mig(args);
  if (strcmp(name, "nvmlDeviceCreateGpuInstance") == 0)
    return create_gi(args[0], (uint32_t)args[1], NULL, (void **)(uintptr_t)args[2]);
  if (strcmp(name, "nvmlDeviceCreateGpuInstanceWithPlacement") == 0)
    return create_gi(args[0], (uint32_t)args[1], (void *)(uintptr_t)args[2], (void **)(uintptr_t)args[3]);
  if (strcmp(name, "nvmlGpuInstanceCreateComputeInstance") == 0)
    return gi == NULL ? NVML_ERROR_INVALID_ARGUMENT : create_ci(gi, (uint32_t)args[1], NULL, (void **)(uintptr_t)args[2]);
  if (strcmp(name, "nvmlGpuInstanceCreateComputeInstanceWithPlacement") == 0)
    return gi == NULL ? NVML_ERROR_INVALID_ARGUMENT
                      : create_ci(gi, (uint32_t)args[1], (void *)(uintptr_t)args[2], (void **)(uintptr_t)args[3]);
  if (strcmp(name, "nvmlGpuInstanceDestroy") == 0) {
    if (gi == NULL) return NVML_ERROR_INVALID_ARGUMENT;
    for (int i = 0; i < ci_count; i++)
      if (cis[i].alive && cis[i].gi == gi->handle) return NVML_ERROR_IN_USE;
    gi->alive = 0;
    return NVML_SUCCESS;
  }
  if (ci == NULL) return NVML_ERROR_INVALID_ARGUMENT;
  ci->alive = 0;
  return NVML_SUCCESS;
}

/* ---- the seam ---- */

/* A line of the journal: the function, its arguments, and 64 bytes at each pointer. */
static void write_journal(int index, const uint64_t *args)
{
  FILE *out = fopen(journal, "a");
  if (out == NULL) return;
  fprintf(out, "%s", functions[index].name);
  for (size_t i = 0; functions[index].params[i] != 0; i++) {
    if (functions[index].params[i] != 'p' || args[i] == 0) {
      fprintf(out, " %llu", (unsigned long long)args[i]);
      continue;
    }
    fprintf(out, " x");
    /* What it is given: no more than the smallest struct and a PCI address need. */
    size_t length = setter_kind[index] == 'p' ? sizeof(nvmlPciInfo_t) : 8;
    for (size_t r = 0; r < rule_count; r++)
      if (rules[r].setter == index && rules[r].from.kind == BEHIND && rules[r].from.n[1] + rules[r].from.n[2] > length)
        length = rules[r].from.n[1] + rules[r].from.n[2];
    for (size_t b = 0; b < length; b++) fprintf(out, "%02x", ((uint8_t *)(uintptr_t)args[i])[b]);
  }
  fputc('\n', out);
  fclose(out);
}

static nvmlReturn_t set_state(int index, const uint64_t *args)
{
  nvmlReturn_t status = setter_kind[index] == 'm' ? mig_setter(functions[index].name, args) : run_rules(index, args);
  if (status == NVML_SUCCESS && !replaying) write_journal(index, args);
  return status;
}

/* Answers a call of a writable fake. NOT_MINE leaves it to the table. */
static nvmlReturn_t state_call(int index, const uint64_t *args)
{
  if (setter_kind[index] == 0) return mig_getter(functions[index].name, args);
  if (strchr("dm", setter_kind[index]) != NULL && handle_name(args[0]) == NULL) return NVML_ERROR_INVALID_ARGUMENT;
  nvmlReturn_t refused = refusal;
  if (refused != NVML_SUCCESS && supported(index, args) == NVML_SUCCESS) return refused;
  return set_state(index, args);
}

static void replay(void)
{
  FILE *file = is_writable() ? fopen(journal, "r") : NULL;
  if (file == NULL) return;
  replaying = 1;
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, file) > 0) {
    uint64_t args[MOST_PARAMS] = { 0 };
    uint8_t *behind[MOST_PARAMS] = { NULL };
    line[strcspn(line, "\n")] = 0;
    char *rest = NULL, *name = strtok_r(line, " ", &rest);
    int p = 0;
    for (char *word; (word = strtok_r(NULL, " ", &rest)) != NULL && p < MOST_PARAMS; p++) {
      size_t length = 0;
      if (word[0] != 'x') args[p] = strtoull(word, NULL, 10);
      else args[p] = (uint64_t)(uintptr_t)(behind[p] = unhex(word + 1, &length));
    }
    int index = name == NULL ? -1 : function_named(name);
    if (index >= 0 && setter_kind[index] != 0) set_state(index, args);
    else fprintf(stderr, "nvsmi simulate: %s: not a change: %s\n", journal, name == NULL ? "" : name);
    for (int i = 0; i < MOST_PARAMS; i++) free(behind[i]);
  }
  replaying = 0;
  free(line);
  fclose(file);
}
