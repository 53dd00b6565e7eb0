import { PorchlightError } from '@porchlight/protocol';
import { RelayApi, type RelayOptions } from '../api/index.ts';
import { type OpenLanTcp, platformWebSocket, type WebSocketConstructor } from '../tcp/index.ts';
import { RemoteDevice } from './remote-device.ts';

/** What a client is made of; `relay` is all that it needs, and `token` nearly always. */
export interface ClientOptions extends RelayOptions {
  /**
   * `auto`: a device's LAN address is used while the device proves itself there; `never`: always the relay. `auto` in
   * Node. `never` in browsers, where pages served over https cannot reach a LAN, and services there seldom allow it.
   */
  readonly lan?: 'auto' | 'never' | undefined;
  /** Which addresses may be asked on the LAN; private ones when none is given. */
  readonly acceptLan?: ((url: URL) => boolean) | undefined;
  /** Opens TCP connections on the LAN (`openLanTcp` of `@porchlight/client/node`); without it TCP goes through the relay. */
  readonly lanTcp?: OpenLanTcp | undefined;
  /** In place of the global `WebSocket`. */
  readonly webSocket?: WebSocketConstructor | undefined;
}

/** Devices of one relay, used from anywhere as if they were on the LAN. */
export class Client {
  readonly api: RelayApi;
  readonly #options: ClientOptions;
  readonly #devices = new Map<string, RemoteDevice>();

  /** Nothing is sent yet. @throws PorchlightError `bad_request` when the relay's address is none */
  constructor(options: ClientOptions) {
    this.#options = options;
    this.api = new RelayApi(options);
  }

  /** A device by its name. Whether there is one shows when it is used. */
  device(name: string): RemoteDevice {
    const known = this.#devices.get(name);
    if (known !== undefined) return known;
    if (name === '') throw new PorchlightError('bad_request', 'Give the name of a device');
    const { lan = isBrowser() ? 'never' : 'auto', acceptLan, lanTcp, webSocket } = this.#options;
    const made = new RemoteDevice(
      { api: this.api, lan, acceptLan, lanTcp, webSocket: () => webSocket ?? platformWebSocket() },
      name,
    );
    this.#devices.set(name, made);
    return made;
  }
}

function isBrowser(): boolean {
  return Reflect.has(globalThis, 'window') || Reflect.has(globalThis, 'WorkerGlobalScope');
}
