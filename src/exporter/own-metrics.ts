/** What the exporter says about itself, as of the scrape: how old the values are, and whether it collects at all. */

import type { Collector } from './collector.js';
import { add, infoFamily, type Points } from './dialects/dialect.js';
import type { Family } from './field.js';

const gauge = (name: string, help: string): Family => infoFamily(`nvsmi_exporter_${name}`, help);
const counter = (name: string, help: string): Family => ({ ...gauge(name, help), type: 'counter' });

const build = gauge('build_info', 'Version of the exporter, as a label. Always 1.');
const up = gauge('up', 'Whether collection works: 0 while a collection is stuck, or before the first one.');
const age = gauge('collection_age_seconds', 'Age of the values.');
const took = gauge('collection_duration_seconds', 'Duration of the collection of the values.');
const at = gauge(
  'collection_timestamp_seconds',
  'End of the collection of the values, in seconds since the epoch.',
);
const stuck = gauge(
  'stuck_since_seconds',
  'Time since which a collection is stuck, in seconds since the epoch.',
);
const collections = counter('collections_total', 'Collections since the exporter started.');
const errors = counter('errors_total', 'Failed readings by NVML status, and implausible values.');

/** All of them. */
export const ownFamilies: readonly Family[] = [build, up, age, took, at, stuck, collections, errors];

export function ownPoints(collector: Collector, version: string, now: number): Points {
  const points: Points = new Map();
  const { latest, stuckSince } = collector;
  add(points, build, { version }, 1);
  add(points, up, {}, latest !== undefined && stuckSince === undefined ? 1 : 0);
  if (latest !== undefined) {
    add(points, age, {}, Math.max(0, now - latest.at) / 1000);
    add(points, took, {}, latest.tookMs / 1000);
    add(points, at, {}, latest.at / 1000);
  }
  if (stuckSince !== undefined) add(points, stuck, {}, stuckSince / 1000);
  add(points, collections, {}, collector.collections);
  for (const [status, count] of collector.errors) add(points, errors, { status }, count);
  return points;
}
