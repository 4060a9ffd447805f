// Drives the store room by itself: what a backup costs without scanning and metadata.
//   store_bench backup REPOSITORY DIRECTORY [THREADS]    creates the repository when it is not
//   there store_bench restore REPOSITORY DIRECTORY [THREADS]   the latest snapshot store_bench
//   verify REPOSITORY [THREADS]              every pack, every chunk
// Prints name<TAB>value<TAB>unit. An unchanged file is one of the same size and time.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "provrun/os/file.hpp"
#include "provrun/snapshot/snapshots.hpp"
#include "provrun/snapshot/tree_reader.hpp"
#include "provrun/snapshot/tree_writer.hpp"
#include "provrun/store/repair.hpp"
#include "provrun/store/repository.hpp"
#include "provrun/store/write_session.hpp"

using namespace provrun;
namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

void report(const char* name, double value, const char* unit) {
  std::printf("%s\t%.3f\t%s\n", name, value, unit);
}

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

template <typename Work>
void on_threads(unsigned threads, const Work& work) {
  std::vector<std::thread> running;
  for (unsigned i = 0; i < threads; ++i) running.emplace_back(work);
  for (auto& thread : running) thread.join();
}

void backup(const std::string& where, const std::string& from, unsigned threads) {
  const auto begin = Clock::now();
  const auto repository = store::is_repository_at(where)
                              ? store::open_repository_at(where, {})
                              : store::create_repository_at(where, {}, {});
  std::unordered_map<std::string, snapshot::Entry> before;
  const auto snapshots = snapshot::list_snapshots(*repository);
  if (!snapshots.empty()) {
    const auto manifest = snapshot::load_manifest(*repository, snapshots.back());
    snapshot::walk_tree(*repository, manifest.root, [&](const snapshot::Entry& entry) {
      before[entry.path] = entry;
      return snapshot::Walk::into;
    });
  }
  std::vector<snapshot::Entry> entries;
  for (const auto& item : fs::recursive_directory_iterator(from)) {
    if (item.is_symlink() || (!item.is_regular_file() && !item.is_directory())) continue;
    snapshot::Entry entry;
    entry.path = item.path().string().substr(from.size() + 1);
    const auto stat = os::lstat_file(item.path().string());
    entry.type = item.is_directory() ? snapshot::EntryType::directory : snapshot::EntryType::file;
    entry.mode = stat->mode;
    entry.mtime_ns = stat->mtime_ns;
    entry.content.size = item.is_directory() ? 0 : stat->size;
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return snapshot::path_less(a.path, b.path); });
  report("scan", since(begin), "s");

  const auto session = repository->begin_session({.threads = threads});
  std::mutex mutex;
  std::size_t next = 0;
  on_threads(threads, [&] {
    std::vector<std::string> bytes;
    while (true) {
      // A run of neighbours: small ones together, a large one by itself.
      std::vector<std::size_t> batch;
      {
        const std::lock_guard lock(mutex);
        std::size_t size = 0;
        while (next < entries.size() && size < store::kBundleSize) {
          const auto& entry = entries[next];
          const auto old = before.find(entry.path);
          if (entry.type == snapshot::EntryType::file) {
            if (old != before.end() && old->second.mtime_ns == entry.mtime_ns &&
                old->second.content.size == entry.content.size) {
              entries[next].content = old->second.content;
            } else {
              batch.push_back(next);
              size += entry.content.size;
            }
          }
          ++next;
        }
        if (batch.empty() && next >= entries.size()) return;
      }
      bytes.clear();
      std::vector<std::size_t> small;
      for (const auto i : batch) {
        auto& entry = entries[i];
        const auto path = from + "/" + entry.path;
        if (entry.content.size <= store::kBundledFileLimit) {
          bytes.push_back(os::read_file(path));
          small.push_back(i);
          continue;
        }
        const auto old = before.find(entry.path);
        store::PutOptions options;
        if (old != before.end()) options.previous = &old->second.content;
        entry.content = session->put_file(os::open_for_reading(path), path, options);
      }
      std::vector<std::span<const std::uint8_t>> spans;
      for (const auto& text : bytes)
        spans.emplace_back(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
      const auto contents = session->put_bundle(spans);
      for (std::size_t k = 0; k < small.size(); ++k) entries[small[k]].content = contents[k];
    }
  });
  report("put", since(begin), "s");
  snapshot::TreeWriter tree(*session);
  for (const auto& entry : entries) tree.add(entry);
  snapshot::Manifest manifest;
  manifest.root = tree.finish();
  manifest.counts = tree.counts();
  manifest.tool_version = "bench";
  snapshot::commit_snapshot(*session, std::move(manifest));
  const auto statistics = session->statistics();
  report("total", since(begin), "s");
  report("rate", static_cast<double>(statistics.bytes_put) / since(begin) / 1e6, "MB/s");
  report("new", static_cast<double>(statistics.new_bytes), "bytes");
  report("stored", static_cast<double>(statistics.stored_bytes), "bytes");
}

void restore(const std::string& where, const std::string& to, unsigned threads) {
  const auto begin = Clock::now();
  const auto repository = store::open_repository_at(where, {});
  const auto name = snapshot::resolve_snapshot(*repository, "latest");
  std::vector<snapshot::Entry> files;
  os::make_directories(to);
  snapshot::walk_tree(*repository, snapshot::load_manifest(*repository, name).root,
                      [&](const snapshot::Entry& entry) {
                        if (entry.type == snapshot::EntryType::directory)
                          os::make_directories(to + "/" + entry.path);
                        else
                          files.push_back(entry);
                        return snapshot::Walk::into;
                      });
  std::atomic<std::size_t> next{0};
  std::atomic<std::uint64_t> bytes{0};
  on_threads(threads, [&] {
    for (std::size_t i = next++; i < files.size(); i = next++) {
      const auto path = to + "/" + files[i].path;
      const auto file = os::create_new_file(path);
      repository->read_content(files[i].content, [&](std::span<const std::uint8_t> piece) {
        os::write_all(file, piece, path);
      });
      bytes += files[i].content.size;
    }
  });
  report("total", since(begin), "s");
  report("rate", static_cast<double>(bytes) / since(begin) / 1e6, "MB/s");
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  const std::string verb = arguments[1];
  const std::string where = arguments[2];
  const auto threads = static_cast<unsigned>(
      count > 4 ? std::atoi(arguments[4]) : static_cast<int>(std::thread::hardware_concurrency()));
  if (verb == "backup" && count > 3) {
    backup(where, arguments[3], threads);
  } else if (verb == "restore" && count > 3) {
    restore(where, arguments[3], threads);
  } else {
    return 2;
  }
  return 0;
}
