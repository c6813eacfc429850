/** --query-retired-pages: the pages of a GPU's memory that are no longer used. */

import type { Out } from '../../nvml/call.js';
import {
  NVML_ERROR_FUNCTION_NOT_FOUND,
  NVML_PAGE_RETIREMENT_CAUSE_DOUBLE_BIT_ECC_ERROR,
  NVML_PAGE_RETIREMENT_CAUSE_MULTIPLE_SINGLE_BIT_ECC_ERRORS,
} from '../../nvml/generated/constants.js';
import { nvmlDeviceGetRetiredPages, nvmlDeviceGetRetiredPages_v2 } from '../../nvml/generated/entries.js';
import { LIST_HEAD, readU64, roomOf } from '../../nvml/memory.js';
import { Missing, NOT_SUPPORTED } from '../../nvml/status.js';
import { type Asking, ask, eachOf } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { item, type RecordValues } from '../field.js';
import { address, calendarTime, text } from '../kind.js';
import { type Probe, sample } from '../probe.js';
import type { Answer, Reading } from '../reading.js';
import type { Found, Table } from '../relation.js';
import { gpuColumns } from './gpu-columns.js';

/** A GPU records at most 64 pages; a list that is longer still grows. */
const ADDRESSES: Out = { out: 'list', item: 'u64', capacity: 64 };
const WITH_TIMES: Out = { ...ADDRESSES, beside: true };

const timedPages = (cause: number): Probe => sample(nvmlDeviceGetRetiredPages_v2, { cause });
/** Drivers before 410 do not report when. */
const untimedPages = (cause: number): Probe => sample(nvmlDeviceGetRetiredPages, { cause });

type Cause = readonly [cause: number, words: string];

export const SINGLE_BIT: Cause = [
  NVML_PAGE_RETIREMENT_CAUSE_MULTIPLE_SINGLE_BIT_ECC_ERRORS,
  'Single Bit ECC',
];
export const DOUBLE_BIT: Cause = [NVML_PAGE_RETIREMENT_CAUSE_DOUBLE_BIT_ECC_ERROR, 'Double Bit ECC'];
const CAUSES: readonly Cause[] = [SINGLE_BIT, DOUBLE_BIT];

/** When the index-th page was retired: the array of times follows the room for the addresses. */
function timeOf(timed: Answer, index: number): Reading {
  const memory = timed.memory();
  if (memory === undefined) return NOT_SUPPORTED;
  return readU64(memory, LIST_HEAD + 8 * (roomOf(WITH_TIMES, memory) + index));
}

/** The pages that were retired for a cause: addresses, and when, where the driver reports it. */
export function* pagesOf(cause: number, gpu: Subject): Asking<readonly RecordValues[] | Missing> {
  const timed = yield* ask(timedPages(cause), gpu);
  const asked = timed.status === NVML_ERROR_FUNCTION_NOT_FOUND ? yield* ask(untimedPages(cause), gpu) : timed;
  const pages = asked.items();
  if (pages instanceof Missing) return pages;
  return pages.map((page, i) => ({ address: page.read(''), time: timeOf(timed, i) }));
}

/** One record per page; one per cause where the GPU retires no pages (H100, H200, 580.159.04). */
export function* recordsOf([cause, words]: Cause, gpu: Subject): Asking<readonly Found[]> {
  const pages = yield* pagesOf(cause, gpu);
  if (pages instanceof Missing) return [{ values: { address: pages, time: pages, cause: words } }];
  return pages.map((page) => ({ values: { ...page, cause: words } }));
}

export const retiredPages: Table = {
  option: 'query-retired-pages',
  name: 'retired_pages',
  record: "a page of a GPU's memory that is no longer used",
  fields: [
    ...gpuColumns,
    {
      id: 2016,
      names: ['retired_pages.address'],
      help: 'Address of the page, in hexadecimal.',
      kind: address,
      source: item('address'),
    },
    {
      id: 2017,
      names: ['retired_pages.timestamp'],
      help: 'When the page was retired, in local time.',
      kind: calendarTime,
      source: item('time'),
    },
    {
      id: 2018,
      names: ['retired_pages.cause'],
      help: 'Cause of the retirement: Single Bit ECC (several such errors) or Double Bit ECC.',
      kind: text,
      source: item('cause'),
    },
  ],
  find: (gpu) => eachOf(CAUSES, (cause) => recordsOf(cause, gpu)),
};
