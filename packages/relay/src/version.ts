import packageFile from '../package.json' with { type: 'json' };

/** Version of the relay program. */
export const VERSION: string = packageFile.version;
