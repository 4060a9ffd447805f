#include "heal_sources.hpp"

#include <algorithm>

#include "provrun/app/reproduce.hpp"
#include "provrun/base/error.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/random.hpp"
#include "provrun/snapshot/selection.hpp"
#include "provrun/snapshot/tree_reader.hpp"

namespace provrun::app {

namespace {

constexpr std::size_t kHashedPiece = 1 << 20;

// Whether the file's bytes are these.
bool has_content(const std::string& path, const store::FileContent& content,
                 const base::Cancellation& cancellation) {
  try {
    const auto stat = os::lstat_file(path);
    if (!stat || stat->type != os::FileType::regular || stat->size != content.size) return false;
    const auto file = os::open_for_reading(path);
    hash::Sha256 hash;
    std::vector<std::uint8_t> buffer(kHashedPiece);
    for (std::uint64_t at = 0;;) {
      cancellation.check();
      const auto n = os::read_at(file, at, buffer, path);
      if (n == 0) break;
      hash.update(std::span<const std::uint8_t>(buffer).first(n));
      at += n;
    }
    return hash.finish() == content.id.digest;
  } catch (const base::Error& error) {
    if (error.code() == base::ErrorCode::cancelled) throw;
    return false;  // not readable for us: it is no source
  }
}

// Nobody watches.
class NoView : public RunObserver {
 public:
  void run_started(std::size_t) override {}
  void step_started(const std::string&, const core::Reason&, int) override {}
  void attempt_failed(const std::string&, const core::Attempt&, std::chrono::nanoseconds) override {
  }
  void step_ended(const core::Execution&, const std::string&) override {}
  void notice(const std::string&) override {}
  void tick() override {}
  void expected(double, std::size_t) override {}
  void waiting_for(const std::string&) override {}
  void works_in(const std::string&) override {}
  void recording() override {}
};

// A bundle is put together when the files that have it fill it.
struct BundlePieces {
  std::map<std::uint64_t, std::pair<std::string, std::uint64_t>> at;  ///< offset: file, size
};

bool store_bundle(store::WriteSession& session, const store::ChunkId& id,
                  const BundlePieces& pieces) {
  std::string bytes;
  for (const auto& [offset, piece] : pieces.at) {
    if (offset != bytes.size()) return false;
    try {
      bytes += os::read_file(piece.first, store::kMaximumObjectSize);
    } catch (const base::Error&) {
      return false;
    }
    if (bytes.size() != offset + piece.second) return false;
  }
  if (hash::sha256(bytes) != id.digest) return false;
  session.put_object({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()},
                     store::ChunkKind::data);
  return true;
}

}  // namespace

std::vector<std::string> LiveFiles::candidates(const snapshot::Manifest& manifest,
                                               const std::string& path, const store::FileContent&) {
  std::vector<std::string> files{"/" + path};
  for (const auto& root : manifest.paths) {
    if (!root.starts_with('/')) continue;
    files.push_back(root);  // a single file
    files.push_back(os::join_path(root, path));
    files.push_back(os::join_path(os::parent_path(root), path));
  }
  return files;
}

StepsAgain::~StepsAgain() {
  for (const auto& [run, directory] : directories_) {
    if (directory.empty()) continue;
    try {
      os::remove_tree(directory);
    } catch (const base::Error&) {
      // It lies in the temporary folder, as others do.
    }
  }
}

std::vector<std::string> StepsAgain::candidates(const snapshot::Manifest& manifest,
                                                const std::string& path,
                                                const store::FileContent&) {
  const auto run = snapshot::run_of(manifest);
  if (run.empty()) return {};
  const auto known = directories_.find(run);
  if (known == directories_.end()) {
    auto& directory = directories_[run];
    NoView view;
    try {
      const auto place = os::environment_variable("TMPDIR").value_or("/tmp");
      directory = os::resolve_path(os::make_temporary_directory(place + "/provrun-repair-"));
      ReproduceRequest request;
      request.run = run;
      request.repository = repository_.backend().location();
      request.into = directory;
      const auto report =
          reproduce(request, view, [&] { return cancellation_.requested() ? 1 : 0; });
      places_[run] = report.directory;
    } catch (const base::Error& error) {
      if (error.code() == base::ErrorCode::internal || error.code() == base::ErrorCode::cancelled)
        throw;
      places_[run] = directory;  // what it made before it failed may do
    }
  }
  const auto& place = places_[run];
  if (place.empty()) return {};
  return {os::join_path(place, path)};
}

std::uint64_t store_from(store::Repository& repository, store::WriteSession& session,
                         const std::vector<snapshot::NeededDamage>& damage, FileSources& sources,
                         const base::Cancellation& cancellation) {
  std::uint64_t stored = 0;
  std::map<snapshot::SnapshotId, snapshot::Manifest> manifests;
  for (auto& loaded : snapshot::load_snapshots(repository, {}, nullptr))
    manifests.emplace(loaded.name.id, std::move(loaded.manifest));
  std::set<core::ContentId> done;
  std::map<store::ChunkId, BundlePieces> bundles;
  for (const auto& one : damage) {
    for (const auto& id : one.snapshots) {
      const auto manifest = manifests.find(id);
      if (manifest == manifests.end()) continue;
      for (const auto& path : one.files) {
        std::optional<snapshot::Entry> entry;
        try {
          entry = snapshot::find_entry(repository, manifest->second.root, path);
        } catch (const base::Error& error) {
          if (error.code() != base::ErrorCode::corruption &&
              error.code() != base::ErrorCode::not_found)
            throw;
        }
        if (!entry || entry->type != snapshot::EntryType::file) continue;
        const auto& content = entry->content;
        const bool known = content.bundle
                               ? bundles[content.bundle->chunk].at.contains(content.bundle->offset)
                               : done.contains(content.id);
        if (known) continue;
        for (const auto& file : sources.candidates(manifest->second, path, content)) {
          if (!has_content(file, content, cancellation)) continue;
          if (content.bundle) {
            bundles[content.bundle->chunk].at[content.bundle->offset] = {file, content.size};
          } else {
            session.put_file(file);
            done.insert(content.id);
            ++stored;
          }
          break;
        }
      }
    }
  }
  for (const auto& [id, pieces] : bundles)
    if (store_bundle(session, id, pieces)) ++stored;
  return stored;
}

}  // namespace provrun::app
