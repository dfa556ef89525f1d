import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';

const CLUSTER = { KAFKA_BROKERS: '127.0.0.1:9092', REGISTRY_URL: 'http://127.0.0.1:8081' };

describe('options of bench:peers', () => {
  it('are the sizes that the figures are told for, unless others are given', () => {
    expect(readOptions([], CLUSTER)).toMatchObject({
      keys: 100_000,
      unchanged: 1_000_000,
      changed: 200_000,
      commitMs: 100,
      rate: 1_000,
    });
    expect(readOptions(['--keys', '5000', '--java=-Xmx256m -XX:+UseSerialGC'], CLUSTER)).toMatchObject({
      keys: 5_000,
      java: ['-Xmx256m', '-XX:+UseSerialGC'],
    });
  });

  it('are refused all at once, and nothing runs without a cluster', () => {
    expect(() => readOptions(['--keys', 'many', '--warm-up', '1'], {})).toThrow(
      /--keys is many[\s\S]*--warm-up is 1[\s\S]*KAFKA_BROKERS[\s\S]*REGISTRY_URL/,
    );
  });
});
