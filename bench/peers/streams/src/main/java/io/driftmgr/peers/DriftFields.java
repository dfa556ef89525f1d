package io.driftmgr.peers;

import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;

/** Where the fields of a drift stand, and a drift that has all that is the same in each one when it is opened. */
final class DriftFields {
  static final String KIND = "modified";

  final Schema schema;
  final Schema differences;
  final int id;
  final int revision;
  final int status;
  final int org;
  final int objectKey;
  final int stateSerial;
  final int difference;
  final int declaredAsOf;
  final int observedAsOf;
  final int openedAt;
  final int changedAt;
  final int resolvedAt;
  final int resolution;
  final int resolvedBy;
  /** Fields a drift has of its declaration: where they stand here, and there. */
  final int[] taken;
  final int[] takenFrom;
  final int serial;
  final int workspace;
  final Object open;
  final Object resolved;
  final Object reverted;
  private final GenericData.Record fresh;

  DriftFields(Schema schema, Schema declaration) {
    this.schema = schema;
    differences = schema.getField("differences").schema();
    id = at("id");
    revision = at("revision");
    status = at("status");
    org = at("org");
    objectKey = at("objectKey");
    stateSerial = at("stateSerial");
    difference = at("differences");
    declaredAsOf = at("declaredAsOf");
    observedAsOf = at("observedAsOf");
    openedAt = at("openedAt");
    changedAt = at("changedAt");
    resolvedAt = at("resolvedAt");
    resolution = at("resolution");
    resolvedBy = at("resolvedBy");
    List<String> names =
        List.of("provider", "account", "region", "owner", "type", "resourceId", "workspace", "address");
    taken = names.stream().mapToInt(this::at).toArray();
    takenFrom = names.stream().mapToInt(name -> EventFields.at(declaration, name)).toArray();
    serial = EventFields.at(declaration, "serial");
    workspace = EventFields.at(declaration, "workspace");
    open = symbol("status", "open");
    resolved = symbol("status", "resolved");
    Schema resolutions = schema.getField("resolution").schema().getTypes().get(1);
    reverted = new GenericData.EnumSymbol(resolutions, "reverted");
    fresh = new GenericData.Record(schema);
    fresh.put("kind", symbol("kind", KIND));
    fresh.put("confidence", symbol("confidence", "confirmed"));
    fresh.put("certainty", symbol("certainty", "high"));
    fresh.put("severity", symbol("severity", "medium"));
    fresh.put("status", open);
    fresh.put("absorbed", false);
    fresh.put("actors", List.of());
    fresh.put("revision", 1);
  }

  GenericRecord fresh() {
    return new GenericData.Record(fresh, false);
  }

  private int at(String field) {
    return EventFields.at(schema, field);
  }

  private Object symbol(String field, String symbol) {
    return new GenericData.EnumSymbol(schema.getField(field).schema(), symbol);
  }
}
