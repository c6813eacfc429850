import { describe, expect, it } from 'vitest';
import { linkFields } from '../../src/exporter/fields.js';
import { nameOf } from '../../src/query/field.js';
import { nvlinks, status } from '../../src/query/links/nvlink.js';

describe('what nvlink -s shows', () => {
  it('is one list: the relation has it, and its numbers are metrics', () => {
    expect(nvlinks.fields).toEqual(expect.arrayContaining([...status]));
    const metrics = linkFields.map(nameOf);
    for (const field of status) {
      if (field.kind.metric !== undefined) {
        expect(metrics.some((name) => name.endsWith(nameOf(field)))).toBe(true);
      }
    }
    expect(status.length).toBeGreaterThan(0);
  });
});
