import { randomBytes } from 'node:crypto';
import { demoGroups, demoLights, type Group, type Light, type Refused, setParameter } from './lights.ts';

/** How long the link button counts as pressed, in ms. */
const BUTTON_MS = 30_000;
/** Most user names; the oldest goes when another is made. */
const USERS_MAX = 50;

export interface User {
  readonly name: string;
  readonly created: string;
  used: string;
}

/** One line of the answer to a change. */
export type Outcome = { success: Record<string, unknown> } | { error: Refused & { address: string } };

/** A bridge with its lamps, rooms and registered users; knows nothing of HTTP. */
export class Bridge {
  readonly lights: Map<string, Light> = demoLights();
  readonly groups: Map<string, Group> = demoGroups();
  readonly users = new Map<string, User>();
  readonly #now: () => number;
  readonly #watchers = new Set<() => void>();
  #pressed = Number.NEGATIVE_INFINITY;

  /** `now` gives Unix milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Calls after every change; gives what ends that. */
  watch(call: () => void): () => void {
    this.#watchers.add(call);
    return () => this.#watchers.delete(call);
  }

  changed(): void {
    for (const call of this.#watchers) call();
  }

  /** The button on the bridge, or `linkbutton` of somebody who is registered already. */
  pressButton(): void {
    this.#pressed = this.#now();
    this.changed();
  }

  get buttonPressed(): boolean {
    return this.#now() - this.#pressed < BUTTON_MS;
  }

  addUser(devicetype: string): string {
    const id = randomBytes(20).toString('hex');
    if (this.users.size >= USERS_MAX) this.users.delete(this.users.keys().next().value ?? '');
    this.users.set(id, { name: devicetype, created: this.time(), used: this.time() });
    return id;
  }

  /** UTC as the API writes it: `2026-11-22T01:02:03`. */
  time(): string {
    return new Date(this.#now()).toISOString().slice(0, 19);
  }

  /** Sets what can be set, `on` first, and says so for each parameter; the address in the answers is `address`. */
  setState(lights: readonly Light[], address: string, change: Record<string, unknown>): Outcome[] {
    const names = Object.keys(change).sort((a, b) => Number(b === 'on') - Number(a === 'on'));
    const outcomes = names.map((name): Outcome => {
      const refusals = lights.map((light) => setParameter(light, name, change[name]));
      const refused =
        refusals.length > 0 && refusals.every((each) => each !== undefined) ? refusals[0] : undefined;
      if (refused !== undefined) return { error: { ...refused, address: `${address}/${name}` } };
      return { success: { [`${address}/${name}`]: change[name] } };
    });
    this.changed();
    return outcomes;
  }

  /** A room with what its lamps are doing now. */
  group(id: string): unknown {
    const group = id === '0' ? this.#everything() : this.groups.get(id);
    if (group === undefined) return undefined;
    const states = group.lights.flatMap((each) => this.lights.get(each)?.state ?? []);
    const on = states.filter((state) => state.on);
    const state = { any_on: on.length > 0, all_on: on.length === states.length };
    return { ...group, state, action: states[0] ?? { on: false } };
  }

  lightsOf(groupId: string): Light[] | undefined {
    const group = groupId === '0' ? this.#everything() : this.groups.get(groupId);
    return group?.lights.flatMap((each) => this.lights.get(each) ?? []);
  }

  #everything(): Group {
    return { name: 'Group 0', lights: [...this.lights.keys()], type: 'LightGroup' };
  }
}
