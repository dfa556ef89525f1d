// Who wants to hear of new records: coalesces notifications, so that a thousand appends wake a reader once.
import type { TopicName } from '../../schemas/index.ts';

interface Subscription {
  topics: ReadonlySet<TopicName>;
  notify: () => void;
  due: boolean;
}

export interface Subscriptions {
  add(topics: readonly TopicName[], notify: () => void): () => void;
  /** Calls back, in a later turn of the loop, everyone who wants one of the topics and is not about to be called. */
  announce(topics: Iterable<TopicName>): void;
  clear(): void;
}

export function createSubscriptions(): Subscriptions {
  const all = new Set<Subscription>();
  return {
    add(topics, notify) {
      const subscription: Subscription = { topics: new Set(topics), notify, due: false };
      all.add(subscription);
      return () => {
        all.delete(subscription);
      };
    },
    announce(topics) {
      for (const topic of topics) {
        for (const subscription of all) {
          if (subscription.due || !subscription.topics.has(topic)) continue;
          subscription.due = true;
          setImmediate(() => {
            subscription.due = false;
            if (all.has(subscription)) subscription.notify();
          });
        }
      }
    },
    clear: () => all.clear(),
  };
}
