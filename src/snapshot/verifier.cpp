#include "provrun/snapshot/verifier.hpp"

#include <functional>
#include <unordered_map>

#include "provrun/base/error.hpp"
#include "provrun/store/chunk_list.hpp"
#include "tree_cursor.hpp"

namespace provrun::snapshot {

namespace {

class Verification {
 public:
  Verification(store::Repository& repository, Progress* progress,
               const base::Cancellation* cancellation)
      : repository_(repository), progress_(progress), cancellation_(cancellation) {}

  void verify_tree(const store::ChunkId& root) {
    store::ChunkId last = root;
    TreeCursor cursor(
        [&](const store::ChunkId& tree, const std::string& path) -> std::optional<std::string> {
          last = tree;
          const auto bytes = read(tree, "tree", path.empty() ? "." : path);
          if (!bytes) return std::nullopt;
          return std::string(bytes->begin(), bytes->end());
        },
        root);
    while (true) {
      if (cancellation_ != nullptr) cancellation_->check();
      try {
        const auto event = cursor.next();
        if (event == TreeCursor::Event::end) return;
        if (event == TreeCursor::Event::entry) verify_entry(cursor.entry());
      } catch (const base::Error& error) {
        if (error.code() != base::ErrorCode::corruption &&
            error.code() != base::ErrorCode::unsupported)
          throw;
        damaged(last, "tree", error.message(), cursor.entry().path);
      }
    }
  }

  VerifyReport take_report() { return std::move(report_); }

 private:
  void verify_entry(const Entry& entry) {
    if (entry.type == EntryType::file) {
      verify_content(entry);
      ++report_.files;
    }
    if (progress_ != nullptr) progress_->entry_done(entry);
  }

  void verify_content(const Entry& entry) {
    const auto& content = entry.content;
    std::uint64_t size = 0;
    bool complete = true;
    const auto data = [&](const store::ChunkId& id) {
      const auto length = verify_chunk(id, entry.path);
      complete = complete && length.has_value();
      size += length.value_or(0);
    };
    if (content.bundle) {
      data(content.bundle->chunk);
      const auto& place = *content.bundle;
      if (complete && (place.offset > size || content.size > size - place.offset))
        damaged(store::ChunkId{content.id.digest}, "content", "it is not within its bundle",
                entry.path);
      return;
    }
    for (const auto& chunk : content.chunks) data(chunk);
    if (content.list) {
      const std::function<void(const store::ChunkId&, int)> list = [&](const store::ChunkId& id,
                                                                       int levels) {
        const auto text = read(id, "list", entry.path);
        if (!text) {
          complete = false;
          return;
        }
        for (const auto& line :
             store::parse_list({reinterpret_cast<const char*>(text->data()), text->size()})) {
          if (!line.id) {
            size += line.size;
          } else if (levels > 1) {
            list(*line.id, levels - 1);
          } else {
            data(*line.id);
          }
        }
      };
      list(*content.list, content.list_levels);
    }
    if (complete && size != content.size)
      damaged(store::ChunkId{content.id.digest}, "content", "its chunks have not its length",
              entry.path);
  }

  // The chunk's length; each chunk is read once, whatever the number of files that need it.
  std::optional<std::uint64_t> verify_chunk(const store::ChunkId& id, const std::string& path) {
    const auto [known, added] = lengths_.try_emplace(id, 0);
    if (!added && known->second != kDamaged) return known->second;
    const auto bytes = read(id, "chunk", path);
    lengths_[id] = bytes ? static_cast<std::uint32_t>(bytes->size()) : kDamaged;
    if (!bytes) return std::nullopt;
    return bytes->size();
  }

  // Nothing, and the damage noted, when it cannot be read.
  std::optional<std::vector<std::uint8_t>> read(const store::ChunkId& id, const char* kind,
                                                const std::string& path) {
    const auto known = damage_of_.find(id);
    if (known != damage_of_.end()) {
      report_.damage[known->second].files.push_back(path);
      return std::nullopt;
    }
    try {
      auto bytes = repository_.read_chunk(id);
      ++report_.objects;
      report_.bytes += bytes.size();
      if (progress_ != nullptr) progress_->bytes_done(bytes.size());
      return bytes;
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::corruption && error.code() != base::ErrorCode::not_found)
        throw;
      damaged(id, kind, error.message(), path);
      return std::nullopt;
    }
  }

  void damaged(const store::ChunkId& id, const char* kind, const std::string& problem,
               const std::string& path) {
    damage_of_.emplace(id, report_.damage.size());
    report_.damage.push_back({std::string(kind) + " " + id.to_hex(), problem, {path}});
  }

  static constexpr std::uint32_t kDamaged = UINT32_MAX;

  store::Repository& repository_;
  Progress* progress_;
  const base::Cancellation* cancellation_;
  VerifyReport report_;
  std::unordered_map<store::ChunkId, std::uint32_t> lengths_;
  std::unordered_map<store::ChunkId, std::size_t> damage_of_;
};

}  // namespace

VerifyReport verify_snapshot(store::Repository& repository, const SnapshotName& name,
                             Progress* progress, const base::Cancellation* cancellation) {
  Manifest manifest;
  try {
    manifest = load_manifest(repository, name);
  } catch (const base::Error& error) {
    if (error.code() != base::ErrorCode::corruption && error.code() != base::ErrorCode::not_found)
      throw;
    VerifyReport report;
    report.damage.push_back({"snapshot " + name.id.to_hex(), error.message(), {}});
    return report;
  }
  Verification verification(repository, progress, cancellation);
  verification.verify_tree(manifest.root);
  return verification.take_report();
}

}  // namespace provrun::snapshot
