export { EtPhoneHome } from './et-phone-home/index.ts';
