import type { MqttConnection } from './mqtt-connection.ts';
import { CONNACK, ConnectRefusal } from './refusals.ts';

/** Whose rights have ended, and why. */
export interface Ending {
  readonly which: (connection: MqttConnection) => boolean;
  readonly reason: string;
}

/**
 * What ends with somebody's rights beside their connections: who is just signing in must not slip through, and of what
 * they have sent, and left as a will, nothing counts any more.
 */
export class Endings {
  /** For each sign-in under way what was ended since it began. */
  readonly #arriving = new Set<Ending[]>();
  readonly #shut = new WeakSet<object>();

  get somebodyArrives(): boolean {
    return this.#arriving.size > 0;
  }

  note(ending: Ending): void {
    for (const arriving of this.#arriving) arriving.push(ending);
  }

  shut(client: object): void {
    this.#shut.add(client);
  }

  /** @throws Error when the client's rights have ended */
  refuse(client: object): void {
    if (this.#shut.has(client)) throw new Error('its rights have ended');
  }

  /** A sign-in begins, before anything is looked up for it. */
  arrive() {
    const endings: Ending[] = [];
    this.#arriving.add(endings);
    return {
      /** To be called when the connection can be found by others. @throws ConnectRefusal when it was ended meanwhile */
      settle: (client: object, connection: MqttConnection): void => {
        const ending = endings.find(({ which }) => which(connection));
        if (ending === undefined) return;
        this.shut(client);
        throw new ConnectRefusal(CONNACK.unavailable, ending.reason);
      },
      over: (): void => void this.#arriving.delete(endings),
    };
  }
}
