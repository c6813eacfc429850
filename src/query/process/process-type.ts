/** What a process does with a GPU. */

/** C computes, G draws, C+G does both, M+C computes through MPS. */
export type ProcessType = 'C' | 'G' | 'C+G' | 'M+C';
