/** `encodersessions`: the video encoder sessions on each GPU. */
import { encoderColumns, encoderSessions } from '../query/sessions.js';
import type { CommandSpec } from './command.js';
import { sessionsCommand } from './sessions.js';

export const spec: CommandSpec = sessionsCommand('encoder_sessions', encoderSessions, encoderColumns);
