#include "provrun/store/forgotten.hpp"

#include <algorithm>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/codec/json.hpp"
#include "tsv.hpp"

namespace provrun::store {

namespace {

constexpr std::uint64_t kNoteLimit = 1 << 20;
constexpr std::string_view kManifestSuffix = ".json";
constexpr char kTrash[] = "trash/snapshots";
constexpr char kUndeleted[] = "undeleted\n";
constexpr char kExpired[] = "expired\n";

std::string folder_of(std::string_view file) {
  return base::format("{}/{}", kTrash, file.substr(0, file.size() - kManifestSuffix.size()));
}
std::string number_name(const std::string& folder, std::uint64_t times) {
  return base::format("{}/{}", folder, times);
}

ForgetNote parse_note(std::string_view text) {
  ForgetNote note;
  const auto json = codec::parse_json(text);
  const auto time = [&](const char* name) {
    return base::parse_timestamp(json.get_string(name)).value_or(base::Timestamp{});
  };
  note.time = time("forgotten");
  note.keep_until = time("keep_until");
  note.user = json.get_string("user");
  note.host = json.get_string("host");
  note.reason = json.get_string("reason");
  return note;
}

}  // namespace

std::string ForgetNote::to_json() const {
  auto json = codec::Json::object({{"forgotten", time.to_rfc3339()},
                                   {"keep_until", keep_until.to_rfc3339()},
                                   {"user", user},
                                   {"host", host},
                                   {"reason", reason}});
  return json.dump() + "\n";
}

Forgotten fate_of(backend::Backend& backend, const std::string& file) {
  Forgotten forgotten;
  const auto folder = folder_of(file);
  const auto names = backend.list(folder);
  for (const auto& name : names) {
    std::uint64_t number = 0;
    if (read_number(name, number)) forgotten.times = std::max(forgotten.times, number);
  }
  if (forgotten.times == 0) return forgotten;
  const auto last = number_name(folder, forgotten.times);
  try {
    forgotten.note = parse_note(backend.read_all(last, kNoteLimit));
  } catch (const base::Error& error) {
    // A note that rotted must not bring its snapshot back, nor make it expire: it has no time.
    if (error.code() != base::ErrorCode::invalid_input &&
        error.code() != base::ErrorCode::corruption)
      throw;
    forgotten.note.keep_until = {INT64_MAX};
  }
  const auto end = std::to_string(forgotten.times) + ".end";
  forgotten.fate = Fate::forgotten;
  if (std::find(names.begin(), names.end(), end) != names.end())
    forgotten.fate = backend.read_all(folder + "/" + end, kNoteLimit) == kUndeleted ? Fate::alive
                                                                                    : Fate::expired;
  return forgotten;
}

bool is_forgotten(backend::Backend& backend, const std::string& file) {
  return fate_of(backend, file).fate != Fate::alive;
}

std::map<std::string, Forgotten> list_forgotten(backend::Backend& backend) {
  std::map<std::string, Forgotten> all;
  for (const auto& name : backend.list(kTrash)) {
    const auto file = name + std::string(kManifestSuffix);
    auto forgotten = fate_of(backend, file);
    if (forgotten.times > 0) all.emplace(file, std::move(forgotten));
  }
  return all;
}

bool forget(backend::Backend& backend, const std::string& file, const ForgetNote& note) {
  const auto snapshot = "snapshots/" + file;
  const auto folder = folder_of(file);
  const auto before = fate_of(backend, file);
  bool forgotten = before.fate != Fate::alive;
  if (!forgotten) {
    if (!backend.size_of(snapshot) && !backend.size_of(folder + "/manifest.json"))
      throw base::Error(base::ErrorCode::not_found, "there is no " + snapshot);
    if (!backend.size_of(folder + "/manifest.json"))
      backend.copy(snapshot, folder + "/manifest.json");
    backend.barrier();
    forgotten = !backend.create(number_name(folder, before.times + 1), note.to_json());
    backend.barrier();  // this is the act; what follows can be done at any time
  }
  backend.remove(snapshot);
  backend.barrier();
  return !forgotten;
}

void undelete(backend::Backend& backend, const std::string& file) {
  const auto folder = folder_of(file);
  const auto before = fate_of(backend, file);
  if (before.times == 0)
    throw base::Error(base::ErrorCode::not_found, "this snapshot was not forgotten");
  const auto end = number_name(folder, before.times) + ".end";
  if (before.fate == Fate::forgotten) {
    backend.create(end, kUndeleted);
    backend.barrier();
  }
  if (backend.read_all(end, kNoteLimit) != kUndeleted)
    throw base::Error(base::ErrorCode::not_found, "its time in the trash is over")
        .hint("'provrun forget --keep-forgotten' sets how long that is");
  backend.copy(folder + "/manifest.json", "snapshots/" + file);
  backend.barrier();
}

bool expire(backend::Backend& backend, const std::string& file) {
  const auto before = fate_of(backend, file);
  if (before.fate == Fate::alive) return false;
  const auto end = number_name(folder_of(file), before.times) + ".end";
  if (before.fate == Fate::forgotten) backend.create(end, kExpired);
  backend.barrier();
  return backend.read_all(end, kNoteLimit) == kExpired;
}

void tidy_forgotten(backend::Backend& backend) {
  bool changed = false;
  for (const auto& [file, forgotten] : list_forgotten(backend)) {
    const auto snapshot = "snapshots/" + file;
    const bool shown = backend.size_of(snapshot).has_value();
    if (forgotten.fate != Fate::alive && shown) {
      changed = backend.remove(snapshot) || changed;
    } else if (forgotten.fate == Fate::alive && !shown) {
      changed = backend.copy(folder_of(file) + "/manifest.json", snapshot) || changed;
    }
  }
  if (changed) backend.barrier();
}

}  // namespace provrun::store
