export { LinkButtonNotices } from './notices.tsx';
