package io.driftmgr.peers;

import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;

/** From what stands and what was compared to the two events of a transition: the history and the current drift. */
final class DriftEvents {
  private static final String KIND = "modified";
  private static final String NAME = "drift";

  /** `drift` is null where only the time of the observation moved on. */
  record Transition(String type, String id, byte[] drift, String currentId, byte[] current) {}

  private final Schemas schemas;
  private final Ids ids = new Ids();
  private final Schemas.Writer drifts;
  private final Schemas.Writer openDrifts;
  private final Schemas.Reader readCurrent;
  private final Schema drift;
  private final Schema difference;

  DriftEvents(Schemas schemas) {
    this.schemas = schemas;
    drifts = new Schemas.Writer(schemas.drifts());
    openDrifts = new Schemas.Writer(schemas.openDrifts());
    readCurrent = new Schemas.Reader(schemas.openDrifts());
    drift = Schemas.driftOf(schemas.drifts());
    difference = drift.getField("differences").schema().getElementType();
  }

  String idOf(GenericRecord event, GenericRecord declared) {
    return ids.of(
        "drf", event.get("org"), declared.get("workspace"), event.get("objectKey"),
        declared.get("type"), declared.get("resourceId"), KIND);
  }

  GenericRecord read(byte[] current) {
    return (GenericRecord) ((GenericRecord) readCurrent.read(current).get("body")).get("drift");
  }

  /** Null where nothing stands and nothing differs. */
  Transition transition(
      String id,
      GenericRecord event,
      GenericRecord declaration,
      List<Differences.Difference> differences,
      GenericRecord before) {
    boolean stands = before != null && !before.get("status").toString().equals("resolved");
    if (!stands && differences.isEmpty()) return null;
    List<GenericRecord> told = new ArrayList<>(differences.size());
    for (Differences.Difference one : differences) told.add(recordOf(one));
    GenericRecord now = before == null ? opened(id, event, declaration) : moved(before, event, declaration);
    if (differences.isEmpty()) {
      now.put("status", symbol("status", "resolved"));
      now.put("resolvedAt", event.get("time"));
      now.put("resolution", branchSymbol("resolution", "reverted"));
      now.put("resolvedBy", event.get("id"));
      return of(4, "drift.resolved", "DriftResolved", event, now, before);
    }
    boolean same =
        stands && GenericData.get().compare(told, now.get("differences"), drift.getField("differences").schema()) == 0;
    now.put("differences", told);
    if (same) return current(null, null, null, event, now);
    if (before == null) return of(0, "drift.opened", "DriftOpened", event, now, null);
    if (stands) return of(1, "drift.changed", "DriftChanged", event, now, before);
    now.put("status", symbol("status", "open"));
    now.put("openedAt", event.get("time"));
    for (String field : List.of("resolvedAt", "resolution", "resolvedBy")) now.put(field, null);
    return of(5, "drift.reopened", "DriftReopened", event, now, before);
  }

  private Transition of(
      int branch, String type, String name, GenericRecord event, GenericRecord now, GenericRecord before) {
    if (before != null) now.put("revision", (Integer) before.get("revision") + 1);
    Schema schema = Schemas.bodyOf(schemas.drifts(), branch);
    if (!schema.getName().equals(name)) throw new IllegalStateException(schema.getName() + " is not " + name);
    GenericRecord body = new GenericData.Record(schema);
    body.put("drift", now);
    body.put("causedBy", event.get("id"));
    String eventId = ids.of("dre", now.get("id"), now.get("revision"), now.get("openedAt"));
    byte[] value = drifts.write(envelope(schemas.drifts(), eventId, event, body));
    return current(type, eventId, value, event, now);
  }

  private Transition current(String type, String eventId, byte[] value, GenericRecord event, GenericRecord now) {
    String id = ids.of("evt", NAME, event.get("id"), 1);
    GenericRecord body = new GenericData.Record(Schemas.bodyOf(schemas.openDrifts(), 0));
    body.put("drift", now);
    byte[] current = openDrifts.write(envelope(schemas.openDrifts(), id, event, body));
    return new Transition(type, eventId, value, id, current);
  }

  private static GenericRecord envelope(
      Schemas.Topic topic, String id, GenericRecord event, GenericRecord body) {
    GenericRecord value = new GenericData.Record(topic.schema());
    value.put("time", event.get("time"));
    value.put("id", id);
    value.put("recordedAt", System.currentTimeMillis());
    value.put("source", NAME);
    value.put("org", event.get("org"));
    value.put("objectKey", event.get("objectKey"));
    value.put("correlationId", event.get("correlationId"));
    value.put("clamped", false);
    value.put("body", body);
    return value;
  }

  private GenericRecord opened(String id, GenericRecord event, GenericRecord declaration) {
    GenericRecord declared = (GenericRecord) declaration.get("body");
    GenericRecord now = new GenericData.Record(drift);
    now.put("id", id);
    now.put("revision", 1);
    now.put("kind", symbol("kind", KIND));
    now.put("confidence", symbol("confidence", "confirmed"));
    now.put("certainty", symbol("certainty", "high"));
    now.put("status", symbol("status", "open"));
    now.put("absorbed", false);
    now.put("severity", symbol("severity", "medium"));
    now.put("org", event.get("org"));
    now.put("objectKey", event.get("objectKey"));
    for (String field :
        List.of("provider", "account", "region", "owner", "type", "resourceId", "workspace", "address"))
      now.put(field, declared.get(field));
    now.put("stateSerial", declared.get("serial"));
    now.put("actors", List.of());
    now.put("differences", List.of());
    now.put("declaredAsOf", declaration.get("time"));
    now.put("observedAsOf", event.get("time"));
    now.put("openedAt", event.get("time"));
    now.put("changedAt", event.get("time"));
    return now;
  }

  private GenericRecord moved(GenericRecord before, GenericRecord event, GenericRecord declaration) {
    GenericRecord now = new GenericData.Record((GenericData.Record) before, false);
    now.put("declaredAsOf", declaration.get("time"));
    now.put("observedAsOf", event.get("time"));
    now.put("changedAt", event.get("time"));
    return now;
  }

  private GenericRecord recordOf(Differences.Difference one) {
    GenericRecord value = new GenericData.Record(difference);
    value.put("path", one.path());
    value.put("op", new GenericData.EnumSymbol(difference.getField("op").schema(), one.op()));
    value.put("declared", one.declared());
    value.put("observed", one.observed());
    return value;
  }

  private Object symbol(String field, String symbol) {
    return new GenericData.EnumSymbol(drift.getField(field).schema(), symbol);
  }

  /** A symbol of an enum that may be null. */
  private Object branchSymbol(String field, String symbol) {
    return new GenericData.EnumSymbol(drift.getField(field).schema().getTypes().get(1), symbol);
  }
}
