import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { PorchlightError } from '@porchlight/protocol';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { refuseUpgrade } from '../publish/index.ts';
import { PACKET_BYTES_MAX } from './limits.ts';
import type { MqttBroker } from './mqtt-broker.ts';

/** What a client asks for by `Sec-WebSocket-Protocol`: MQTT 3.1.1 ([MQTT-6.0.0-3]), and what 3.1 was called. */
const PROTOCOLS = ['mqtt', 'mqttv3.1'];
/** A WebSocket message may carry a whole packet with its head. */
const MESSAGE_MAX = PACKET_BYTES_MAX + 1024;

/**
 * MQTT inside a WebSocket. Pages of any origin may open one: the client says who it is by name and password in its
 * first packet, never by a cookie, so that a page can do nothing that it could not do from anywhere else.
 */
export class MqttWebSockets {
  readonly #broker: Pick<MqttBroker, 'accept'>;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MESSAGE_MAX,
    handleProtocols: (offered) => PROTOCOLS.find((one) => offered.has(one)) ?? false,
  });

  constructor(broker: Pick<MqttBroker, 'accept'>) {
    this.#broker = broker;
  }

  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, address: string): void {
    const offered = (req.headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
    if (!PROTOCOLS.some((one) => offered.includes(one))) {
      const message = 'Ask for the WebSocket subprotocol mqtt here';
      return refuseUpgrade(socket, new PorchlightError('bad_request', message));
    }
    this.#server.handleUpgrade(req, socket, head, (websocket) => {
      const stream = createWebSocketStream(websocket);
      // It ends when the WebSocket is gone, and would then stay half open for ever.
      stream.on('end', () => stream.destroy());
      this.#broker.accept(stream, { address, door: 'websocket' });
    });
  }
}
