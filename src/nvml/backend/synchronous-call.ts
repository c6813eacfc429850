/**
 * A question that cannot wait for NVML in another process. Known by its name: each command is a bundle with classes of its own.
 */
export class SynchronousCall extends TypeError {
  override readonly name = 'SynchronousCall';
}
