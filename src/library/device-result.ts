/** What deviceQuery returns. */

export type DeviceValue = string | number | null | DeviceResult | readonly DeviceValue[];

export interface DeviceResult {
  readonly [key: string]: DeviceValue;
}
