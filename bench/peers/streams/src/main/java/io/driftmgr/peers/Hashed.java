package io.driftmgr.peers;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.commons.codec.digest.MurmurHash3;
import org.apache.kafka.common.utils.Bytes;

/**
 * Keys of the stores that are cached: 128 bits of hash. The record cache is an ordered map, and comparing keys that begin alike
 * for 40 bytes took a sixth of the time of an unchanged record.
 */
final class Hashed {
  private Hashed() {}

  static Bytes key(byte[] key) {
    long[] hash = MurmurHash3.hash128x64(key);
    return Bytes.wrap(ByteBuffer.allocate(16).putLong(hash[0]).putLong(hash[1]).array());
  }

  /** Of the instance a declaration declares and an observation observes. */
  static Bytes instance(Object objectKey, Object type, Object id) {
    return key((objectKey + "\u001f" + type + "\u001f" + id).getBytes(StandardCharsets.UTF_8));
  }
}
