package io.driftmgr.peers;

import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;

/** What the documentation of Kafka Streams recommends for throughput under exactly-once on a small machine. */
final class Settings {
  private Settings() {}

  static Properties of(Map<String, String> options) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, Main.required(options, "application"));
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, Main.required(options, "brokers"));
    settings.put(StreamsConfig.STATE_DIR_CONFIG, Main.required(options, "state"));
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, options.getOrDefault("commit-ms", "100"));
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, options.getOrDefault("threads", "2"));
    // Records that are asked for again and again stay on the heap: the fingerprints of 100,000 keys are some 25 MB there.
    settings.put(
        StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, megabytes(options.getOrDefault("cache-mb", "64")));
    settings.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, BoundedMemory.class);
    settings.put(BoundedMemory.MEGABYTES, options.getOrDefault("rocksdb-mb", "96"));
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, options.getOrDefault("replication", "1"));
    settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, "2000");

    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), "4000");
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 4 << 20);
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.RECEIVE_BUFFER_CONFIG), 1 << 20);
    // A static member leaves the group when it is closed, and takes its tasks up again when it comes back.
    settings.put(
        StreamsConfig.consumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG),
        options.getOrDefault("instance", "one"));

    settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 << 10);
    settings.put(
        StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), options.getOrDefault("linger-ms", "10"));
    return settings;
  }

  private static long megabytes(String number) {
    return Long.parseLong(number) << 20;
  }
}
