#include "provrun/snapshot/snapshots.hpp"

#include <algorithm>
#include <charconv>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/snapshot/reach.hpp"
#include "provrun/store/forgotten.hpp"
#include "provrun/store/slot.hpp"
#include "provrun/store/trash.hpp"
#include "provrun/store/write_session.hpp"

namespace provrun::snapshot {

namespace {

constexpr std::uint64_t kManifestLimit = 256ULL << 20U;
constexpr std::size_t kShortestPrefix = 4;  // "1234" names a snapshot, "12" is a slip

base::Error not_found(std::string_view text) {
  return base::Error(base::ErrorCode::not_found,
                     "there is no snapshot '" + base::printable(text) + "'")
      .hint("'provrun snapshots' lists them");
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::optional<SnapshotName> parse_snapshot_file(std::string_view file) {
  constexpr std::size_t kTimeSize = 26;
  if (file.size() != kTimeSize + 1 + 64 + 5 || !file.ends_with(".json") || file[kTimeSize] != '-')
    return std::nullopt;
  const auto id = hash::parse_digest(file.substr(kTimeSize + 1, 64));
  const auto t = file.substr(0, kTimeSize);
  const auto time = base::parse_timestamp(
      base::format("{}-{}-{}T{}:{}:{}", t.substr(0, 4), t.substr(4, 2), t.substr(6, 2),
                   t.substr(9, 2), t.substr(11, 2), t.substr(13)));
  if (!id || !time) return std::nullopt;
  return SnapshotName{*time, {*id}};
}

std::string SnapshotName::object_name() const {
  return "snapshots/" + store::snapshot_file_name(time, id.digest);
}

SnapshotName commit_snapshot(store::WriteSession& session, Manifest manifest) {
  manifest.time = session.commit_time();
  manifest.session = session.id();
  manifest.stored = session.statistics();
  // Only a session that a prune has fenced asks what it needs.
  const auto digest = session.commit(manifest.to_json(), [&](const auto& visit) {
    auto& repository = session.repository();
    Reach reach(repository, [&](const store::ChunkId& id) {
      auto plain = store::salvage_chunk(repository, id);
      if (!plain)
        throw base::Error(base::ErrorCode::unavailable,
                          "the repository was pruned while this was being written")
            .hint("run it again; what was stored is found and reused");
      return std::move(*plain);
    });
    reach.on_new(visit);
    reach.add(manifest.root);
  });
  return {manifest.time, {digest}};
}

std::vector<SnapshotName> list_snapshots(store::Repository& repository) {
  std::vector<SnapshotName> snapshots;
  auto& backend = repository.backend();
  // Where a forget was cut short the name is still there: the trash says what holds.
  const auto trash = backend.list("trash/snapshots");
  for (const auto& file : backend.list("snapshots")) {
    const auto name = parse_snapshot_file(file);
    if (!name) continue;
    if (std::binary_search(trash.begin(), trash.end(), file.substr(0, file.size() - 5)) &&
        store::is_forgotten(backend, file))
      continue;
    snapshots.push_back(*name);
  }
  std::sort(snapshots.begin(), snapshots.end());
  return snapshots;
}

SnapshotName resolve_snapshot(store::Repository& repository, std::string_view text) {
  return resolve_snapshot(list_snapshots(repository), text);
}

SnapshotName resolve_snapshot(const std::vector<SnapshotName>& snapshots, std::string_view text) {
  constexpr std::string_view kLatest = "latest";
  if (text == kLatest || text.starts_with("latest~")) {
    std::size_t back = 0;
    if (text != kLatest) {
      const auto digits = text.substr(kLatest.size() + 1);
      const auto end = digits.data() + digits.size();
      const auto result = std::from_chars(digits.data(), end, back);
      if (digits.empty() || result.ec != std::errc() || result.ptr != end)
        throw base::Error(base::ErrorCode::invalid_input,
                          "'" + base::printable(text) + "' names no snapshot")
            .hint("'latest~2' is the second before the latest");
    }
    if (back >= snapshots.size()) throw not_found(text);
    return snapshots[snapshots.size() - 1 - back];
  }
  if (text.starts_with('@')) {
    const auto time = base::parse_timestamp(text.substr(1));
    if (!time)
      throw base::Error(base::ErrorCode::invalid_input,
                        "'" + base::printable(text.substr(1)) + "' is not a time")
          .hint("write it as @2026-08-01T12:00");
    const auto after =
        std::upper_bound(snapshots.begin(), snapshots.end(), *time,
                         [](const auto& t, const auto& name) { return t < name.time; });
    if (after == snapshots.begin()) throw not_found(text);
    return *std::prev(after);
  }
  if (text.size() < kShortestPrefix || text.size() > 64 || !is_hex(text))
    throw base::Error(base::ErrorCode::invalid_input,
                      "'" + base::printable(text) + "' names no snapshot")
        .hint("use latest, latest~N, @TIME, an id or at least its first four digits");
  std::vector<const SnapshotName*> fitting;
  for (const auto& name : snapshots)
    if (name.id.to_hex().starts_with(text)) fitting.push_back(&name);
  if (fitting.empty()) throw not_found(text);
  if (fitting.size() > 1)
    throw base::Error(
        base::ErrorCode::invalid_input,
        base::format("'{}' is the beginning of {} snapshots: {}, {}{}", text, fitting.size(),
                     fitting[0]->id.to_hex().substr(0, 16), fitting[1]->id.to_hex().substr(0, 16),
                     fitting.size() > 2 ? ", …" : ""))
        .hint("give more digits");
  return *fitting.front();
}

std::pair<std::string, std::string> split_snapshot_path(std::string_view text) {
  std::size_t from = 0;
  if (text.starts_with('@')) {
    // The longest front that is a time: its own colons do not end it.
    for (auto colon = text.find(':'); colon != std::string_view::npos;
         colon = text.find(':', colon + 1))
      if (base::parse_timestamp(text.substr(1, colon - 1))) from = colon;
    if (base::parse_timestamp(text.substr(1))) return {std::string(text), {}};
  }
  const auto colon = text.find(':', from);
  if (colon == std::string_view::npos) return {std::string(text), {}};
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

Manifest load_manifest(store::Repository& repository, const SnapshotName& name) {
  const auto bytes = repository.backend().read_all(name.object_name(), kManifestLimit);
  if (hash::sha256(bytes) != name.id.digest)
    throw base::Error(
        base::ErrorCode::corruption,
        "the manifest of snapshot " + name.id.to_hex().substr(0, 12) + " is not what was stored")
        .hint("'provrun verify' names every damaged file of a snapshot");
  return parse_manifest(bytes);
}

}  // namespace provrun::snapshot
