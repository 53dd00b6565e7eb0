export type { ShareRecord, ShareStore } from './share-store.ts';
export { Shares, type ShareWish } from './shares.ts';
