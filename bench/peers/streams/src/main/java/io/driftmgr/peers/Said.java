package io.driftmgr.peers;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/** What is told to whoever measures: lines of JSON on standard output. */
final class Said {
  private final AtomicBoolean begun = new AtomicBoolean();
  final LongAdder unchanged = new LongAdder();
  final LongAdder changed = new LongAdder();

  void state(String state) {
    line("{\"event\":\"state\",\"state\":\"" + state + "\",\"at\":" + System.currentTimeMillis() + "}");
  }

  /** Called for every record; says so of the first one. */
  void record() {
    if (!begun.getPlain() && begun.compareAndSet(false, true))
      line("{\"event\":\"first\",\"at\":" + System.currentTimeMillis() + "}");
  }

  void stopped() {
    line(
        "{\"event\":\"stopped\",\"unchanged\":" + unchanged.sum() + ",\"changed\":" + changed.sum() + "}");
  }

  private static synchronized void line(String text) {
    System.out.println(text);
    System.out.flush();
  }
}
