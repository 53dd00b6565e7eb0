export { EmoncmsPost } from './emoncms-post.ts';
