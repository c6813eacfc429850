/**
 * Table: what the Xid errors of the driver mean, how grave each is, and what to do, in our own words. NVIDIA describes them in its
 * "Xid Errors" guide; numbers that it reserves are left out.
 */

/**
 * `fatal`: the GPU cannot be trusted until an administrator acts. `warning`: look into it. `application`: the fault of a program.
 * `information`: nothing is wrong, or it was mended.
 */
export type XidSeverity = 'fatal' | 'warning' | 'application' | 'information';

export interface Xid {
  readonly number: number;
  readonly meaning: string;
  readonly severity: XidSeverity;
  readonly action: string;
}

const ACTIONS = {
  none: 'Nothing.',
  debug:
    'Debug the program, e.g. with compute-sanitizer. If many different programs get it on one GPU, test that GPU.',
  earlier: 'Nothing by itself. Look for another Xid right before it.',
  watch: 'Restart the program. If it comes again, reset the GPU, then test it with a diagnostic tool.',
  driver: 'Restart the program. If it comes again, update the driver, then test the GPU.',
  reset: 'Drain the node and reset the GPU. If it comes again, test the GPU with a diagnostic tool.',
  reboot: 'Drain the node and reboot it. If it comes again, check the hardware.',
  bus: 'Drain the node and reboot it. Check power, cooling, seating and risers of the GPU; replace it if it comes again.',
  power: 'Connect the power cables of the board.',
  hardware: 'Drain the node, reboot it, and test the GPU: the board may have to be replaced.',
  drain:
    'Drain the node and reset the GPU, which completes the repair of its memory. Check the remapped rows; replace the GPU if a remapping failed.',
  contained: 'Restart the programs that were hit, and reset the GPU when it is idle.',
  idle: 'Reset the GPU when it is idle, so that the repair takes effect.',
  nvlink:
    'Drain the node and reset the GPUs of the link. If it comes again, check the bridges, cables and switches of NVLink.',
  gsp: 'Drain the node and reset the GPU; reboot if that fails. If it comes again, update driver and firmware.',
  vgpu: 'Check the license, the versions of host and guest driver, and the vGPU type.',
  inforom: 'Update the firmware of the board; replace it if that fails.',
  recovery: 'Do what the line and the field gpu_recovery_action say.',
} as const;

