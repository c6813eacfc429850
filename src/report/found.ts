/** What repeats in a report, as it was found at one tick. */
import type { Missing } from '../nvml/status.js';
import type { Asking } from '../query/ask/asking.js';
import type { Subject } from '../query/ask/subject.js';
import type { Reading } from '../query/reading.js';

/** One item: values by name, and lists of its own. */
export interface FoundItem {
  readonly [name: string]: Reading | FoundItems;
}

/** The items, or why there are none. */
export type FoundItems = readonly FoundItem[] | Missing;

/** Looks for the items of a subject. */
export type Search = (subject: Subject) => Asking<FoundItems>;

/** A search, or the name of a list of the item that contains the list. */
export type Finder = Search | { readonly within: string };
