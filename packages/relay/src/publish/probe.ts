import http from 'node:http';
import type { AnnouncedService } from '@porchlight/protocol';
import { isWebService, PorchlightError, PROBE_HEADER } from '@porchlight/protocol';
import type { Link } from '../links/index.ts';
import type { ChannelPools } from './channel-pools.ts';
import { agentFailure } from './proxy.ts';

/** A probe that takes longer has failed. */
const PROBE_DEADLINE_MS = 10_000;

/**
 * Asks a service for one answer through the data path. A web service gets a HEAD request that the agent answers
 * after it has connected to the local server, without asking it anything; for `tcp` the channel's opening is that.
 * @returns undefined when it answered, otherwise why it did not; never rejects
 */
export async function probeService(
  pools: ChannelPools,
  link: Link,
  service: AnnouncedService,
  signal: AbortSignal,
): Promise<PorchlightError | undefined> {
  try {
    if (isWebService(service)) return await askHttp(pools.agent(link, service.name), signal);
    const channel = await link.openChannel(service.name, { address: '127.0.0.1', port: 0 });
    channel.destroy();
    return undefined;
  } catch (error) {
    return error instanceof PorchlightError
      ? error
      : new PorchlightError('service_unreachable', undefined, { cause: error });
  }
}

function askHttp(agent: http.Agent, signal: AbortSignal): Promise<PorchlightError | undefined> {
  return new Promise((resolve, reject) => {
    const request = http.request({
      agent,
      method: 'HEAD',
      path: '/',
      headers: ['Host', 'porchlight-probe.invalid', PROBE_HEADER, '1'],
      setHost: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_DEADLINE_MS)]),
    });
    request.on('response', (answer) => {
      answer.resume();
      resolve(agentFailure(answer));
    });
    request.on('error', (error) => {
      const late = error.name === 'AbortError' || error.name === 'TimeoutError';
      reject(late ? new PorchlightError('device_timeout') : error);
    });
    request.end();
  });
}
