export { type EmoncmsAsk, EmoncmsView } from './emoncms-view.ts';
export { HomeCalls } from './home-calls.ts';
export { dataQuestion, feedsQuestion, inputsQuestion, metaQuestion, type Question } from './questions.ts';
export { EMONCMS_SERVICE, ORIGINAL_CLIENT } from './service.ts';
