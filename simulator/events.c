/* Event sets: a program waits for the Xid events of the control file, each of which every set gets once. */

/* nvmlEventTypeXidCriticalError: constants are no part of the declarations. */
enum { XID_CRITICAL_ERROR = 8 };

struct watched { uint64_t device, types; };

struct event_set {
  struct watched *watched;
  size_t count, seen;
};

static int answers_events;

static nvmlReturn_t create_set(uint64_t *set)
{
  if (set == NULL) return NVML_ERROR_INVALID_ARGUMENT;
  *set = (uint64_t)(uintptr_t)calloc(1, sizeof(struct event_set));
  return NVML_SUCCESS;
}

static nvmlReturn_t free_set(struct event_set *set)
{
  if (set == NULL) return NVML_ERROR_INVALID_ARGUMENT;
  free(set->watched);
  free(set);
  return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetSupportedEventTypes(nvmlDevice_t device, unsigned long long *types);

static nvmlReturn_t watch(uint64_t device, uint64_t types, struct event_set *set)
{
  unsigned long long supported = 0;
  if (set == NULL || handle_name(device) == NULL) return NVML_ERROR_INVALID_ARGUMENT;
  nvmlReturn_t status = nvmlDeviceGetSupportedEventTypes((nvmlDevice_t)(uintptr_t)device, &supported);
  if (status != NVML_SUCCESS) return status;
  if ((types & ~supported) != 0) return NVML_ERROR_NOT_SUPPORTED;
  set->watched = realloc(set->watched, (set->count + 1) * sizeof *set->watched);
  set->watched[set->count++] = (struct watched){ device, types };
  return NVML_SUCCESS;
}

static int watches(const struct event_set *set, uint64_t device)
{
  for (size_t i = 0; i < set->count; i++)
    if (set->watched[i].device == device && (set->watched[i].types & XID_CRITICAL_ERROR) != 0) return 1;
  return 0;
}

/* The next event that a set has not seen. */
static int next_event(struct event_set *set, struct event *event)
{
  int found = 0;
  read_control();
  pthread_mutex_lock(&control_lock);
  while (!found && set->seen < happened_count) {
    *event = happened[set->seen++];
    found = watches(set, event->handle);
  }
  pthread_mutex_unlock(&control_lock);
  return found;
}

static nvmlReturn_t wait_event(struct event_set *set, nvmlEventData_t *data, uint32_t milliseconds, int has_instances)
{
  double end = now_micros() + 1e3 * milliseconds;
  struct event event;
  if (set == NULL || data == NULL) return NVML_ERROR_INVALID_ARGUMENT;
  while (!next_event(set, &event)) {
    double left = end - now_micros();
    if (left <= 0) return NVML_ERROR_TIMEOUT;
    wait_micros(left < 2e4 ? (uint64_t)left : 20000);
  }
  data->device = (nvmlDevice_t)(uintptr_t)event.handle;
  data->eventType = XID_CRITICAL_ERROR;
  data->eventData = event.number;
  if (has_instances) data->gpuInstanceId = data->computeInstanceId = 0xffffffff;
  return NVML_SUCCESS;
}

/* Answers the functions of event sets, where the table has no entry for them. */
static int event_call(const char *name, const uint64_t *args, nvmlReturn_t *status)
{
  if (!answers_events) return 0;
  if (strcmp(name, "nvmlEventSetCreate") == 0) *status = create_set((uint64_t *)(uintptr_t)args[0]);
  else if (strcmp(name, "nvmlEventSetFree") == 0) *status = free_set((struct event_set *)(uintptr_t)args[0]);
  else if (strcmp(name, "nvmlDeviceRegisterEvents") == 0)
    *status = watch(args[0], args[1], (struct event_set *)(uintptr_t)args[2]);
  else if (strncmp(name, "nvmlEventSetWait", 16) == 0)
    *status = wait_event((struct event_set *)(uintptr_t)args[0], (nvmlEventData_t *)(uintptr_t)args[1], (uint32_t)args[2],
                         strcmp(name, "nvmlEventSetWait") != 0);
  else return 0;
  return 1;
}
