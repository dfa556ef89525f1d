// One thing mended in kafkajs 2.2.4: after every answer its queue of a connection sets a timer to look for requests that
// wait, also when none does. Its delay is then how long ago sending was last held back, a large negative number: Node
// warns of it (TimeoutNegativeWarning), and a timer goes off a millisecond later for nothing, a thousand times a second
// on a busy connection.
//
// Left out where nothing waits: what comes later asks for the timer itself when it has to wait (`push` does).
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

const { scheduleCheckPendingRequests } = RequestQueue.prototype;
if (typeof scheduleCheckPendingRequests !== 'function')
  throw new Error('kafkajs is another one than runtime/log/kafka/request-queue.ts was written for');

RequestQueue.prototype.scheduleCheckPendingRequests = function schedule(this: RequestQueue): void {
  if (this.pending.length > 0) scheduleCheckPendingRequests.call(this);
};
