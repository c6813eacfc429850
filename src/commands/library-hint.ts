/** What to do where no NVML can be loaded, with the options that name one. */

/** An error of the machine; where the library was not found it says whether a file was named. */
interface MachineError extends Error {
  readonly hint?: string | undefined;
  readonly wasNamed?: boolean;
}

/** The hint of an error. Each bundle of the program has classes of its own: they are known by what they have. */
export const libraryHint = ({ hint, wasNamed }: MachineError): string | undefined =>
  wasNamed === false ? hint?.replace(/\.$/, '; name one with --nvml PATH or NVSMI_NVML.') : hint;
