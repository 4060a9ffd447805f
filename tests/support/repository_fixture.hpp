#pragma once

#include <memory>
#include <string>
#include <vector>

#include "provrun/snapshot/snapshots.hpp"
#include "provrun/snapshot/tree_writer.hpp"
#include "provrun/store/repository.hpp"
#include "provrun/store/write_session.hpp"
#include "support/bytes.hpp"
#include "support/memory_backend.hpp"

namespace provrun::test {

/// Small chunks, so that small files have many.
inline store::CreateOptions small_chunks() {
  store::CreateOptions options;
  options.chunker = {.minimum = 512, .average = 2048, .maximum = 8192};
  return options;
}

inline std::unique_ptr<store::Repository> open_memory(const std::shared_ptr<MemoryStore>& store) {
  return store::Repository::open(std::make_shared<MemoryBackend>(store), {});
}

/// Files as (path, bytes) in path order, committed as one snapshot.
using Files = std::vector<std::pair<std::string, std::string>>;

inline snapshot::Entry file_entry(const std::string& path, store::FileContent content) {
  snapshot::Entry entry;
  entry.path = path;
  entry.mode = 0640;
  entry.mtime_ns = 1'700'000'000'123'456'789;
  entry.uid = 1000;
  entry.gid = 100;
  entry.user = "anna";
  entry.group = "users";
  entry.content = std::move(content);
  return entry;
}

inline snapshot::SnapshotName commit_files(store::Repository& repository, const Files& files) {
  const auto session = repository.begin_session();
  snapshot::TreeWriter tree(*session);
  for (const auto& [path, bytes] : files) tree.add(file_entry(path, session->put_bytes(bytes)));
  snapshot::Manifest manifest;
  manifest.root = tree.finish();
  manifest.counts = tree.counts();
  manifest.host = "host";
  manifest.user = "anna";
  manifest.paths = {"."};
  manifest.tool_version = "test";
  return snapshot::commit_snapshot(*session, std::move(manifest));
}

}  // namespace provrun::test
