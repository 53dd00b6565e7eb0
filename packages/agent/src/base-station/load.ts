import type { BaseStationAnswer, BaseStationAsk } from '../local/index.ts';
import type { BaseStation, BaseStationParts } from './base-station.ts';

// Broker and certificates, ten megabytes of memory, are loaded by base stations alone.

/** @throws ConfigError: one line that names the cause and the mend */
export async function openBaseStation(parts: BaseStationParts): Promise<BaseStation> {
  const module = await import('./base-station.ts');
  return module.openBaseStation(parts);
}

/** @throws ConfigError */
export async function answerAsk(station: BaseStation, ask: BaseStationAsk): Promise<BaseStationAnswer> {
  const module = await import('./answer.ts');
  return module.answerAsk(station, ask);
}
