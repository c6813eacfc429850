/** What the lists and the unnumbered groups of deviceQuery hold. Keys are pynvml_utils' own. */

/** Whether a reason holds; `N/A` where the GPU does not report it. */
export type Activity = 'Active' | 'Not Active' | 'N/A';

/** Why the clocks are lower than they could be; `Error` says why that is not known. */
export interface ClocksThrottle {
  readonly clocks_throttle_reason_gpu_idle?: Activity;
  readonly clocks_throttle_reason_applications_clocks_setting?: Activity;
  readonly clocks_throttle_reason_sw_power_cap?: Activity;
  readonly clocks_throttle_reason_hw_slowdown?: Activity;
  readonly clocks_throttle_reason_unknown?: Activity;
  readonly Error?: string;
}

/** Memory pages that are no longer used. */
export interface RetiredPages {
  readonly retired_count: number;
  /** Addresses in hexadecimal, under `retired_page_address_1` and so on. */
  readonly retired_page_addresses: Readonly<Record<string, string>>;
}

/** A clock that the memory can have, and what the graphics clock can be beside it. */
export interface SupportedClock {
  /** The memory's clock, in MHz. */
  readonly current: number;
  readonly unit: 'MHz';
  /** In MHz; or why they are not known. */
  readonly supported_graphics_clock: readonly number[] | string;
}

/** A process that computes on the GPU. */
export interface DeviceProcess {
  readonly pid: number;
  readonly process_name: string;
  /** In MiB; 0 where it is not known. */
  readonly used_memory: number;
  readonly unit: 'MiB';
}

/** What a process has used, as accounting counts it; values with their units, as text. */
export interface AccountedProcess {
  readonly pid: string;
  /** `12 %` */
  readonly gpu_util: string;
  /** `3 %` */
  readonly memory_util: string;
  /** `512 MiB` */
  readonly max_memory_usage: string;
  /** `1500 ms` */
  readonly time: string;
  /** `1` while it runs, else `0`. */
  readonly is_running: string;
}
