import { afterEach, beforeEach, describe } from 'vitest';
import { accessTokenStoreContract } from './access-token-store.contract.ts';
import { accountStoreContract } from './account-store.contract.ts';
import { auditStoreContract } from './audit-store.contract.ts';
import type { Open } from './contract-fixtures.ts';
import { deviceFactsContract } from './device-facts.contract.ts';
import { deviceStoreContract } from './device-store.contract.ts';
import { enrolmentTokenStoreContract } from './enrolment-token-store.contract.ts';
import { healthStoreContract } from './health-store.contract.ts';
import { messageStoreContract } from './message-store.contract.ts';
import { mqttCredentialStoreContract } from './mqtt-credential-store.contract.ts';
import { mqttPersistenceContract } from './mqtt-persistence.contract.ts';
import { appGrantStoreContract, appStoreContract, oauthRecordStoreContract } from './oauth.contract.ts';
import { pathRouteStoreContract } from './path-route-store.contract.ts';
import { readingStoreContract } from './reading-store.contract.ts';
import { secretStoreContract } from './secret-store.contract.ts';
import { serviceStoreContract } from './service-store.contract.ts';
import { sessionStoreContract } from './session-store.contract.ts';
import { shareStoreContract } from './share-store.contract.ts';
import { sshKeyStoreContract } from './ssh-key-store.contract.ts';
import { storesContract } from './stores.contract.ts';
import type { Stores } from './stores.ts';

/** A place to keep the database of one test in. */
export interface Place {
  open(): Promise<Stores>;
  remove(): Promise<void>;
}

/** Everything that an implementation of `Stores` must keep to; `place` gives an empty database for each test. */
export function storageContract(place: () => Promise<Place>): void {
  let current: Place;
  let opened: Stores[];
  const open: Open = async () => {
    const stores = await current.open();
    opened.push(stores);
    return stores;
  };
  beforeEach(async () => {
    opened = [];
    current = await place();
  });
  afterEach(async () => {
    await Promise.all(opened.map((stores) => stores.close()));
    await current.remove();
  });

  describe('accounts', () => accountStoreContract(open));
  describe('sessions', () => sessionStoreContract(open));
  describe('access tokens', () => accessTokenStoreContract(open));
  describe('share links', () => shareStoreContract(open));
  describe('SSH keys', () => sshKeyStoreContract(open));
  describe('devices', () => deviceStoreContract(open));
  describe('services', () => serviceStoreContract(open));
  describe('facts of devices', () => deviceFactsContract(open));
  describe('health', () => healthStoreContract(open));
  describe('readings', () => readingStoreContract(open));
  describe('enrolment tokens', () => enrolmentTokenStoreContract(open));
  describe('apps', () => appStoreContract(open));
  describe('what people let apps do', () => appGrantStoreContract(open));
  describe('codes and tokens of apps', () => oauthRecordStoreContract(open));
  describe('path routes', () => pathRouteStoreContract(open));
  describe('MQTT credentials', () => mqttCredentialStoreContract(open));
  describe('MQTT messages', () => messageStoreContract(open));
  describe('MQTT messages, by the suite of aedes-persistence', () => mqttPersistenceContract(open));
  describe('audit', () => auditStoreContract(open));
  describe('secrets', () => secretStoreContract(open));
  describe('all stores', () => storesContract(open));
}
