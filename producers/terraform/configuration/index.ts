// Terraform configurations: what their blocks set, for whoever watches folders and for whoever uploads what they say.
export type { ParsedConfiguration } from './assemble.ts';
export { ConfigurationProblem } from './problem.ts';
export { readConfiguration } from './read.ts';
export { CONFIGURATIONS, configurationSource } from './source.ts';
