/** `npm run reference`: writes the pages below docs/reference/ that are made from schemas. */
import '../packages/relay/src/config/write-reference.ts';
