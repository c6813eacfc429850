/** How a C struct lies in memory: its size and the place of each field. */
export type ScalarType = 'u8' | 'u16' | 'u32' | 'u64' | 'i32' | 'i64' | 'f64' | 'ptr';

/** A field: what it holds, its byte offset, and for arrays and text how many elements. */
export type StructField = readonly [type: ScalarType | 'text' | Layout, offset: number, length?: number];

export interface Layout {
  readonly size: number;
  readonly fields: Readonly<Record<string, StructField>>;
}
