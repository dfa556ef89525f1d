// Commits the current schemas as new versions where they differ from the newest. `npm run schemas:commit` runs it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { committedVersions } from './committed.ts';
import { incompatibility } from './compatibility.ts';
import { readSchema, SCHEMA_FILES } from './load.ts';
import type { TopicName } from './topics.ts';

/** One line for each topic: what was done, or why nothing can be. Writes nothing of a topic with a problem. */
function commit(): { lines: string[]; failed: boolean } {
  const lines: string[] = [];
  let failed = false;
  for (const [topic, file] of Object.entries(SCHEMA_FILES) as [TopicName, string][]) {
    const current = readSchema(file);
    const earlier = committedVersions(topic);
    const newest = earlier.at(-1);
    if (newest && JSON.stringify(newest.schema) === JSON.stringify(current)) {
      lines.push(`${topic}: version ${newest.version} is current`);
      continue;
    }
    const problems = earlier.flatMap(({ version, schema }) => {
      const problem = incompatibility(current, schema);
      return problem === null ? [] : [`${topic}: cannot read version ${version}: ${problem}`];
    });
    lines.push(...problems);
    failed ||= problems.length > 0;
    if (problems.length > 0) continue;
    const version = (newest?.version ?? 0) + 1;
    const directory = new URL(`versions/${topic}/`, import.meta.url);
    mkdirSync(directory, { recursive: true });
    writeFileSync(new URL(`${version}.avsc`, directory), `${JSON.stringify(current, null, 2)}\n`, {
      flag: 'wx',
    });
    lines.push(`${topic}: committed version ${version}`);
  }
  return { lines, failed };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { lines, failed } = commit();
  process.stdout.write(`${lines.join('\n')}\n`);
  if (failed) process.exitCode = 1;
}
