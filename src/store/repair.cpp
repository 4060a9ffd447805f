#include "provrun/store/repair.hpp"

#include <algorithm>
#include <unordered_set>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/store/epochs.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/parity_groups.hpp"
#include "provrun/store/repository.hpp"
#include "provrun/store/slot.hpp"
#include "tsv.hpp"

namespace provrun::store {

namespace {

constexpr std::size_t kRepairReadSize = 4 << 20;

// SHA-256 of an object, read in pieces.
hash::Digest hash_object(backend::Backend& backend, const std::string& name,
                         std::uint64_t& verified_bytes) {
  const auto size = backend.size_of(name);
  if (!size) throw base::Error(base::ErrorCode::not_found, name + " is missing");
  hash::Sha256 hash;
  std::vector<std::uint8_t> buffer(kRepairReadSize);
  for (std::uint64_t offset = 0; offset < *size;) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), *size - offset));
    backend.read(name, offset, std::span(buffer).first(n));
    hash.update(std::span(buffer).first(n));
    offset += n;
  }
  verified_bytes += *size;
  return hash.finish();
}

// The groups, and the setting that counts.
template <typename Check, typename RequireHash>
void check_parity(backend::Backend& backend, const Check& check, const RequireHash& require_hash) {
  for (const auto& file : backend.list("parity"))
    if (file.ends_with(".par2"))
      check("parity/" + file, [&] {
        hash::Digest name;
        if (!read_hex(std::string_view(file).substr(0, file.size() - 5), name))
          throw base::Error(base::ErrorCode::corruption, "it has not the name of a parity group");
        require_hash("parity/" + file, name);
      });
  if (const auto setting = parity_setting_name(backend); !setting.empty())
    check(setting, [&] { parse_parity_setting(backend.read_all(setting, kRepairReadSize)); });
}

}  // namespace

IndexRepair rebuild_index(Repository& repository) {
  IndexRepair report;
  auto& backend = repository.backend();
  for (const auto epoch : list_epochs(backend))
    report.published_snapshots += publish_committed(backend, epoch);
  // The segments first: what a writer publishes later is not among those replaced.
  const auto replaced = list_segments(backend);
  std::vector<IndexRow> rows;
  std::vector<SegmentId> written;
  const auto publish = [&](bool last) {
    if (rows.empty() && !last) return;
    Segment segment{std::move(rows), last ? replaced : std::vector<SegmentId>()};
    rows.clear();
    std::erase_if(segment.supersedes, [&](const auto& id) {
      return std::find(written.begin(), written.end(), id) != written.end();
    });
    if (segment.rows.empty() && segment.supersedes.empty()) return;
    const auto bytes = encode_segment(std::move(segment));
    written.push_back({hash::sha256(bytes)});
    backend.create(written.back().object_name(), bytes);
  };
  for (const auto& pack : list_packs(backend)) {
    ++report.packs;
    try {
      for (const auto& chunk : read_pack_table(backend, pack)) {
        rows.push_back({chunk, pack});
        ++report.chunks;
      }
    } catch (const base::Error& error) {
      if (error.code() == base::ErrorCode::not_found) continue;  // moved away meanwhile
      if (error.code() != base::ErrorCode::corruption) throw;
      report.damaged_packs.push_back(pack.object_name());
    }
    if (rows.size() >= kSegmentRows) publish(false);
  }
  publish(true);
  backend.rely_on("packs");
  backend.barrier();
  // A pack whose table is damaged may still give its chunks: keep what names them.
  if (report.damaged_packs.empty())
    for (const auto& old : replaced)
      if (std::find(written.begin(), written.end(), old) == written.end())
        backend.remove(old.object_name());
  repository.index().reload();
  return report;
}

std::optional<std::string> find_manifest(Repository& repository, const std::string& name) {
  auto& backend = repository.backend();
  const auto fits = [&](const std::string& text) {
    try {
      return "snapshots/" + snapshot_file_name(text) == name;
    } catch (const base::Error&) {
      return false;
    }
  };
  for (const auto epoch : list_epochs(backend))
    for (auto& end : read_ends(backend, epoch))
      if (end.starts_with('{') && fits(end)) return std::move(end);
  constexpr std::size_t kPrefix = 10;  // "snapshots/"
  if (name.size() < kPrefix + 5) return std::nullopt;
  const auto trashed =
      "trash/snapshots/" + name.substr(kPrefix, name.size() - kPrefix - 5) + "/manifest.json";
  if (backend.size_of(trashed)) {
    auto text = backend.read_all(trashed, kManifestLimit);
    if (fits(text)) return text;
  }
  return std::nullopt;
}

void replace_object(backend::Backend& backend, const std::string& name, std::string_view bytes) {
  const auto last = name.substr(name.rfind('/') + 1);
  if (backend.size_of(name)) {
    for (std::uint64_t number = 1;
         !backend.copy(name, base::format("trash/damaged/{}-{}", last, number));)
      ++number;
    backend.barrier();
    backend.remove(name);
  }
  backend.create(name, bytes);
  backend.barrier();
}

StructureReport check_structure(Repository& repository, ReadPacks read_packs) {
  StructureReport report;
  auto& backend = repository.backend();
  const auto check = [&](const std::string& name, const auto& verify) {
    ++report.objects;
    try {
      verify();
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::corruption &&
          error.code() != base::ErrorCode::not_found &&
          error.code() != base::ErrorCode::invalid_input)
        throw;
      report.damage.push_back({name, error.message()});
    }
  };
  const auto require_hash = [&](const std::string& name, const hash::Digest& expected) {
    if (hash_object(backend, name, report.verified_bytes) != expected)
      throw base::Error(base::ErrorCode::corruption, "its bytes are not those that were written");
  };
  check("FORMAT", [&] { require_hash("FORMAT", repository.config().format_file); });
  check("RESTORE.sh", [&] { require_hash("RESTORE.sh", repository.config().restore_script); });
  check("config.json", [&] { parse_config(backend.read_all("config.json", kRepairReadSize)); });
  for (const auto& id : list_segments(backend))
    check(id.object_name(), [&] { read_segment(backend, id); });
  for (const auto& file : backend.list("snapshots"))
    check("snapshots/" + file, [&] {
      hash::Digest id;
      const auto dash = file.rfind('-');
      if (dash == std::string::npos || !file.ends_with(".json") ||
          !read_hex(std::string_view(file).substr(dash + 1, file.size() - dash - 6), id))
        throw base::Error(base::ErrorCode::corruption, "it has not the name of a snapshot");
      require_hash("snapshots/" + file, id);
    });
  check_parity(backend, check, require_hash);
  std::unordered_set<PackId> packs;
  for (const auto& id : list_packs(backend)) {
    packs.insert(id);
    check(id.object_name(), [&] {
      read_pack_table(backend, id);
      if (read_packs == ReadPacks::yes) require_hash(id.object_name(), id.digest);
    });
  }
  for (const auto& id : repository.index().packs())
    if (!packs.contains(id)) {
      repository.index().note_missing(id);
      report.damage.push_back({id.object_name(), "the index names it and it is missing"});
    }
  return report;
}

}  // namespace provrun::store
