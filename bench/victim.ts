// Fills a data directory like scenario (b) and says so while it is still working: whoever started it then kills it.
import { appendAll, changes, prepare } from './scenarios.ts';
import { openWorld } from './world.ts';

const [directory, count] = process.argv.slice(2);
const world = await openWorld(directory!);
await prepare(world, Number(count));
const feed = await changes(world, `${directory}.feed`, Number(count));
await appendAll(world, feed);
await world.caughtUp();
process.stdout.write('filled\n');
// Still writing when it dies.
for (;;) {
  await appendAll(world, feed);
  await world.caughtUp();
}
