export { AccountHomes } from './account-homes.ts';
export { EmoncmsClients } from './emoncms-clients.ts';
export { EmoncmsHttp } from './emoncms-http.ts';
export { EmoncmsUpstream } from './emoncms-upstream.ts';
