package io.driftmgr.peers;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.util.Utf8;

/**
 * Compares declared with observed attributes as the detector does where no rule of a type applies: what was not observed is
 * not compared, one difference for each leaf, blocks by their place, tags key by key, other lists as a whole.
 */
final class Differences {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();

  record Difference(String path, String op, String declared, String observed) {}

  private Differences() {}

  static List<Difference> between(CharSequence declared, CharSequence observed) {
    List<Difference> found = new ArrayList<>();
    JsonNode was = parsed(declared);
    members("", was, parsed(observed), found);
    return found;
  }

  private static void members(String path, JsonNode was, JsonNode is, List<Difference> found) {
    Iterator<Map.Entry<String, JsonNode>> fields = is.fields();
    while (fields.hasNext()) {
      Map.Entry<String, JsonNode> field = fields.next();
      JsonNode before = was.path(field.getKey());
      if (before.equals(field.getValue())) continue;
      String inner = path.isEmpty() ? field.getKey() : path + "." + field.getKey();
      compare(inner, before, field.getValue(), found);
    }
  }

  private static void compare(String path, JsonNode was, JsonNode is, List<Difference> found) {
    if (isEmpty(was) && isEmpty(is)) return;
    if (path.equals("tags") && (was.isObject() || is.isObject())) {
      Set<String> keys = new LinkedHashSet<>();
      was.fieldNames().forEachRemaining(keys::add);
      is.fieldNames().forEachRemaining(keys::add);
      for (String key : keys)
        if (!was.path(key).equals(is.path(key))) report(path + "." + key, was.path(key), is.path(key), found);
    } else if (was.isObject() && is.isObject()) {
      members(path, was, is, found);
    } else if (areBlocks(was) && areBlocks(is) && was.size() == is.size()) {
      for (int i = 0; i < is.size(); i++) members(path + "[" + i + "]", was.get(i), is.get(i), found);
    } else {
      report(path, was, is, found);
    }
  }

  private static void report(String path, JsonNode was, JsonNode is, List<Difference> found) {
    String op = isEmpty(was) ? "added" : isEmpty(is) ? "removed" : "changed";
    found.add(new Difference(path, op, text(was), text(is)));
  }

  private static boolean areBlocks(JsonNode value) {
    if (!value.isArray()) return false;
    for (JsonNode element : value) if (!element.isObject()) return false;
    return true;
  }

  private static boolean isEmpty(JsonNode value) {
    return value.isMissingNode()
        || value.isNull()
        || (value.isTextual() && value.textValue().isEmpty())
        || (value.isContainerNode() && value.isEmpty());
  }

  private static JsonNode parsed(CharSequence attributes) {
    try {
      if (attributes instanceof Utf8 utf8) return JSON.readTree(utf8.getBytes(), 0, utf8.getByteLength());
      return JSON.readTree(attributes.toString());
    } catch (IOException error) {
      throw new UncheckedIOException("attributes are not JSON", error);
    }
  }

  /** Canonical text: members sorted, no white space. */
  private static String text(JsonNode value) {
    if (value == null || value.isNull() || value instanceof MissingNode) return null;
    if (!value.isContainerNode()) return value.toString();
    try {
      return JSON.writeValueAsString(JSON.treeToValue(value, Object.class));
    } catch (JsonProcessingException error) {
      throw new UncheckedIOException(error);
    }
  }
}
