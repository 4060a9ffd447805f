#include "provrun/store/trash.hpp"

#include <algorithm>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/random.hpp"
#include "provrun/store/chunk_frame.hpp"
#include "provrun/store/epochs.hpp"
#include "provrun/store/write_session.hpp"
#include "tsv.hpp"

namespace provrun::store {

namespace {

constexpr char kReserve[] = "reserve";
constexpr std::size_t kReserveSize = 1 << 20;
constexpr std::uint64_t kSmallLimit = 1 << 20;

}  // namespace

std::string trash_name(std::uint64_t epoch, const PackId& pack) {
  return base::format("trash/{}/{}.zst", epoch, pack.digest.to_hex());
}

std::vector<TrashFolder> list_trash(backend::Backend& backend) {
  std::vector<TrashFolder> folders;
  for (const auto& name : backend.list("trash")) {
    TrashFolder folder;
    if (!read_number(name, folder.epoch)) continue;
    for (const auto& file : backend.list("trash/" + name)) {
      PackId id;
      if (file.size() == 68 && file.ends_with(".zst") &&
          read_hex(std::string_view(file).substr(0, 64), id.digest))
        folder.packs.push_back(id);
    }
    folders.push_back(std::move(folder));
  }
  return folders;
}

TrashReport empty_trash(backend::Backend& backend, base::Timestamp now,
                        std::chrono::nanoseconds keep) {
  TrashReport report;
  for (const auto& folder : list_trash(backend)) {
    if (folder.packs.empty()) continue;
    const auto since_name = base::format("trash/{}/since", folder.epoch);
    auto since = now;
    if (const auto size = backend.size_of(since_name)) {
      since = base::parse_timestamp(base::trim(backend.read_all(since_name, kSmallLimit)))
                  .value_or(now);
    } else if (keep.count() > 0) {
      backend.create(since_name, now.to_rfc3339() + "\n");
    }
    const bool over = now.nanoseconds - since.nanoseconds >= keep.count();
    for (const auto& pack : folder.packs) {
      const auto name = trash_name(folder.epoch, pack);
      const auto size = backend.size_of(name).value_or(0);
      if (!over) {
        report.kept_bytes += size;
      } else if (backend.remove(name)) {
        report.freed_bytes += size;
        ++report.freed_packs;
      }
    }
    if (over) backend.remove(since_name);
  }
  backend.barrier();
  return report;
}

namespace {

using Salvaged = std::optional<std::vector<std::uint8_t>>;

Salvaged salvage(Repository& repository, const ChunkId& id, int depth) {
  constexpr int kNested = 64;  // bases of bases; writers stop far below
  if (depth > kNested) return std::nullopt;
  auto& backend = repository.backend();
  const auto from = [&](const std::string& name, const ChunkLocation& location) -> Salvaged {
    try {
      std::vector<std::uint8_t> frame(location.length);
      backend.read(name, location.offset, frame);
      const auto read_base = [&](const ChunkId& base) {
        auto plain = salvage(repository, base, depth + 1);
        if (!plain) throw base::Error(base::ErrorCode::not_found, "its base is gone");
        return std::move(*plain);
      };
      auto plain = FrameDecoder().decode(frame, kMaximumObjectSize, read_base);
      if (hash::sha256(plain) == id.digest) return plain;
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::not_found && error.code() != base::ErrorCode::corruption)
        throw;
    }
    return std::nullopt;
  };
  const auto locations = repository.index().find(id);
  for (const auto& location : locations)
    if (auto plain = from(location.pack.object_name(), location)) return plain;
  for (const auto& folder : backend.list("trash")) {
    std::uint64_t epoch = 0;
    if (!read_number(folder, epoch)) continue;
    for (const auto& location : locations)
      if (auto plain = from(trash_name(epoch, location.pack), location)) return plain;
  }
  try {
    return repository.read_chunk(id);
  } catch (const base::Error& error) {
    if (error.code() != base::ErrorCode::not_found && error.code() != base::ErrorCode::corruption)
      throw;
    return std::nullopt;
  }
}

}  // namespace

std::optional<std::vector<std::uint8_t>> salvage_chunk(Repository& repository, const ChunkId& id) {
  return salvage(repository, id, 0);
}

std::set<std::string> open_sessions(backend::Backend& backend) {
  std::set<std::string> sessions;
  for (const auto epoch : list_epochs(backend)) {
    const auto names = backend.list(epoch_name(epoch));
    const std::set<std::string> present(names.begin(), names.end());
    for (const auto& name : names) {
      if (!name.starts_with('w') || name.ends_with(".end") || present.contains(name + ".end"))
        continue;
      try {
        const auto text = backend.read_all(epoch_name(epoch) + "/" + name, kSmallLimit);
        constexpr std::string_view key = "session ";
        if (text.starts_with(key)) sessions.insert(text.substr(key.size(), text.find('\n') - 8));
      } catch (const base::Error& error) {
        if (error.code() != base::ErrorCode::not_found) throw;  // it has just ended
      }
    }
  }
  return sessions;
}

void make_reserve(backend::Backend& backend) {
  if (backend.size_of(kReserve)) return;
  // Random, so that no file system makes it smaller than it is.
  std::string bytes(kReserveSize, '\0');
  os::fill_random({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  backend.create(kReserve, bytes);
}

void with_reserve(backend::Backend& backend, const std::function<void()>& work) {
  try {
    work();
  } catch (const base::Error& error) {
    if (error.code() != base::ErrorCode::no_space || !backend.remove(kReserve)) throw;
    work();
  }
  try {
    make_reserve(backend);
  } catch (const base::Error&) {
    // Still no room; the next prune tries again.
  }
}

}  // namespace provrun::store
