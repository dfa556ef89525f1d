// The process that the crash test kills. Arguments: the directory, and how many events the load has. Prints `ready` when
// its loops run, and `done` when all of the load is processed.
import { live } from './crash-run.ts';

const stopped = await live({
  directory: process.argv[2]!,
  count: Number(process.argv[3]),
  onReady: () => process.stdout.write('ready\n'),
});
if (stopped !== null) throw new Error(`something stopped: ${stopped}`);
process.stdout.write('done\n');
