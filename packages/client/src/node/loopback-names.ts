import dns from 'node:dns';

/**
 * Lets every name below `localhost` be found on loopback in this process, as browsers do (RFC 6761 §6.3): many
 * systems do not, and a relay on trial has its services there, such as `web--shed.localhost`.
 */
export function findLoopbackNames(): void {
  const { lookup } = dns;
  const patched: unknown = Object.assign(
    (name: string, ...rest: unknown[]) =>
      Reflect.apply(lookup, dns, [/\.localhost\.?$/i.test(name) ? 'localhost' : name, ...rest]),
    lookup,
  );
  Reflect.set(dns, 'lookup', patched);
}