const XIDS: readonly (readonly [number, string, XidSeverity, keyof typeof ACTIONS])[] = [
  [1, 'Commands sent to the GPU were malformed.', 'warning', 'driver'],
  [2, 'Commands sent to the GPU were malformed.', 'warning', 'driver'],
  [3, 'Commands sent to the GPU were malformed.', 'warning', 'driver'],
  [4, 'Commands sent to the GPU were malformed, or a memory transfer ended wrongly.', 'warning', 'driver'],
  [6, 'Commands sent to the GPU were malformed.', 'warning', 'driver'],
  [7, 'The address of a command buffer was invalid.', 'warning', 'driver'],
  [8, 'An engine of the GPU made no progress in time.', 'warning', 'watch'],
  [9, 'The driver programmed the GPU wrongly.', 'warning', 'driver'],
  [11, 'Commands sent to the GPU were malformed.', 'warning', 'driver'],
  [12, 'The driver failed to handle an exception of the GPU.', 'warning', 'driver'],
  [
    13,
    'A kernel or shader raised an exception, most often an access outside of its memory.',
    'application',
    'debug',
  ],
  [16, 'The display engine hung.', 'warning', 'watch'],
  [18, 'Bus mastering was switched off in the PCI configuration of the GPU.', 'fatal', 'reboot'],
  [19, 'The display engine reported an error.', 'warning', 'watch'],
  [24, 'The GPU waited for a semaphore that was not released in time.', 'warning', 'watch'],
  [25, 'Commands sent to the GPU were illegal.', 'warning', 'driver'],
  [26, 'The framebuffer did not answer in time.', 'fatal', 'reset'],
  [27, 'The video processor raised an exception.', 'warning', 'watch'],
  [
    31,
    'A program accessed an address of GPU memory that is not mapped (page fault of the MMU).',
    'application',
    'debug',
  ],
  [
    32,
    'The DMA unit that fetches commands found them corrupt; a bad PCIe link can cause it too.',
    'warning',
    'watch',
  ],
  [33, 'A microcontroller inside the GPU reported an error.', 'warning', 'watch'],
  [37, 'Firmware of the driver reported an error.', 'warning', 'driver'],
  [38, 'Firmware of the driver reported an error.', 'warning', 'driver'],
  [42, 'The video processor raised an exception.', 'warning', 'watch'],
  [43, 'A program made an error, and the GPU stopped work of that program alone.', 'application', 'debug'],
  [44, 'The graphics engine failed while it switched contexts.', 'warning', 'watch'],
  [
    45,
    'The driver ended the work of a program: it was stopped, or an earlier error forced it.',
    'application',
    'earlier',
  ],
  [46, 'The GPU stopped processing.', 'fatal', 'reset'],
  [47, 'The video processor raised an exception.', 'warning', 'watch'],
  [48, 'ECC found an error in memory that it cannot correct (two bits in a word).', 'fatal', 'drain'],
  [54, 'The auxiliary power of the board is not connected.', 'fatal', 'power'],
  [56, 'The display engine reported an error.', 'warning', 'watch'],
  [57, 'The memory interface could not be programmed.', 'fatal', 'hardware'],
  [58, 'The memory interface is unstable, or its transfers fail their checks.', 'fatal', 'hardware'],
  [59, 'A microcontroller inside the GPU reported an error.', 'warning', 'watch'],
  [60, 'The video processor raised an exception.', 'warning', 'watch'],
  [61, 'A microcontroller inside the GPU stopped at a breakpoint or gave a warning.', 'warning', 'reset'],
  [62, 'A microcontroller inside the GPU halted.', 'fatal', 'reset'],
  [
    63,
    'A bad page or row of memory was noted for retirement or remapping: the repair works as designed.',
    'information',
    'idle',
  ],
  [64, 'A bad page or row of memory could not be noted for retirement or remapping.', 'fatal', 'drain'],
  [65, 'The video processor raised an exception.', 'warning', 'watch'],
  [66, 'The driver accessed a register or memory illegally.', 'warning', 'driver'],
  [67, 'The driver accessed a register or memory illegally.', 'warning', 'driver'],
  [68, 'A video decoder raised an exception.', 'application', 'debug'],
  [
    69,
    'A program gave the graphics engine a method or value that its class does not have.',
    'application',
    'debug',
  ],
  [70, 'A copy engine reported an unknown error.', 'warning', 'watch'],
  [71, 'A copy engine reported an unknown error.', 'warning', 'watch'],
  [72, 'A copy engine reported an unknown error.', 'warning', 'watch'],
  [73, 'A video encoder reported an error.', 'warning', 'watch'],
  [74, 'A link error of NVLink: between GPUs, or a GPU and a switch.', 'fatal', 'nvlink'],
  [75, 'A copy engine reported an unknown error.', 'warning', 'watch'],
  [76, 'A copy engine reported an unknown error.', 'warning', 'watch'],
  [77, 'A copy engine reported an unknown error.', 'warning', 'watch'],
  [78, 'A vGPU could not be started.', 'warning', 'vgpu'],
  [79, 'The GPU fell off the bus: the driver cannot reach it any longer.', 'fatal', 'bus'],
  [80, 'Data arrived corrupt at the GPU.', 'warning', 'watch'],
  [81, 'The VGA part of the GPU reported an error.', 'warning', 'watch'],
  [82, 'A JPEG decoder reported an error.', 'warning', 'watch'],
  [83, 'A video decoder reported an error.', 'warning', 'watch'],
  [84, 'A video decoder reported an error.', 'warning', 'watch'],
  [85, 'A copy engine reported an unknown error.', 'warning', 'watch'],
  [86, 'The optical flow accelerator raised an exception.', 'warning', 'watch'],
  [88, 'A video decoder reported an error.', 'warning', 'watch'],
  [89, 'A video decoder reported an error.', 'warning', 'watch'],
  [92, 'ECC corrected many single bit errors in a short time.', 'information', 'none'],
  [93, 'The infoROM is written more often than it is made for.', 'warning', 'watch'],
  [
    94,
    'An uncorrectable memory error was contained: it hit the programs that used that memory, and no others.',
    'warning',
    'contained',
  ],
  [
    95,
    'An uncorrectable memory error was not contained: all programs on the GPU are affected.',
    'fatal',
    'drain',
  ],
  [96, 'A video decoder reported an error.', 'warning', 'watch'],
  [97, 'A video decoder reported an error.', 'warning', 'watch'],
  [98, 'A video decoder reported an error.', 'warning', 'watch'],
  [99, 'A JPEG decoder reported an error.', 'warning', 'watch'],
  [109, 'The GPU did not switch from one context to another in time.', 'warning', 'reset'],
  [110, 'A security check of the GPU failed.', 'fatal', 'reset'],
  [119, 'The firmware of the GPU (GSP) did not answer a call of the driver in time.', 'fatal', 'gsp'],
  [120, 'The firmware of the GPU (GSP) reported an error.', 'fatal', 'gsp'],
  [121, 'The link between CPU and GPU chip corrected an error.', 'information', 'none'],
  [122, 'The flash of the board could not be read.', 'warning', 'watch'],
  [123, 'The flash of the board could not be written.', 'warning', 'watch'],
  [124, 'The flash of the board could not be erased.', 'warning', 'watch'],
  [125, 'The file system of the infoROM failed.', 'warning', 'inforom'],
  [136, 'The links between GPUs failed to train.', 'fatal', 'reset'],
  [137, 'A program was denied access to the memory of another GPU over NVLink.', 'application', 'debug'],
  [140, 'ECC found errors in memory that could not be recovered from.', 'fatal', 'drain'],
  [143, 'The GPU could not be initialized.', 'fatal', 'reset'],
  [144, 'NVLink 5 reported an error of its link logic (SAW).', 'warning', 'nvlink'],
  [145, 'NVLink 5 reported an error of its link logic (RLW).', 'warning', 'nvlink'],
  [146, 'NVLink 5 reported an error of its link logic (TLW).', 'warning', 'nvlink'],
  [147, 'NVLink 5 reported an error of its link logic (TREX).', 'warning', 'nvlink'],
  [148, 'NVLink 5 reported an error of its link controller (NVLPW).', 'warning', 'nvlink'],
  [149, 'NVLink 5 reported an error of its network interface (NETIR).', 'fatal', 'nvlink'],
  [150, 'NVLink 5 reported an error of its management engine (MSE).', 'fatal', 'nvlink'],
  [151, 'A key of confidential computing could not be rotated.', 'warning', 'reset'],
  [154, 'The action that recovers the GPU changed; the line names it.', 'warning', 'recovery'],
  [155, 'NVLink 5 reported a condition that software defines.', 'warning', 'nvlink'],
  [156, 'A faulty part of the GPU was noted to be taken out of use.', 'information', 'idle'],
  [157, 'A faulty part of the GPU could not be taken out of use.', 'fatal', 'drain'],
  [158, 'A unit of the GPU did not answer in time, and cannot recover.', 'fatal', 'reset'],
  [159, 'The bus between CPU and GPU chip reported an error.', 'warning', 'watch'],
  [160, 'A memory channel was noted to be taken out of use.', 'information', 'idle'],
  [161, 'A memory channel could not be taken out of use.', 'fatal', 'hardware'],
  [162, 'The circuit of power smoothing works again.', 'information', 'none'],
  [163, 'The circuit of power smoothing was disengaged.', 'warning', 'watch'],
  [164, 'The circuit of power smoothing is near the end of its life.', 'warning', 'hardware'],
  [165, 'Power smoothing asks for more than its circuit can do.', 'warning', 'watch'],
  [166, 'Traffic came over a link before it was encrypted (confidential computing).', 'fatal', 'reset'],
  [167, 'The PCIe link did not answer in time, and cannot recover.', 'fatal', 'bus'],
  [168, 'A protected region of memory holds errors.', 'fatal', 'reset'],
  [169, 'A microcontroller inside the GPU halted.', 'fatal', 'reset'],
  [170, 'An interrupt came that confidential computing does not expect.', 'warning', 'watch'],
  [171, 'Details of an uncorrectable error in DRAM.', 'fatal', 'drain'],
  [172, 'Details of an uncorrectable error in SRAM.', 'fatal', 'drain'],
  [173, 'The link between CPU and GPU chip failed.', 'fatal', 'reboot'],
];

export const xids: readonly Xid[] = XIDS.map(([number, meaning, severity, action]) => ({
  number,
  meaning,
  severity,
  action: ACTIONS[action],
}));

const byNumber = new Map(xids.map((xid) => [xid.number, xid]));

/** An Xid by its number. One that the table lacks is for an administrator to look up. */
export const xidOf = (number: number): Xid =>
  byNumber.get(number) ?? {
    number,
    meaning: 'An Xid that nvsmi does not know.',
    severity: 'warning',
    action: "Look it up in NVIDIA's Xid guide for this driver.",
  };
