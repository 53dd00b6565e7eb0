import type { Me } from '@porchlight/protocol/api';
import { AccessTokens, Audit, SshKeys, whoAmI } from './account.ts';
import { ApiCaller, type CallOptions, type RelayOptions } from './caller.ts';
import { Devices } from './devices.ts';
import { EnrolmentTokens, JoinRequests } from './enrolment.ts';
import { Forwards } from './forwards.ts';
import { LanRequests } from './lan-requests.ts';
import { Services } from './services.ts';
import { type WatchEvent, watch } from './watch.ts';

/** The API of one relay, typed. Every call throws PorchlightError with the relay's own code, message and detail. */
export class RelayApi {
  readonly caller: ApiCaller;
  readonly devices: Devices;
  readonly services: Services;
  readonly forwards: Forwards;
  readonly joinRequests: JoinRequests;
  readonly lanRequests: LanRequests;
  readonly enrolmentTokens: EnrolmentTokens;
  readonly accessTokens: AccessTokens;
  readonly sshKeys: SshKeys;
  readonly audit: Audit;

  /** @throws PorchlightError `bad_request` when the address is none */
  constructor(options: RelayOptions | ApiCaller) {
    const caller = options instanceof ApiCaller ? options : new ApiCaller(options);
    this.caller = caller;
    this.devices = new Devices(caller);
    this.services = new Services(caller);
    this.forwards = new Forwards(caller);
    this.joinRequests = new JoinRequests(caller);
    this.lanRequests = new LanRequests(caller);
    this.enrolmentTokens = new EnrolmentTokens(caller);
    this.accessTokens = new AccessTokens(caller);
    this.sshKeys = new SshKeys(caller);
    this.audit = new Audit(caller);
  }

  /** Who the token acts for, and what the relay says of itself. */
  me(options?: CallOptions): Promise<Me> {
    return whoAmI(this.caller, options);
  }

  /** Live events until the loop is left or `signal` aborts; the stream is opened again when it ends. */
  watch({ signal }: CallOptions = {}): AsyncGenerator<WatchEvent, void, undefined> {
    return watch(this.caller, signal);
  }
}
