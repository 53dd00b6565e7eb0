export { LanSide } from './lan-side.ts';
export { ownLanAddress } from './own-address.ts';
export { signStatement as signLanStatement } from './proof.ts';
