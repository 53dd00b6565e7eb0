export { AppLogo } from './app-logo.tsx';
export { CodePage } from './code-page.tsx';
export { ConsentPage } from './consent-page.tsx';
