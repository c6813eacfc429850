/** Where Bun shows a program the files that its executable holds. */
export const INSIDE = '/$bunfs/root';
