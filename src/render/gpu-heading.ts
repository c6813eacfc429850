/** The line that names a GPU above what is said about it, as -L, nvlink, pci and c2c print it. */

export interface NamedGpu {
  readonly index: number;
  readonly name: string;
  readonly uuid: string;
}

export const gpuHeading = ({ index, name, uuid }: NamedGpu): string =>
  `GPU ${index}: ${name} (UUID: ${uuid})\n`;
