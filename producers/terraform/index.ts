// The Terraform producer: states as sources, pushed (http backend) or watched (files), and what answers for them.
export { createFileBackend, type FileBackend } from './backends/file.ts';
export { createHttpBackend, type HttpBackend } from './backends/http.ts';
export { statesAt } from './backends/paths.ts';
export { createDecoder, type Decoder } from './decoder.ts';
export { createRefreshReactor } from './refresh.ts';
