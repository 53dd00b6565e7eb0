/** Most ports that a line names: a device's allow list is short. */
const PORTS_MAX = 20;

/** The ports in `22, 80`; undefined when that is none, or has something else in it. */
export function portsOf(text: string): number[] | undefined {
  const ports = text.split(',').map((part) => {
    const trimmed = part.trim();
    return /^[0-9]{1,5}$/.test(trimmed) ? Number(trimmed) : 0;
  });
  const fine = ports.length <= PORTS_MAX && ports.every((port) => port >= 1 && port <= 65_535);
  return fine ? ports : undefined;
}
