/*
 * The clock of a simulated machine. A recording has moments; they follow each other as they were recorded, and begin again
 * after the last. Times are microseconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* When the first moment was, since the epoch; and how long a round of all moments takes, 0 where nothing moves. */
static int64_t start_micros, round_micros;

static int64_t epoch_micros(void)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t elapsed_micros(void)
{
  int64_t elapsed = epoch_micros() - start_micros;
  return elapsed < 0 ? 0 : elapsed;
}

/* Whether the current moment is one of those from a time of the round on, in milliseconds, until another. */
static int is_now(uint64_t from, uint64_t until)
{
  if (until == 0 || round_micros == 0) return from == 0;
  uint64_t now = (uint64_t)(elapsed_micros() % round_micros) / 1000;
  return from <= now && now < until;
}

/*
 * Samples that have a time. The driver keeps the last ones, and answers with those that are newer than what it is asked. A
 * recording has them with times relative to its first moment. Those after `-head` come again in each round.
 */
struct samples {
  const uint8_t *items;
  size_t count, size, time_offset, kept;
  int64_t round, head;
};

static int64_t sample_time(const struct samples *samples, size_t i)
{
  int64_t time;
  memcpy(&time, samples->items + i * samples->size + samples->time_offset, sizeof time);
  return time;
}

/* Those newer than a time since the epoch, the oldest first, with their times. Returns their number; the caller frees. */
static size_t newer_samples(const struct samples *samples, uint64_t since, uint8_t **found)
{
  int64_t now = elapsed_micros(), last = (int64_t)since - start_micros;
  uint8_t *items = malloc(samples->kept * samples->size + 1);
  size_t free_places = samples->kept;
  for (int64_t round = now / samples->round + 1; round >= 0 && free_places > 0; round--) {
    for (size_t i = samples->count; i-- > 0 && free_places > 0;) {
      int64_t time = sample_time(samples, i);
      if (time <= -samples->head && round > 0) break;
      time += round * samples->round;
      if (time > now) continue;
      if (since != 0 && time <= last) {
        round = 0;
        break;
      }
      uint8_t *item = items + --free_places * samples->size;
      uint64_t shown = (uint64_t)(start_micros + time);
      memcpy(item, samples->items + i * samples->size, samples->size);
      memcpy(item + samples->time_offset, &shown, sizeof shown);
    }
  }
  size_t count = samples->kept - free_places;
  memmove(items, items + free_places * samples->size, count * samples->size);
  *found = items;
  return count;
}
