// Set up once for a run of the tests: a folder for what its files share, gone when the run ends.
import { temporaryFolder } from './temporary-folder.ts';

/** The environment variable that names the folder. */
export const TEST_RUN_FOLDER = 'TEST_RUN_FOLDER';

/** Called for each project of the run; the first makes the folder. */
export default function setUp(): (() => void) | undefined {
  if (process.env[TEST_RUN_FOLDER] !== undefined) return undefined;
  const folder = temporaryFolder();
  process.env[TEST_RUN_FOLDER] = folder.path;
  return folder.remove;
}
