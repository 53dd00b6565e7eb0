export { EtPhoneHome } from './et-phone-home.ts';
