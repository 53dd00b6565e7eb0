import { once } from 'node:events';
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { compilePolicy } from '@porchlight/protocol/policy';
import type { AuditedRequest } from '../audit/index.ts';
import { parseTarget, type ServiceSettings } from '../config/index.ts';
import type { Gate } from './gate.ts';
import { Services } from './services.ts';

/** A whole answer, as the relay gets it from the agent. */
export interface RigAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly trailers: NodeJS.Dict<string>;
}

export interface RigAsk {
  readonly method?: string;
  readonly headers?: Record<string, string> | readonly string[];
  readonly body?: string;
}

/** The services of an agent, with a relay's end of channels to them, for tests. */
export interface ServiceRig {
  readonly services: Services;
  readonly audited: AuditedRequest[];
  paused: boolean;
  configure(targets: Readonly<Record<string, string | ServiceSettings>>): void;
  /** Rules in force from now on; throws when they have errors. */
  setPolicy(text: string, secrets?: Readonly<Record<string, string>>): void;
  /** The relay's end of a new channel; undefined when the agent refused it. */
  openChannel(service: string): Promise<Socket | undefined>;
  ask(service: string, path: string, ask?: RigAsk): Promise<RigAnswer>;
  close(): Promise<void>;
}

export async function openServiceRig(): Promise<ServiceRig> {
  const audited: AuditedRequest[] = [];
  let policy = compiled('', {});
  const accepted: ((socket: Socket) => void)[] = [];
  const listener = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    accepted.shift()?.(socket);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const gate: Gate = {
    get paused() {
      return rig.paused;
    },
    decide: (request) => policy.decide(request),
    decideConnection: (service) => policy.decideConnection(service),
  };
  const services = new Services({ gate, audit: { request: (request) => audited.push(request) } });
  const rig: ServiceRig = {
    services,
    audited,
    paused: false,
    configure(targets) {
      services.configure(
        new Map(
          Object.entries(targets).map(([name, target]) => [
            name,
            typeof target === 'string' ? { target: parseTarget(target), insecureSkipVerify: false } : target,
          ]),
        ),
      );
    },
    setPolicy(text, secrets = {}) {
      policy = compiled(text, secrets);
    },
    async openChannel(service) {
      const inner = new Promise<Duplex>((resolve) => accepted.push(resolve));
      const outer = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
      outer.on('error', () => undefined);
      await once(outer, 'connect');
      const channel = await inner;
      return await new Promise((resolve) => {
        services.open(
          service,
          () => {
            resolve(outer);
            return channel;
          },
          () => {
            outer.destroy();
            channel.destroy();
            resolve(undefined);
          },
        );
      });
    },
    async ask(service, path, { method = 'GET', headers = {}, body } = {}) {
      const channel = await rig.openChannel(service);
      if (channel === undefined) throw new Error('the channel was refused');
      const request = http.request({
        method,
        path,
        headers: Array.isArray(headers) ? headers : { host: 'web--robot.test', ...headers },
        createConnection: () => channel,
      });
      const answered = once(request, 'response') as Promise<[IncomingMessage]>;
      request.end(body);
      const [answer] = await answered;
      let text = '';
      for await (const chunk of answer) text += String(chunk);
      channel.destroy();
      return {
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        body: text,
        trailers: answer.trailers,
      };
    },
    async close() {
      services.close();
      listener.close();
      await once(listener, 'close');
    },
  };
  return rig;
}

function compiled(text: string, secrets: Readonly<Record<string, string>>) {
  const { policy, errors } = compilePolicy(text, (name) => secrets[name]);
  if (policy === undefined) throw new Error(errors.map(({ message }) => message).join('; '));
  return policy;
}
