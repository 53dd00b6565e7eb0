export { AccountHomes, EmoncmsClients, EmoncmsHttp, EmoncmsUpstream } from './emoncms/index.ts';
export { EtPhoneHome } from './et-phone-home/index.ts';
export {
  Bridges,
  ClientAuthentication,
  HueHost,
  LinkButtons,
  RemoteButton,
  TokenEndpoint,
} from './hue/index.ts';
