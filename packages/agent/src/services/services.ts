import type { LinkedService } from '@porchlight/protocol';
import type { ServiceSettings } from '../config/index.ts';
import type { AcceptChannel } from '../link/index.ts';
import type { Gate, RequestAudit } from './gate.ts';
import { HttpService } from './http-service.ts';
import { TcpService } from './tcp-service.ts';

type Running = { readonly settings: ServiceSettings } & (
  | { readonly kind: 'http'; readonly service: HttpService }
  | { readonly kind: 'tcp'; readonly service: TcpService }
);

/** The services that this device exposes now. Channels for any other name are refused. */
export class Services {
  readonly #gate: Gate;
  readonly #audit: RequestAudit;
  readonly #running = new Map<string, Running>();

  constructor(parts: { gate: Gate; audit: RequestAudit }) {
    this.#gate = parts.gate;
    this.#audit = parts.audit;
  }

  /** Takes over a new configuration; services that did not change keep their connections. */
  configure(services: ReadonlyMap<string, ServiceSettings>): void {
    for (const [name, running] of this.#running) {
      const wanted = services.get(name);
      if (wanted !== undefined && isSame(wanted, running.settings)) continue;
      running.service.close();
      this.#running.delete(name);
    }
    for (const [name, settings] of services) {
      if (this.#running.has(name)) continue;
      const parts = { name, settings, gate: this.#gate, audit: this.#audit };
      this.#running.set(
        name,
        settings.target.kind === 'http'
          ? { kind: 'http', settings, service: new HttpService(parts) }
          : { kind: 'tcp', settings, service: new TcpService(parts) },
      );
    }
  }

  /** With the port of each local server, by which people may ask for it. */
  announced(): LinkedService[] {
    return [...this.#running].map(([name, { kind, settings }]) => ({
      name,
      kind,
      port: settings.target.port,
    }));
  }

  /** The relay wishes a channel to a service. */
  open(name: string, accept: AcceptChannel, reject: () => void): void {
    const running = this.#running.get(name);
    if (running === undefined) return reject();
    if (running.kind === 'tcp') return running.service.open(accept, reject);
    const channel = accept();
    if (channel !== undefined) running.service.accept(channel);
  }

  close(): void {
    for (const { service } of this.#running.values()) service.close();
    this.#running.clear();
  }
}

function isSame(a: ServiceSettings, b: ServiceSettings): boolean {
  return a.target.text === b.target.text && a.insecureSkipVerify === b.insecureSkipVerify;
}
