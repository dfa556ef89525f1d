package io.driftmgr.peers;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/**
 * Runs the join until it is told to stop: by SIGTERM, or by the end of standard input (whoever started it is gone). Says on
 * standard output, a line of JSON each, when it changes state and when it has taken in its first record.
 */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) throws Exception {
    Map<String, String> options = options(arguments);
    Schemas schemas = Schemas.read(Path.of(required(options, "schemas")), required(options, "schema-ids"));
    Said said = new Said();
    KafkaStreams streams =
        new KafkaStreams(
            JoinTopology.of(
                required(options, "input-prefix"), required(options, "output-prefix"), schemas, said),
            Settings.of(options));
    CountDownLatch stop = new CountDownLatch(1);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    streams.setStateListener((now, before) -> said.state(now.name()));
    streams.setUncaughtExceptionHandler(
        error -> {
          failure.compareAndSet(null, error);
          stop.countDown();
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    Thread main = Thread.currentThread();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  stop.countDown();
                  try {
                    main.join(20_000);
                  } catch (InterruptedException ignored) {
                    Thread.currentThread().interrupt();
                  }
                }));
    Thread input = new Thread(() -> untilInputEnds(stop), "input");
    input.setDaemon(true);
    input.start();
    streams.start();
    stop.await();
    // Leaving the group now spares whoever starts next the wait until this member's session has expired.
    streams.close(new KafkaStreams.CloseOptions().leaveGroup(true).timeout(Duration.ofSeconds(15)));
    said.stopped();
    if (failure.get() != null) {
      failure.get().printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }

  private static void untilInputEnds(CountDownLatch stop) {
    try {
      while (System.in.read() >= 0) continue;
    } catch (IOException ignored) {
      // A standard input that cannot be read has ended.
    }
    stop.countDown();
  }

  private static Map<String, String> options(String[] arguments) {
    Map<String, String> options = new HashMap<>();
    for (int i = 0; i + 1 < arguments.length; i += 2) {
      if (!arguments[i].startsWith("--")) throw new IllegalArgumentException(arguments[i] + " is not an option");
      options.put(arguments[i].substring(2), arguments[i + 1]);
    }
    return options;
  }

  static String required(Map<String, String> options, String name) {
    String value = options.get(name);
    if (value == null) throw new IllegalArgumentException("--" + name + " is missing");
    return value;
  }
}
