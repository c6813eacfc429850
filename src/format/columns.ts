/** Scrolling columns below a head of two lines, as `vgpu -u` of driver 580 prints them. */

export interface TableColumn {
  readonly head: readonly [string, string];
  readonly width: number;
}

const aligned = (columns: readonly TableColumn[], texts: readonly string[]): string =>
  columns.map(({ width }, i) => (texts[i] ?? '').padStart(width)).join('');

/** The head; every list begins with the GPU's index. */
export const columnsHead = (columns: readonly TableColumn[]): string =>
  [
    `# GPU${aligned(
      columns,
      columns.map(({ head }) => head[0]),
    )}`,
    `# Idx${aligned(
      columns,
      columns.map(({ head }) => head[1]),
    )}`,
    '',
  ].join('\n');

/** One line of a GPU. */
export const columnsLine = (columns: readonly TableColumn[], gpu: number, texts: readonly string[]): string =>
  `${String(gpu).padStart(5)}${aligned(columns, texts)}\n`;

/** The line of a GPU that has nothing to list: dashes, or another word in every column. */
export const emptyLine = (columns: readonly TableColumn[], gpu: number, word = '-'): string =>
  columnsLine(
    columns,
    gpu,
    columns.map(() => word),
  );
