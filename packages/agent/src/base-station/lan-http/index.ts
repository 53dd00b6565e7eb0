export { json, type LanAnswer, type LanCall, type LanRoute, text } from './lan-call.ts';
export { openLanHttp } from './lan-http.ts';
