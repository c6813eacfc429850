import type { Snapshot } from '../nvml/snapshot.js';
export function withValues(snapshot: Snapshot, _settings: readonly string[]): Snapshot {
  return snapshot;
}
