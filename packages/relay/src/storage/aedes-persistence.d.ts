/** The suite for persistences of one's own comes without types. */
declare module 'aedes-persistence/abstract.js' {
  export default function abstractPersistence(options: {
    test: (name: string, run: (t: object) => Promise<void>) => void;
    persistence: () => Promise<object>;
    testAsync: boolean;
  }): void;
}
