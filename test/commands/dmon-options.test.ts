import { describe, expect, it } from 'vitest';
import { H100, H200S } from './idle-gpus.js';
import { machineWith, runOn } from './monitor-machine.js';

describe('the options of dmon', () => {
  const run = (...argv: string[]) => runOn(machineWith(H200S), ['dmon', ...argv]);

  it.each<[argv: string, status: number, says: string, recorded?: string]>([
    ['-c 0', 2, 'Invalid value for number of samples to be displayed\n', 'status 0'],
    ['-c abc', 2, 'Invalid value for number of samples to be displayed\n', 'status 0'],
    ['-c 1 -d 0', 2, 'Collection delay/interval should be between 1 second and 600 seconds\n', 'status 0'],
    ['-c 1 -d abc', 2, 'Collection delay/interval should be between 1 second and 600 seconds\n', 'status 0'],
    ['-c 1 -d 0x5', 2, 'Collection delay/interval should be between 1 second and 600 seconds\n'],
    ['-c 1 -d 601', 2, 'Collection delay/interval should be between 1 second and 600 seconds\n'],
    ['--bogus', 2, 'Option "--bogus" is not recognized.\n', 'status 0'],
    ['extra', 2, 'Option "extra" is not recognized.\n', 'status 0'],
    ['-i 9', 6, 'No devices were found\n'],
    ['-s z', 255, 'Failed to find any metric to display\nFailed to process command line \n\n'],
    ['-c 1 -o X', 255, 'Error in parsing options\nFailed to process command line \n\n'],
    [
      '-c 1 --gpm-metrics 999',
      255,
      'Metric value too high: 999\nCould not parse GPM metrics\nFailed to process command line \n\n',
    ],
    [
      '-c 1 --gpm-metrics abc',
      255,
      'Found offending character: a\nCould not parse GPM metrics\nFailed to process command line \n\n',
    ],
    ['-c 1 -f /nonexist/x', 255, 'Failed to process command line \n\n'],
    ['-c 1 --gpm-options x', 2, 'GPM options are d, m, dm or md.\n'],
    [
      '-c 1 --format csv,nonsense',
      255,
      'nonsense is not a recognized format option\nError parsing format options\nFailed to process command line \n\n',
    ],
    ['-c 1 --format ,', 255, 'Error parsing format options\nFailed to process command line \n\n'],
  ])('refuse %s with status %i', async (argv, status, says) => {
    const ran = await run(...argv.split(' '));
    expect(ran.io.output).toBe(says);
    expect(ran.status).toBe(status);
  });

  it('refuse an empty list of letters', async () => {
    const { status, io } = await run('-c', '1', '-s', '');
    expect(io.output).toBe('Failed to find any metric to display\nFailed to process command line \n\n');
    expect(status).toBe(255);
  });

  it('take letters in any order, and each once', async () => {
    const head = async (letters: string) => (await run('-c', '1', '-s', letters)).io.output.split('\n')[0];
    expect(await head('tp')).toBe('# gpu  rxpci  txpci    pwr  gtemp  mtemp ');
    expect(await head('uu')).toBe('# gpu     sm    mem    enc    dec    jpg    ofa ');
    expect(await head('zp')).toBe('# gpu    pwr  gtemp  mtemp ');
  });

  it.each([
    [
      '-o D',
      '#Date         gpu    pwr  gtemp  mtemp ',
      '#YYYYMMDD     Idx      W      C      C ',
      ' 20261123       0     77     31     36 ',
    ],
    [
      '-o T',
      '#Time         gpu    pwr  gtemp  mtemp ',
      '#HH:MM:SS     Idx      W      C      C ',
      ' 01:42:59       0     77     31     36 ',
    ],
  ])('begin lines with the stamps of %s', async (option, names, units, first) => {
    const time = new Date(2026, 10, 23, 1, 42, 59).getTime();
    const { io } = await runOn(machineWith(H200S), ['dmon', '-c', '1', '-s', 'p', ...option.split(' ')], {
      time,
    });
    expect(io.output.split('\n').slice(0, 3)).toEqual([names, units, first]);
  });

  it.each([
    ['csv,nounit', '#gpu, pwr, gtemp, mtemp\n 0, 77, 31, 36\n'],
    ['csv,noheader', '#Idx, W, C, C\n 0, 77, 31, 36\n'],
    ['noheader,csv,nounit', ' 0, 77, 31, 36\n'],
    ['nounit', '# gpu    pwr  gtemp  mtemp \n    0     77     31     36 \n'],
  ])('print %s', async (format, text) => {
    expect((await run('-c', '1', '-i', '0', '-s', 'p', '--format', format)).io.output).toBe(text);
  });

  it('put the stamps before the columns of CSV', async () => {
    const time = new Date(2026, 10, 23, 1, 42, 59).getTime();
    const argv = ['dmon', '-c', '1', '-s', 'p', '--format', 'csv', '-o', 'DT'];
    expect((await runOn(machineWith(H200S), argv, { time })).io.output).toBe(
      '#Date, Time, gpu, pwr, gtemp, mtemp\n#YYYYMMDD, HH:MM:SS, Idx, W, C, C\n' +
        ' 20261123, 01:42:59, 0, 77, 31, 36\n 20261123, 01:42:59, 1, 79, 31, 34\n',
    );
  });

  it('run without end for -c -1, and until they are stopped without -c', async () => {
    for (const argv of [['-c', '-1'], []]) {
      const { io, status } = await runOn(machineWith([H100]), ['dmon', '-s', 'p', ...argv], { waits: 4 });
      expect(io.output.split('\n')).toHaveLength(2 + 5 + 1);
      expect(status).toBe(0);
    }
  });
});
