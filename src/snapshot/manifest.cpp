#include "provrun/snapshot/manifest.hpp"

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/codec/zstd.hpp"

namespace provrun::snapshot {

namespace {

constexpr int kVersion = 1;

using codec::Json;

// RFC 3339 with nanoseconds, which order the commits of one second.
std::string precise(base::Timestamp time) {
  const auto text = time.to_rfc3339();  // "2026-08-01T12:00:00.123Z"
  const auto rest = ((time.nanoseconds % 1'000'000) + 1'000'000) % 1'000'000;
  return base::format("{}{:06}Z", text.substr(0, text.size() - 1), rest);
}

base::Timestamp manifest_time(const Json& json) {
  const auto time = base::parse_timestamp(json.as_string());
  if (!time)
    throw base::Error(base::ErrorCode::invalid_input, "'" + json.as_string() + "' is not a time");
  return *time;
}

// A text as itself; what is not UTF-8 as {"base64":…}.
Json bytes_to_json(const std::string& bytes) {
  if (base::is_valid_utf8(bytes)) return bytes;
  return Json::object({{"base64", codec::to_base64(bytes)}});
}

std::string bytes_from_json(const Json& json) {
  return json.is_string() ? json.as_string() : codec::from_base64(json.at("base64").as_string());
}

Json list_to_json(const std::vector<std::string>& items) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(bytes_to_json(item));
  return list;
}

std::vector<std::string> list_from_json(const Json& json) {
  std::vector<std::string> items;
  for (const auto& item : json.as_array()) items.push_back(bytes_from_json(item));
  return items;
}

hash::Digest manifest_id(const Json& json) {
  const auto digest = hash::parse_digest(json.as_string());
  if (!digest)
    throw base::Error(base::ErrorCode::invalid_input, "'" + json.as_string() + "' is not an id");
  return *digest;
}

std::uint64_t count_of(const Json& json, std::string_view key) {
  const auto value = json.at(key).as_integer();
  if (value < 0)
    throw base::Error(base::ErrorCode::invalid_input, std::string(key) + " is negative");
  return static_cast<std::uint64_t>(value);
}

}  // namespace

std::string Manifest::to_json() const {
  Json json = Json::object({
      {"provrun_snapshot", kVersion},
      {"time", precise(time)},
      {"root", root.to_hex()},
      {"host", bytes_to_json(host)},
      {"user", bytes_to_json(user)},
      {"paths", list_to_json(paths)},
      {"tags", list_to_json(tags)},
      {"started", precise(started)},
      {"ended", precise(ended)},
      {"counts", Json::object({{"files", counts.files},
                               {"directories", counts.directories},
                               {"symlinks", counts.symlinks},
                               {"bytes", counts.bytes}})},
      {"stored", Json::object({{"bytes_put", stored.bytes_put},
                               {"new_chunks", stored.new_chunks},
                               {"reused_chunks", stored.reused_chunks},
                               {"new_bytes", stored.new_bytes},
                               {"stored_bytes", stored.stored_bytes}})},
      {"tool", tool_version},
      {"session", session.to_string()},
  });
  if (counts.others > 0) {
    for (auto& [name, value] : json.as_object())
      if (name == "counts") value.set("others", counts.others);
  }
  if (top) {
    // The members of a tree's line that are not of the name or the tree itself.
    auto line = *top;
    line.path = "top";
    line.tree = root;
    std::string text;
    append_entry_line(text, line);
    auto members = codec::parse_json(text);
    std::erase_if(members.as_object(),
                  [](const auto& member) { return member.first == "n" || member.first == "d"; });
    json.set("top", std::move(members));
  }
  if (parent) json.set("parent", parent->to_hex());
  if (origin) json.set("origin", origin->to_hex());
  if (!run.is_null()) json.set("run", run);
  return json.dump() + "\n";
}

Manifest parse_manifest(std::string_view text) {
  try {
    const auto json = codec::parse_json(text);
    const auto version = json.at("provrun_snapshot").as_integer();
    if (version > kVersion)
      throw base::Error(base::ErrorCode::unsupported,
                        base::format("the snapshot has format version {}, this program knows {}",
                                     version, kVersion))
          .hint("a newer provrun wrote it; update this one");
    Manifest manifest;
    manifest.time = manifest_time(json.at("time"));
    manifest.root.digest = manifest_id(json.at("root"));
    manifest.host = bytes_from_json(json.at("host"));
    manifest.user = bytes_from_json(json.at("user"));
    manifest.paths = list_from_json(json.at("paths"));
    manifest.tags = list_from_json(json.at("tags"));
    manifest.started = manifest_time(json.at("started"));
    manifest.ended = manifest_time(json.at("ended"));
    const auto& counts = json.at("counts");
    manifest.counts.files = count_of(counts, "files");
    manifest.counts.directories = count_of(counts, "directories");
    manifest.counts.symlinks = count_of(counts, "symlinks");
    manifest.counts.bytes = count_of(counts, "bytes");
    if (counts.find("others") != nullptr) manifest.counts.others = count_of(counts, "others");
    const auto& stored = json.at("stored");
    manifest.stored.bytes_put = count_of(stored, "bytes_put");
    manifest.stored.new_chunks = count_of(stored, "new_chunks");
    manifest.stored.reused_chunks = count_of(stored, "reused_chunks");
    manifest.stored.new_bytes = count_of(stored, "new_bytes");
    manifest.stored.stored_bytes = count_of(stored, "stored_bytes");
    manifest.tool_version = json.at("tool").as_string();
    const auto session = base::parse_uuid(json.at("session").as_string());
    if (!session) throw base::Error(base::ErrorCode::invalid_input, "session is not a UUID");
    manifest.session = *session;
    if (const auto* members = json.find("top")) {
      auto line = *members;
      line.set("n", "top").set("d", manifest.root.to_hex());
      manifest.top = parse_entry_line(line.dump());
      manifest.top->path.clear();
    }
    if (const auto* parent = json.find("parent"))
      manifest.parent = SnapshotId{manifest_id(*parent)};
    if (const auto* origin = json.find("origin"))
      manifest.origin = SnapshotId{manifest_id(*origin)};
    if (const auto* run = json.find("run")) manifest.run = *run;
    return manifest;
  } catch (const base::Error& error) {
    if (error.code() != base::ErrorCode::invalid_input) throw;
    throw base::Error(base::ErrorCode::corruption, "a manifest is not valid: " + error.message());
  }
}

}  // namespace provrun::snapshot
