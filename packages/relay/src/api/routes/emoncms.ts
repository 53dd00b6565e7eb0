import { PorchlightError } from '@porchlight/protocol';
import {
  emoncmsData,
  emoncmsDataQuery,
  emoncmsFeedParams,
  emoncmsFeeds,
  emoncmsInputs,
  emoncmsMeta,
  emoncmsParams,
} from '@porchlight/protocol/api';
import type { FastifyReply } from 'fastify';
import type { Person } from '../../access/index.ts';
import {
  dataQuestion,
  feedsQuestion,
  inputsQuestion,
  metaQuestion,
  type Question,
} from '../../emoncms/index.ts';
import type { Endpoints } from '../endpoint.ts';
import { ownDevice, serviceOf } from '../own-device.ts';

/** A page asks for its list every ten seconds, and for graphs as fast as a person zooms. */
const LIMIT = { capacity: 100, refillMs: 200 };

/** Reads the emoncms of a device, for its owner. Only these four questions, and each in one form. */
export function emoncmsRoutes(endpoints: Endpoints): void {
  const { devices, emoncms, relay, clock } = endpoints.deps;
  const base = '/api/devices/:id/services/:service/emoncms';

  endpoints.guarded({
    method: 'GET',
    url: `${base}/feeds`,
    summary: "Asks the device's emoncms for its feeds and their last values.",
    action: 'service:visit',
    limit: LIMIT,
    params: emoncmsParams,
    answer: emoncmsFeeds,
    run: (call) => ask(call, feedsQuestion),
  });

  endpoints.guarded({
    method: 'GET',
    url: `${base}/feeds/:feed`,
    summary: "Asks the device's emoncms since when a feed has data, and how often.",
    action: 'service:visit',
    limit: LIMIT,
    params: emoncmsFeedParams,
    answer: emoncmsMeta,
    run: (call) => ask(call, metaQuestion(call.params.feed)),
  });

  endpoints.guarded({
    method: 'GET',
    url: `${base}/feeds/:feed/data`,
    summary: "Asks the device's emoncms for the history of a feed.",
    action: 'service:visit',
    limit: LIMIT,
    params: emoncmsFeedParams,
    query: emoncmsDataQuery,
    answer: emoncmsData,
    run: (call) => ask(call, dataQuestion({ feed: call.params.feed, ...call.query }, clock.now())),
  });

  endpoints.guarded({
    method: 'GET',
    url: `${base}/inputs`,
    summary: "Asks the device's emoncms for its inputs.",
    action: 'service:visit',
    limit: LIMIT,
    params: emoncmsParams,
    answer: emoncmsInputs,
    run: (call) => ask(call, inputsQuestion),
  });

  async function ask<T extends object>(
    call: {
      readonly person: Person;
      readonly params: { readonly id: string; readonly service: string };
      readonly address: string;
      readonly reply: FastifyReply;
    },
    question: Question<T>,
  ) {
    const { person, params, address, reply } = call;
    const device = await ownDevice(devices, person, 'service:visit', params.id, params.service);
    const service = serviceOf(device, params.service);
    if (service.kind === 'tcp') throw new PorchlightError('bad_request', 'A "tcp" service is no emoncms');
    const gone = new AbortController();
    const leave = () => gone.abort();
    reply.raw.once('close', leave);
    try {
      const url = relay.serviceUrl(service.name, device.name);
      const asker = { device, service, person: person.accountName, address, url, signal: gone.signal };
      return await emoncms.ask(asker, question);
    } finally {
      reply.raw.off('close', leave);
    }
  }
}
