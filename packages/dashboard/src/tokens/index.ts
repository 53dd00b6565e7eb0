export { NewTokenForm } from './new-token-form.tsx';
export { TokensPage } from './tokens-page.tsx';
