/** `fbcsessions`: the frame buffer capture sessions on each GPU. */
import { fbcColumns } from '../../format/sessions.js';
import { fbcSessions } from '../../query/sessions.js';
import type { CommandSpec } from '../command.js';
import { sessionsCommand } from './sessions.js';

export const spec: CommandSpec = sessionsCommand(fbcSessions, fbcColumns);
