/** `encodersessions`: the video encoder sessions on each GPU. */
import { encoderColumns } from '../../format/sessions.js';
import { encoderSessions } from '../../query/sessions.js';
import type { CommandSpec } from '../command.js';
import { sessionsCommand } from './sessions.js';

export const spec: CommandSpec = sessionsCommand(encoderSessions, encoderColumns);
