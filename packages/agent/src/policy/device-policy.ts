import { type Decision, type Denied, Policy, type PolicyRequest } from '@porchlight/protocol/policy';
import { PolicyFiles } from './policy-files.ts';

/** How often the files are looked at: two looks that agree make a change count, so a half-written file never does. */
export const POLICY_LOOK_MS = 2_000;
/** A reload that finds the files changing under its hands tries so often. */
const RELOAD_ATTEMPTS = 5;

/** The part of the clock that is used here. */
export interface PolicyClock {
  now(): number;
  every(ms: number, call: () => void): () => void;
}

/** `in_force`: as on the disk. `last_good`: the file is broken, an earlier one holds. `closed`: everything is denied. */
export interface PolicyState {
  readonly state: 'in_force' | 'last_good' | 'closed';
  /** Since when the rules now used are used; ms since 1970. */
  readonly since: number;
  /** Why the file on the disk is not used; empty for `in_force`. */
  readonly errors: readonly string[];
  /** What is probably not meant, e.g. a section for a service that is not exposed. */
  readonly warnings: readonly string[];
}

export interface DevicePolicyParts {
  readonly dataFolder: string;
  readonly clock: PolicyClock;
  /** Names of the services that are exposed now; for warnings. */
  readonly exposed: () => Iterable<string>;
  /** Called after each reading of changed files; for log, audit and status. Never with a secret. */
  readonly onChange: (state: PolicyState) => void;
}

const CLOSED: Denied = {
  kind: 'deny',
  code: 'denied_by_device',
  reason: 'the policy file on the device has errors, so it lets nothing through',
};

/**
 * The rules in force on this device. Follows the files `policy` and `secrets` in the data folder; a broken change leaves
 * the last good rules in force, and a broken start leaves everything denied. {@link close} stops the following.
 */
export class DevicePolicy {
  readonly #parts: DevicePolicyParts;
  readonly #files: PolicyFiles;
  readonly #stop: () => void;
  #policy: Policy | undefined;
  #since: number;
  #errors: readonly string[] = [];
  /** There was a policy file since the start: its disappearance is an error, not an opening. */
  #seen = false;
  #loaded = '';
  #lastLook = '';
  #looking = false;
  /** Looks and reloads go one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(parts: DevicePolicyParts) {
    this.#parts = parts;
    this.#files = new PolicyFiles(parts.dataFolder);
    this.#since = parts.clock.now();
    this.#stop = parts.clock.every(POLICY_LOOK_MS, () => {
      if (this.#looking) return; // a disk that does not answer must not pile up looks
      this.#looking = true;
      void this.#inTurn(() => this.#look());
    });
  }

  /** Reads the files for the first time; broken ones do not make it fail, but {@link state} is `closed` then. */
  static async open(parts: DevicePolicyParts): Promise<DevicePolicy> {
    const policy = new DevicePolicy(parts);
    await policy.reload();
    return policy;
  }

  get state(): PolicyState {
    const broken = this.#policy === undefined ? 'closed' : 'last_good';
    return {
      state: this.#errors.length === 0 ? 'in_force' : broken,
      since: this.#since,
      errors: this.#errors,
      warnings: this.#warnings(),
    };
  }

  /** Judges one HTTP request; see `Policy.decide`. Never throws. */
  decide(request: PolicyRequest): Decision {
    return this.#policy === undefined ? CLOSED : this.#policy.decide(request);
  }

  /** Judges one connection to a `tcp` service; see `Policy.decideConnection`. */
  decideConnection(service: string): Decision {
    return this.#policy === undefined ? CLOSED : this.#policy.decideConnection(service);
  }

  /** Takes the files as they are now, without waiting for a second look. */
  async reload(): Promise<PolicyState> {
    await this.#inTurn(async () => {
      for (let attempt = 1; attempt <= RELOAD_ATTEMPTS; attempt++) {
        if (await this.#load(await this.#files.signature())) return;
      }
      this.#refuse(['the policy files keep changing while they are read: save them once, then reload']);
    });
    return this.state;
  }

  /** Stops following the files; decisions go on as they are. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stop();
    await this.#last;
  }

  #inTurn(step: () => Promise<unknown>): Promise<unknown> {
    this.#last = this.#last.then(() => (this.#closed ? undefined : step()));
    return this.#last;
  }

  async #look(): Promise<void> {
    this.#looking = false;
    const seen = await this.#files.signature();
    const settled = seen === this.#lastLook;
    this.#lastLook = seen;
    if (settled && seen !== this.#loaded) await this.#load(seen);
  }

  /** False when the files changed while they were read. */
  async #load(before: string): Promise<boolean> {
    const { policy, errors, present } = await this.#files.load();
    if ((await this.#files.signature()) !== before) return false;
    this.#loaded = before;
    this.#lastLook = before;
    if (this.#seen && !present) {
      this.#refuse(['the policy file is gone: bring it back, or leave an empty one to have no rules']);
    } else if (policy === undefined) {
      this.#refuse(errors);
    } else {
      this.#policy = policy;
      this.#since = this.#parts.clock.now();
      this.#errors = [];
      this.#tell();
    }
    this.#seen ||= present;
    return true;
  }

  #refuse(errors: readonly string[]): void {
    this.#errors = errors;
    this.#tell();
  }

  #tell(): void {
    this.#parts.onChange(this.state);
  }

  #warnings(): string[] {
    const exposed = new Set(this.#parts.exposed());
    return [...(this.#policy?.services ?? [])]
      .filter(([name]) => !exposed.has(name))
      .map(([name, line]) => `policy line ${line}: no service "${name}" is exposed: is the name misspelt?`);
  }
}
