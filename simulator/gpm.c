/*
 * GPM: a program takes two samples of a GPU, and NVML computes metrics from them. A recording has the metrics, which are those of
 * the moment in which they are computed.
 */

struct metric { uint64_t handle, id, status, bits, from, until; };

static struct metric *metrics;
static size_t metric_count;

/* A sample is what the program was given, and the GPU that it was taken of. */
struct gpm_sample { uint64_t handle; };

/* !gpm HANDLE METRIC STATUS BITS FROM UNTIL */
static void add_metric(const char *rest)
{
  unsigned long long n[6] = { 0 };
  if (sscanf(rest, "%llu %llu %llu %llu %llu %llu", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]) != 6) return;
  metrics = realloc(metrics, (metric_count + 1) * sizeof *metrics);
  metrics[metric_count++] = (struct metric){ n[0], n[1], n[2], n[3], n[4], n[5] };
}

/* The metric of a GPU at this moment; with ALL whether there is any. */
enum { ALL = 0 };
static const struct metric *metric_of(uint64_t handle, uint32_t id)
{
  for (size_t i = 0; i < metric_count; i++) {
    if (metrics[i].handle != handle || (id != ALL && metrics[i].id != id)) continue;
    if (id == ALL || is_now(metrics[i].from, metrics[i].until)) return &metrics[i];
  }
  return NULL;
}

static nvmlReturn_t take_sample(uint64_t device, struct gpm_sample *sample)
{
  if (sample == NULL || handle_name(device) == NULL) return NVML_ERROR_INVALID_ARGUMENT;
  if (metric_of(device, ALL) == NULL) return NVML_ERROR_NOT_SUPPORTED;
  sample->handle = device;
  return NVML_SUCCESS;
}

static nvmlReturn_t compute_metrics(nvmlGpmMetricsGet_t *asked)
{
  if (asked == NULL) return NVML_ERROR_INVALID_ARGUMENT;
  if (asked->version != 1) return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
  const struct gpm_sample *one = (const void *)asked->sample1, *other = (const void *)asked->sample2;
  size_t room = sizeof asked->metrics / sizeof *asked->metrics;
  if (one == NULL || other == NULL || one->handle == 0 || one->handle != other->handle || asked->numMetrics > room)
    return NVML_ERROR_INVALID_ARGUMENT;
  for (size_t i = 0; i < asked->numMetrics; i++) {
    const struct metric *metric = metric_of(one->handle, asked->metrics[i].metricId);
    uint64_t bits = metric == NULL ? 0 : metric->bits;
    asked->metrics[i].nvmlReturn = metric == NULL ? NVML_ERROR_NOT_SUPPORTED : (nvmlReturn_t)metric->status;
    memcpy(&asked->metrics[i].value, &bits, sizeof bits);
  }
  return NVML_SUCCESS;
}

/* Answers the functions of GPM, where the table has metrics and no entry for them. */
static int gpm_call(const char *name, const uint64_t *args, nvmlReturn_t *status)
{
  if (metric_count == 0) return 0;
  if (strcmp(name, "nvmlGpmSampleAlloc") == 0) {
    *status = args[0] == 0 ? NVML_ERROR_INVALID_ARGUMENT : NVML_SUCCESS;
    if (args[0] != 0) *(void **)(uintptr_t)args[0] = calloc(1, sizeof(struct gpm_sample));
  } else if (strcmp(name, "nvmlGpmSampleFree") == 0) {
    *status = args[0] == 0 ? NVML_ERROR_INVALID_ARGUMENT : NVML_SUCCESS;
    free((void *)(uintptr_t)args[0]);
  } else if (strcmp(name, "nvmlGpmSampleGet") == 0)
    *status = take_sample(args[0], (struct gpm_sample *)(uintptr_t)args[1]);
  else if (strcmp(name, "nvmlGpmMetricsGet") == 0)
    *status = compute_metrics((nvmlGpmMetricsGet_t *)(uintptr_t)args[0]);
  else return 0;
  return 1;
}
