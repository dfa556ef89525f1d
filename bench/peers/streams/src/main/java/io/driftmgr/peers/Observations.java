package io.driftmgr.peers;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Compares what is observed anew with what is declared, and puts out the drift between them. */
final class Observations extends JoinTopology.OfTable {
  static final String DRIFTS_SINK = "to-drifts";
  static final String OPEN_DRIFTS_SINK = "to-open-drifts";

  private final Resource.Reader observations;
  private final Resource.Reader declarations;
  private final DriftEvents events;
  private int partition;
  private KeyValueStore<Bytes, byte[]> observed;
  private KeyValueStore<Bytes, byte[]> declared;
  private KeyValueStore<Bytes, byte[]> instances;
  private KeyValueStore<Bytes, byte[]> drifts;

  Observations(Schemas schemas, Said said) {
    super(said);
    observations = new Resource.Reader(schemas.observations());
    declarations = new Resource.Reader(schemas.declarations());
    events = new DriftEvents(schemas);
  }

  @Override
  public void init(ProcessorContext<Bytes, Output> context) {
    this.context = context;
    partition = context.taskId().partition();
    observed = context.getStateStore(JoinTopology.OBSERVED);
    declared = context.getStateStore(JoinTopology.DECLARED);
    seen = context.getStateStore(JoinTopology.SEEN);
    instances = context.getStateStore(JoinTopology.INSTANCES);
    drifts = context.getStateStore(JoinTopology.DRIFTS);
  }

  @Override
  public void process(Record<Bytes, byte[]> record) {
    said.record();
    Bytes key = record.key();
    byte[] value = record.value();
    if (value == null) {
      observed.delete(key);
      seen.delete(Hashed.key(key.get()));
      return;
    }
    if (!Wire.hasHead(value)) throw new IllegalArgumentException("an observation is not in the wire format");
    if (!isNews(key, value)) return;
    Resource event = observations.read(value);
    if (event == null) return;
    observed.put(key, value);
    said.changed.increment();
    byte[] at = instances.get(Hashed.instance(event.objectKey(), event.type(), event.resourceId()));
    byte[] declaration = at == null ? null : declared.get(Bytes.wrap(at));
    if (declaration != null) compare(event, declarations.read(declaration), record.timestamp());
  }

  private void compare(Resource event, Resource declaration, long timestamp) {
    List<Differences.Difference> differences =
        Differences.between(declaration.attributes(), event.attributes());
    String driftId = events.idOf(event, declaration);
    Bytes stored = Bytes.wrap(utf8(driftId));
    DriftEvents.Transition transition =
        events.transition(driftId, event, declaration, differences, drifts.get(stored));
    if (transition == null) return;
    drifts.put(stored, transition.current());
    Headers headers = headersOf(event);
    if (transition.drift() != null) {
      Bytes key = Bytes.wrap(utf8(event.objectKey().toString()));
      forward(transition.type(), transition.id(), headers, timestamp, key, transition.drift(), DRIFTS_SINK);
    }
    Bytes key = Bytes.wrap(utf8(event.org() + "\u001f" + driftId));
    forward("drift.current", transition.currentId(), headers, timestamp, key, transition.current(), OPEN_DRIFTS_SINK);
  }

  /** Those that both events have. */
  private static Headers headersOf(Resource event) {
    Headers headers = new RecordHeaders();
    headers.add("ce_source", utf8("drift"));
    headers.add("ce_time", utf8(Instant.ofEpochMilli((Long) event.time()).toString()));
    headers.add("ce_subject", utf8(event.objectKey().toString()));
    return headers;
  }

  private void forward(
      String type, String id, Headers common, long timestamp, Bytes key, byte[] value, String sink) {
    Headers headers = new RecordHeaders(common);
    headers.add("ce_id", utf8(id));
    headers.add("ce_type", utf8(type));
    context.forward(new Record<>(key, new Output(partition, value), timestamp, headers), sink);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
