/** All checks of doctor, in the order in which they are shown: from the kernel up. */
import { containerChecks } from './containers.js';
import { deviceChecks } from './devices.js';
import { displayChecks } from './display.js';
import { gpuChecks } from './gpus.js';
import { libraryChecks } from './library.js';
import { moduleChecks } from './module.js';
import type { DoctorCheck } from './patient.js';
import { serviceChecks } from './services.js';

export const doctorChecks: readonly DoctorCheck[] = [
  ...moduleChecks,
  ...libraryChecks,
  ...deviceChecks,
  ...containerChecks,
  ...gpuChecks,
  ...displayChecks,
  ...serviceChecks,
];
