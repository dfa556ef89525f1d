package io.driftmgr.peers;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.avro.generic.GenericRecord;
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

  private final Schemas.Reader observations;
  private final Schemas.Reader declarations;
  private final DriftEvents events;
  private ProcessorContext<Bytes, Output> context;
  private int partition;
  private KeyValueStore<Bytes, byte[]> observed;
  private KeyValueStore<Bytes, byte[]> declared;
  private KeyValueStore<Bytes, byte[]> instances;
  private KeyValueStore<Bytes, byte[]> drifts;

  Observations(Schemas schemas, Said said) {
    super(said);
    observations = new Schemas.Reader(schemas.observations());
    declarations = new Schemas.Reader(schemas.declarations());
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
      seen.delete(key);
      return;
    }
    if (!Wire.hasHead(value)) throw new IllegalArgumentException("an observation is not in the wire format");
    if (!isNews(key, value)) return;
    GenericRecord event = observations.read(value);
    GenericRecord body = (GenericRecord) event.get("body");
    if (!body.getSchema().getName().equals("ResourceObserved")) return;
    observed.put(key, value);
    said.changed.increment();
    byte[] at = instances.get(Declarations.instance(event.get("objectKey"), body.get("type"), body.get("resourceId")));
    byte[] declaredValue = at == null ? null : declared.get(Bytes.wrap(at));
    if (declaredValue != null) compare(event, body, declarations.read(declaredValue), record.timestamp());
  }

  private void compare(
      GenericRecord event, GenericRecord body, GenericRecord declaration, long timestamp) {
    GenericRecord declaredBody = (GenericRecord) declaration.get("body");
    List<Differences.Difference> differences =
        Differences.between(
            (CharSequence) declaredBody.get("attributes"), (CharSequence) body.get("attributes"));
    String driftId = events.idOf(event, declaredBody);
    Bytes stored = Bytes.wrap(driftId.getBytes(StandardCharsets.UTF_8));
    byte[] before = drifts.get(stored);
    DriftEvents.Transition transition =
        events.transition(driftId, event, declaration, differences, before == null ? null : events.read(before));
    if (transition == null) return;
    drifts.put(stored, transition.current());
    if (transition.drift() != null)
      forward(transition.type(), transition.id(), event, timestamp, objectKey(event), transition.drift(), DRIFTS_SINK);
    Bytes currentKey =
        Bytes.wrap((event.get("org") + "\u001f" + driftId).getBytes(StandardCharsets.UTF_8));
    forward("drift.current", transition.currentId(), event, timestamp, currentKey, transition.current(), OPEN_DRIFTS_SINK);
  }

  private static Bytes objectKey(GenericRecord event) {
    return Bytes.wrap(event.get("objectKey").toString().getBytes(StandardCharsets.UTF_8));
  }

  private void forward(
      String type, String id, GenericRecord event, long timestamp, Bytes key, byte[] value, String sink) {
    Headers headers = new RecordHeaders();
    headers.add("ce_id", utf8(id));
    headers.add("ce_type", utf8(type));
    headers.add("ce_source", utf8("drift"));
    headers.add("ce_time", utf8(java.time.Instant.ofEpochMilli((Long) event.get("time")).toString()));
    headers.add("ce_subject", utf8(event.get("objectKey").toString()));
    context.forward(new Record<>(key, new Output(partition, value), timestamp, headers), sink);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
