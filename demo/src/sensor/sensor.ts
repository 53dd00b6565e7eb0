import type { KeyObject } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import { type Handover, join } from './join.ts';

/** A base station that is away, or that let the last attempt lie, is asked again after this. */
const AGAIN_MS = 10_000;

export interface SensorWish {
  /** e.g. `http://127.0.0.1:8095`. */
  readonly baseStation: string;
  readonly name: string;
  /** Its lasting Ed25519 key. */
  readonly key: KeyObject;
  /** Time between two questions, and between two values. */
  readonly everyMs: number;
  /** What a display would show. */
  readonly show: (
    state: { kind: 'code'; code: string } | { kind: 'in'; topics: string } | { kind: 'denied' },
  ) => void;
}

/**
 * A WiFi thermometer: asks to be let in, shows its code, and publishes once somebody has pressed Allow. It keeps its
 * key alone, so that it asks anew when it is switched on again. Gives what switches it off.
 */
export function startSensor(wish: SensorWish): { close(): Promise<void> } {
  const off = new AbortController();
  const running = run(wish, off.signal);
  return {
    async close() {
      off.abort();
      await running;
    },
  };
}

async function run(wish: SensorWish, signal: AbortSignal): Promise<void> {
  let handover: Handover | undefined;
  while (!signal.aborted) {
    try {
      if (handover === undefined) {
        const { baseStation, name, key, everyMs } = wish;
        const showCode = (code: string) => wish.show({ kind: 'code', code });
        handover = await join({ baseStation, name, everyMs, key, showCode, signal });
        if (handover === undefined) return wish.show({ kind: 'denied' });
        wish.show({ kind: 'in', topics: handover.topics });
      }
      await publish(handover, wish.everyMs, signal);
    } catch {
      // Away, or begun anew: it asks again, as a thermometer without a screen would.
      await pause(AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function publish(handover: Handover, everyMs: number, signal: AbortSignal): Promise<void> {
  const { host, username, password, mqtt, mqtts, ca, topics } = handover;
  const url = mqtts === undefined ? `mqtt://${host}:${mqtt}` : `mqtts://${host}:${mqtts}`;
  const client: MqttClient = await connectAsync(url, {
    ...{ username, password, clientId: username, reconnectPeriod: 0 },
    ...(ca === undefined ? {} : { ca }),
  });
  client.on('error', () => undefined); // its close tells
  const closed = new AbortController();
  client.once('close', () => closed.abort());
  const either = AbortSignal.any([signal, closed.signal]);
  try {
    while (!either.aborted) {
      await client.publishAsync(`${topics}temperature`, temperature(Date.now()).toFixed(1));
      await client.publishAsync(`${topics}humidity`, humidity(Date.now()).toFixed(0));
      await pause(everyMs, undefined, { signal: either }).catch(() => undefined);
    }
  } finally {
    client.end(true);
  }
}

/** A room that is warm by day and has a heating: °C. */
function temperature(at: number): number {
  const hours = at / 3_600_000;
  return 20.5 + 1.5 * Math.sin((hours / 12) * Math.PI - 2) + 0.3 * Math.sin(hours * 40);
}

/** Per cent. */
function humidity(at: number): number {
  return 52 - 3 * (temperature(at) - 20.5);
}
