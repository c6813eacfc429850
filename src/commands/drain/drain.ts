/** `drain`: whether a GPU is being drained, and the setters of that. */
import { type Given, type OptionSpec, setter, setterOf } from '../../base/argv.js';
import { EXIT, UsageError } from '../../base/errors.js';
import { jsonDocument } from '../../format/document.js';
import { Missing } from '../../nvml/status.js';
import type { Asker } from '../../query/ask/asker.js';
import { readOne } from '../../query/ask/asking.js';
import {
  type BusAddress,
  busAddress,
  busIdText,
  draining,
  drainState,
  drainStates,
} from '../../query/drain.js';
import { knownCells } from '../../query/record-cells.js';
import { type CommandSpec, command } from '../command.js';
import type { Context } from '../context.js';
import { actingOptions, beginActing } from '../runner/acting.js';
import { jsonOption } from '../runner/json-option.js';
import { wholePart } from '../runner/json-parts.js';
import { machineOf } from '../runner/machine.js';
import { SHOWN_AND_SET } from '../runner/settable.js';
import { DRAIN_SETTERS, setDrain } from './setters.js';

const options = [
  {
    short: ['p'],
    long: 'pciid',
    value: 'required',
    argument: 'BUS_ID',
    help: 'PCI bus id of the GPU: [domain:]bus:device.function in hexadecimal.',
  },
  { short: ['q'], long: 'query', action: true, help: 'Show whether the GPU of -p is being drained.' },
  { ...jsonOption, action: true },
  {
    ...setterOf('m', 'modify', '0|1', 'Drain the GPU of -p, or end that.'),
    number: true,
  },
  setter('r', 'remove', 'Remove the GPU of -p, which is drained, from the driver.'),
  setter('d', 'discover', 'Find GPUs that were removed.'),
  ...actingOptions,
] as const satisfies readonly OptionSpec[];

async function run(given: Given<typeof options>, context: Context): Promise<number> {
  if (DRAIN_SETTERS.some((long) => given[long] !== undefined)) {
    const { pciid, modify, remove, discover, query, json } = given;
    if (query && json) throw new UsageError(SHOWN_AND_SET);
    const show = query ? (address: BusAddress, asker: Asker) => print(address, asker, context) : undefined;
    return setDrain({ pciid, modify, remove, discover, show }, () => beginActing(given, context));
  }
  const named = given.pciid;
  if (named === undefined) throw new UsageError('Must specify -p with this option.');
  const address = busAddress(named);
  if (address === undefined) throw new UsageError('Failed to parse device specified at the command-line');
  const { asker } = await machineOf(context);
  if (!given.json) {
    await print(address, asker, context);
    return 0;
  }
  const state = await asker.start(readOne(drainState(address)));
  const record = knownCells(drainStates.fields, { bus_id: busIdText(address), draining: state });
  context.io.out(jsonDocument({ [drainStates.name]: record }, context.source));
  return state instanceof Missing ? EXIT.unknownOption : 0;
}

async function print(address: BusAddress, asker: Asker, { io }: Context): Promise<void> {
  const state = await asker.start(readOne(drainState(address)));
  if (state instanceof Missing) {
    throw new UsageError('Failed to query the GPU drain state.', EXIT.unknownOption);
  }
  io.out(`The current drain state of GPU ${busIdText(address)} is: ${draining.spell(state)}.\n`);
}

export const spec: CommandSpec = command({ options, json: [wholePart(drainStates)], run });
