export { type EmoncmsAsk, EmoncmsView } from './emoncms-view.ts';
export { dataQuestion, feedsQuestion, inputsQuestion, metaQuestion, type Question } from './questions.ts';
