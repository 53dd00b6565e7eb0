export { createEmonEspRoute } from './emonesp.ts';
