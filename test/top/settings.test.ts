import { describe, expect, it } from 'vitest';
import { parseSettings, settingsPath, settingsText, USUAL } from '../../src/top/settings.js';

describe('the settings', () => {
  it('are the usual ones where the file says nothing else', () => {
    expect(parseSettings('{}')).toEqual(USUAL);
    expect(parseSettings('{"$schema": "x", "tree": true}')).toEqual({ ...USUAL, tree: true });
  });

  it('are read as they were written', () => {
    const settings = { ...USUAL, interval: 5, sort: 'used_gpu_memory', theme: 'light' as const };
    expect(parseSettings(settingsText(settings))).toEqual(settings);
  });

  it.each([
    ['{"intervall": 2}', 'there is no setting "intervall"; did you mean interval?'],
    ['{"interval": "2"}', 'interval: a number from 0.1 to 3600 is needed, not "2"'],
    ['{"tree": 1}', 'tree: true or false is needed, not 1'],
    ['{"theme": "blue"}', 'theme: "auto" or "dark" or "light" is needed, not "blue"'],
    ['[]', 'an object is needed, not an empty list'],
  ])('%s are refused with a line', (text, fault) => {
    expect(parseSettings(text)).toBe(fault);
  });

  it('that are no JSON are refused with a line', () => {
    expect(parseSettings('{')).toMatch(/^not JSON: [^\n]*$/);
  });

  it('are in the folder of the user', () => {
    expect(settingsPath({ XDG_CONFIG_HOME: '/c', HOME: '/h' })).toBe('/c/nvsmi/top.json');
    expect(settingsPath({ XDG_CONFIG_HOME: 'relative', HOME: '/h' })).toBe('/h/.config/nvsmi/top.json');
    expect(settingsPath({})).toBeUndefined();
  });
});
