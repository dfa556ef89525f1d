package io.driftmgr.peers;

import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.WriteBufferManager;

/**
 * One block cache and one limit on write buffers for all stores of all tasks, as the documentation's "memory management"
 * has it: without it every store of every partition has 50 MB of cache and three write buffers of 16 MB of its own.
 */
public final class BoundedMemory implements RocksDBConfigSetter {
  static final String MEGABYTES = "driftmgr.rocksdb.megabytes";
  private static Cache cache;
  private static WriteBufferManager writeBuffers;

  private static synchronized void allot(long bytes) {
    if (cache != null) return;
    cache = new LRUCache(bytes, -1, false, 0.1);
    writeBuffers = new WriteBufferManager(bytes / 2, cache);
  }

  @Override
  public void setConfig(String store, Options options, Map<String, Object> settings) {
    allot(Long.parseLong(String.valueOf(settings.getOrDefault(MEGABYTES, "96"))) << 20);
    BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
    table.setBlockCache(cache);
    table.setCacheIndexAndFilterBlocks(true);
    table.setCacheIndexAndFilterBlocksWithHighPriority(true);
    table.setPinTopLevelIndexAndFilter(true);
    options.setWriteBufferManager(writeBuffers);
    options.setWriteBufferSize(4L << 20);
    options.setMaxWriteBufferNumber(3);
    options.setTableFormatConfig(table);
  }

  @Override
  public void close(String store, Options options) {
    // Cache and write buffers are shared by all stores for the life of the process.
  }
}
