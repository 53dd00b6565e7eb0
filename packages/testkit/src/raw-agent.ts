import { once } from 'node:events';
import { CONTROL_SUBSYSTEM, CONTROL_VERSION } from '@porchlight/protocol';
import ssh2, { type ClientChannel } from 'ssh2';

/** An agent's connection that says only what the test tells it to. */
export interface RawAgent {
  readonly ended: boolean;
  /** Writes to the control channel as it is. */
  send(text: string): void;
  /** The relay has taken notice of what was sent: it answered a ping, or the connection has ended. */
  answered(): Promise<void>;
  /** Asks for a remote forward; whether it was given. */
  forward(name: string, port: number): Promise<boolean>;
  /** What every channel is answered with from now on; it ends after that. */
  answerWith(bytes: Buffer): void;
  close(): void;
}

/** Connects to a relay's SSH port on loopback with a key and a token; resolves when it was let in. */
export async function connectAgent(options: {
  port: number;
  key: string;
  name: string;
  token: string;
}): Promise<RawAgent> {
  const client = new ssh2.Client();
  let ended = false;
  let answer: Buffer = Buffer.alloc(0);
  const closed = new Promise<void>((resolve) => {
    client.once('close', () => {
      ended = true;
      resolve();
    });
  });
  client.on('error', () => undefined);
  client.on('tcp connection', (_details, accept) => {
    const channel = accept();
    channel.on('error', () => undefined);
    channel.once('data', () => channel.end(answer));
  });
  client.connect({ host: '127.0.0.1', port: options.port, username: 'agent', privateKey: options.key });
  await once(client, 'ready');
  const control = await new Promise<ClientChannel>((resolve, reject) => {
    client.subsys(CONTROL_SUBSYSTEM, (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(error);
    });
  });
  control.on('error', () => undefined);
  let heard = '';
  control.setEncoding('utf8').on('data', (text: string) => (heard += text));
  const line = (type: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!ended && !heard.includes(`"type":"${type}"`)) return;
        control.off('data', look);
        resolve();
      };
      control.on('data', look);
      void closed.then(look);
      look();
    });
  const { name, token } = options;
  control.write(
    `${JSON.stringify({ type: 'hello', version: CONTROL_VERSION, agent: 'hostile', name, token })}\n`,
  );
  await line('welcome');
  return {
    get ended() {
      return ended;
    },
    send(text) {
      if (!ended && control.writable) control.write(text);
    },
    async answered() {
      heard = '';
      if (!ended && control.writable) control.write('{"type":"ping","n":1}\n');
      await line('pong');
    },
    forward: (bind, port) =>
      new Promise((resolve) => {
        if (ended) return resolve(false);
        void closed.then(() => resolve(false));
        client.forwardIn(bind, port, (error) => resolve(error === undefined));
      }),
    answerWith(bytes) {
      answer = bytes;
    },
    close: () => void client.end(),
  };
}
