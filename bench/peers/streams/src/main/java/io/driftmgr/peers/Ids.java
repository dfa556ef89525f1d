package io.driftmgr.peers;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** Stable ids: the first 20 characters of the SHA-256 of the parts, base64url, after a prefix. One for each task. */
final class Ids {
  private final MessageDigest sha256;

  Ids() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }

  String of(String prefix, Object... parts) {
    StringBuilder text = new StringBuilder(160);
    for (int i = 0; i < parts.length; i++) {
      if (i > 0) text.append('\u001f');
      text.append(parts[i]);
    }
    byte[] hash = sha256.digest(text.toString().getBytes(StandardCharsets.UTF_8));
    return prefix + "_" + Base64.getUrlEncoder().withoutPadding().encodeToString(hash).substring(0, 20);
  }
}
