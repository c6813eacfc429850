/** What a process does with a GPU: apart from how that is asked, since the types of the package have it. */

/** C computes, G draws, C+G does both, M+C computes through MPS. */
export type ProcessType = 'C' | 'G' | 'C+G' | 'M+C';
